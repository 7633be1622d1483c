import { type TSchema, type TUnsafe, Type } from '@sinclair/typebox'
import {
  ORDER_STATES,
  type OrderState,
  TRADING_STATES,
  type TradingState,
} from '../domain/trading.ts'
import {
  INTENT_ACTIONS,
  INTENT_REASONS,
  type IntentAction,
  type IntentReason,
} from '../memory/intent-record.ts'

/**
 * The state of execution as plain data, as a checkpoint holds it. null stands for NaN, but for an
 * end of a hold, where it is "never". Journal records are checked by their own codec.
 */
const Amount = Type.Number()
const AmountOrNull = Type.Union([Type.Number(), Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Whole = Type.Integer()
const Text = Type.String()
const OrderStateWord: TUnsafe<OrderState> = Type.Unsafe(words(ORDER_STATES))
const TradingStateWord: TUnsafe<TradingState> = Type.Unsafe(words(TRADING_STATES))
const ReasonWord: TUnsafe<IntentReason> = Type.Unsafe(words(INTENT_REASONS))
const ActionWord: TUnsafe<IntentAction> = Type.Unsafe(words(INTENT_ACTIONS))

function words(all: readonly string[]): TSchema {
  return Type.Union(all.map((word) => Type.Literal(word)))
}

const SavedOrderShape = Type.Object({
  /** The record `order_created`, with the changes that were taken since. */
  terms: Type.Unknown(),
  amended: Type.Union([Type.Object({ limit_ticks: Amount, lots: Count }), Type.Null()]),
  state: OrderStateWord,
  reason: Text,
  filledLots: Count,
  filledTickLots: Amount,
  feesQuote: Amount,
  execIds: Type.Array(Text),
  submittedUs: AmountOrNull,
  updatedUs: Amount,
})

const SavedHoldingShape = Type.Object({
  key: Text,
  tick: Text,
  lot: Text,
  position: Type.Object({
    lots: Whole,
    costTickLots: Amount,
    realizedQuote: Amount,
    feesQuote: Amount,
    fills: Count,
  }),
  plan: Type.Union([
    Type.Object({
      targetTicks: AmountOrNull,
      stopTicks: AmountOrNull,
      holdUntilUs: AmountOrNull,
      openedUs: Amount,
      entryLots: Amount,
      trailTicks: AmountOrNull,
      trailReason: ReasonWord,
    }),
    Type.Null(),
  ]),
  fundingQuote: Amount,
  movedUs: AmountOrNull,
})

const Entry = Type.Object({ timeUs: Amount, action: ActionWord, limitTicks: Amount })

const SavedRiskShape = Type.Object({
  peakQuote: AmountOrNull,
  trips: Type.Array(Type.Object({ timeUs: Amount, netQuote: Amount })),
  traces: Type.Array(
    Type.Object({
      key: Text,
      lastEntry: Type.Union([Entry, Type.Null()]),
      entries: Count,
      netQuoteAtFlat: Amount,
    }),
  ),
  seconds: Type.Array(Type.Object({ second: Whole, orders: Count, quote: Amount })),
})

export const SavedStateShape = Type.Object({
  run: Count,
  orderNumber: Count,
  execNumber: Count,
  tradingState: TradingStateWord,
  tradingReason: Text,
  equityStartQuote: AmountOrNull,
  firstStartUs: AmountOrNull,
  /** The record `day_started`, or null. */
  day: Type.Unknown(),
  records: Count,
  fills: Count,
  decisions: Type.Array(Text),
  orders: Type.Array(SavedOrderShape),
  finished: Type.Array(Text),
  holdings: Type.Array(SavedHoldingShape),
  account: Type.Object({
    execIds: Type.Array(Text),
    externalOrders: Type.Array(Text),
    lastExecutionUs: AmountOrNull,
    externalFills: Count,
    adjustments: Count,
  }),
  /** Records `stop` of what has not ended. */
  stops: Type.Array(Type.Unknown()),
  risk: SavedRiskShape,
})
