import { stateHash } from '../src/book/state-hash.ts'
import { formatSteps } from '../src/core/decimal.ts'
import type { Random } from '../src/core/random.ts'
import type { BookSide } from '../src/domain/book.ts'
import type { Topic } from '../src/feed/bybit/topic.ts'
import { listLevels } from '../test/reference/slow-book.ts'
import { ExactSteps, ObviousBook } from './oracle-book.ts'

/** Update ids whose hash is remembered: the fast book may be this far behind and not know it yet. */
const HASHES_KEPT = 64

type RawLevel = readonly [price: string, size: string]
type RawBook = Readonly<{
  type: string
  data: Readonly<{ b: readonly RawLevel[]; a: readonly RawLevel[]; u: number; seq: number }>
}>

/** What one topic's book is in truth: a slow book that is told every message as it was meant. */
export class OracleTruth {
  readonly book: ObviousBook
  readonly topic: Topic
  /** Messages told so far. */
  told = 0
  seq = 0
  readonly #hashes = new Map<number, number>()
  readonly #ticks: ExactSteps
  readonly #lots: ExactSteps

  constructor(topic: Topic) {
    this.topic = topic
    this.book = new ObviousBook(topic.depth)
    this.#ticks = new ExactSteps(topic.instrument.tick.text)
    this.#lots = new ExactSteps(topic.instrument.lot.text)
  }

  /** Applies a message by way of `JSON.parse`, exact arithmetic, maps and a sort. */
  tell(text: string): void {
    const { data, type }: RawBook = JSON.parse(text)
    const isSnapshot = type === 'snapshot' || data.u === 1
    this.book.u = data.u
    this.seq = data.seq
    this.book.bids.apply(this.#levels(data.b), isSnapshot)
    this.book.asks.apply(this.#levels(data.a), isSnapshot)
    this.told++
    this.#remember()
  }

  #levels(levels: readonly RawLevel[]): [number, number][] {
    return levels.map(([price, size]) => [this.#ticks.of(price), this.#lots.of(size)])
  }

  /** One more update id for the same book. */
  advance(u: number): void {
    this.book.u = u
    this.#remember()
  }

  /** Of the whole book at that update; undefined when it never was, or too long ago. */
  hashAt(u: number): number | undefined {
    return this.#hashes.get(u)
  }

  #remember(): void {
    const { asks, bids, u } = this.book
    this.#hashes.delete(u) // so that it becomes the newest
    this.#hashes.set(u, stateHash({ u, bids: bids.side, asks: asks.side }))
    if (this.#hashes.size <= HASHES_KEPT) return
    for (const oldest of this.#hashes.keys()) {
      this.#hashes.delete(oldest)
      return
    }
  }

  snapshotText(nowMs: number): string {
    const { instrument, name } = this.topic
    const texts = (side: BookSide) =>
      listLevels(side).map(([ticks, lots]) => [
        formatSteps(ticks, instrument.tick),
        formatSteps(lots, instrument.lot),
      ])
    const { asks, bids, u } = this.book
    const data = {
      s: instrument.symbol,
      b: texts(bids.side),
      a: texts(asks.side),
      u,
      seq: this.seq,
    }
    return JSON.stringify({ topic: name, type: 'snapshot', ts: nowMs, data, cts: nowMs - 2 })
  }
}

type Level = readonly [ticks: number, lots: number]
const MOODS = ['touch', 'deep', 'clear', 'repeats', 'crossed', 'flood', 'drift', 'empty'] as const
const FLOOD_LEVELS_MAX = 500

/**
 * An exchange that is as unkind as the protocol allows: books that cross, run empty, overflow their
 * depth, say one price several times, in any order, and restart.
 */
export class UnkindTopic {
  readonly truth: OracleTruth
  readonly #random: Random
  #middle: number
  #u = 100
  #seq: number
  #nowMs = 1_750_000_000_000
  #isRestarting = false
  #isBegun = false

  constructor(truth: OracleTruth, random: Random) {
    this.truth = truth
    this.#random = random
    this.#middle = 100_000 + random.below(1_000_000)
    this.#seq = 5_000_000_000 + random.below(1e9)
  }

  next(): string {
    const random = this.#random
    this.#nowMs += random.below(30)
    this.#seq += 1 + random.below(5)
    const isSnapshot = !this.#isBegun || this.truth.topic.depth === 1 || random.below(400) === 0
    if (this.#isRestarting || (this.#isBegun && random.below(5000) === 0)) {
      this.#isRestarting = false
      this.#u = 1
      return this.#text('snapshot', this.#many(-1), this.#many(1))
    }
    this.#isBegun = true
    this.#u++
    if (isSnapshot) return this.#text('snapshot', this.#many(-1), this.#many(1))
    const mood = MOODS[random.below(MOODS.length)]
    return this.#text('delta', this.#levels(mood, -1), this.#levels(mood, 1))
  }

  snapshot(): string {
    return this.truth.snapshotText(this.#nowMs)
  }

  /** The next update id, for a message that changes nothing. */
  advance(): { u: number; seq: number } {
    this.#u++
    return { u: this.#u, seq: this.#seq }
  }

  restart(): void {
    this.#isRestarting = true
  }

  #text(type: string, b: readonly Level[], a: readonly Level[]): string {
    const { instrument, name } = this.truth.topic
    const texts = (levels: readonly Level[]) =>
      levels.map(([ticks, lots]) => [
        formatSteps(ticks, instrument.tick),
        formatSteps(lots, instrument.lot),
      ])
    const data = { s: instrument.symbol, b: texts(b), a: texts(a), u: this.#u, seq: this.#seq }
    const ts = this.#nowMs
    return JSON.stringify({ topic: name, type, ts, data, cts: ts - this.#random.below(5) })
  }

  /** A snapshot's side: more than the depth now and then, in order or not. */
  #many(sign: number): Level[] {
    const random = this.#random
    const { depth } = this.truth.topic
    const full = depth + (random.below(4) === 0 ? random.below(20) : 0)
    const count = random.below(3) === 0 ? random.below(full + 1) : full
    const levels = Array.from({ length: count }, (_, i): Level => {
      const away = random.below(10) === 0 ? random.below(3 * depth + 4) : i
      return [this.#middle + sign * (1 + away), 1 + random.below(900)]
    })
    return random.below(2) === 0 ? levels : [...new Map(levels)]
  }

  #levels(mood: (typeof MOODS)[number], sign: number): Level[] {
    const random = this.#random
    const { depth } = this.truth.topic
    const some = (count: number, reach: number, deletes: number) =>
      Array.from({ length: count }, () => this.#level(sign, reach, deletes))
    switch (mood) {
      case 'touch':
        return [...new Map(some(random.below(6), 8, 0.4))].sort(([x], [y]) => sign * (x - y))
      case 'deep':
        return some(random.below(5), 4 * depth, 0.3)
      case 'clear': {
        if (random.below(8) > 0) return some(2, 3, 1)
        const count = Math.min(3 * depth, FLOOD_LEVELS_MAX)
        return Array.from({ length: count }, (_, i) => [this.#middle + sign * (i + 1), 0])
      }
      case 'repeats':
        return some(2 + random.below(12), 3, 0.5)
      case 'crossed':
        return some(random.below(4), 5, 0.3).map(([ticks, lots]) => [ticks - sign * 6, lots])
      case 'flood':
        if (random.below(8) > 0) return []
        return some(Math.min(2 * depth + 5, FLOOD_LEVELS_MAX), 3 * depth + 5, 0.1)
      case 'drift':
        this.#middle += random.below(7) - 3
        return some(random.below(4), depth + 2, 0.5)
      default:
        return []
    }
  }

  #level(sign: number, reach: number, deletes: number): Level {
    const random = this.#random
    const lots = random.float() < deletes ? 0 : 1 + random.below(900)
    return [this.#middle + sign * (1 + random.below(reach)), lots]
  }
}
