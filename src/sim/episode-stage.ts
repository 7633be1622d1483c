import type { AlertKind } from '../domain/alerts.ts'
import { ASK, BID, GTC, IOC } from './matching-engine.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** Owner of everything that an episode puts into a book; the crowd leaves it alone. */
export const EPISODE_OWNER = 0x7e51
const MEDIAN_LEVELS = 50

/** What must be seen: this kind, on this side, between these times (both of the market). */
export type EpisodeTruth = Readonly<{
  kind: AlertKind
  symbol: string
  /** +1 bids or up, -1 asks or down, 0 neither. */
  side: number
  fromMs: number
  untilMs: number
}>

/** What an episode may do to a market, and the truth it leaves behind. Prices in ticks. */
export class EpisodeStage {
  readonly market: SymbolMarket
  /** BID or ASK, and its sign. */
  readonly side: number
  readonly sign: number
  nowMs = 0
  readonly #truths: EpisodeTruth[]

  constructor(market: SymbolMarket, side: number, truths: EpisodeTruth[]) {
    this.market = market
    this.side = side
    this.sign = side === BID ? 1 : -1
    this.#truths = truths
  }

  /** The kind will show from now on, within so many milliseconds. */
  expect(kind: AlertKind, withinMs: number, side = this.sign): void {
    const { symbol } = this.market.instrument
    const untilMs = this.nowMs + withinMs
    this.#truths.push({ kind, symbol, side, fromMs: this.nowMs, untilMs })
  }

  best(side = this.side): number {
    const table = this.#table(side)
    return Math.abs(table.keys[table.end - 1])
  }

  /** So many ticks behind the best price of the episode's side. */
  behind(ticks: number): number {
    return Math.max(1, this.best() - this.sign * ticks)
  }

  /** Lower median of the best 50 levels of the side. */
  medianLots(): number {
    const table = this.#table(this.side)
    const from = Math.max(table.start, table.end - MEDIAN_LEVELS)
    const sorted = table.lots.slice(from, table.end).sort()
    return Math.max(1, sorted[(sorted.length - 1) >> 1])
  }

  /** Lots of the episode's side at the price and better. */
  depthTo(ticks: number): number {
    const table = this.#table(this.side)
    const key = this.sign * ticks
    let sum = 0
    for (let at = table.end - 1; at >= table.start && table.keys[at] >= key; at--) {
      sum += table.lots[at]
    }
    return sum
  }

  /** Id of the order, for `cancel`. */
  place(ticks: number, lots: number, side = this.side): number {
    const whole = Math.max(1, Math.round(lots))
    const order = { side, ticks, lots: whole, kind: GTC, owner: EPISODE_OWNER }
    return this.market.submit(order).engineId
  }

  cancel(id: number): void {
    this.market.cancel(id)
  }

  /** An aggressor against the episode's side, no further than the price. */
  hit(ticks: number, lots: number): void {
    this.take(this.side === BID ? ASK : BID, ticks, lots)
  }

  /** `side` is the aggressor's. */
  take(side: number, ticks: number, lots: number): void {
    const whole = Math.max(1, Math.round(lots))
    const limit = Math.max(1, Math.round(ticks))
    this.market.submit({ side, ticks: limit, lots: whole, kind: IOC, owner: EPISODE_OWNER })
  }

  /** Everything of the side strictly between two distances from its best price is gone. */
  clear(side: number, fromTicks: number, toTicks: number): void {
    const best = this.best(side)
    const { engine } = this.market
    const table = this.#table(side)
    const gone: number[] = []
    for (let at = table.end - 1; at >= table.start; at--) {
      const ticks = Math.abs(table.keys[at])
      const distance = Math.abs(ticks - best)
      if (distance >= toTicks) break
      if (distance > fromTicks) gone.push(ticks)
    }
    for (const ticks of gone) for (const id of engine.queueAt(side, ticks)) engine.cancel(id)
  }

  /** The crowd does nothing for so long; what is pushed is what the episode does. */
  quiet(ms: number): void {
    this.market.quietUntilUs = (this.nowMs + ms) * 1000
  }

  /** Nothing of the books is published for so long. */
  silence(ms: number): void {
    for (const depth of [1, 50, 200, 1000]) {
      const topic = this.market.bookOf(depth)
      if (topic !== undefined) topic.channel.silentUntilUs = (this.nowMs + ms) * 1000
    }
  }

  /** Between the best prices, in ticks. */
  mid(): number {
    return (this.best(BID) + this.best(ASK)) / 2
  }

  /** The price is drawn to this one, not elsewhere. */
  drawTo(ticks: number): void {
    this.draw(ticks - this.market.fair.ticks)
  }

  /** Draws the price to a new place, in ticks from where it is drawn to now. */
  draw(ticks: number): void {
    const { fair } = this.market
    fair.shift(Math.log1p(ticks / fair.ticks))
  }

  #table(side: number) {
    const { engine } = this.market
    return side === BID ? engine.bids : engine.asks
  }
}
