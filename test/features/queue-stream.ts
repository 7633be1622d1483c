import { formatSteps } from '../../src/core/decimal.ts'
import { Random } from '../../src/core/random.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import type { RawBook, RawMessage, RawTrade } from '../reference/raw-message.ts'

/**
 * A seeded market of people who place large ladders behind the best price and pull them again, with
 * quotes that flicker and levels that are eaten, refilled and crossed: everything group K looks
 * for, often enough to be met. Times fall on the edges of windows and half-lives.
 */
export type QueueStreamShape = Readonly<{
  seed: number
  messages: number
  depth: number
  /** Longest pause between two messages. */
  pauseMsMax: number
}>

const MIDDLE = 1000

export class QueueStream {
  readonly #random: Random
  readonly #shape: QueueStreamShape
  readonly #instrument: Instrument
  readonly #out: RawMessage[] = []
  readonly #books = { b: new Map<number, number>(), a: new Map<number, number>() }
  #changes = { b: new Map<number, number>(), a: new Map<number, number>() }
  #nowMs = 1_767_225_590_000
  #u = 10
  #seq = 100
  #trades = 0

  constructor(shape: QueueStreamShape, instrument: Instrument) {
    this.#random = new Random(shape.seed)
    this.#shape = shape
    this.#instrument = instrument
  }

  run(): RawMessage[] {
    this.#snapshot()
    while (this.#out.length < this.#shape.messages) {
      this.#pause()
      const dice = this.#random.below(100)
      if (dice < 35) this.#change(1 + this.#random.below(4))
      else if (dice < 50) this.#ladder()
      else if (dice < 65) this.#pull()
      else if (dice < 72) this.#flicker()
      else if (dice < 92) this.#trade()
      else if (dice < 93) this.#snapshot()
      else if (dice < 94)
        this.#u += 2 // a gap, until the next snapshot
      else if (dice < 95) this.#clear(this.#side())
      if (dice < 72 || dice > 90) this.#delta()
    }
    return this.#out
  }

  #pause(): void {
    const dice = this.#random.below(10)
    if (dice < 4) return
    const longest = this.#shape.pauseMsMax
    if (dice < 9) this.#nowMs += this.#random.below(Math.ceil(longest / 20))
    else this.#nowMs += this.#random.below(longest)
    if (this.#random.below(4) === 0) this.#nowMs = 500 * Math.ceil(this.#nowMs / 500)
  }

  #side(): 'b' | 'a' {
    return this.#random.below(2) === 0 ? 'b' : 'a'
  }

  #ticksAt(side: 'b' | 'a', away: number): number {
    return side === 'b' ? MIDDLE - away : MIDDLE + 1 + away
  }

  #set(side: 'b' | 'a', ticks: number, lots: number): void {
    if (lots > 0) this.#books[side].set(ticks, lots)
    else this.#books[side].delete(ticks)
    this.#changes[side].set(ticks, lots)
  }

  #clear(side: 'b' | 'a'): void {
    for (const ticks of [...this.#books[side].keys()]) this.#set(side, ticks, 0)
  }

  #change(count: number): void {
    for (let i = 0; i < count; i++) {
      const side = this.#side()
      const ticks = this.#ticksAt(side, this.#random.below(this.#shape.depth + 4) - 1)
      this.#set(side, ticks, this.#random.below(3) === 0 ? 0 : 1 + this.#random.below(9))
    }
  }

  /** Large sizes on top of what is there, at several prices behind the best. */
  #ladder(): void {
    const side = this.#side()
    const first = this.#random.below(5)
    const levels = 1 + this.#random.below(6)
    for (let i = 0; i < levels; i++) {
      const ticks = this.#ticksAt(side, first + i)
      this.#set(side, ticks, (this.#books[side].get(ticks) ?? 0) + 10 + this.#random.below(40))
    }
  }

  /** Most of what is large goes; sometimes exactly four fifths. */
  #pull(): void {
    const sides: ('b' | 'a')[] = this.#random.below(3) === 0 ? ['b', 'a'] : [this.#side()]
    for (const side of sides) {
      for (const [ticks, lots] of [...this.#books[side]]) {
        if (lots < 10 || this.#random.below(4) === 0) continue
        const left = this.#random.below(2) === 0 ? lots % 5 : Math.floor(lots / 5)
        this.#set(side, ticks, left)
      }
    }
  }

  #flicker(): void {
    const side = this.#side()
    const ticks = this.#ticksAt(side, -1)
    this.#set(side, ticks, this.#books[side].has(ticks) ? 0 : 1 + this.#random.below(5))
  }

  #trade(): void {
    const data: RawTrade[] = []
    const isBuy = this.#random.below(2) === 0
    const { tick, lot, symbol } = this.#instrument
    for (let i = this.#random.below(3); i >= 0; i--) {
      const side = isBuy ? 'a' : 'b'
      const ticks = this.#ticksAt(side, this.#random.below(4))
      const lots = 1 + this.#random.below(8)
      const there = this.#books[side].get(ticks) ?? 0
      if (this.#random.below(4) > 0 && there > 0) this.#set(side, ticks, Math.max(0, there - lots))
      const trade: RawTrade = {
        T: this.#nowMs,
        s: symbol,
        S: isBuy ? 'Buy' : 'Sell',
        v: formatSteps(lots, lot),
        p: formatSteps(ticks, tick),
        i: `${this.#trades++}`,
        seq: this.#seq + this.#random.below(3),
      }
      if (this.#random.below(12) === 0) trade.RPI = true
      if (this.#random.below(20) === 0) trade.BT = true
      data.push(trade)
    }
    this.#out.push({ topic: `publicTrade.${symbol}`, type: 'snapshot', ts: this.#nowMs, data })
  }

  #snapshot(): void {
    const sides = { b: new Map<number, number>(), a: new Map<number, number>() }
    for (const side of ['b', 'a'] as const) {
      for (let i = 0; i < this.#shape.depth + 5; i++) {
        if (this.#random.below(5) === 0) continue
        sides[side].set(this.#ticksAt(side, i), 1 + this.#random.below(12))
      }
      this.#books[side].clear()
      for (const [ticks, lots] of sides[side]) this.#books[side].set(ticks, lots)
    }
    this.#push('snapshot', sides)
  }

  #delta(): void {
    this.#push('delta', this.#changes)
  }

  #push(
    type: string,
    { b, a }: Readonly<{ b: Map<number, number>; a: Map<number, number> }>,
  ): void {
    const { tick, lot, symbol } = this.#instrument
    const texts = (levels: Map<number, number>): [string, string][] =>
      [...levels].map(([ticks, lots]) => [formatSteps(ticks, tick), formatSteps(lots, lot)])
    this.#seq += 1 + this.#random.below(2)
    this.#u++
    const data: RawBook['data'] = {
      s: symbol,
      b: texts(b),
      a: texts(a),
      u: this.#u,
      seq: this.#seq,
    }
    this.#changes = { b: new Map(), a: new Map() }
    const topic = `orderbook.${this.#shape.depth}.${symbol}`
    this.#out.push({ topic, type, ts: this.#nowMs + 1, cts: this.#nowMs, data })
  }
}
