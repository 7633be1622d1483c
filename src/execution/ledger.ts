import type { Logger } from '../core/log.ts'
import { type Failure, fail } from '../core/result.ts'
import type { Instrument, InstrumentTable } from '../domain/instrument.ts'
import { BREAKER_STATES, type BreakerState, type JournalRecord } from '../domain/journal.ts'
import { isJournalRecord } from '../domain/journal-codec.ts'
import { PNL_METHODS, type PnlMethod } from '../domain/pnl.ts'
import { RESULT_CODES, type ResultCode } from '../domain/result-codes.ts'
import { ORDER_SIDES, ORDER_STATES, POSITION_STATES, tradingStateCode } from '../domain/trading.ts'
import * as audit from '../memory/audit-record.ts'
import type { Counters } from '../memory/counters.ts'
import { writeText } from '../memory/text-slots.ts'
import type { AccountFigures } from './account-figures.ts'
import { intentReasonCode, resultCodeOf } from './audit-codes.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { ExecutionState } from './execution-state.ts'
import { instrumentKey, pnlFigures } from './holding.ts'
import type { Intent } from './intent.ts'
import type { Journal } from './journal/journal.ts'
import type { LiquidationFigures } from './liquidation-watch.ts'
import type { Order } from './order/order.ts'
import type { Denial } from './risk/risk-gate.ts'
import { encodeState } from './saved-state.ts'

export type AuditSink = { publish(record: Float64Array): void }

export type LedgerParts = Readonly<{
  journal: Journal
  audit: AuditSink
  log: Logger
  counters: Counters
  instruments: InstrumentTable
  state: ExecutionState
  /** How realized profit is shown; average cost where it is left out. */
  pnlMethod?: PnlMethod
  deadLetters?: DeadLetters
}>

/**
 * The one way anything becomes true: a record goes to the journal and into the state at once, and
 * to the desk after it is durable. What cannot be journaled stops trading for good (`failure`); the
 * process is to be left.
 */
export class Ledger {
  readonly state: ExecutionState
  readonly log: Logger
  readonly counters: Counters
  readonly deadLetters: DeadLetters | undefined
  /** Why the journal can no longer be written. */
  failure: Failure<ResultCode> | undefined
  readonly #journal: Journal
  readonly #pnlMethod: PnlMethod
  readonly #sink: AuditSink
  readonly #indexes: ReadonlyMap<string, Instrument>
  #waiting: Float64Array[] = []
  #auditNumber = 0
  #hasUrgent = false
  #hasLazy = false

  constructor(parts: LedgerParts) {
    this.state = parts.state
    this.log = parts.log
    this.counters = parts.counters
    this.deadLetters = parts.deadLetters
    this.#journal = parts.journal
    this.#pnlMethod = parts.pnlMethod ?? 'average'
    this.#sink = parts.audit
    this.#indexes = new Map(parts.instruments.map((entry) => [instrumentKey(entry), entry]))
  }

  get run(): number {
    return this.#journal.run
  }

  /** Undefined for an instrument of an earlier run that is not configured any more. */
  instrument(key: string): Instrument | undefined {
    return this.#indexes.get(key)
  }

  /** Appends the record and applies it. False: it contradicts the state, and nothing was done. */
  commit(record: JournalRecord): boolean {
    this.#hasUrgent = true
    return this.commitLazily(record)
  }

  /**
   * The same for a record that no order waits for: it goes to disk with the next that matters, or
   * by `flushLazy`.
   */
  commitLazily(record: JournalRecord): boolean {
    // What could not be read back would keep the next run from starting.
    if (!isJournalRecord(record)) {
      this.log.error({ record }, 'record refused: a field has no value that can be kept')
      return false
    }
    this.#hasLazy = true
    const applied = this.state.apply(record)
    if (!applied.ok) {
      this.log.error({ record, reason: applied.message }, 'record refused by the state')
      return false
    }
    const appended = this.#journal.append(record)
    if (!appended.ok) this.fail(fail(appended.code, appended.message))
    else this.counters.add('journal_records')
    return true
  }

  /** Makes everything committed durable, then tells the desk. False: the journal failed. */
  async flush(): Promise<boolean> {
    if (this.#hasUrgent && this.failure === undefined) {
      this.#hasUrgent = false
      this.#hasLazy = false
      const flushed = await this.#journal.flush()
      if (!flushed.ok) this.fail(flushed)
      else this.#journal.offerCheckpoint?.(() => encodeState(this.state))
    }
    if (this.failure !== undefined) this.#takeBack()
    this.publish()
    return this.failure === undefined
  }

  /** What was not made durable is not told, and the commands in it are not answered as done. */
  #takeBack(): void {
    this.#waiting = this.#waiting.filter((record) => record[audit.AUDIT_COMMAND] > 0)
    for (const record of this.#waiting) {
      record[audit.AUDIT_STATE] = tradingStateCode('halted')
      record[audit.AUDIT_REASON] = RESULT_CODES.journal_unavailable
    }
  }

  /** The next flush takes the lazy records too. */
  flushLazy(): void {
    if (this.#hasLazy) this.#hasUrgent = true
  }

  fail(failure: Failure<ResultCode>): void {
    if (this.failure !== undefined) return
    this.failure = failure
    this.counters.add('journal_failures')
    this.log.error({ code: failure.code, reason: failure.message }, 'journal failed: trading ends')
  }

  async close(): Promise<boolean> {
    this.flushLazy()
    const isFlushed = await this.flush()
    const closed = await this.#journal.close()
    return isFlushed && closed.ok
  }

  publish(): void {
    for (const record of this.#waiting) {
      record[audit.AUDIT_NUMBER] = ++this.#auditNumber
      this.#sink.publish(record)
      this.counters.add('audit_published')
    }
    this.#waiting = []
  }

  auditOrder(order: Order, nowUs: number): void {
    const { terms } = order
    const record = this.newAudit('order', nowUs)
    this.#fillOrder(record, order)
    record[audit.AUDIT_STATE] = ORDER_STATES.indexOf(order.state)
    record[audit.AUDIT_REASON] =
      order.state === 'created' ? intentReasonCode(terms.reason) : resultCodeOf(order.reason)
    record[audit.AUDIT_PRICE_TICKS] = terms.limit_ticks
    record[audit.AUDIT_LOTS] = terms.lots
  }

  auditFill(
    order: Order,
    fill: Readonly<{ ticks: number; lots: number; feeQuote: number; execNumber: number | null }>,
    nowUs: number,
  ): void {
    const record = this.newAudit('fill', nowUs)
    this.#fillOrder(record, order)
    record[audit.AUDIT_STATE] = ORDER_STATES.indexOf(order.state)
    record[audit.AUDIT_PRICE_TICKS] = fill.ticks
    record[audit.AUDIT_LOTS] = fill.lots
    record[audit.AUDIT_FEE_QUOTE] = fill.feeQuote
    record[audit.AUDIT_EXEC_NUMBER] = fill.execNumber ?? Number.NaN
    this.#fillPosition(record, order.key)
    record[audit.AUDIT_AVERAGE_PRICE] = this.#averageOf(order)
  }

  auditPosition(key: string, nowUs: number): void {
    const record = this.newAudit('position', nowUs)
    record[audit.AUDIT_INSTRUMENT] = this.instrument(key)?.index ?? Number.NaN
    record[audit.AUDIT_STATE] = POSITION_STATES.indexOf(this.state.lives.of(key))
    this.#fillPosition(record, key)
    this.auditPnl(nowUs)
  }

  /** The lines of profit that changed since the last time. */
  auditPnl(nowUs: number): void {
    for (const { day, row, strategy } of this.state.pnl.takeTouched()) {
      const record = this.newAudit('pnl', nowUs)
      const gross = this.#pnlMethod === 'fifo' ? row.fifoQuote : row.averageQuote
      record[audit.AUDIT_DAY] = day
      writeText(record, audit.AUDIT_STRATEGY, audit.AUDIT_STRATEGY_SLOTS, strategy)
      record[audit.AUDIT_PNL_METHOD] = PNL_METHODS.indexOf(this.#pnlMethod)
      record[audit.AUDIT_REALIZED_PNL_QUOTE] = gross - row.feesQuote
      record[audit.AUDIT_FEE_QUOTE] = row.feesQuote
      record[audit.AUDIT_FUNDING_QUOTE] = row.fundingQuote
      record[audit.AUDIT_FILLS] = row.fills
    }
  }

  auditAccount(figures: AccountFigures, nowUs: number): void {
    const record = this.newAudit('account', nowUs)
    const { margin } = figures
    record[audit.AUDIT_EQUITY_QUOTE] = figures.equityQuote
    record[audit.AUDIT_PEAK_QUOTE] = figures.peakQuote
    record[audit.AUDIT_DRAWDOWN_PERCENT] = 100 * figures.drawdownFraction
    record[audit.AUDIT_DRAWDOWN_PERCENT_MAX] = 100 * figures.drawdownFractionMax
    record[audit.AUDIT_MARGIN_POSITIONS] = margin.positionsQuote
    record[audit.AUDIT_MARGIN_ORDERS] = margin.ordersQuote
    record[audit.AUDIT_MARGIN_MAINTENANCE] = margin.maintenanceQuote
    record[audit.AUDIT_MARGIN_FREE] = margin.freeQuote
    record[audit.AUDIT_NOTIONAL_QUOTE] = figures.notionalQuote
    record[audit.AUDIT_MARGIN_IS_EXCHANGE] = margin.isExchange ? 1 : 0
  }

  auditLiquidation(key: string, figures: LiquidationFigures, nowUs: number): void {
    const { isBeforeStop, leverage, liquidationPrice, stopTicks } = figures
    const record = this.newAudit('liquidation', nowUs)
    record[audit.AUDIT_INSTRUMENT] = this.instrument(key)?.index ?? Number.NaN
    record[audit.AUDIT_LEVERAGE] = leverage
    record[audit.AUDIT_LIQUIDATION_PRICE] = liquidationPrice
    record[audit.AUDIT_STOP_TICKS] = stopTicks
    record[audit.AUDIT_IS_BEFORE_STOP] = isBeforeStop === undefined ? Number.NaN : +isBeforeStop
  }

  auditDenied(intent: Intent, denial: Denial, nowUs: number): void {
    const record = this.newAudit('denied', nowUs)
    record[audit.AUDIT_INSTRUMENT] = intent.instrument.index
    record[audit.AUDIT_REASON] = RESULT_CODES[denial.code]
    record[audit.AUDIT_PRICE_TICKS] = intent.limitTicks
    record[audit.AUDIT_LIMIT] = denial.limit ?? Number.NaN
    record[audit.AUDIT_ACTUAL] = denial.actual ?? Number.NaN
    record[audit.AUDIT_U] = intent.u
  }

  /** `command` is NaN when nobody asked. */
  auditTradingState(code: ResultCode, command: number, nowUs: number): void {
    const record = this.newAudit('trading_state', nowUs)
    record[audit.AUDIT_STATE] = tradingStateCode(this.state.tradingState)
    record[audit.AUDIT_REASON] = RESULT_CODES[code]
    record[audit.AUDIT_COMMAND] = command
  }

  auditBreaker(state: BreakerState, nowUs: number): void {
    const record = this.newAudit('breaker', nowUs)
    record[audit.AUDIT_STATE] = BREAKER_STATES.indexOf(state)
  }

  /** Leaves with the next publish; its caller fills it. */
  newAudit(kind: audit.AuditKind, nowUs: number): Float64Array {
    const record = new Float64Array(audit.AUDIT_FIELDS).fill(Number.NaN)
    record[audit.AUDIT_KIND] = audit.AUDIT_KINDS.indexOf(kind)
    record[audit.AUDIT_TIME_US] = nowUs
    record[audit.AUDIT_RUN] = this.run
    this.#waiting.push(record)
    return record
  }

  #fillOrder(record: Float64Array, order: Order): void {
    const { terms } = order
    record[audit.AUDIT_INSTRUMENT] = this.instrument(order.key)?.index ?? Number.NaN
    record[audit.AUDIT_ORDER_NUMBER] = terms.number
    record[audit.AUDIT_RUN] = terms.run
    record[audit.AUDIT_SIDE] = ORDER_SIDES.indexOf(terms.side)
    record[audit.AUDIT_FILLED_LOTS] = order.filledLots
    record[audit.AUDIT_AVERAGE_PRICE] = this.#averageOf(order)
    record[audit.AUDIT_FEE_QUOTE] = order.feesQuote
    record[audit.AUDIT_U] = terms.u
  }

  #fillPosition(record: Float64Array, key: string): void {
    const holding = this.state.holdings.get(key)
    if (holding === undefined) return
    const { fundingQuote, position } = holding
    const { averagePrice, realizedQuote } = pnlFigures(holding, this.#pnlMethod)
    record[audit.AUDIT_POSITION_LOTS] = position.lots
    record[audit.AUDIT_AVERAGE_PRICE] = averagePrice
    record[audit.AUDIT_REALIZED_PNL_QUOTE] = realizedQuote - position.feesQuote
    record[audit.AUDIT_PNL_METHOD] = PNL_METHODS.indexOf(this.#pnlMethod)
    record[audit.AUDIT_FUNDING_QUOTE] = fundingQuote
    if (Number.isNaN(record[audit.AUDIT_FEE_QUOTE])) {
      record[audit.AUDIT_FEE_QUOTE] = position.feesQuote
    }
  }

  #averageOf(order: Order): number {
    const steps = this.state.holdings.get(order.key)?.steps
    if (steps === undefined || order.filledLots === 0) return Number.NaN
    return (order.filledTickLots / order.filledLots) * steps.tick.value
  }
}
