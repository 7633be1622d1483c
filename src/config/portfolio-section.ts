import { type TObject, type TProperties, Type } from '@sinclair/typebox'
import { PNL_METHODS } from '../domain/pnl.ts'
import { OFF_HINT } from './risk-limits.ts'

/** `execution.portfolio` and `execution.journal` of the configuration. */
function section<Properties extends TProperties>(
  description: string,
  properties: Properties,
): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false, default: {}, description })
}

function amount(chosen: number, minimum: number, maximum: number, description: string) {
  return Type.Number({ minimum, maximum, default: chosen, description })
}

/** A whole number, or the word off. */
function orOff(minimum: number, maximum: number, description: string) {
  return Type.Union(
    [
      Type.Unsafe<'off'>({ type: 'string', enum: ['off'] }),
      Type.Integer({ minimum, maximum, description: OFF_HINT }),
    ],
    { default: 'off', description },
  )
}

export const PortfolioSection = section('how the account is counted for those who look at it', {
  pnl_method: Type.Unsafe<(typeof PNL_METHODS)[number]>({
    type: 'string',
    enum: PNL_METHODS,
    default: 'average',
    description: 'realized profit of a partial close: at average cost, or oldest lots first',
  }),
  leverage: amount(10, 1, 200, 'gateway paper: notional over initial margin'),
  maintenance_fraction: amount(0.005, 0, 1, 'gateway paper: maintenance margin of the notional'),
})

export const JournalSection = section(
  'closed segments of the journal are kept for ever while both are off; else deleted when they are ' +
    'beyond every one that is set, behind all checkpoints, and in SQL',
  {
    keep_segments: orOff(1, 1_000_000, 'the newest so many'),
    keep_hours: orOff(1, 1_000_000, 'written within so many hours'),
  },
)
