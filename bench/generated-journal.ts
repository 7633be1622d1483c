// Long because every type of journal record is made here.
import { Random } from '../src/core/random.ts'
import type { FillRecorded, JournalRecord, OrderEvent } from '../src/domain/journal.ts'
import { type AccountSnapshot, SNAPSHOT_CAUSES } from '../src/domain/journal-account.ts'
import type { OrderState } from '../src/domain/trading.ts'

/**
 * A journal of made-up but consistent trading: every record that there is, in an order that the fold
 * accepts, over several runs. The same seed makes the same records.
 */
const START_US = 1_763_719_200_000_000
const CATEGORY = 'linear'
const INSTRUMENTS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'DOGEUSDT'].map(
  (symbol, index) => ({ index, symbol, category: CATEGORY, tick: '0.1', lot: '0.001' }) as const,
)

type Drafted<Each> = Each extends JournalRecord ? Omit<Each, 'time_us' | 'run'> : never

export class GeneratedJournal {
  readonly #random: Random
  readonly #eventShare: number
  readonly #lots = new Map<string, number>()
  /** Symbols whose position was opened by an order of ours, so that it has levels. */
  readonly #planned = new Set<string>()
  readonly #out: JournalRecord[] = []
  #timeUs = START_US
  #run = 0
  #order = 0
  #exec = 0
  #day = 0

  /** `eventShare`: of the steps, those that are something else than an order of ours. */
  constructor(seed: number, eventShare = 0.03) {
    this.#random = new Random(seed)
    this.#eventShare = eventShare
  }

  get run(): number {
    return this.#run
  }

  /** The next records, a few at a time: a run's beginning, or all that becomes of one order. */
  next(): readonly JournalRecord[] {
    this.#out.length = 0
    const draw = this.#random.float()
    if (this.#run === 0 || draw < 0.0005) this.#beginRun()
    else if (this.#random.float() < this.#eventShare) this.#event()
    else this.#trade()
    return this.#out
  }

  #add(draft: Drafted<JournalRecord>): void {
    this.#timeUs += 1 + this.#random.below(50_000)
    this.#out.push(Object.assign({ time_us: this.#timeUs, run: this.#run }, draft))
  }

  #beginRun(): void {
    if (this.#run > 0 && this.#random.float() < 0.5) this.#add({ type: 'run_stopped' })
    this.#run++
    this.#order = 0
    this.#add({
      type: 'run_started',
      version: '0.1.0',
      mode: 'paper',
      equity_quote: 100_000,
      instruments: INSTRUMENTS,
    })
    this.#add({ type: 'trading_state', state: 'active', reason: 'start', command: null })
  }

  #event(): void {
    const symbol = this.#symbol()
    const place = { symbol, category: CATEGORY } as const
    const before = this.#lots.get(symbol) ?? 0
    const exec_id = `other-${++this.#exec}`
    switch (this.#random.below(16)) {
      case 0:
        return this.#add({ type: 'day_started', day: 20_000 + ++this.#day, equity_quote: 1e5 })
      case 1:
        this.#add({ type: 'drawdown', peak_quote: 1e5 + this.#exec, equity_quote: 9e4 })
        return this.#add({ type: 'equity_peak', equity_quote: 1e5 + this.#exec, reason: 'rise' })
      case 2:
        return this.#add({ type: 'breaker', breaker: 'gateway', state: 'open', reason: 'x' })
      case 3:
        return this.#fillOfOthers(symbol, exec_id)
      case 4:
        return this.#add({
          ...place,
          type: 'funding',
          exec_id,
          fee_quote: this.#random.float() - 0.5,
          exchange_time_us: this.#timeUs,
        })
      case 5: {
        const order = { order_id: exec_id, order_link_id: '', limit_ticks: 1000, lots: 5 }
        return this.#add({ ...place, type: 'external_order', ...order })
      }
      case 6: {
        const lots = this.#random.below(100) - 50
        this.#lots.set(symbol, lots)
        if (lots === 0) this.#planned.delete(symbol)
        const average_ticks = lots === 0 ? 0 : 10_000
        return this.#add({
          ...place,
          type: 'position_adjusted',
          lots_before: before,
          lots_after: lots,
          average_ticks,
        })
      }
      case 7: {
        const phase = this.#random.float() < 0.5 ? 'ordered' : 'released'
        const stop = this.#random.float() < 0.5 ? 'kill' : 'flatten'
        const whose = stop === 'kill' ? { symbol: null, category: null } : place
        const open = { orders_open: 0, positions_open: 1 }
        const why = { reason: 'drill', who: 'anna', command: 4 }
        return this.#add({ type: 'stop', stop, phase, ...whose, ...why, ...open })
      }
      case 8:
        return this.#add({
          type: 'account_reconciled',
          rounds: 1,
          executions: 0,
          orders_open: 0,
          positions_open: 1,
        })
      case 9: {
        if (!this.#planned.has(symbol)) return this.#deny(symbol)
        const levels = { target_ticks: null, stop_ticks: 9_990 }
        if (this.#random.float() < 0.5) {
          return this.#add({ ...place, type: 'exit_levels', by: 'trailing_stop', ...levels })
        }
        const asked = { trailing: false, command: 4 }
        return this.#add({ ...place, type: 'exit_levels', by: 'command', ...levels, ...asked })
      }
      case 10: {
        const levels = { target_ticks: 10_010, stop_ticks: null, reason: 'ok' }
        this.#add({ ...place, type: 'held_levels', phase: 'asked', ...levels })
        return this.#add({ ...place, type: 'held_levels', phase: 'held', ...levels })
      }
      case 11: {
        const regime = this.#random.float() < 0.5 ? 'risk_on' : 'risk_off'
        return this.#add({ type: 'regime', regime, reason: 'command', command: 4 })
      }
      case 12:
        return this.#add({ type: 'account_snapshot', ...this.#money() })
      case 13: {
        const amount_quote = this.#random.float() < 0.2 ? null : this.#random.below(2_000) - 1_000
        const transfer = { transfer_id: exec_id, amount_quote, exchange_time_us: this.#timeUs }
        return this.#add({ type: 'transfer', ...transfer })
      }
      case 14: {
        const order_link_id = `bfk-${this.#run}-${this.#exec}`
        const close = { number: this.#exec, order_link_id, side: 'sell', qty: '0.5' } as const
        return this.#add({ ...place, type: 'unwatched_close', ...close })
      }
      default:
        return this.#deny(symbol)
    }
  }

  #money(): Omit<AccountSnapshot, 'type' | 'time_us' | 'run'> {
    const ours = 1e5 + this.#exec
    const lost = this.#random.below(100)
    return {
      cause: SNAPSHOT_CAUSES[this.#random.below(SNAPSHOT_CAUSES.length)],
      ...{ ours_quote: ours, theirs_quote: ours - lost, wallet_quote: ours, available_quote: 1 },
      ...{ gap_quote: lost, transfers_quote: 0, reference_quote: 0, lost_quote: lost },
      ...{ listed_us: this.#timeUs, margin_positions_quote: 7, margin_orders_quote: lost / 8 },
      margin_maintenance_quote: null,
    }
  }

  #deny(symbol: string): void {
    this.#add({
      type: 'intent_denied',
      symbol,
      category: CATEGORY,
      shard: 0,
      intent_number: 7,
      action: 'enter_long',
      u: 77,
      reason: 'cooldown',
      times: 3,
      limit: 1,
      actual: 2,
    })
    this.#add({
      type: 'command',
      number: 3,
      command: 'halt',
      symbol: null,
      who: 'anna',
      reason: 'lunch',
      code: 'ok',
      key_hash: `key-${this.#exec}`,
      request_hash: 'halt',
      trading_state: 'halted',
    })
  }

  #fillOfOthers(symbol: string, exec_id: string): void {
    const side = this.#random.float() < 0.5 ? 'buy' : 'sell'
    const lots = 1 + this.#random.below(20)
    this.#add({
      type: 'external_fill',
      exec_id,
      order_link_id: '',
      symbol,
      category: CATEGORY,
      side,
      ticks: 10_000 + this.#random.below(100),
      lots,
      fee_quote: 0.1,
      is_maker: false,
      exchange_time_us: this.#timeUs,
      position_lots_after: this.#move(symbol, side, lots),
      average_price_after: 1000,
      realized_pnl_quote_after: this.#exec,
      fees_quote_after: this.#exec / 8,
      realized_pnl_fifo_quote_after: this.#exec + 1,
    })
  }

  #trade(): void {
    const symbol = this.#symbol()
    const lots = 1 + this.#random.below(100)
    const side = this.#random.float() < 0.5 ? 'buy' : 'sell'
    const ticks = 10_000 + this.#random.below(200)
    const id = `bf-${this.#run}-${++this.#order}`
    this.#createOrder({ id, symbol, side, ticks, lots })
    let state: OrderState = 'created'
    const enter = (event: OrderEvent, to: OrderState) => {
      const reason = 'ok'
      const order = { order_link_id: id, symbol, trace: `${symbol}-${this.#order}` }
      this.#add({ type: 'order_state', ...order, event, from: state, to, reason })
      state = to
    }
    enter('submit', 'submitted')
    if (this.#random.float() < 0.002) return // the run dies before the answer
    enter('accept', 'open')
    if (this.#random.float() < 0.05) {
      enter('requestAmend', 'amending')
      this.#add({
        type: 'order_amended',
        cause: 'requote',
        order_link_id: id,
        limit_ticks: ticks + 1,
        lots,
      })
      enter('amend', 'open')
    }
    let left = lots
    while (left > 0 && this.#random.float() < 0.8) {
      const part = Math.min(left, 1 + this.#random.below(lots))
      left -= part
      this.#fill({ id, symbol, side, ticks, lots: part })
      enter(left === 0 ? 'complete' : 'fill', left === 0 ? 'filled' : 'open')
    }
    if (left === 0) return
    enter('cancel', 'canceled')
    if (left < lots) this.#settle({ id, symbol, lots, left })
  }

  #settle(entry: Readonly<{ id: string; symbol: string; lots: number; left: number }>): void {
    this.#add({
      type: 'entry_settled',
      order_link_id: entry.id,
      symbol: entry.symbol,
      category: CATEGORY,
      wanted_lots: entry.lots,
      filled_lots: entry.lots - entry.left,
      left_lots: entry.left,
      cause: 'remainder_canceled',
      outcome: 'denied',
      code: 'cooldown',
    })
  }

  #createOrder(
    order: Readonly<{
      id: string
      symbol: string
      side: 'buy' | 'sell'
      ticks: number
      lots: number
    }>,
  ): void {
    this.#add({
      type: 'order_created',
      number: this.#order,
      order_link_id: order.id,
      symbol: order.symbol,
      category: CATEGORY,
      side: order.side,
      order_type: 'limit',
      time_in_force: 'ioc',
      reduce_only: false,
      ...(this.#random.float() < 0.02 ? { at_market: true } : {}),
      limit_ticks: order.ticks,
      lots: order.lots,
      target_ticks: order.ticks + 20,
      stop_ticks: order.ticks - 20.5,
      hold_ms_max: this.#random.below(2) * 60_000,
      shard: 0,
      intent_number: this.#order,
      decision: order.id,
      ...(this.#follows() ? { follows: `bf-${this.#run}-${this.#order - 1}` } : {}),
      strategy: 0,
      reason: 'imbalance_and_probability',
      u: this.#order,
      row_number: this.#order,
      intent_created_us: this.#timeUs,
      receive_us: this.#timeUs,
      imbalance: 0.7,
      probability: null,
    })
  }

  #follows(): boolean {
    return this.#order > 1 && this.#random.float() < 0.05
  }

  #fill(
    fill: Readonly<{
      id: string
      symbol: string
      side: 'buy' | 'sell'
      ticks: number
      lots: number
    }>,
  ): void {
    const { id, lots, side, symbol, ticks } = fill
    const execution: Omit<FillRecorded, 'time_us' | 'run'> = {
      type: 'fill',
      exec_id: `exec-${++this.#exec}`,
      exec_number: this.#exec,
      order_link_id: id,
      symbol,
      category: CATEGORY,
      side,
      ticks,
      lots,
      fee_quote: lots * 0.01,
      is_maker: false,
      exchange_time_us: this.#timeUs,
      position_lots_after: this.#move(symbol, side, lots),
      average_price_after: 1000,
      realized_pnl_quote_after: this.#exec,
      fees_quote_after: this.#exec / 8,
      realized_pnl_fifo_quote_after: this.#exec + 1,
    }
    this.#add(execution)
    if (execution.position_lots_after !== 0) this.#planned.add(symbol)
  }

  #move(symbol: string, side: 'buy' | 'sell', lots: number): number {
    const after = (this.#lots.get(symbol) ?? 0) + (side === 'buy' ? lots : -lots)
    this.#lots.set(symbol, after)
    if (after === 0) this.#planned.delete(symbol)
    return after
  }

  #symbol(): string {
    return INSTRUMENTS[this.#random.below(INSTRUMENTS.length)].symbol
  }
}
