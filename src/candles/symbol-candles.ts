// hot
import { CANDLE_EARLY_MS_MAX } from '../constants.ts'
import type { CandleSettings } from '../domain/candles.ts'
import type { TradeMessage } from '../domain/messages.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import { CandleSeries } from './candle-series.ts'

const DROPPED = counterIndex('candle_trades_dropped')
const BLOCK = counterIndex('candle_trades_block')
const LOTS_DROPPED = counterIndex('profile_lots_dropped')

export type SymbolCandlesOptions = Readonly<{
  instrument: number
  settings: CandleSettings
  profileBinTicks: number
  counters: Counters
  sink: (record: Float64Array) => void
}>

/**
 * The candles of one symbol in all intervals. Trades are given once each; block trades, whose price
 * is agreed beside the market, are left out, RPI trades are not. How trades are split into messages
 * makes no difference to what the candles say.
 */
export class SymbolCandles {
  readonly #series: readonly CandleSeries[]
  readonly #count: Float64Array
  #dueMs = Number.NEGATIVE_INFINITY
  #isLost = false
  #isBlind = true

  constructor(options: SymbolCandlesOptions) {
    const { instrument, settings, profileBinTicks, counters, sink } = options
    const { hasIndicators, intervals, profileCandles } = settings
    const shared = { instrument, hasIndicators, profileCandles, profileBinTicks, counters, sink }
    this.#series = intervals.map((interval) => new CandleSeries({ ...shared, interval }))
    this.#count = counters.values
  }

  /** Trade `i` of the message; `endBatch` follows after those that came together. */
  onTrade(trades: TradeMessage, i: number): void {
    if (trades.isBlock[i] === 1) {
      this.#count[BLOCK]++
      return
    }
    if (trades.timeMs[i] > trades.tsMs + CANDLE_EARLY_MS_MAX) {
      this.#count[DROPPED]++
      return
    }
    if (this.#isBlind && !this.#isLost) this.#see(trades.timeMs[i])
    const series = this.#series
    for (let k = 0; k < series.length; k++) series[k].onTrade(trades, i)
  }

  /** Tells what late trades have changed, and counts. */
  endBatch(): void {
    const series = this.#series
    let dueMs = Number.POSITIVE_INFINITY
    for (let k = 0; k < series.length; k++) {
      const one = series[k]
      if (one.changedMs < Number.POSITIVE_INFINITY) one.tellRevisions()
      if (one.dueMs < dueMs) dueMs = one.dueMs
    }
    this.#dueMs = dueMs
    this.#countDropped()
  }

  /** The exchange's time, by a message that is no trade. */
  advance(timeMs: number): void {
    if (timeMs < this.#dueMs) return
    if (this.#isBlind && !this.#isLost) this.#see(timeMs)
    const series = this.#series
    for (let k = 0; k < series.length; k++) {
      if (timeMs >= series[k].dueMs) series[k].advance(timeMs)
    }
    this.endBatch()
  }

  /** Nobody brings the trades of the symbol any more. */
  onLost(): void {
    this.#isLost = true
    this.#isBlind = true
    for (let k = 0; k < this.#series.length; k++) this.#series[k].onLost()
  }

  /** They come again. */
  onSeen(): void {
    this.#isLost = false
    this.#dueMs = Number.NEGATIVE_INFINITY
  }

  #see(timeMs: number): void {
    this.#isBlind = false
    for (let k = 0; k < this.#series.length; k++) this.#series[k].seenFromMs = timeMs
  }

  #countDropped(): void {
    for (let k = 0; k < this.#series.length; k++) {
      const profile = this.#series[k].profile
      if (profile === undefined || profile.lotsDropped === 0) continue
      this.#count[LOTS_DROPPED] += profile.lotsDropped
      profile.lotsDropped = 0
    }
  }
}
