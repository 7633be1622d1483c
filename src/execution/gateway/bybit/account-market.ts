import { parseStepsText, type Step } from '../../../core/decimal.ts'
import type { Instrument, InstrumentTable } from '../../../domain/instrument.ts'
import { instrumentKey } from '../../holding.ts'

/** The instruments of the account by the names that the exchange uses. */
export class AccountMarket {
  /** Coins that the configured instruments are settled in; lists of the account are asked by coin. */
  readonly settleCoins: readonly string[]
  readonly #bySymbol: ReadonlyMap<string, Instrument>

  constructor(instruments: InstrumentTable) {
    const linear = instruments.filter(({ category }) => category === 'linear')
    this.#bySymbol = new Map(linear.map((instrument) => [instrument.symbol, instrument]))
    this.settleCoins = [...new Set(linear.map(({ symbol }) => settleCoinOf(symbol)))]
  }

  /** Undefined for one that is not configured. */
  instrument(symbol: string): Instrument | undefined {
    return this.#bySymbol.get(symbol)
  }

  key(symbol: string): string {
    return instrumentKey({ category: 'linear', symbol })
  }
}

function settleCoinOf(symbol: string): string {
  return symbol.endsWith('PERP') ? 'USDC' : 'USDT'
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
