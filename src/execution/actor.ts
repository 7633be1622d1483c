import { INTENTS_PER_TURN_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { Books } from './books.ts'
import { CircuitBreaker } from './breaker/circuit-breaker.ts'
import { Closing } from './closing.ts'
import { type CommandDesk, obeyCommand, readCommand } from './commands.ts'
import { Denials } from './denials.ts'
import { dayOf, Exposures } from './exposures.ts'
import type { Gateway } from './gateway/gateway.ts'
import { decodeIntent, type Intent } from './intent.ts'
import type { Ledger } from './ledger.ts'
import type { ExecutionOptions } from './options.ts'
import type { Order } from './order/order.ts'
import { OrderFlow } from './order-flow.ts'
import { RiskGate } from './risk/risk-gate.ts'
import {
  type FactSources,
  gatherFacts,
  hasUnfinished,
  isDayLost,
  lateRefusal,
} from './risk-facts.ts'
import { type TradingControl, TradingSwitch } from './trading-switch.ts'
import { Truth } from './truth.ts'

/** The longest that a record of a denial stays off the disk. */
const LAZY_FLUSH_US = 1_000_000

export type ActorParts = Readonly<{
  clock: Clock
  /** Journal, state, desk, log and counters, already recovered (recovery.ts). */
  ledger: Ledger
  gateway: Gateway
  books: Books
  instruments: InstrumentTable
  options: ExecutionOptions
  control: TradingControl
  /** An answer has come while the actor may sleep. */
  wake?: () => void
  /** Signal to order handed over, journal included, in microseconds. */
  intentToSubmit?: Histogram
}>

/**
 * The one place that trades. Intents and commands are put in, `turn` does one round of everything:
 * what came back, what time asks for, what was put in, one flush of the journal, and only then the
 * orders. It owns no thread and no clock, so the worker, a backtest and the simulation run the same
 * actor.
 */
export class ExecutionActor {
  readonly flow: OrderFlow
  readonly trading: TradingSwitch
  readonly exposures: Exposures
  readonly closing: Closing
  readonly truth: Truth
  readonly #parts: ActorParts
  readonly #ledger: Ledger
  readonly #gate: RiskGate
  readonly #breaker: CircuitBreaker
  readonly #denials: Denials
  readonly #sources: FactSources
  readonly #orders: CommandDesk
  /** Put in since the last turn; the callers leave the rest in their rings. */
  #intents: Intent[] = []
  #nextPollUs = 0
  #nextLazyFlushUs = 0
  #isKillSeen = false
  #isWindingDown = false

  constructor(parts: ActorParts) {
    const { ledger, books, instruments, options } = parts
    this.#parts = parts
    this.#ledger = ledger
    this.#gate = new RiskGate(options)
    this.#breaker = new CircuitBreaker(options.breaker, (state, nowUs) => {
      if (state === 'open') ledger.counters.add('breaker_trips')
      const record = { type: 'breaker', time_us: nowUs, run: ledger.run } as const
      ledger.commit({ ...record, breaker: 'gateway', state, reason: 'outcome_unknown' })
      ledger.auditBreaker(state, nowUs)
      ledger.log.warn({ breaker: 'gateway', state }, 'breaker')
    })
    this.#denials = new Denials(ledger)
    this.trading = new TradingSwitch(ledger, parts.control)
    this.exposures = new Exposures(ledger.state, books, instruments)
    this.closing = new Closing(ledger.state, books, instruments, options.exitSlippageBps)
    this.#sources = {
      ledger,
      books,
      options,
      control: parts.control,
      breaker: this.#breaker,
      exposures: this.exposures,
      closing: this.closing,
      isRecovered: () => this.truth.isHealthy,
    }
    this.flow = new OrderFlow({
      ledger,
      gateway: parts.gateway,
      breaker: this.#breaker,
      options,
      halt: (code, nowUs) => this.#halt(code, nowUs),
      onAccount: (event, nowUs) => this.truth.onAccount(event, nowUs),
      wake: parts.wake ?? (() => {}),
    })
    this.truth = new Truth({
      ledger,
      gateway: parts.gateway,
      flow: this.flow,
      options: options.reconcile,
      halt: (code, nowUs) => this.#halt(code, nowUs),
      wake: parts.wake ?? (() => {}),
    })
    this.#orders = {
      log: ledger.log,
      trading: this.trading,
      closing: this.closing,
      isKilled: () => parts.control.isKilled(),
      isDayLost: () => isDayLost(this.#sources),
      cancelAll: (instrument, code, nowUs) => this.#cancelAll(instrument, code, nowUs),
      cancelOpening: (code, nowUs) =>
        this.#cancelWhere((order) => !order.terms.reduce_only, code, nowUs),
    }
  }

  /** Room for more intents in this turn. */
  get hasRoom(): boolean {
    return this.#intents.length < INTENTS_PER_TURN_MAX
  }

  /** An intent from a ring (intent-record.ts), decided in the next turn. */
  receiveIntent(slots: Float64Array, at: number): void {
    const { counters, log } = this.#ledger
    counters.add('intents_received')
    const intent = decodeIntent(slots, at, this.#parts.instruments)
    if (intent === undefined) {
      counters.add('orders_denied')
      log.error({ reason: 'intent_malformed' }, 'an intent has an invalid field')
      return
    }
    if (!this.#isWindingDown) this.#intents.push(intent)
  }

  /**
   * A command (command-record.ts). Obeyed at once; the audit record with its number is the answer.
   */
  obey(slots: Float64Array, at: number): void {
    this.#ledger.counters.add('commands_obeyed')
    obeyCommand(this.#orders, readCommand(slots, at), this.#parts.clock.nowUs())
  }

  /** One round. True: something happened, and another round may find more. */
  async turn(): Promise<boolean> {
    const { clock, gateway } = this.#parts
    gateway.advance(clock.nowUs())
    // Answers that the exchange just gave are promises; they come before the events they caused.
    await Promise.resolve()
    let busy = this.flow.receive(clock.nowUs()) + this.truth.receive(clock.nowUs())
    busy += this.#poll(clock.nowUs())
    for (const intent of this.#intents.splice(0)) {
      this.#decide(intent, clock.nowUs())
      busy++
    }
    if (!(await this.#ledger.flush())) {
      this.#leave()
      return false
    }
    busy += this.#send()
    return busy > 0
  }

  /**
   * When the next turn has something to do without being woken. With neither an order nor a
   * position there is nothing to look at; the thread's own beat is often enough.
   */
  nextDueUs(): number {
    const { unfinished, isFlat } = this.#ledger.state
    const isAtRest = unfinished.size === 0 && isFlat
    const pollUs = isAtRest ? Number.POSITIVE_INFINITY : this.#nextPollUs
    return Math.min(pollUs, this.#parts.gateway.nextDueUs())
  }

  get isIdle(): boolean {
    return this.#intents.length === 0 && this.flow.isIdle
  }

  /**
   * The first half of an orderly end: takes no more intents and cancels what is open; turns go on
   * until it is.
   */
  windDown(): void {
    this.#isWindingDown = true
    this.#cancelAll(-1, 'canceled_by_command', this.#parts.clock.nowUs())
  }

  get ordersUnfinished(): number {
    return this.#ledger.state.unfinished.size
  }

  /** The second half: everything durable, journal closed. False: the journal had failed. */
  async stop(): Promise<boolean> {
    this.#parts.control.setTradingState('halted')
    if (this.#ledger.failure === undefined) {
      const time_us = this.#parts.clock.nowUs()
      this.#ledger.commit({ type: 'run_stopped', time_us, run: this.#ledger.run })
    }
    return this.#ledger.close()
  }

  #send(): number {
    const { clock, control, intentToSubmit } = this.#parts
    const nowUs = clock.nowUs()
    return this.flow.send(nowUs, (approved) => {
      const refusal = lateRefusal(approved, control.isKilled(), this.trading.state)
      if (refusal === undefined) intentToSubmit?.record(nowUs - approved.intent.createdUs)
      return refusal
    })
  }

  #decide(intent: Intent, nowUs: number): void {
    const checked = this.#gate.check(intent, gatherFacts(this.#sources, intent, nowUs))
    if (checked.ok) {
      if (intent.action === 'exit') this.#ledger.counters.add('exits_triggered')
      this.flow.place(checked.value, nowUs)
      return
    }
    this.#denials.record(intent, checked.code, checked.message, nowUs)
    // A resting order of ours stands in the way of closing: away with it, the exit is asked for
    // again.
    if (checked.code === 'order_in_flight' && intent.action === 'exit') {
      this.#cancelAll(intent.instrument.index, 'canceled_by_command', nowUs)
    }
  }

  /** What time asks for: the kill latch, the loss of the day, orders in flight, exits. */
  #poll(nowUs: number): number {
    if (this.#parts.control.isKilled() && !this.#isKillSeen) {
      this.#isKillSeen = true
      this.closing.stopFlattening()
      this.#halt('kill_latch', nowUs)
    }
    if (nowUs < this.#nextPollUs) return 0
    this.#nextPollUs = nowUs + this.#parts.options.pollMs * 1000
    if (nowUs >= this.#nextLazyFlushUs) {
      this.#nextLazyFlushUs = nowUs + LAZY_FLUSH_US
      this.#ledger.flushLazy()
    }
    this.exposures.mark()
    this.#checkDay(nowUs)
    this.flow.review(nowUs)
    this.truth.poll(nowUs)
    if (this.#parts.control.isKilled() || this.#isWindingDown) return 0
    const due = this.closing.due(nowUs, (key) => hasUnfinished(this.#ledger.state, key))
    for (const intent of due) this.#decide(intent, nowUs)
    return due.length
  }

  #checkDay(nowUs: number): void {
    const { state } = this.#ledger
    const equity = this.exposures.equityQuote()
    if (Number.isNaN(equity)) return
    const day = dayOf(nowUs)
    if (state.day === undefined || state.day.day !== day) {
      const record = { type: 'day_started', time_us: nowUs, day, equity_quote: equity } as const
      this.#ledger.commit(record)
    }
    if (isDayLost(this.#sources)) this.#halt('daily_loss', nowUs)
  }

  #halt(code: ResultCode, nowUs: number): void {
    if (this.trading.halt(code, nowUs)) this.#cancelAll(-1, code, nowUs)
  }

  /** `instrument` -1: all. */
  #cancelAll(instrument: number, code: ResultCode, nowUs: number): void {
    const isMeant = (order: Order) =>
      instrument === -1 || instrument === this.#ledger.instrument(order.key)?.index
    this.#cancelWhere(isMeant, code, nowUs)
  }

  #cancelWhere(isMeant: (order: Order) => boolean, code: ResultCode, nowUs: number): void {
    for (const order of this.#ledger.state.unfinished.values()) {
      if (isMeant(order)) this.flow.cancel(order, code, nowUs)
    }
  }

  /** The journal is gone: nothing more can be done safely. The caller ends the process. */
  #leave(): void {
    this.trading.close()
    this.#ledger.auditTradingState('journal_unavailable', Number.NaN, this.#parts.clock.nowUs())
    this.#ledger.publish()
  }
}
