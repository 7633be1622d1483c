import { formatSteps } from '../../src/core/decimal.ts'
import { Random } from '../../src/core/random.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import type { RawBook, RawMessage, RawTrade, RawTrades } from './raw-message.ts'
import type { StreamShape } from './stream-shape.ts'

/**
 * A seeded market that misbehaves in every way the catalogue speaks of: sides run empty, the book
 * crosses, levels scroll in and out of view, deltas are lost and repeated, the service restarts,
 * clocks jump back, trades come late, twice, as blocks or RPI, or ahead of the book, and whole
 * minutes pass in silence. Where the shape asks for it: prices follow a path that several streams
 * can share, someone spoofs and layers, levels refill and flicker, trades come in swarms, sizes are
 * huge, and clocks are hours ahead for a moment.
 *
 * Long because all kinds of trouble work on the same two sides and their view.
 */
type Side = Map<number, number>

const HOUR_MS = 3_600_000

export class RandomStream {
  readonly #random: Random
  readonly #shape: StreamShape
  readonly #instrument: Instrument
  readonly #bids: Side = new Map()
  readonly #asks: Side = new Map()
  #shownBids: Side = new Map()
  #shownAsks: Side = new Map()
  readonly #out: RawMessage[] = []
  readonly #sent: RawTrade[] = []
  #nowMs: number
  #u = 40
  #seq = 9_000_000_000
  #tradeNumber = 0
  #swung = 0
  #aheadMs = 0

  constructor(shape: StreamShape, instrument: Instrument) {
    this.#random = new Random(shape.seed)
    this.#shape = shape
    this.#instrument = instrument
    this.#nowMs = shape.startMs
  }

  run(): RawMessage[] {
    if (this.#chance(0.3)) this.#trade() // before the first snapshot
    if (this.#chance(0.2)) this.#delta()
    this.#rebuild()
    this.#snapshot()
    while (this.#out.length < this.#shape.messages) this.#step()
    return this.#out
  }

  #step(): void {
    const { episodes = 0, leaps = 0, swingTicks = 0 } = this.#shape
    this.#wait()
    if (leaps > 0 && this.#chance(leaps)) this.#leap()
    if (swingTicks > 0) this.#swing(swingTicks)
    if (episodes > 0 && this.#chance(episodes)) {
      this.#episode()
      return
    }
    const dice = this.#random.float()
    if (dice < 0.5) this.#mutate()
    else if (dice < 0.75) this.#trade()
    else if (dice < 0.78) this.#rebuild()
    else if (dice < 0.81) this.#cross()
    else if (dice < 0.83) this.#side().clear()
    else if (dice < 0.86) this.#snapshot()
    else if (dice < 0.88) this.#restart()
    else if (dice < 0.9)
      this.#u += 1 + this.#random.below(3) // the next delta shows a gap
    else if (dice < 0.92) this.#repeatBook()
    else if (dice < 0.94) this.#repeatTrade()
    if (this.#chance(0.75)) this.#delta()
  }

  #chance(probability: number): boolean {
    return this.#random.float() < probability
  }

  #wait(): void {
    const dice = this.#random.float()
    if (dice < 0.3) return
    if (dice < 0.7) this.#pass(40)
    else if (dice < 0.93) this.#pass(2500)
    else if (dice < 0.99) this.#pass(12_000)
    else this.#pass(120_000)
    // Edges of windows and buckets, to the millisecond.
    if (this.#chance(0.1)) this.#nowMs = Math.ceil(this.#nowMs / 1000) * 1000
  }

  #pass(mostMs: number): void {
    this.#nowMs += Math.floor(this.#random.below(mostMs) * (this.#shape.pace ?? 1))
  }

  #leap(): void {
    if (this.#chance(0.5)) this.#nowMs += this.#random.below(8 * HOUR_MS)
    else this.#aheadMs = this.#random.below(3 * HOUR_MS)
  }

  /** Moves the whole book along a path that depends on the time alone. */
  #swing(ticks: number): void {
    const t = this.#nowMs / 1000
    const path = Math.round(ticks * (Math.sin(t / 7) + 0.6 * Math.sin(t / 1.9 + 1)))
    const by = path - this.#swung
    this.#swung = path
    if (by === 0) return
    for (const side of [this.#bids, this.#asks]) {
      const levels = [...side]
      side.clear()
      for (const [price, lots] of levels) if (price + by >= 1) side.set(price + by, lots)
    }
  }

  #episode(): void {
    const dice = this.#random.float()
    if (dice < 0.35) this.#spoof(1)
    else if (dice < 0.6) this.#spoof(3 + this.#random.below(4))
    else if (dice < 0.7) this.#flicker()
    else if (dice < 0.8) this.#refill()
    else if (dice < 0.9) this.#swarm()
    else this.#stuff()
  }

  /** Large orders behind the touch, a trade on the other side, and the orders are gone. */
  #spoof(levels: number): void {
    const isBid = this.#chance(0.5)
    const side = isBid ? this.#bids : this.#asks
    const best = isBid ? Math.max(...side.keys()) : Math.min(...side.keys())
    if (!Number.isFinite(best)) return
    const lots = 4 * Math.max(...side.values(), 1000)
    const added: [number, number][] = []
    for (let i = 0; i < levels; i++) {
      const ticks = Math.max(1, best + (isBid ? -1 : 1) * (1 + this.#random.below(4) + 2 * i))
      const before = side.get(ticks) ?? 0
      added.push([ticks, before])
      side.set(ticks, before + lots)
      if (this.#chance(0.5)) this.#delta()
    }
    this.#delta()
    this.#pass(1500)
    if (this.#chance(0.85)) this.#pushTrades([this.#oneTrade(this.#chance(0.9) ? isBid : !isBid)])
    this.#pass(this.#chance(0.8) ? 1500 : 6000)
    for (const [ticks, before] of added) {
      const left =
        before + Math.floor(lots * (this.#chance(0.7) ? 0 : 0.1 + this.#random.float() / 5))
      if (left > 0) side.set(ticks, left)
      else side.delete(ticks)
    }
    this.#delta()
  }

  #flicker(): void {
    const side = this.#side()
    const best = side === this.#bids ? Math.max(...side.keys()) : Math.min(...side.keys())
    const lots = side.get(best)
    if (lots === undefined) return
    for (let i = 0; i < 6; i++) {
      if (side.has(best)) side.delete(best)
      else side.set(best, lots)
      this.#pass(this.#chance(0.8) ? 600 : 3000)
      this.#delta()
    }
    side.set(best, lots)
  }

  /** A level that is taken and comes back, in one message or two. */
  #refill(): void {
    for (let i = 0; i < 4; i++) {
      const sizes = new Map(this.#chance(0.5) ? this.#asks : this.#bids)
      this.#trade()
      if (this.#chance(0.5)) this.#delta()
      for (const [ticks, lots] of sizes) {
        if (this.#asks.has(ticks)) this.#asks.set(ticks, lots)
        if (this.#bids.has(ticks)) this.#bids.set(ticks, lots)
      }
      this.#pass(200)
      this.#delta()
    }
  }

  #swarm(): void {
    const isOneMessage = this.#shape.hasSwarms === true
    const tiny = (): RawTrade => {
      return { ...this.#oneTrade(this.#chance(0.5)), v: this.#instrument.lot.text }
    }
    if (isOneMessage) this.#pushTrades(Array.from({ length: 1000 }, tiny))
    for (let i = 0; i < (isOneMessage ? 0 : 40); i++) {
      this.#pushTrades([tiny()])
      this.#pass(20)
    }
  }

  #stuff(): void {
    for (let i = 0; i < 12; i++) {
      this.#mutate()
      this.#pass(30)
      this.#delta()
    }
  }

  #side(): Side {
    return this.#chance(0.5) ? this.#bids : this.#asks
  }

  #lots(): number {
    const dice = this.#random.float()
    if (dice < 0.5) return 1 + this.#random.below(5)
    if (dice < 0.95) return 1 + this.#random.below(500)
    if (dice > 0.995 && this.#shape.hasHugeLots === true) return 1 + this.#random.below(2 ** 40)
    return 1 + this.#random.below(5_000_000)
  }

  #mutate(): void {
    const changes = 1 + this.#random.below(this.#chance(0.05) ? 40 : 4)
    for (let i = 0; i < changes; i++) {
      const isBid = this.#chance(0.5)
      const side = isBid ? this.#bids : this.#asks
      const away = this.#random.below(2 * this.#shape.depth + 3)
      const best = isBid ? Math.max(...side.keys()) : Math.min(...side.keys())
      const edge = Number.isFinite(best) ? best : this.#shape.startTicks + (isBid ? -1 : 1)
      const ticks = Math.max(1, isBid ? edge + 1 - away : edge - 1 + away)
      if (this.#chance(0.4)) side.delete(ticks)
      else side.set(ticks, this.#lots())
    }
    if (this.#chance(0.95)) this.#uncross()
  }

  /** Removes what would have traded, as a matching engine does before it publishes. */
  #uncross(): void {
    const bestBid = Math.max(...this.#bids.keys())
    for (const ticks of [...this.#asks.keys()]) if (ticks <= bestBid) this.#asks.delete(ticks)
  }

  #cross(): void {
    const bestAsk = Math.min(...this.#asks.keys())
    if (Number.isFinite(bestAsk)) this.#bids.set(bestAsk + this.#random.below(3), this.#lots())
  }

  /** A new book somewhere near, far deeper than what is shown. */
  #rebuild(): void {
    const { depth, startTicks } = this.#shape
    const center = Math.max(3, startTicks + this.#swung + this.#random.below(21) - 10)
    this.#bids.clear()
    this.#asks.clear()
    const levels = this.#random.below(3 * depth)
    let bid = center
    let ask = center + 1 + this.#random.below(4)
    for (let i = 0; i < levels; i++) {
      if (bid >= 1) this.#bids.set(bid, this.#lots())
      this.#asks.set(ask, this.#lots())
      bid -= 1 + this.#random.below(3)
      ask += 1 + this.#random.below(3)
    }
  }

  #trade(): void {
    const count = 1 + this.#random.below(this.#chance(0.1) ? 60 : 4)
    const isBuy = this.#chance(0.5)
    const data: RawTrade[] = []
    for (let i = 0; i < count; i++) {
      this.#seq += this.#random.below(3)
      data.push(this.#oneTrade(this.#chance(0.9) ? isBuy : !isBuy))
    }
    this.#pushTrades(data)
  }

  #oneTrade(isBuy: boolean): RawTrade {
    const side = isBuy ? this.#asks : this.#bids
    const best = isBuy ? Math.min(...side.keys()) : Math.max(...side.keys())
    const isVisible = Number.isFinite(best) && this.#chance(0.8)
    const ticks = isVisible
      ? best
      : Math.max(1, this.#shape.startTicks + this.#random.below(41) - 20)
    const lots = this.#lots()
    const left = (side.get(ticks) ?? 0) - lots
    if (left > 0) side.set(ticks, left)
    else if (this.#chance(0.8)) side.delete(ticks)
    const trade: RawTrade = {
      T: this.#ownMs() - (this.#chance(0.1) ? this.#random.below(3000) : 0),
      s: this.#instrument.symbol,
      S: isBuy ? 'Buy' : 'Sell',
      v: formatSteps(lots, this.#instrument.lot),
      p: formatSteps(ticks, this.#instrument.tick),
      i: `${this.#shape.seed}-${this.#tradeNumber++}`,
    }
    if (this.#chance(0.95)) trade.seq = this.#seq + (this.#chance(0.1) ? this.#random.below(30) : 0)
    if (this.#chance(0.05)) trade.BT = true
    if (this.#chance(0.1)) trade.RPI = true
    this.#sent.push(trade)
    return trade
  }

  #pushTrades(data: RawTrade[]): void {
    const topic = `publicTrade.${this.#instrument.symbol}`
    const message: RawTrades = { topic, type: 'snapshot', ts: this.#nowMs, data }
    // Late: behind a book message that was sent after it.
    if (this.#chance(0.15) && this.#out.length > 0) this.#out.splice(-1, 0, message)
    else this.#out.push(message)
  }

  #repeatTrade(): void {
    if (this.#sent.length === 0) return
    this.#pushTrades([this.#sent[this.#random.below(this.#sent.length)]])
  }

  #repeatBook(): void {
    const books = this.#out.filter((message) => message.type === 'delta')
    if (books.length > 0) this.#out.push(books[this.#random.below(books.length)])
  }

  #snapshot(): void {
    this.#u++
    const bids = this.#shown(this.#bids, 1)
    const asks = this.#shown(this.#asks, -1)
    this.#pushBook('snapshot', this.#texts(bids), this.#texts(asks))
    this.#shownBids = bids
    this.#shownAsks = asks
  }

  #restart(): void {
    this.#u = 0
    this.#shownBids = new Map()
    this.#shownAsks = new Map()
    if (this.#chance(0.5)) this.#snapshot()
    else this.#delta()
  }

  #delta(): void {
    this.#u++
    const bids = this.#shown(this.#bids, 1)
    const asks = this.#shown(this.#asks, -1)
    const b = this.#difference(this.#shownBids, bids)
    const a = this.#difference(this.#shownAsks, asks)
    this.#pushBook('delta', b, a)
    this.#shownBids = bids
    this.#shownAsks = asks
  }

  /** What the exchange shows: the best levels, now and then one more than the depth. */
  #shown(side: Side, direction: number): Side {
    const levels = this.#shape.depth + (this.#chance(0.1) ? 1 : 0)
    return new Map([...side].sort(([x], [y]) => (y - x) * direction).slice(0, levels))
  }

  /**
   * Changes from one view to the next, with entries that change nothing and prices that come twice.
   */
  #difference(before: Side, after: Side): [string, string][] {
    const entries: [number, number][] = []
    for (const ticks of before.keys()) if (!after.has(ticks)) entries.push([ticks, 0])
    for (const [ticks, lots] of after) {
      if (before.get(ticks) === lots) continue
      if (this.#chance(0.05)) entries.push([ticks, this.#lots()])
      entries.push([ticks, lots])
    }
    if (this.#chance(0.05)) entries.push([this.#shape.startTicks + 500, 0])
    return this.#texts(entries)
  }

  #texts(levels: Iterable<readonly [number, number]>): [string, string][] {
    const { tick, lot } = this.#instrument
    return [...levels].map(([ticks, lots]) => [formatSteps(ticks, tick), formatSteps(lots, lot)])
  }

  /** The clock of a message, hours ahead once after a leap. */
  #ownMs(): number {
    const ahead = this.#aheadMs
    this.#aheadMs = 0
    return this.#nowMs + ahead
  }

  #pushBook(type: string, b: [string, string][], a: [string, string][]): void {
    this.#seq += this.#random.below(4)
    const s = this.#instrument.symbol
    const data: RawBook['data'] = { s, b, a, u: this.#u }
    if (this.#chance(0.97)) data.seq = this.#seq
    const jump = this.#chance(0.05) ? this.#random.below(8000) : 0
    const message: RawBook = {
      topic: `orderbook.${this.#shape.depth}.${s}`,
      type,
      ts: this.#nowMs + 2,
      data,
    }
    if (this.#chance(0.95)) message.cts = this.#ownMs() - jump
    this.#out.push(message)
  }
}
