import { ORDERS_OPEN_MAX } from '../constants.ts'
import type { OrderType, TimeInForce } from '../domain/journal.ts'
import type { PnlMethod } from '../domain/pnl.ts'
import type { Regime, TradingState } from '../domain/trading.ts'
import { EXITS_OFF, type ExitOptions } from './exits/exit-options.ts'
import type { EndpointClass } from './gateway/gateway.ts'

/**
 * What may be set about risk. Money in quote currency. Infinity, or 0 for the smallest of
 * something, is a limit that is off.
 */
export type RiskLimits = Readonly<{
  /** Of one symbol, open order included. */
  positionNotionalQuoteMax: number
  /** Symbols with a position or an order that may open one. */
  openSymbolsMax: number
  orderNotionalQuoteMax: number
  orderNotionalQuoteMin: number
  /** Over all symbols, open orders included. */
  totalNotionalQuoteMax: number
  /** All of it as a multiple of the equity. */
  leverageMax: number
  /** Entries that may fill before a position is flat again. */
  entriesPerPositionMax: number
  /** Open symbols of one correlation group. */
  correlatedPositionsMax: number
  /** Share of the equity that one entry may lose at its stop; without a stop, all of it is at risk. */
  riskPerTradeFractionMax: number
  /** The same over all positions and opening orders. */
  riskTotalFractionMax: number
  /**
   * Share of the equity at the start of the UTC day that may be lost on it, open positions
   * included.
   */
  dailyLossFractionMax: number
  /** Share of the highest equity so far that may be lost. */
  drawdownFractionMax: number
  /** Round trips in a row that may lose, and how long a loss counts. */
  lossStreakMax: number
  lossStreakLookbackMs: number
  /** Between two entries of one symbol. */
  cooldownMs: number
  /** Within which an entry equal to the last of its symbol is a mistake. */
  doubleSendMs: number
  /** Orders of the last five minutes, and notional filled in them. */
  orders5mMax: number
  turnover5mQuoteMax: number
  spreadBpsMax: number
  /** Of the expected average price against the mid, by the live book. */
  slippageBpsMax: number
  /** Share of what the live book offers within the limit price. */
  bookShareMax: number
  /** Reward over risk of an entry that has both levels. */
  rewardRiskMin: number
  /** Age of the book's last sign of life above which nothing is opened. */
  bookAgeMsMax: number
  /** Age of the book event that the decision saw. */
  scoreAgeMsMax: number
  intentAgeMsMax: number
  /** Of our clock against the exchange's, either way. */
  clockDriftMsMax: number
  /** How far from the mid the limit of an opening order may lie. */
  priceBandBps: number
  ordersOpenMax: number
}>

/** How large an entry is wanted; the limits may cut it. */
export const SIZING_MODES = ['strategy', 'percent', 'fixed', 'minimum', 'by_confidence'] as const
export type SizingMode = (typeof SIZING_MODES)[number]

export type SizingOptions = Readonly<{
  mode: SizingMode
  /** Of the equity, for `percent`. */
  equityFraction: number
  /** For `fixed`. */
  fixedQuote: number
}>

export type BreakerOptions = Readonly<{
  /** Failures within the window that open it. */
  failuresMax: number
  windowUs: number
  /** How long it stays open before one call may probe. */
  openUs: number
}>

/** What becomes of open orders when the actor winds down. */
export type StopPolicy = 'cancel_orders' | 'keep_orders'

/** How much of a level stands before a resting order (gateway/queue-position.ts). */
export const QUEUE_MODELS = ['none', 'conservative', 'proportional'] as const
export type QueueModel = (typeof QUEUE_MODELS)[number]

export type PaperOptions = Readonly<{
  /** From our request to the paper exchange acting on it, at least. */
  latencyUs: number
  /** Added to it, uniform from 0 to this, drawn for each request; 0: the latency is fixed. */
  latencyJitterUs: number
  seed: number
  queue: QueueModel
  /** Funding is paid at the multiples of this since the epoch; 0: never. */
  fundingIntervalMs: number
  takerFeeBps: number
  makerFeeBps: number
}>

/** How our record of the account is held equal to the exchange's. */
export type ReconcileOptions = Readonly<{
  /** What moved later than this is left alone: its own messages are on their way. */
  quietMs: number
  openOrdersMs: number
  positionsMs: number
  /** How far back a full look at the executions goes. */
  windowMs: number
  /** How long its looks may fail before nothing is opened, the private stream being up or not. */
  blindMsMax: number
  /** Rounds without agreement after which a person is told. */
  roundsMax: number
  /** What to do when the exchange knows of an execution, an order or a position that we do not. */
  onMismatch: 'alert' | 'halt'
}>

/** Of the paper account (account-figures.ts). */
export type MarginOptions = Readonly<{
  /** Notional over initial margin. */
  leverage: number
  /** Maintenance margin as a part of the notional. */
  maintenanceFraction: number
}>

/** When an entry that rests follows the best price of its side. */
export type RequoteOptions = Readonly<{
  /** By so many ticks it must have moved away; Infinity: never. */
  awayTicks: number
  /** Changes of one order, whoever made them; then it rests where it is until its time is over. */
  amendsMax: number
}>

/** One more order for the rest of an entry that ended partially filled. */
export type FollowUpOptions = Readonly<{
  /** Of the signal, when the rest is asked for. */
  ageMsMax: number
  /** How far beyond the limit of the first order it may reach. */
  slippageBps: number
}>

export type ExecutionOptions = Readonly<{
  /** What a start without a halt left by a person or a limit goes to. */
  start: TradingState
  /** Money of the account before its first fill. */
  equityQuote: number
  /** How realized profit is shown. */
  pnlMethod: PnlMethod
  margin: MarginOptions
  limits: RiskLimits
  sizing: SizingOptions
  /** Symbols that move together, by the name of their group. */
  correlationGroups: Readonly<Record<string, readonly string[]>>
  /** At the start; a risk-off that a person gave stays until a person takes it back. */
  regime: Regime
  /** One for each class of endpoints. */
  breakers: Readonly<Record<EndpointClass, BreakerOptions>>
  atStop: StopPolicy
  /** Undefined: off. */
  followUp: FollowUpOptions | undefined
  paper: PaperOptions
  reconcile: ReconcileOptions
  /**
   * Of orders that open; one that rests is canceled after `restMsMax`. Closing orders always take.
   */
  entryTimeInForce: TimeInForce
  entryOrderType: OrderType
  exits: ExitOptions
  requote: RequoteOptions
  restMsMax: number
  /** Orders that open without a protective stop are denied; so in live mode. */
  requiresStop: boolean
  /** How far through the best price a closing order of the actor may reach. */
  exitSlippageBps: number
  /** Period of the looks at exits, equity and orders in flight. */
  pollMs: number
  /** An order in flight for longer is looked up at the gateway, and again after as long. */
  queryAfterMs: number
}>

const OFF = Number.POSITIVE_INFINITY

const BREAKER: BreakerOptions = { failuresMax: 5, windowUs: 30_000_000, openUs: 60_000_000 }

/** For tests and simulations: what is off here is set by the presets of the configuration. */
export const DEFAULT_EXECUTION_OPTIONS: ExecutionOptions = {
  start: 'active',
  equityQuote: 100_000,
  pnlMethod: 'average',
  margin: { leverage: 10, maintenanceFraction: 0.005 },
  limits: {
    positionNotionalQuoteMax: 5_000,
    openSymbolsMax: 10,
    orderNotionalQuoteMax: 2_000,
    orderNotionalQuoteMin: 0,
    totalNotionalQuoteMax: 20_000,
    leverageMax: OFF,
    entriesPerPositionMax: OFF,
    correlatedPositionsMax: OFF,
    riskPerTradeFractionMax: 0.02,
    riskTotalFractionMax: OFF,
    dailyLossFractionMax: 0.02,
    drawdownFractionMax: 0.2,
    lossStreakMax: OFF,
    lossStreakLookbackMs: 3_600_000,
    cooldownMs: 0,
    doubleSendMs: 0,
    orders5mMax: OFF,
    turnover5mQuoteMax: OFF,
    spreadBpsMax: OFF,
    slippageBpsMax: OFF,
    bookShareMax: OFF,
    rewardRiskMin: 0,
    bookAgeMsMax: 2_000,
    scoreAgeMsMax: OFF,
    intentAgeMsMax: 500,
    clockDriftMsMax: 1_000,
    priceBandBps: 100,
    ordersOpenMax: ORDERS_OPEN_MAX,
  },
  sizing: { mode: 'strategy', equityFraction: 0.01, fixedQuote: 1_000 },
  correlationGroups: {},
  regime: 'risk_on',
  breakers: {
    market: BREAKER,
    account: BREAKER,
    placement: { ...BREAKER, failuresMax: 3, openUs: 30_000_000 },
    cancel: BREAKER,
  },
  atStop: 'cancel_orders',
  followUp: undefined,
  paper: {
    latencyUs: 5_000,
    latencyJitterUs: 0,
    seed: 1,
    queue: 'conservative',
    fundingIntervalMs: 28_800_000,
    takerFeeBps: 5.5,
    makerFeeBps: 2,
  },
  reconcile: {
    quietMs: 5_000,
    openOrdersMs: 10_000,
    positionsMs: 30_000,
    windowMs: 86_400_000,
    blindMsMax: 30_000,
    roundsMax: 20,
    onMismatch: 'halt',
  },
  entryTimeInForce: 'ioc',
  entryOrderType: 'limit',
  exits: EXITS_OFF,
  requote: { awayTicks: OFF, amendsMax: 5 },
  restMsMax: 2_000,
  requiresStop: false,
  exitSlippageBps: 50,
  pollMs: 20,
  queryAfterMs: 5_000,
}
