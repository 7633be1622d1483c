// Long because all that trades is wired here.
import { INTENTS_PER_TURN_MAX } from '../constants.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { AccountReport } from './account-figures.ts'
import type { ActorParts } from './actor-parts.ts'
import { Amends } from './amends.ts'
import { BalanceWatch } from './balance-watch.ts'
import { BreakerBoard } from './breaker/breaker-board.ts'
import { GuardedGateway } from './breaker/guarded-gateway.ts'
import { Cancels } from './cancels.ts'
import { Closing, type WayOut } from './closing.ts'
import { type CommandDesk, obeyCommand, readCommand } from './commands.ts'
import { Denials } from './denials.ts'
import { ExitWatch } from './exits/exit-watch.ts'
import { LevelKeeper } from './exits/level-keeper.ts'
import { LevelSetter } from './exits/level-setter.ts'
import { Exposures } from './exposures.ts'
import { FollowUps } from './follow-up.ts'
import type { RemotePosition } from './gateway/gateway.ts'
import { instrumentKey } from './holding.ts'
import { Incidents } from './incidents.ts'
import { decodeIntent, type Intent } from './intent.ts'
import { Kill } from './kill.ts'
import type { Ledger } from './ledger.ts'
import { LiquidationWatch } from './liquidation-watch.ts'
import { LossWatch } from './loss-watch.ts'
import { OrderFlow } from './order-flow.ts'
import { RegimeSwitch } from './regime-switch.ts'
import { type ApprovedOrder, RiskGate } from './risk/risk-gate.ts'
import { blockOf, type FactSources, gatherFacts, lateRefusal, passedOver } from './risk-facts.ts'
import { ClockWatch, createGuards } from './risk-guards.ts'
import { StrategySwitch } from './strategy-switch.ts'
import { TradingSwitch } from './trading-switch.ts'
import { Truth, type TruthParts } from './truth.ts'
import { UnwatchedPositions } from './unwatched.ts'
import { tellLeft, unsettledOrders } from './wind-down.ts'

/** The longest that a record of a denial stays off the disk. */
/** Denials of an exit after which there is nothing to keep it for. */
const NOTHING_LEFT: readonly ResultCode[] = ['nothing_to_reduce', 'duplicate_intent']
const LAZY_FLUSH_US = 1_000_000

/**
 * The one place that trades. Intents and commands are put in, `turn` does one round of everything:
 * what came back, what time asks for, what was put in, one flush of the journal, and only then the
 * orders. It owns no thread and no clock, so the worker, a backtest and the simulation run the same
 * actor.
 */
export class ExecutionActor {
  readonly flow: OrderFlow
  readonly trading: TradingSwitch
  readonly regime: RegimeSwitch
  readonly strategies: StrategySwitch
  readonly exposures: Exposures
  readonly closing: Closing
  readonly truth: Truth
  readonly kill: Kill
  readonly losses: LossWatch
  readonly keeper: LevelKeeper
  readonly report: AccountReport
  readonly balances: BalanceWatch
  readonly #clockWatch: ClockWatch
  readonly #parts: ActorParts
  readonly #ledger: Ledger
  readonly #gate: RiskGate
  readonly #gateway: GuardedGateway
  readonly #cancels: Cancels
  readonly #denials: Denials
  readonly #followUps: FollowUps
  readonly #amends: Amends
  readonly #sources: FactSources
  readonly #orders: CommandDesk
  readonly #unwatched: UnwatchedPositions
  readonly #incidents: Incidents
  readonly #liquidations: LiquidationWatch
  /** Put in since the last turn; the callers leave the rest in their rings. */
  #intents: Intent[] = []
  #nextPollUs = 0
  #nextLazyFlushUs = 0
  #isWindingDown = false

  constructor(parts: ActorParts) {
    const { ledger, books, instruments, options, wake = () => {} } = parts
    this.#parts = parts
    this.#ledger = ledger
    this.#gate = new RiskGate(options)
    const board = new BreakerBoard(options.breakers, ledger, parts.control)
    const isKilled = () => this.#isKilled
    this.#gateway = new GuardedGateway(parts.gateway, board, parts.clock, isKilled, parts.callTime)
    this.#denials = new Denials(ledger)
    this.trading = new TradingSwitch(ledger, parts.control)
    this.regime = new RegimeSwitch(ledger, parts.control)
    this.strategies = new StrategySwitch(ledger, parts.control)
    this.exposures = new Exposures(ledger.state, books, instruments)
    this.closing = new Closing(
      ledger,
      books,
      instruments,
      new ExitWatch({ ledger, books, options: options.exits, tape: parts.tape }),
      options.exitSlippageBps,
    )
    this.losses = new LossWatch(ledger, this.exposures, options.limits)
    const { exposures, losses: watched } = this
    this.report = new AccountReport({ ledger, exposures, losses: watched, options: options.margin })
    const watch = { account: this.#gateway.account, ledger, exposures, report: this.report, wake }
    this.balances = new BalanceWatch({ ...watch, periodMs: options.reconcile.openOrdersMs })
    this.#clockWatch = new ClockWatch(ledger, options.limits.clockDriftMsMax)
    this.#sources = {
      ...{ ledger, books, options, exposures, losses: watched, strategies: this.strategies },
      ...{ control: parts.control, breaker: board.placement, closing: this.closing },
      guards: createGuards(parts.guards, () => this.regime.regime),
      isRecovered: () => this.truth.isHealthy,
      killSinceUs: () => this.kill.sinceUs,
    }
    this.flow = new OrderFlow({
      ...{ ledger, gateway: this.#gateway, breaker: board.placement, options },
      halt: (code, nowUs) => this.halt(code, nowUs),
      doubt: (order, before, nowUs) => this.truth.doubt(order, before, nowUs),
      onAccount: (event, nowUs) => this.truth.onAccount(event, nowUs),
      wake,
    })
    this.#amends = new Amends(this.#sources, this.flow, instruments)
    this.#followUps = new FollowUps({
      ...{ ledger, gateway: this.#gateway, flow: this.flow, options: options.followUp, wake },
      decide: (intent, nowUs) => (this.#isWindingDown ? 'halted' : this.#decide(intent, nowUs)),
    })
    this.#unwatched = new UnwatchedPositions(ledger)
    this.#liquidations = new LiquidationWatch(ledger, options.exits)
    const truth: TruthParts = {
      ...{ ledger, gateway: this.#gateway, flow: this.flow, balances: this.balances, wake },
      options: options.reconcile,
      halt: (code, nowUs) => this.halt(code, nowUs),
      onPositions: (positions, askedUs) => this.#onPositions(positions, askedUs),
    }
    this.truth = new Truth(truth)
    const cancels = new Cancels(ledger, this.flow)
    this.#cancels = cancels
    const { closing, losses, regime, strategies, trading } = this
    this.kill = new Kill({ truth, closing, trading, control: parts.control, instruments, cancels })
    const { kill } = this
    this.keeper = new LevelKeeper({ truth, looks: this.truth, kill, instruments, options })
    this.#incidents = this.#watchIncidents()
    this.#orders = {
      ...{ ledger, instruments, trading, regime, strategies, isKilled, losses, cancels },
      ...{ truth: this.truth, amends: this.#amends, kill },
      levels: new LevelSetter({ ledger, books, exposures: this.exposures, options }),
    }
  }

  #watchIncidents(): Incidents {
    const { control, ledger, options } = this.#parts
    const { roundsMax } = options.reconcile
    return new Incidents(ledger, control, {
      unguarded: () => this.keeper.unguarded,
      unwatched: () => this.#unwatched.symbols,
      gapQuote: () => this.balances.gapToldQuote,
      clockOffsetMs: () => this.#sources.guards.clockOffsetMs(),
      isClockLost: () => this.#clockWatch.isLost,
      areTransfersUnknown: () => this.balances.areTransfersUnknown(this.#parts.clock.nowUs()),
      isStuck: () => !this.truth.isHealthy && this.truth.rounds >= roundsMax,
    })
  }

  #onPositions(positions: readonly RemotePosition[], askedUs: number): void {
    this.keeper.look(positions, askedUs)
    this.#unwatched.look(positions)
    this.#liquidations.look(positions, askedUs)
  }

  /** After a start: what an earlier run left to open something, where nothing may be opened. */
  cancelBarred(nowUs: number): void {
    const { state } = this.trading
    if (state !== 'active') this.#cancels.opening(state, nowUs)
    else if (this.regime.regime === 'risk_off') this.#cancels.opening('risk_off', nowUs)
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
    const { clock } = this.#parts
    this.#gateway.advance(clock.nowUs())
    // Answers that the exchange just gave are promises; they come before the events they caused.
    await Promise.resolve()
    this.#gateway.review(clock.nowUs())
    let busy = this.flow.receive(clock.nowUs()) + this.truth.receive(clock.nowUs())
    busy += this.kill.receive(clock.nowUs()) + this.keeper.receive(clock.nowUs())
    busy += this.#followUps.receive(clock.nowUs()) + this.balances.receive(clock.nowUs())
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
    const isAtRest = unfinished.size === 0 && isFlat && this.kill.isAtRest
    const pollUs = isAtRest ? Number.POSITIVE_INFINITY : this.#nextPollUs
    return Math.min(pollUs, this.#gateway.nextDueUs())
  }

  get isIdle(): boolean {
    return (
      this.#intents.length === 0 && this.flow.isIdle && this.keeper.isIdle && this.#followUps.isIdle
    )
  }

  /**
   * The first half of an orderly end: takes no more intents, and cancels what is open where the
   * configuration says so; turns go on until `isWoundDown`.
   */
  windDown(): void {
    const { clock, control, options } = this.#parts
    this.#isWindingDown = true
    control.setTradingState('halted') // the shared word alone: shards need not ask any more
    if (options.atStop === 'cancel_orders')
      this.#cancels.all(-1, 'canceled_by_command', clock.nowUs())
  }

  get isWoundDown(): boolean {
    if (this.#ledger.failure !== undefined) return true
    return this.#unsettled().length === 0 && !(this.#mustBeFlat && !this.#ledger.state.isFlat)
  }

  get #mustBeFlat(): boolean {
    return this.kill.isActive || this.losses.mustBeFlat
  }

  #unsettled(): readonly string[] {
    return unsettledOrders(this.#ledger.state, this.#parts.options.atStop === 'keep_orders')
  }

  /** The second half: everything durable, journal closed. False: the journal had failed. */
  async stop(): Promise<boolean> {
    this.#parts.control.setTradingState('halted')
    const left = this.#isWindingDown ? this.#unsettled() : []
    tellLeft(this.#ledger, left, this.#mustBeFlat)
    if (this.#ledger.failure === undefined) {
      const time_us = this.#parts.clock.nowUs()
      this.#ledger.commit({ type: 'run_stopped', time_us, run: this.#ledger.run })
    }
    return this.#ledger.close()
  }

  #send(): number {
    const { clock, control, intentToDurable, intentToSubmit } = this.#parts
    const nowUs = clock.nowUs()
    for (const { intent } of this.flow.submits) intentToDurable?.record(nowUs - intent.createdUs)
    const isClosed = control.isWayOutClosed?.() ?? false
    this.keeper.send(nowUs, isClosed)
    this.kill.send(nowUs, isClosed)
    const refusalOf = (isOpening: boolean, strategy: number) =>
      isClosed ? 'actor_silent' : lateRefusal(this.#sources, isOpening, this.#isKilled, strategy)
    const orderRefusal = (approved: ApprovedOrder) => {
      const refusal = refusalOf(!approved.isReduceOnly, approved.intent.strategy)
      if (refusal === undefined) intentToSubmit?.record(clock.nowUs() - approved.intent.createdUs)
      return refusal
    }
    const { orders } = this.#ledger.state
    return this.flow.send(nowUs, orderRefusal, ({ isWider, orderLinkId }) =>
      refusalOf(isWider, orders.get(orderLinkId)?.terms.strategy ?? Number.NaN),
    )
  }

  get #isKilled(): boolean {
    return this.#parts.control.isKilled() || this.kill.isActive
  }

  /** Answers why it was denied. */
  #decide(intent: Intent, nowUs: number): ResultCode | undefined {
    const checked = this.#gate.check(intent, gatherFacts(this.#sources, intent, nowUs))
    const isExit = intent.action === 'exit'
    if (checked.ok) {
      if (isExit) {
        this.#ledger.counters.add('exits_triggered')
        this.closing.decided(intent)
      }
      this.flow.place(checked.value, nowUs)
      return undefined
    }
    const { code } = checked
    const isBlocked = isExit && code === 'order_in_flight'
    if (isBlocked && this.closing.keep(intent, nowUs)) {
      this.#clear(intent.instrument, nowUs, nowUs)
      return code
    }
    if (isExit && NOTHING_LEFT.includes(code)) this.closing.decided(intent)
    this.#denials.record(intent, checked, nowUs)
    return code
  }

  /** Entries that rest make way for an exit. */
  #clear(instrument: Instrument, beforeUs: number, nowUs: number): void {
    this.#cancels.resting(instrumentKey(instrument), beforeUs, 'exit_due', nowUs)
  }

  /** What time asks for: the kill latch, the loss of the day, orders in flight, exits. */
  #poll(nowUs: number): number {
    this.kill.poll(nowUs)
    if (nowUs < this.#nextPollUs) return 0
    this.#nextPollUs = nowUs + this.#parts.options.pollMs * 1000
    if (nowUs >= this.#nextLazyFlushUs) {
      this.#nextLazyFlushUs = nowUs + LAZY_FLUSH_US
      this.#ledger.flushLazy()
    }
    this.exposures.mark()
    this.#clockWatch.look(this.#sources.guards.clockOffsetMs())
    this.#checkLosses(nowUs)
    this.flow.review(nowUs)
    if (!this.#isWindingDown) {
      this.#amends.review(nowUs)
      this.#followUps.poll(nowUs)
    }
    this.truth.poll(nowUs)
    // What a kill or a loss closes is closed to the end.
    const isQuiet = this.#isWindingDown && !this.#mustBeFlat
    const due = isQuiet ? [] : this.closing.due(nowUs, this.#wayOut(nowUs))
    for (const intent of due) this.#decide(intent, nowUs)
    this.keeper.poll(nowUs)
    this.#incidents.look(nowUs)
    return due.length
  }

  #wayOut(nowUs: number): WayOut {
    const { state } = this.#ledger
    return {
      blockOf: (instrument) => {
        const passed = passedOver(this.#sources, nowUs, instrument.index)
        return blockOf(state, instrumentKey(instrument), passed)
      },
      clear: (instrument, beforeUs) => this.#clear(instrument, beforeUs, nowUs),
    }
  }

  /** A loss beyond its limit ends flat and halted, whatever stopped or ended in between. */
  #checkLosses(nowUs: number): void {
    this.balances.poll(nowUs)
    const code = this.losses.look(nowUs)
    if (code !== undefined) this.halt(code, nowUs)
    if (this.losses.mustBeFlat) {
      this.closing.flatten(-1)
      // As after a kill: an exchange takes orders when its market data is gone.
      if (this.#gateway.account !== undefined) this.closing.closeBlindly()
    }
    this.report.look(nowUs)
  }

  /** For a fault, here or as the caller has seen it. */
  halt(code: ResultCode, nowUs: number = this.#parts.clock.nowUs()): void {
    if (this.trading.halt(code, nowUs)) this.#cancels.all(-1, code, nowUs)
  }

  /** The journal is gone: nothing more can be done safely. The caller ends the process. */
  #leave(): void {
    this.trading.close()
    this.#ledger.auditTradingState('journal_unavailable', Number.NaN, this.#parts.clock.nowUs())
    this.#ledger.publish()
  }
}
