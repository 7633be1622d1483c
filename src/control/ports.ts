import type { Result } from '../core/result.ts'
import type { AlertKind } from '../domain/alerts.ts'
import type { CandleInterval } from '../domain/candles.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { TradingState } from '../domain/trading.ts'
import type { Command } from '../memory/command-record.ts'
import type { AlertAnswer } from './alert-schema.ts'
import type { CandleAnswer } from './candle-schema.ts'
import type { FeatureColumnsAnswer } from './feature-columns-schema.ts'
import type { MetricsSource } from './metrics.ts'
import type { PnlAnswer } from './pnl-schema.ts'
import type {
  BookAnswer,
  EngineStatus,
  FeaturesAnswer,
  GapAnswer,
  HealthMatrix,
  OrderAnswer,
  PositionAnswer,
  Readiness,
  SignalAnswer,
  SymbolStatus,
} from './schemas.ts'
import type { StrategyAnswer } from './strategy-schema.ts'

/**
 * What the control API needs of the engine: functions that answer plain data from shared memory, at
 * once. Nothing here can write a book or an order; the one thing that goes back is a command to
 * execution.
 */
export type ControlPorts = Readonly<{
  health(): HealthMatrix
  ready(): Readiness
  status(): EngineStatus
  symbols(): readonly SymbolStatus[]
  /** At most `depth` levels a side. `instrument_unknown` for a symbol that is not of this run. */
  book(symbol: string, depth: number): Result<BookAnswer, ResultCode>
  featureColumns(): FeatureColumnsAnswer
  features(symbol: string): Result<FeaturesAnswer, ResultCode>
  /** The newest ones, newest first. */
  signals(limit: number): readonly SignalAnswer[]
  /** Intervals in which a topic was not seen, newest first. */
  gaps(limit: number): readonly GapAnswer[]
  /** What happened in the markets, newest first. No kind: all of them. */
  alerts(limit: number, kind?: AlertKind, symbol?: string): readonly AlertAnswer[]
  /** The latest closed ones, newest first. `instrument_unknown` as above. */
  candles(
    symbol: string,
    interval: CandleInterval,
    limit: number,
  ): Result<readonly CandleAnswer[], ResultCode>
  orders(): readonly OrderAnswer[]
  positions(): readonly PositionAnswer[]
  strategies(): readonly StrategyAnswer[]
  /** What was won and lost, by symbol, strategy and day, and what the account is worth. */
  pnl(): PnlAnswer
  /**
   * Resolves when execution answered, or refuses when the command could not be handed over. No
   * symbol: all of them.
   */
  command(
    kind: Command,
    symbol?: string,
    ask?: CommandAsk,
  ): Promise<Result<CommandOutcome, ResultCode>>
  metrics: MetricsSource
}>

/** As the caller named itself, and why; for the record. Empty: it did not say. */
export type CommandAsk = Readonly<{
  who: string
  reason: string
  levels?: LevelsWanted
  order?: OrderWanted
  /** Name in the configuration. */
  strategy?: string
  /** Of the idempotency key and of what is asked (idempotency.ts), for the record. */
  key?: KeyHashes
}>

export type KeyHashes = Readonly<{ keyHash: string; requestHash: string }>

/** Of the open position of one symbol; prices as decimal text. Absent: as it is; null: none. */
export type LevelsWanted = Readonly<{
  stop?: string | null
  target?: string | null
  trailing?: boolean
}>

/** One order; price and whole size as decimal text, for its change. Absent: as it is. */
export type OrderWanted = Readonly<{ orderLinkId: string; price?: string; size?: string }>

export type CommandOutcome = Readonly<{
  /** Of the command, from 1. */
  number: number
  /** Trading state after it. */
  tradingState: TradingState
}>
