import { parseStepsText, type Step } from '../../../core/decimal.ts'
import type { Instrument, InstrumentTable } from '../../../domain/instrument.ts'
import { instrumentKey } from '../../holding.ts'
import type { JournaledSteps } from '../../journaled-steps.ts'
import type { Steps } from '../../position.ts'

/** The instruments of the account by the names that the exchange uses. */
export class AccountMarket {
  readonly #configured: readonly Instrument[]
  readonly #bySymbol: ReadonlyMap<string, Instrument>
  readonly #journaled: JournaledSteps

  constructor(instruments: InstrumentTable, journaled: JournaledSteps) {
    this.#configured = instruments.filter(({ category }) => category === 'linear')
    this.#bySymbol = new Map(this.#configured.map((instrument) => [instrument.symbol, instrument]))
    this.#journaled = journaled
  }

  /**
   * Coins that the configured instruments and what else is open are settled in; lists of the
   * account are asked by coin.
   */
  get settleCoins(): readonly string[] {
    const open = [...this.#journaled.openKeys()].map(symbolOf)
    const symbols = [...this.#configured.map(({ symbol }) => symbol), ...open]
    return [...new Set(symbols.map(settleCoinOf))]
  }

  /** Undefined for one that is not configured. */
  instrument(symbol: string): Instrument | undefined {
    return this.#bySymbol.get(symbol)
  }

  /**
   * What rows of the symbol are counted in: one that is not configured any more counts while
   * something of ours is open in it, and a row of an order of ours always.
   */
  steps(symbol: string, isOurs: boolean): Steps | undefined {
    const instrument = this.#bySymbol.get(symbol)
    if (instrument !== undefined) return instrument
    const known = this.#journaled.of(this.key(symbol))
    return known !== undefined && (isOurs || known.isOpen) ? known.steps : undefined
  }

  key(symbol: string): string {
    return instrumentKey({ category: 'linear', symbol })
  }
}

function symbolOf(key: string): string {
  return key.slice(key.indexOf(':') + 1)
}

/** `BTCUSDT` and `BTCUSDT-25SEP26`, or `BTCPERP` and `BTC-25SEP26`. */
function settleCoinOf(symbol: string): string {
  return symbol.split('-')[0].endsWith('USDT') ? 'USDT' : 'USDC'
}

/**
 * Whole steps in exact decimal text; NaN when it is no such number. Empty text is none of
 * something: zero.
 */
export function stepsIn(text: string, step: Step | undefined): number {
  if (text === '' || Number(text) === 0) return 0
  if (step === undefined) return Number.NaN
  const steps = parseStepsText(text.startsWith('-') ? text.slice(1) : text, step)
  if (steps < 0) return Number.NaN
  return text.startsWith('-') ? -steps : steps
}
