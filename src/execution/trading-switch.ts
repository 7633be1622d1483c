import type { ResultCode } from '../domain/result-codes.ts'
import type { TradingState } from '../domain/trading.ts'
import type { Ledger } from './ledger.ts'

/** The shared words that the actor writes and reads; ControlBlock in a running engine. */
export type TradingControl = {
  setTradingState(state: TradingState): void
  isKilled(): boolean
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
  start(start: 'active' | 'halted', nowUs: number): void {
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

  /** By the actor itself. Stricter only: a fault never loosens what a person set. */
  halt(code: ResultCode, nowUs: number): boolean {
    if (this.state === 'halted') return false
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
