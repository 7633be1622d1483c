import type { Instrument } from '../../domain/instrument.ts'
import type { OrderSide } from '../../domain/trading.ts'
import { instrumentKey } from '../holding.ts'
import { notionalQuote } from '../position.ts'
import type { GatewayEvent } from './gateway.ts'

/** What a holder of a perpetual pays: a fraction of the notional at the mark price. */
export type FundingTerms = Readonly<{ rate: number; markTicks: number }>

/** NaN: not known now. */
export type FundingSource = { read(instrument: Instrument): FundingTerms }

/**
 * The positions of the paper account: those that the journal of earlier runs left, and every fill
 * of this one at the moment it is made.
 */
export class PaperAccount {
  readonly #recovered: (key: string) => number
  readonly #lots = new Map<string, { instrument: Instrument; lots: number }>()
  #nextFundingUs = Number.NaN

  constructor(recovered: (key: string) => number) {
    this.#recovered = recovered
  }

  /** Signed. */
  positionLots(instrument: Instrument): number {
    return this.#holding(instrument).lots
  }

  /** What a reduce-only order may still close: nothing on the side of the position. */
  closableLots(instrument: Instrument, side: OrderSide): number {
    const lots = this.positionLots(instrument)
    return side === 'buy' ? Math.max(0, -lots) : Math.max(0, lots)
  }

  fill(instrument: Instrument, side: OrderSide, lots: number): void {
    this.#holding(instrument).lots += side === 'buy' ? lots : -lots
  }

  /** Before its first fill of this run, a position is what the journal says. */
  #holding(instrument: Instrument): { instrument: Instrument; lots: number } {
    const key = instrumentKey(instrument)
    const known = this.#lots.get(key)
    if (known !== undefined) return known
    const holding = { instrument, lots: this.#recovered(key) }
    this.#lots.set(key, holding)
    return holding
  }

  /** Infinity: never. */
  get nextFundingUs(): number {
    return Number.isNaN(this.#nextFundingUs) ? Number.POSITIVE_INFINITY : this.#nextFundingUs
  }

  /**
   * Payments that became due: the position of that moment times mark price times rate, paid by long
   * positions when the rate is positive. What a process that did not run would have paid is not
   * made up for. Answers the events, and how many positions could not be charged.
   */
  fund(
    instruments: readonly Instrument[],
    source: FundingSource,
    intervalUs: number,
    nowUs: number,
  ): Readonly<{ events: GatewayEvent[]; missed: number }> {
    const events: GatewayEvent[] = []
    let missed = 0
    const dueUs = this.#nextFundingUs
    if (nowUs < dueUs) return { events, missed }
    this.#nextFundingUs = (Math.floor(nowUs / intervalUs) + 1) * intervalUs
    if (Number.isNaN(dueUs)) return { events, missed } // the first look
    for (const instrument of instruments) {
      const lots = this.positionLots(instrument)
      if (lots === 0 || instrument.category !== 'linear') continue
      const { markTicks, rate } = source.read(instrument)
      const feeQuote = notionalQuote(markTicks, lots, instrument) * rate
      if (!Number.isFinite(feeQuote)) {
        missed++
        continue
      }
      const key = instrumentKey(instrument)
      // The same payment has the same id in every run, so that it is counted once.
      const execId = `bff-${key}-${dueUs}`
      events.push({ type: 'funding', execId, key, feeQuote, timeUs: dueUs })
    }
    return { events, missed }
  }
}
