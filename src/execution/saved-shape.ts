import { type TSchema, type TUnsafe, Type } from '@sinclair/typebox'
import {
  ORDER_STATES,
  type OrderState,
  REGIMES,
  type Regime,
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
const RegimeWord: TUnsafe<Regime> = Type.Unsafe(words(REGIMES))
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
  amends: Count,
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
      /** Absent in early checkpoints. */
      isTrailing: Type.Optional(Type.Boolean()),
      setUs: Type.Optional(AmountOrNull),
      isTakenOver: Type.Optional(Type.Boolean()),
    }),
    Type.Null(),
  ]),
  fifo: Type.Object({
    realizedQuote: Amount,
    isLong: Type.Boolean(),
    open: Type.Array(Type.Object({ ticks: Amount, lots: Amount })),
  }),
  fundingQuote: Amount,
  movedUs: AmountOrNull,
})

const PnlFigures = {
  averageQuote: Amount,
  fifoQuote: Amount,
  feesQuote: Amount,
  fundingQuote: Amount,
  fills: Count,
}
const NamePair = Type.Tuple([Text, Text])

const SavedPnlShape = Type.Object({
  days: Type.Array(Type.Object({ day: Whole, ...PnlFigures })),
  strategies: Type.Array(Type.Object({ name: Text, ...PnlFigures })),
  names: Type.Array(Text),
  openers: Type.Array(NamePair),
  owners: Type.Array(NamePair),
})

const Entry = Type.Object({ timeUs: Amount, action: ActionWord, limitTicks: Amount })

const SavedRiskShape = Type.Object({
  peakQuote: AmountOrNull,
  drawdownFraction: Amount,
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

const SavedPartialEnds = Type.Object({
  waiting: Type.Array(Type.Object({ orderLinkId: Text, cause: Text })),
  asked: Type.Array(Type.Tuple([Text, Text])),
})

const SavedBalancesShape = Type.Object({
  snapshot: Type.Unknown(),
  transfersQuote: Amount,
  transferIds: Type.Array(Text),
  isOpen: Type.Boolean(),
})

export const SavedStateShape = Type.Object({
  run: Count,
  orderNumber: Count,
  execNumber: Count,
  tradingState: TradingStateWord,
  tradingReason: Text,
  regime: RegimeWord,
  partialEnds: SavedPartialEnds,
  regimeReason: Text,
  equityStartQuote: AmountOrNull,
  firstStartUs: AmountOrNull,
  /** Records `day_started`; early checkpoints have the last one as `day`, or null. */
  days: Type.Optional(Type.Array(Type.Unknown())),
  day: Type.Optional(Type.Unknown()),
  /** Absent in early checkpoints. */
  balances: Type.Optional(SavedBalancesShape),
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
    /** Absent in early checkpoints. */
    forgottenUs: Type.Optional(AmountOrNull),
    externalFills: Count,
    adjustments: Count,
  }),
  /** Records `stop` of what has not ended. */
  stops: Type.Array(Type.Unknown()),
  risk: SavedRiskShape,
  pnl: SavedPnlShape,
  /** Records `command` that came with an idempotency key. */
  keyedCommands: Type.Array(Type.Unknown()),
  /** Absent in early checkpoints. */
  strategyStops: Type.Optional(Type.Array(Text)),
})
