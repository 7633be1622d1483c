import { Type } from '@sinclair/typebox'

function keyFile(description: string) {
  return Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description }))
}

/** What a person writes in `execution.live_confirm` before money is at stake. */
export const LIVE_CONFIRMATION = 'I understand'

export const ORDER_ENTRIES = ['websocket', 'rest'] as const

/** The wait that the exchange asks for after HTTP 403. */
export const LOCK_OUT_MS = 600_000

/** `execution.bybit` of the configuration. */
export const BybitSection = Type.Object(
  {
    api_key_file: keyFile('file with the API key; read by the execution thread alone'),
    api_secret_file: keyFile('file with its secret; read by the execution thread alone'),
    order_entry: Type.Unsafe<(typeof ORDER_ENTRIES)[number]>({
      type: 'string',
      enum: ORDER_ENTRIES,
      default: 'websocket',
      description: 'websocket: by REST only while that is not connected',
    }),
    orders_per_second: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 10,
      description: 'orders, changes and cancels a second, each; the limit of the account',
    }),
    lock_out_ms: Type.Integer({
      minimum: 100,
      maximum: 86_400_000,
      default: LOCK_OUT_MS,
      description: 'no REST call for so long after HTTP 403; less than 10 minutes only for a mock',
    }),
    answer_ms_max: Type.Integer({
      minimum: 100,
      maximum: 60_000,
      default: 5000,
      description: 'a call without an answer for so long has an unknown outcome, and is looked up',
    }),
    disconnect_cancel_s: Type.Integer({
      minimum: 0,
      maximum: 300,
      default: 0,
      description: 'the exchange cancels our orders when we are gone for so long; 0: never',
    }),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'the gateway to Bybit; of institutional accounts: disconnect_cancel_s',
  },
)
