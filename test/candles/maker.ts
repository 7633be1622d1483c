import { SymbolCandles } from '../../src/candles/symbol-candles.ts'
import type { CandleInterval } from '../../src/domain/candles.ts'
import { CANDLE_INTERVALS, intervalMs } from '../../src/domain/candles.ts'
import { createTradeMessage } from '../../src/domain/messages.ts'
import * as candle from '../../src/memory/candle-record.ts'
import { Counters } from '../../src/memory/counters.ts'

export type MadeTrade = Readonly<{
  timeMs: number
  ticks: number
  lots: number
  sign: 1 | -1
  seq: number
  isBlock?: boolean
}>

export const BIN_TICKS = 10

/** Candles of one symbol, with the latest record of each closed candle. */
export class Maker {
  readonly counters = new Counters()
  readonly candles: SymbolCandles
  /** By interval and open time; records in the order in which they came. */
  readonly latest = new Map<string, Float64Array>()
  readonly told: Float64Array[] = []
  readonly #message = createTradeMessage()

  constructor(
    intervals: readonly CandleInterval[] = CANDLE_INTERVALS,
    options: { hasIndicators?: boolean; profileCandles?: number } = {},
  ) {
    const { hasIndicators = false, profileCandles = 100 } = options
    this.candles = new SymbolCandles({
      instrument: 3,
      settings: { intervals, hasIndicators, profileCandles },
      profileBinTicks: BIN_TICKS,
      counters: this.counters,
      sink: (record) => {
        const interval = CANDLE_INTERVALS[record[candle.CANDLE_INTERVAL]]
        this.latest.set(`${interval} ${record[candle.CANDLE_OPEN_MS]}`, record.slice())
        this.told.push(record.slice())
      },
    })
  }

  /** One message with these trades. */
  trade(...trades: readonly MadeTrade[]): void {
    const message = this.#message
    message.count = trades.length
    for (const [i, trade] of trades.entries()) {
      message.tsMs = trade.timeMs
      message.timeMs[i] = trade.timeMs
      message.ticks[i] = trade.ticks
      message.lots[i] = trade.lots
      message.sign[i] = trade.sign
      message.seq[i] = trade.seq
      message.isBlock[i] = trade.isBlock === true ? 1 : 0
      this.candles.onTrade(message, i)
    }
    this.candles.endBatch()
  }

  /** Prices and sums of each closed candle, by interval and open time. */
  closed(): Map<string, readonly number[]> {
    return new Map([...this.latest].map(([key, record]) => [key, figures(record)]))
  }

  one(interval: CandleInterval, openMs: number): Float64Array | undefined {
    return this.latest.get(`${interval} ${openMs}`)
  }
}

export function figures(record: Float64Array): readonly number[] {
  return [
    ...record.slice(candle.CANDLE_OPEN, candle.CANDLE_FLAGS),
    record[candle.CANDLE_FLAGS] & candle.CANDLE_IS_FLAT,
  ]
}

/** Every closed candle of the trades by its definition, from all of them at once. */
export function slowCandles(
  trades: readonly MadeTrade[],
  intervals: readonly CandleInterval[],
  untilMs: number,
): Map<string, readonly number[]> {
  const closed = new Map<string, readonly number[]>()
  const market = trades.filter((trade) => trade.isBlock !== true)
  const sorted = market
    .map((trade, place) => ({ trade, place }))
    .sort(
      (a, b) => a.trade.timeMs - b.trade.timeMs || a.trade.seq - b.trade.seq || a.place - b.place,
    )
    .map(({ trade }) => trade)
  for (const interval of intervals) {
    const ms = intervalMs(interval)
    let close = Number.NaN
    const firstMs = Math.floor(sorted[0].timeMs / ms) * ms
    for (let openMs = firstMs; openMs + ms <= untilMs; openMs += ms) {
      const inside = sorted.filter(({ timeMs }) => timeMs >= openMs && timeMs < openMs + ms)
      const prices = inside.map(({ ticks }) => ticks)
      const open = prices[0] ?? close
      close = prices[prices.length - 1] ?? close
      const high = Math.max(...(prices.length > 0 ? prices : [close]))
      const low = Math.min(...(prices.length > 0 ? prices : [close]))
      const sum = (of: (trade: MadeTrade) => number) =>
        inside.reduce((total, trade) => total + of(trade), 0)
      closed.set(`${interval} ${openMs}`, [
        ...[open, high, low, close, sum(({ lots }) => lots)],
        sum(({ lots, sign }) => (sign > 0 ? lots : 0)),
        sum(({ lots, ticks }) => lots * ticks),
        ...[inside.length, inside.length === 0 ? 1 : 0],
      ])
    }
  }
  return closed
}
