import { describe, expect, it } from 'vitest'
import { FusedBook, FusedPart } from '../../src/book/fused-book.ts'
import { Random } from '../../src/core/random.ts'
import { createBookMessage } from '../../src/domain/messages.ts'
import { createBooks } from '../../src/memory/book-layout.ts'
import {
  type BookCopy,
  createBookCopy,
  openBookView,
  readBook,
} from '../../src/memory/book-view.ts'
import { FusedFeed } from './fused-feed.ts'
import { fuse, type KnownBook, type KnownSide } from './fused-oracle.ts'

function sides(copy: BookCopy): { bids: KnownSide; asks: KnownSide } {
  const pairs = (ticks: Float64Array, lots: Float64Array, count: number): KnownSide =>
    Array.from({ length: count }, (_, i) => [ticks[i], lots[i]])
  return {
    bids: pairs(copy.bidTicks, copy.bidLots, copy.bidCount),
    asks: pairs(copy.askTicks, copy.askLots, copy.askCount),
  }
}

/** Parts told what they hold by hand. */
class Desk {
  readonly parts: readonly FusedPart[]
  readonly fused: FusedBook
  readonly #depths: readonly number[]
  readonly #copy: BookCopy
  readonly #view
  readonly #message = createBookMessage()
  #nowUs = 1000
  #u = 1

  constructor(...depths: readonly number[]) {
    const deepest = Math.max(...depths)
    this.#depths = depths
    this.#view = openBookView(createBooks(1, deepest), 0, deepest)
    this.#copy = createBookCopy(deepest)
    this.fused = new FusedBook(this.#view)
    this.parts = depths.map(
      (depth) => new FusedPart(openBookView(createBooks(1, depth), 0, depth), depth, this.fused),
    )
  }

  snapshot(part: number, seq: number, bids: KnownSide, asks: KnownSide, ctsMs = seq): void {
    const message = this.#message
    message.isSnapshot = true
    message.u = ++this.#u
    message.seq = seq
    message.ctsMs = ctsMs
    for (const [list, levels] of [
      [message.bids, bids],
      [message.asks, asks],
    ] as const) {
      list.count = levels.length
      for (const [i, [ticks, lots]] of levels.entries()) {
        list.ticks[i] = ticks
        list.lots[i] = lots
      }
    }
    this.parts[part].applySnapshot(message, ++this.#nowUs)
  }

  read(): BookCopy {
    expect(readBook(this.#view, this.#copy)).toBe(true)
    return this.#copy
  }

  known(levels: ReadonlyMap<number, KnownBook>): KnownBook[] {
    return [...levels].filter(([part]) => this.parts[part].isTakingPart()).map(([, book]) => book)
  }

  depthOf(part: number): number {
    return this.#depths[part]
  }
}

const BIDS: KnownSide = [
  [100, 1],
  [99, 2],
  [98, 3],
  [97, 4],
]
const ASKS: KnownSide = [
  [101, 1],
  [102, 2],
  [103, 3],
  [104, 4],
]

describe('a fused book by hand', () => {
  it('has the best level of a newer shallow book on the depth of the deeper one', () => {
    const desk = new Desk(1, 4)
    desk.snapshot(1, 10, BIDS, ASKS)
    desk.snapshot(0, 12, [[100, 9]], [[102, 7]])
    const copy = desk.read()
    expect(copy).toMatchObject({ state: 'LIVE', seq: 12, u: 3 })
    expect(sides(copy)).toEqual({
      bids: [[100, 9], ...BIDS.slice(1)],
      asks: [[102, 7], ...ASKS.slice(2)],
    })
  })

  it('does not show a level of the older book that is better than the newest best', () => {
    const desk = new Desk(1, 4)
    desk.snapshot(1, 10, BIDS, ASKS)
    desk.snapshot(0, 12, [[98, 1]], [[99, 1]])
    expect(sides(desk.read())).toEqual({
      bids: [
        [98, 1],
        [97, 4],
      ],
      asks: [[99, 1], ...ASKS.slice(0, 3)],
    })
  })

  it('cuts what a better level pushes out, and keeps an older shallow book out of it', () => {
    const desk = new Desk(1, 2, 4)
    desk.snapshot(1, 8, [[50, 1]], [[60, 1]])
    desk.snapshot(2, 10, BIDS, ASKS)
    const better = ASKS.slice(0, 3)
    desk.snapshot(0, 11, [[100, 1]], [[100.5, 1]])
    expect(sides(desk.read())).toEqual({ bids: BIDS, asks: [[100.5, 1], ...better] })
  })

  it('takes a side with fewer levels than its depth for the whole side', () => {
    const desk = new Desk(2, 4)
    desk.snapshot(1, 10, BIDS, ASKS)
    desk.snapshot(0, 11, [[100, 5]], [])
    expect(sides(desk.read())).toEqual({ bids: [[100, 5]], asks: [] })
  })

  it('orders books of one seq by cts, and those of one cts by depth', () => {
    const desk = new Desk(1, 4)
    desk.snapshot(1, 10, BIDS, ASKS, 500)
    desk.snapshot(0, 10, [[100, 7]], [[101, 7]], 500)
    expect(sides(desk.read())).toEqual({ bids: BIDS, asks: ASKS })
    desk.snapshot(0, 10, [[100, 7]], [[101, 7]], 501)
    expect(sides(desk.read()).bids[0]).toEqual([100, 7])
  })

  it('is not LIVE without its deepest book, and says why', () => {
    const desk = new Desk(1, 4)
    desk.snapshot(0, 12, [[100, 9]], [[102, 7]])
    expect(desk.read()).toMatchObject({ state: 'NO_BOOK', bidCount: 0 })
    desk.snapshot(1, 10, BIDS, ASKS)
    desk.parts[1].markState('SYNCING', 'gap', 5000)
    expect(desk.read()).toMatchObject({ state: 'SYNCING', reason: 'gap', gaps: 1, bidCount: 0 })
    desk.snapshot(1, 13, BIDS, ASKS)
    expect(desk.read()).toMatchObject({ state: 'LIVE', resyncs: 1, seq: 13 })
  })

  it('goes on without a shallow book, and takes it in again when it is back', () => {
    const desk = new Desk(1, 4)
    desk.snapshot(1, 10, BIDS, ASKS)
    desk.snapshot(0, 12, [[100, 9]], [[101, 9]])
    desk.parts[0].markState('STALE', 'no_data', 5000)
    expect(desk.read()).toMatchObject({ state: 'LIVE', seq: 10, resyncs: 0 })
    expect(sides(desk.read())).toEqual({ bids: BIDS, asks: ASKS })
    desk.parts[0].touch(6000)
    desk.parts[0].touch(6001)
    expect(desk.read()).toMatchObject({ state: 'LIVE', seq: 10, dataUs: 6001 })
    desk.snapshot(0, 13, [[100, 8]], [[101, 8]])
    expect(desk.read()).toMatchObject({ state: 'LIVE', seq: 13 })
  })

  it('leaves out the books of an old count of seq until they speak in the new one', () => {
    const desk = new Desk(1, 4)
    desk.snapshot(1, 1000, BIDS, ASKS)
    desk.snapshot(0, 1001, [[100, 9]], [[101, 9]])
    desk.snapshot(0, 3, [[99, 5]], [[101, 5]])
    expect(desk.read()).toMatchObject({ state: 'SYNCING', reason: 'gap' })
    desk.snapshot(1, 2, BIDS, ASKS)
    expect(desk.read()).toMatchObject({ state: 'LIVE', seq: 3 })
    expect(sides(desk.read()).bids).toEqual([[99, 5], ...BIDS.slice(2)])
  })

  it('is readable again, and not LIVE, after its writer died in the middle of a write', () => {
    const desk = new Desk(1, 4)
    desk.snapshot(1, 10, BIDS, ASKS)
    desk.fused.recover(9000)
    expect(desk.read()).toMatchObject({ state: 'NO_BOOK', reason: 'shard_lost', bidCount: 0 })
  })
})

function randomSide(random: Random, sign: number, mid: number, most: number): KnownSide {
  const levels: [number, number][] = []
  let ticks = mid
  for (let count = random.below(most + 1); count > 0; count--) {
    ticks += sign * (1 + random.below(3))
    levels.push([ticks, 1 + random.below(5)])
  }
  return levels
}

describe('a fused book against its definition, price by price', () => {
  it.each([11, 12, 13, 14])('is the same for any books of any age, seed %i', (seed) => {
    const random = new Random(seed)
    for (let round = 0; round < 60; round++) {
      const desk = new Desk(1, 3, 6, 12)
      const told = new Map<number, KnownBook>()
      for (let message = 0; message < 60; message++) {
        const part = random.below(4)
        const depth = desk.depthOf(part)
        const seq = random.float() < 0.1 ? message + 1 : message + 1 + random.below(6)
        const mid = 1000 + random.below(9)
        const bids = randomSide(random, -1, mid, depth)
        const asks = randomSide(random, 1, mid, depth)
        desk.snapshot(part, seq, bids, asks, seq)
        told.set(part, { depth, seq, ctsMs: seq, bids, asks })
        if (random.float() < 0.1) desk.parts[random.below(3)].markState('SYNCING', 'gap', 1)
        const copy = desk.read()
        const known = desk.known(told)
        expect(copy.state === 'LIVE').toBe(desk.parts[3].isTakingPart())
        if (copy.state === 'LIVE') expect(sides(copy)).toEqual(fuse(known))
      }
    }
  })
})

describe('a fused book against the matching engine', () => {
  const runs = [
    { depths: [1, 50, 200], rate: 120, delayUsMax: 1, faults: 0 },
    { depths: [1, 50, 200], rate: 400, delayUsMax: 200_000, faults: 0.02 },
    { depths: [50, 200], rate: 60, delayUsMax: 40_000, faults: 0.02 },
    { depths: [1, 50], rate: 250, delayUsMax: 400_000, faults: 0.05 },
    { depths: [1, 50, 200, 1000], rate: 150, delayUsMax: 50_000, faults: 0.02 },
  ]
  it.each(runs)('is exact after every message: $depths at $rate/s, $delayUsMax us late', (run) => {
    const random = new Random(run.rate + 7)
    const feed = new FusedFeed(run.depths, { ...run, seed: run.rate, random })
    const seen = { messages: 0, live: 0, fresher: 0, mixed: 0, notLive: 0 }
    const look = () => {
      seen.messages++
      const copy = feed.read()
      expect(copy).toBeDefined()
      if (copy === undefined || copy.state !== 'LIVE') {
        seen.notLive++
        return
      }
      seen.live++
      const known = feed.known()
      expect(sides(copy)).toEqual(fuse(known))
      const newest = feed.parts.findIndex((part) => part.u === copy.u && part.seq === copy.seq)
      const top = feed.topAt(newest, copy.u)
      expect([copy.bidTicks[0], copy.bidLots[0]]).toEqual(top.bids[0])
      expect([copy.askTicks[0], copy.askLots[0]]).toEqual(top.asks[0])
      expect(copy.seq).toBe(Math.max(...known.map((book) => book.seq)))
      expect(copy.bidTicks[0]).toBeLessThan(copy.askTicks[0])
      if (newest !== feed.parts.length - 1) seen.fresher++
      if (new Set(known.map((book) => book.seq)).size > 1) seen.mixed++
    }
    for (let step = 0; step < 600; step++) {
      feed.step(5000, look)
      if (random.float() >= run.faults) continue
      feed.disturb(random.below(run.depths.length), random.below(3))
    }
    expect(seen.live).toBeGreaterThan(150)
    expect(seen.fresher).toBeGreaterThan(50)
    expect(seen.mixed).toBeGreaterThan(100)
    if (run.faults > 0) expect(feed.counters.get('gaps')).toBeGreaterThan(0)
  })
})
