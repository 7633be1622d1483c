// Long because kill and flatten share one latch and its records.
import { KILL_ROUNDS_MAX } from '../constants.ts'
import type { Instrument, InstrumentTable } from '../domain/instrument.ts'
import type { StopChanged, StopKind, StopPhase } from '../domain/journal-stops.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { CounterName } from '../memory/counters.ts'
import { AccountActions } from './account-actions.ts'
import type { Cancels } from './cancels.ts'
import type { Closing } from './closing.ts'
import type { Gateway } from './gateway/gateway.ts'
import { cancelAndLook, followLook, type KillLook, openAt, type Remainder } from './kill-look.ts'
import type { Ledger } from './ledger.ts'
import { flattenKey } from './stop-fold.ts'
import type { TradingControl, TradingSwitch } from './trading-switch.ts'
import type { TruthParts } from './truth.ts'
import { UnwatchedClosing } from './unwatched-closing.ts'

export type KillParts = Readonly<{
  truth: TruthParts
  closing: Closing
  trading: TradingSwitch
  control: TradingControl
  instruments: InstrumentTable
  cancels: Cancels
}>

/** Who asks for it and why; `command` null and no name: the actor itself. */
export type StopAsk = Readonly<{ reason: string; who: string; command: number | null }>

const ROUND_US_MIN = 500_000
const ROUND_US_MAX = 5_000_000
/** Period of the looks at an account that was flat: somebody else may open something. */
const WATCH_US = 30_000_000
/** A difference that lasts so long is taken over: a kill does not wait for the usual time. */
const QUIET_MS = 1000

const COUNTER_OF: Readonly<Record<StopPhase, CounterName>> = {
  ordered: 'stops_ordered',
  flat: 'stops_flat',
  stuck: 'stops_stuck',
  released: 'stops_released',
}

/**
 * The one owner of kill and flatten, and their latch in the journal.
 *
 *   kill: ordered -> cancel all, close all, look at the exchange -> flat -> released by a person
 *            ^            +--- something is open, a call failed --+  |
 *            +------------------ something came open -------------+--+
 *
 * A round goes on whatever fails in it, asks neither link nor breaker, and takes over what only the
 * exchange knows. After KILL_ROUNDS_MAX rounds a person is told (`stuck`); it is tried on, halted.
 * A restart takes up where the last run was. Closing orders are made by Closing.
 */
export class Kill {
  readonly #parts: KillParts
  readonly #ledger: Ledger
  readonly #gateway: Gateway
  readonly #actions: AccountActions
  readonly #unwatched: UnwatchedClosing
  #look: KillLook | undefined
  #isLooking = false
  #nextLookUs = 0
  #rounds = 0
  #backoffUs = ROUND_US_MIN
  #orderedUs = 0

  constructor(parts: KillParts) {
    const { truth } = parts
    this.#parts = parts
    this.#ledger = truth.ledger
    this.#gateway = truth.gateway
    const options = { ...truth.options, quietMs: QUIET_MS, onMismatch: 'alert' } as const
    this.#actions = new AccountActions({ ...truth, options })
    this.#unwatched = new UnwatchedClosing(truth.ledger, truth.gateway)
  }

  get isActive(): boolean {
    return this.#ledger.state.stops.isKilled
  }

  /** Since when it is active in this run; NaN: it is not. */
  get sinceUs(): number {
    return this.isActive ? this.#orderedUs : Number.NaN
  }

  /** A kill that is not known to be flat needs turns, whatever our record holds. */
  get isAtRest(): boolean {
    const { kill } = this.#ledger.state.stops
    return !this.#isLooking && (kill === undefined || kill.phase === 'flat')
  }

  /** After recovery: what the last run left. */
  start(nowUs: number): void {
    const { closing, control, trading } = this.#parts
    const { flattening, isKilled } = this.#ledger.state.stops
    for (const record of flattening.values()) {
      if (record.symbol === null) closing.flatten(-1)
      else for (const { index } of this.#meant(record)) closing.flatten(index)
    }
    if (flattening.size > 0) this.#closeBlindly()
    if (!isKilled) return
    if (!control.isKilled()) control.kill?.()
    if (trading.state !== 'halted') trading.kill(null, nowUs)
    this.#closeAll()
    this.#nextLookUs = nowUs
    this.#orderedUs = nowUs
    this.#ledger.log.error('a kill of an earlier run is not released: trading stays halted')
  }

  /** Again while it is active: the rounds begin anew, and nothing is journaled twice. */
  order(ask: StopAsk, nowUs: number): void {
    const { cancels, trading } = this.#parts
    this.#rounds = 0
    this.#backoffUs = ROUND_US_MIN
    this.#nextLookUs = nowUs
    if (!this.isActive) {
      this.#orderedUs = nowUs
      this.#enter('kill', 'ordered', undefined, ask, nowUs)
    }
    trading.kill(ask.command, nowUs)
    cancels.all(-1, 'kill_latch', nowUs)
    this.#closeAll()
  }

  /** `instrument` undefined: all of them. */
  flatten(instrument: Instrument | undefined, ask: StopAsk, nowUs: number): void {
    const { cancels, closing } = this.#parts
    const index = instrument?.index ?? -1
    const record = this.#record('flatten', 'ordered', instrument, ask, nowUs)
    const isNew = !this.#ledger.state.stops.flattening.has(flattenKey(record))
    if (isNew && !this.isActive) this.#commit(record)
    closing.flatten(index)
    this.#closeBlindly()
    cancels.all(index, 'flattening', nowUs)
  }

  /** Ends every flatten where it is. */
  endFlattens(ask: StopAsk, nowUs: number): void {
    for (const record of [...this.#ledger.state.stops.flattening.values()]) {
      this.#commit({ ...record, ...this.#now(nowUs), ...ask, phase: 'released' })
    }
    this.#parts.closing.stopFlattening()
  }

  /**
   * Trading stays halted after it. Refused without a name or a reason, without a kill, and before
   * the kill is flat or its bound is reached. `kills`: how many settings of the latch it answers.
   */
  release(ask: StopAsk, kills: number, nowUs: number): ResultCode {
    const { kill } = this.#ledger.state.stops
    if (ask.who.trim() === '' || ask.reason.trim() === '') return 'bad_request'
    if (kill === undefined) return 'not_found'
    if (kill.phase === 'ordered') return 'flattening'
    this.#enter('kill', 'released', undefined, ask, nowUs)
    this.#parts.control.release?.(kills)
    this.#parts.closing.stopFlattening()
    return 'ok'
  }

  poll(nowUs: number): void {
    const { cancels, control, truth } = this.#parts
    if (control.isKilled() && !this.isActive) {
      this.order({ reason: 'kill_latch', who: '', command: null }, nowUs)
    }
    this.#endFlat(nowUs)
    if (!this.isActive || this.#isLooking || nowUs < this.#nextLookUs) return
    this.#isLooking = true
    // A cancel that failed, or was never sent, is asked for again; closing orders go on.
    cancels.opening('kill_latch', nowUs)
    void cancelAndLook(this.#gateway, this.#ledger, nowUs).then((look) => {
      this.#look = look
      truth.wake()
    })
  }

  /** Does what a look brought. Answers how much there was. */
  receive(nowUs: number): number {
    const look = this.#look
    if (look === undefined) return 0
    this.#look = undefined
    this.#isLooking = false
    if (!this.isActive) return 1
    this.#ledger.counters.add('kill_calls_failed', look.callsFailed)
    followLook(look, this.#ledger, this.#actions, nowUs)
    this.#unwatched.ask(look.positions ?? [], nowUs)
    this.#closeAll()
    const open = openAt(look, this.#gateway.account !== undefined)
    if (this.#isFlat(look, open)) this.#reachFlat(nowUs)
    else this.#goOn(open, nowUs)
    return 1
  }

  /** Hands over what is durable now; `isClosed`: nothing may leave any more. */
  send(nowUs: number, isClosed: boolean): void {
    this.#unwatched.send(nowUs, isClosed || !this.isActive)
  }

  #closeAll(): void {
    this.#parts.closing.flatten(-1)
    this.#closeBlindly()
  }

  /** The paper exchange has no price without a book, so there is nothing to close at blindly. */
  #closeBlindly(): void {
    if (this.#gateway.account !== undefined) this.#parts.closing.closeBlindly()
  }

  /** There and here, with nothing on its way that could change it. */
  #isFlat(look: KillLook, open: Remainder | undefined): boolean {
    const { fills, isFlat, unfinished } = this.#ledger.state
    const isStill = unfinished.size === 0 && fills === look.fillsBefore
    return isStill && isFlat && open?.orders === 0 && open.positions === 0
  }

  #reachFlat(nowUs: number): void {
    this.#rounds = 0
    this.#backoffUs = ROUND_US_MIN
    this.#nextLookUs = nowUs + WATCH_US
    this.#again('flat', 'ok', nowUs)
  }

  #goOn(open: Remainder | undefined, nowUs: number): void {
    this.#rounds++
    this.#nextLookUs = nowUs + this.#backoffUs
    this.#backoffUs = Math.min(ROUND_US_MAX, 2 * this.#backoffUs)
    if (this.#rounds < KILL_ROUNDS_MAX) {
      // What was flat is not any more.
      if (this.#ledger.state.stops.kill?.phase === 'flat') this.#again('ordered', 'ok', nowUs)
      return
    }
    this.#again('stuck', 'flatten_unfinished', nowUs)
    if (this.#rounds > KILL_ROUNDS_MAX) return
    const line = { rounds: this.#rounds, orders: open?.orders, positions: open?.positions }
    this.#ledger.log.error(line, 'KILL IS NOT FLAT: a person must close what is left')
  }

  #again(phase: StopPhase, code: ResultCode, nowUs: number): void {
    const { kill } = this.#ledger.state.stops
    if (kill === undefined || kill.phase === phase) return
    const ask = { reason: code, who: '', command: null }
    this.#enter('kill', phase, undefined, ask, nowUs)
  }

  #endFlat(nowUs: number): void {
    const { closing } = this.#parts
    const { flattening } = this.#ledger.state.stops
    if (flattening.size === 0) return
    for (const record of [...flattening.values()]) {
      if (this.#meant(record).some(({ index }) => closing.isFlattening(index))) continue
      const ask = { reason: 'ok', who: '', command: null }
      this.#commit({ ...record, ...this.#now(nowUs), ...ask, phase: 'flat' })
    }
  }

  #meant({ category, symbol }: StopChanged): readonly Instrument[] {
    const { instruments } = this.#parts
    if (symbol === null) return instruments
    return instruments.filter((each) => each.symbol === symbol && each.category === category)
  }

  #enter(
    stop: StopKind,
    phase: StopPhase,
    instrument: Instrument | undefined,
    ask: StopAsk,
    nowUs: number,
  ): void {
    this.#commit(this.#record(stop, phase, instrument, ask, nowUs))
  }

  #record(
    stop: StopKind,
    phase: StopPhase,
    instrument: Instrument | undefined,
    ask: StopAsk,
    nowUs: number,
  ): StopChanged {
    const symbol = instrument?.symbol ?? null
    const category = instrument?.category ?? null
    return { type: 'stop', ...this.#now(nowUs), stop, phase, symbol, category, ...ask }
  }

  #now(nowUs: number) {
    const { holdings, unfinished } = this.#ledger.state
    let positions = 0
    for (const { position } of holdings.values()) if (position.lots !== 0) positions++
    return {
      time_us: nowUs,
      run: this.#ledger.run,
      orders_open: unfinished.size,
      positions_open: positions,
    }
  }

  #commit(record: StopChanged): void {
    this.#ledger.commit(record)
    this.#ledger.counters.add(COUNTER_OF[record.phase])
    const { phase, reason, stop, symbol, who } = record
    this.#ledger.log.warn({ stop, phase, symbol, reason, who }, 'stop')
  }
}
