import type { Regime } from '../domain/trading.ts'
import type { Ledger } from './ledger.ts'
import type { TradingControl } from './trading-switch.ts'

/** The regime that the gate goes by: journaled, shared, and kept over a restart. */
export class RegimeSwitch {
  readonly #ledger: Ledger
  readonly #control: TradingControl

  constructor(ledger: Ledger, control: TradingControl) {
    this.#ledger = ledger
    this.#control = control
  }

  get regime(): Regime {
    return this.#ledger.state.regime
  }

  /**
   * After recovery: as configured, but a risk-off that a person gave stays until a person takes it
   * back. A risk-on that a person gave does not outlive a configuration that says otherwise.
   */
  start(start: Regime, nowUs: number): void {
    const { regime, regimeReason } = this.#ledger.state
    if (regime === 'risk_off' && regimeReason === 'command') {
      this.#control.setRegime?.(regime)
      this.#ledger.log.warn({ regime }, 'regime kept from before the restart')
    } else if (regime !== start || regimeReason !== 'start') {
      this.#journal(start, 'start', null, nowUs)
    } else this.#control.setRegime?.(regime)
  }

  /** By a person. Written even when nothing changes: it makes a risk-off of the start a lasting one. */
  set(regime: Regime, command: number, nowUs: number): void {
    this.#journal(regime, 'command', command, nowUs)
  }

  #journal(regime: Regime, reason: string, command: number | null, nowUs: number): void {
    const { run } = this.#ledger
    const record = { type: 'regime', time_us: nowUs, run, regime, reason, command } as const
    const isKept = this.#ledger.commit(record)
    // The looser one is shared only if it was written, the stricter one in any case.
    if (isKept || regime === 'risk_off') this.#control.setRegime?.(regime)
    this.#ledger.log.warn({ regime, reason, command }, 'regime')
  }
}
