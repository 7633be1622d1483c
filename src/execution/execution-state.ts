// Long because each record of the journal is applied here.
import { DECISIONS_KEPT_MAX, ORDERS_FINISHED_MAX } from '../constants.ts'
import { parseStep } from '../core/decimal.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type {
  ExternalFillRecorded,
  FillRecorded,
  JournalRecord,
  OrderAmended,
  OrderCreated,
  OrderStateChanged,
  PositionAdjusted,
  RunStarted,
} from '../domain/journal.ts'
import type { ExitLevelsMoved } from '../domain/journal-exits.ts'
import type { Regime, TradingState } from '../domain/trading.ts'
import { AccountFold } from './account-fold.ts'
import { BalanceFold } from './balance-fold.ts'
import { DayStarts } from './day-starts.ts'
import {
  type Holding,
  holdingInSteps,
  instrumentKey,
  planAfterFill,
  planAfterMove,
} from './holding.ts'
import { KeyedCommands } from './keyed-commands.ts'
import { createOrder, type Order } from './order/order.ts'
import { isFinished, nextOrderState } from './order/order-state.ts'
import { PartialEnds } from './partial-ends.ts'
import { PnlFold } from './pnl-fold.ts'
import { FLAT, type Position, type Steps } from './position.ts'
import { PositionLives } from './position-life.ts'
import { RecentIds } from './recent-ids.ts'
import { RiskHistory } from './risk/risk-history.ts'
import { positionAfter, settle } from './settlement.ts'
import { StopFold } from './stop-fold.ts'
import { StrategyStops } from './strategy-stops.ts'

type Folded = Result<void, 'journal_corrupt'>
const FOLDED: Folded = succeed(undefined)

/**
 * Everything the actor knows, as a fold of the journal: the running actor applies each record as it
 * writes it, and recovery applies the same records again, so both reach the same state by the same
 * code.
 */
export class ExecutionState {
  run = 0
  /** Number of the last order of this run; the next is one more. */
  orderNumber = 0
  execNumber = 0
  tradingState: TradingState = 'halted'
  tradingReason = 'start'
  regime: Regime = 'risk_on'
  regimeReason = 'start'
  equityStartQuote = Number.NaN
  /** When the first run of this journal began; what the account did before is not counted. */
  firstStartUs = Number.NaN
  records = 0
  fills = 0
  /** Decisions that orders were made of, oldest first; bounded. */
  readonly decisions = new RecentIds(DECISIONS_KEPT_MAX)
  /** By orderLinkId, oldest first. Finished ones leave after a bound. */
  readonly orders = new Map<string, Order>()
  /** The part of `orders` that is not finished. */
  readonly unfinished = new Map<string, Order>()
  /** The rest of it, in the order in which they finished; bounded. */
  readonly finished = new RecentIds(ORDERS_FINISHED_MAX)
  /** By `instrumentKey`; instruments of earlier runs stay while they hold a position. */
  readonly holdings = new Map<string, Holding>()
  /** Profit by day and by strategy. */
  readonly pnl = new PnlFold()
  /** What happened on the account beside our orders. */
  readonly account = new AccountFold(this.holdings, this.pnl)
  readonly lives = new PositionLives()
  /** A kill or a flatten that has not ended. */
  readonly stops = new StopFold()
  readonly partialEnds = new PartialEnds()
  readonly keyedCommands = new KeyedCommands()
  readonly days = new DayStarts()
  /** What the exchange says of the money. */
  readonly balances = new BalanceFold()
  readonly strategyStops = new StrategyStops()
  /** What the risk gate must know of the past. */
  readonly risk = new RiskHistory()

  /** Refuses a record that cannot follow what came before. */
  apply(record: JournalRecord): Folded {
    this.records++
    switch (record.type) {
      case 'run_started':
        return this.#startRun(record)
      case 'trading_state':
        this.tradingState = record.state
        this.tradingReason = record.reason
        return FOLDED
      case 'regime':
        this.regime = record.regime
        this.regimeReason = record.reason
        return FOLDED
      case 'day_started':
        this.days.note(record)
        this.risk.day(record)
        return FOLDED
      case 'equity_peak':
        this.risk.peak(record)
        return FOLDED
      case 'drawdown':
        this.risk.drawdown(record)
        return FOLDED
      case 'order_created':
        return this.#createOrder(record)
      case 'order_state':
        return this.#changeOrder(record)
      case 'fill':
        return this.#fill(record)
      case 'order_amended':
        return this.#amendOrder(record)
      case 'external_fill':
        return this.#externalFill(record)
      case 'funding':
        return this.account.funding(record)
      case 'external_order':
        return this.account.externalOrder(record)
      case 'position_adjusted':
        return this.#adjust(record)
      case 'stop':
        this.stops.apply(record)
        return FOLDED
      case 'command':
        this.keyedCommands.note(record)
        this.strategyStops.note(record)
        return FOLDED
      case 'account_snapshot':
        this.balances.note(record)
        return FOLDED
      case 'transfer':
        this.balances.transfer(record)
        return FOLDED
      case 'entry_settled':
        this.partialEnds.forget(record.order_link_id)
        return FOLDED
      case 'exit_levels':
        return this.#moveLevels(record)
      case 'intent_denied':
      case 'breaker':
      case 'account_reconciled':
      case 'held_levels':
      case 'unwatched_close':
      case 'run_stopped':
        return FOLDED
    }
  }

  /** Nothing is held in any instrument. */
  get isFlat(): boolean {
    for (const { position } of this.holdings.values()) if (position.lots !== 0) return false
    return true
  }

  position(key: string): Position {
    return this.holdings.get(key)?.position ?? FLAT
  }

  /** Profit of all that was closed, after fees and funding. */
  realizedQuote(): number {
    let sum = 0
    for (const { fundingQuote, position } of this.holdings.values())
      sum += position.realizedQuote - position.feesQuote - fundingQuote
    return sum
  }

  /** The life of a position goes on from where it was before a record. */
  live(key: string, lotsBefore: number): void {
    let isLeaving = false
    for (const { key: other, state, terms } of this.unfinished.values()) {
      if (terms.reduce_only && other === key && state !== 'created') isLeaving = true
    }
    this.lives.move(key, lotsBefore, this.position(key).lots, isLeaving)
  }

  #startRun(record: RunStarted): Folded {
    if (record.run <= this.run) {
      return fail('journal_corrupt', `run ${record.run} follows run ${this.run}`)
    }
    this.run = record.run
    if (Number.isNaN(this.firstStartUs)) this.firstStartUs = record.time_us
    this.pnl.startRun(record)
    this.orderNumber = 0
    this.execNumber = 0
    // That of the first run: what was won and lost since is counted on top of it.
    if (Number.isNaN(this.equityStartQuote)) {
      this.equityStartQuote = record.equity_quote
      this.risk.start(record.equity_quote)
    }
    for (const instrument of record.instruments) {
      const tick = parseStep(instrument.tick)
      const lot = parseStep(instrument.lot)
      const key = instrumentKey(instrument)
      if (tick === undefined || lot === undefined) {
        return fail('journal_corrupt', `${key}: tick or lot is not a positive decimal number`)
      }
      if (!this.#setSteps(key, { tick, lot })) {
        const text = `the open position of ${key} is no multiple of the new lot ${instrument.lot}`
        return fail('journal_corrupt', text)
      }
    }
    return FOLDED
  }

  #setSteps(key: string, steps: Steps): boolean {
    const holding = holdingInSteps(this.holdings.get(key), steps)
    if (holding === undefined) return false
    this.holdings.set(key, holding)
    return true
  }

  #moveLevels(record: ExitLevelsMoved): Folded {
    const holding = this.holdings.get(instrumentKey(record))
    if (holding?.plan === undefined) {
      return fail('journal_corrupt', `${record.symbol}: levels of no open position were moved`)
    }
    holding.plan = planAfterMove(holding.plan, holding.position.lots, record)
    return FOLDED
  }

  #createOrder(record: OrderCreated): Folded {
    const key = instrumentKey(record)
    if (record.run !== this.run || record.number !== this.orderNumber + 1) {
      return fail('journal_corrupt', `order ${record.order_link_id} is out of its order`)
    }
    if (!this.holdings.has(key)) {
      return fail('journal_corrupt', `order ${record.order_link_id}: ${key} was not announced`)
    }
    if (this.decisions.has(record.decision)) {
      return fail('journal_corrupt', `order ${record.order_link_id}: its decision has one already`)
    }
    this.orderNumber = record.number
    this.decisions.add(record.decision)
    const order = createOrder(record, key)
    this.orders.set(record.order_link_id, order)
    this.unfinished.set(record.order_link_id, order)
    this.risk.order(key, record)
    this.pnl.ordered(key, record)
    return FOLDED
  }

  #changeOrder(record: OrderStateChanged): Folded {
    const order = this.orders.get(record.order_link_id)
    if (order === undefined) {
      return fail('journal_corrupt', `order ${record.order_link_id} was never created`)
    }
    if (order.state !== record.from || nextOrderState(order.state, record.event) !== record.to) {
      const text = `${record.event} takes ${record.from} to ${record.to}, the order is ${order.state}`
      return fail('journal_corrupt', `order ${record.order_link_id}: ${text}`)
    }
    order.state = record.to
    order.reason = record.reason
    if (record.from !== record.to || !isFinished(record.to)) order.updatedUs = record.time_us
    if (record.event === 'amend' && order.amended !== undefined) {
      order.terms = { ...order.terms, ...order.amended }
    }
    if (record.event === 'amend' || record.event === 'rejectAmend') order.amended = undefined
    if (record.to === 'submitted') order.submittedUs = record.time_us
    this.partialEnds.moved(order, record)
    // It stays among the finished ones, whose bound then passes it by.
    if (record.event === 'reopen') this.unfinished.set(record.order_link_id, order)
    if (isFinished(record.to)) {
      this.unfinished.delete(record.order_link_id)
      const oldest = this.finished.keep(record.order_link_id)
      if (oldest !== undefined && !this.unfinished.has(oldest)) {
        this.orders.delete(oldest)
        this.partialEnds.forget(oldest)
      }
    }
    if (order.terms.reduce_only) this.live(order.key, this.position(order.key).lots)
    return FOLDED
  }

  #amendOrder(record: OrderAmended): Folded {
    const order = this.orders.get(record.order_link_id)
    if (order === undefined) {
      return fail('journal_corrupt', `order ${record.order_link_id} was never created`)
    }
    const { cause, limit_ticks, lots } = record
    order.updatedUs = record.time_us
    if (cause === 'exchange') order.terms = { ...order.terms, limit_ticks, lots }
    else {
      order.amended = { limit_ticks, lots }
      order.amends++
      this.risk.amend(record)
    }
    return FOLDED
  }

  #fill(record: FillRecorded): Folded {
    const order = this.orders.get(record.order_link_id)
    const holding = this.holdings.get(instrumentKey(record))
    if (order === undefined || holding === undefined) {
      return fail('journal_corrupt', `fill ${record.exec_id} of an unknown order`)
    }
    if (order.execIds.has(record.exec_id)) {
      return fail('journal_corrupt', `fill ${record.exec_id} was counted before`)
    }
    const position = positionAfter(holding, record)
    if (position.lots !== record.position_lots_after) {
      const text = `leaves ${position.lots} lots, the record says ${record.position_lots_after}`
      return fail('journal_corrupt', `fill ${record.exec_id} ${text}`)
    }
    const isFirstOfEntry = order.filledLots === 0 && !order.terms.reduce_only
    this.risk.fill(order.key, record, isFirstOfEntry, holding.steps)
    this.risk.moved(order.key, holding.position, position, record.time_us)
    order.execIds.add(record.exec_id)
    this.account.note(record.exec_id, record.exchange_time_us)
    order.filledLots += record.lots
    order.filledTickLots += record.ticks * record.lots
    order.feesQuote += record.fee_quote
    // An end is as old as it is, whatever is told of it later.
    if (!isFinished(order.state)) order.updatedUs = record.time_us
    this.partialEnds.filled(order)
    holding.plan = planAfterFill(holding, position, order.terms, record.time_us)
    const lotsBefore = holding.position.lots
    settle(this.pnl, order.key, holding, record, position)
    this.live(order.key, lotsBefore)
    holding.movedUs = record.time_us
    this.fills++
    if (record.run === this.run)
      this.execNumber = Math.max(this.execNumber, record.exec_number ?? 0)
    return FOLDED
  }

  #externalFill(record: ExternalFillRecorded): Folded {
    const key = instrumentKey(record)
    const before = this.position(key)
    const folded = this.account.externalFill(record)
    if (!folded.ok) return folded
    this.risk.moved(key, before, this.position(key), record.time_us)
    this.live(key, before.lots)
    return folded
  }

  #adjust(record: PositionAdjusted): Folded {
    const folded = this.account.adjust(record)
    if (folded.ok) this.live(instrumentKey(record), record.lots_before)
    return folded
  }
}
