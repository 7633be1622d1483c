import { type TObject, type TProperties, Type } from '@sinclair/typebox'

/** `execution.breakers` of the configuration: one breaker for each class of endpoints. */
const HOUR_MS = 3_600_000

function section<Properties extends TProperties>(
  description: string,
  properties: Properties,
): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false, default: {}, description })
}

function breaker(description: string, errors: number, openMs: number) {
  return section(description, {
    errors: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: errors,
      description: 'calls without an answer within window_ms that open it; refusals are answers',
    }),
    window_ms: Type.Integer({
      minimum: 100,
      maximum: HOUR_MS,
      default: 30_000,
      description: 'how long an error counts',
    }),
    open_ms: Type.Integer({
      minimum: 100,
      maximum: HOUR_MS,
      default: openMs,
      description: 'how long it stays open before one call may probe',
    }),
  })
}

export const BreakersSection = section('what keeps calls away from an exchange that fails', {
  market: breaker('calls about the market, such as that for its clock', 5, 60_000),
  account: breaker('looks at orders, executions, positions and balance', 5, 60_000),
  placement: breaker('orders that open, and changes of orders', 3, 30_000),
  cancel: breaker('cancels and closing orders: shown only, they are never kept back', 5, 60_000),
})
