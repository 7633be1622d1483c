import type { Ledger } from './ledger.ts'
import type { TradingControl } from './trading-switch.ts'

/** Which strategies of the configured list may open: read from the record, shared with main. */
export class StrategySwitch {
  readonly #ledger: Ledger
  readonly #control: TradingControl

  constructor(ledger: Ledger, control: TradingControl) {
    this.#ledger = ledger
    this.#control = control
  }

  /** Undefined for a number that is no strategy of the list. */
  nameOf(strategy: number): string | undefined {
    return this.#ledger.state.pnl.strategies[strategy]
  }

  isStopped(strategy: number): boolean {
    const name = this.nameOf(strategy)
    return name !== undefined && this.#ledger.state.strategyStops.has(name)
  }

  /** The shared word: a bit for each that is stopped. */
  share(): void {
    const { strategies } = this.#ledger.state.pnl
    const bits = strategies.reduce((sum, _, at) => sum | (this.isStopped(at) ? 1 << at : 0), 0)
    this.#control.setStoppedStrategies?.(bits)
  }
}
