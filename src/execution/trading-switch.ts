import type { IncidentCode } from '../domain/incidents.ts'
import type { BreakerState } from '../domain/journal.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { Regime, TradingState } from '../domain/trading.ts'
import type { EndpointClass } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import { LOSS_CODES } from './loss-watch.ts'

/** The shared words that the actor writes and reads; ControlBlock in a running engine. */
export type TradingControl = {
  setTradingState(state: TradingState): void
  setRegime?(regime: Regime): void
  isKilled(): boolean
  /** Sets the latch for the other threads: a kill of an earlier run goes on. */
  kill?(): void
  /** Releases so many settings of the latch. */
  release?(kills: number): void
  /** A bit for each place of the configured list. */
  setStoppedStrategies?(bits: number): void
  setIncidents?(code: IncidentCode, count: number): void
  setBreaker?(endpoint: EndpointClass, state: BreakerState): void
  /** The watchdog has given this actor up: nothing may leave any more. */
  isWayOutClosed?(): boolean
}

/**
 * Reasons of a trading state that the next start may replace by its own; every other one stays
 * until a resume.
 */
const START_REASONS: readonly string[] = ['start', 'recovered']

/** The trading state: journaled, shared, told to the desk, and kept over a restart. */
export class TradingSwitch {
  readonly #ledger: Ledger
  readonly #control: TradingControl

  constructor(ledger: Ledger, control: TradingControl) {
    this.#ledger = ledger
    this.#control = control
  }

  get state(): TradingState {
    return this.#ledger.state.tradingState
  }

  /**
   * After recovery. What a person, a limit or a fault had stopped stays stopped; otherwise the
   * configured start decides, as a run that ended while active may not go on by itself where
   * `halted` is configured.
   */
  start(start: TradingState, nowUs: number): void {
    const { tradingState, tradingReason } = this.#ledger.state
    const isHeld = tradingState !== 'active' && !START_REASONS.includes(tradingReason)
    if (isHeld) {
      this.#share(tradingState)
      this.#ledger.auditTradingState('ok', Number.NaN, nowUs)
      const line = { state: tradingState, reason: tradingReason }
      this.#ledger.log.warn(line, 'trading state kept from before the restart')
    } else {
      this.#journal(start, 'start', null, nowUs)
      this.#ledger.auditTradingState('ok', Number.NaN, nowUs)
    }
  }

  /**
   * By the actor itself. Stricter only: a fault never loosens what a person set. A loss becomes the
   * reason of a halt that had another, because it flattens too.
   */
  halt(code: ResultCode, nowUs: number): boolean {
    const { tradingReason } = this.#ledger.state
    const isNewLoss = LOSS_CODES.includes(code) && !LOSS_CODES.includes(tradingReason)
    if (this.state === 'halted' && !isNewLoss) return false
    if (LOSS_CODES.includes(code)) this.#ledger.counters.add('losses_reached')
    this.#journal('halted', code, null, nowUs)
    this.#ledger.auditTradingState(code, Number.NaN, nowUs)
    return true
  }

  /**
   * By a person. The record is written even when nothing changes: it makes a halt of the start a
   * lasting one.
   */
  set(state: TradingState, command: number, nowUs: number): void {
    this.#journal(state, 'command', command, nowUs)
    this.#ledger.auditTradingState('ok', command, nowUs)
  }

  /** Halted for a reason that only its release takes away; `command` null: nobody asked. */
  kill(command: number | null, nowUs: number): void {
    const isNew = this.state !== 'halted' || this.#ledger.state.tradingReason !== 'kill_latch'
    if (isNew) this.#journal('halted', 'kill_latch', command, nowUs)
    this.#ledger.auditTradingState('ok', command ?? Number.NaN, nowUs)
  }

  /** Answers a command that leaves the state as it is: done, or refused with a code. */
  answer(code: ResultCode, command: number, nowUs: number): void {
    this.#ledger.auditTradingState(code, command, nowUs)
  }

  /** Without the journal, which cannot be written any more. */
  close(): void {
    this.#control.setTradingState('halted')
    this.#ledger.state.tradingState = 'halted'
  }

  /** The shared word on its own: what other threads see from now on. */
  #share(state: TradingState): void {
    this.#control.setTradingState(state)
  }

  #journal(state: TradingState, reason: string, command: number | null, nowUs: number): void {
    const { run } = this.#ledger
    const isKept = this.#ledger.commit({
      type: 'trading_state',
      time_us: nowUs,
      run,
      state,
      reason,
      command,
    })
    // Looser states are shared only if they were written; stricter ones in any case.
    if (isKept || state === 'halted') this.#share(state)
    this.#ledger.log.warn({ state, reason, command }, 'trading state')
  }
}
