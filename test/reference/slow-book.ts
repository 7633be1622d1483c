import type { BookSide, SideChanges } from '../../src/domain/book.ts'
import type { BookMessage, LevelList } from '../../src/domain/messages.ts'

type Levels = Map<number, number>

/** `[ticks, lots before, lots after]` of each price, lowest price first. */
export type SlowChanges = [number, number, number][]

/**
 * The book as the protocol tells it, with a Map a side and a sort a message: too slow to use and
 * too simple to be wrong.
 */
export class SlowBook {
  readonly depth: number
  u = 0
  bids: Levels = new Map()
  asks: Levels = new Map()
  bidChanges: SlowChanges = []
  askChanges: SlowChanges = []

  constructor(depth: number) {
    this.depth = depth
  }

  applySnapshot(message: BookMessage): void {
    this.u = message.u
    this.bids = this.#cut(merge(new Map(), message.bids), -1)
    this.asks = this.#cut(merge(new Map(), message.asks), 1)
    this.bidChanges = []
    this.askChanges = []
  }

  applyDelta(message: BookMessage): void {
    this.u = message.u
    const bids = this.#cut(merge(this.bids, message.bids), -1)
    const asks = this.#cut(merge(this.asks, message.asks), 1)
    this.bidChanges = difference(this.bids, bids)
    this.askChanges = difference(this.asks, asks)
    this.bids = bids
    this.asks = asks
  }

  /** The same shape as the fast book, for `stateHash`. */
  levels(): { u: number; bids: BookSide; asks: BookSide } {
    return { u: this.u, bids: sideOf(this.bids), asks: sideOf(this.asks) }
  }

  #cut(levels: Levels, sign: number): Levels {
    const sorted = [...levels].sort(([a], [b]) => sign * (a - b))
    return new Map(sorted.slice(0, this.depth))
  }
}

function merge(levels: Levels, list: LevelList): Levels {
  const merged = new Map(levels)
  for (let i = 0; i < list.count; i++) {
    if (list.lots[i] === 0) merged.delete(list.ticks[i])
    else merged.set(list.ticks[i], list.lots[i])
  }
  return merged
}

function difference(before: Levels, after: Levels): SlowChanges {
  const prices = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a - b)
  return prices
    .map((ticks): [number, number, number] => [
      ticks,
      before.get(ticks) ?? 0,
      after.get(ticks) ?? 0,
    ])
    .filter(([, lotsBefore, lotsAfter]) => lotsBefore !== lotsAfter)
}

function sideOf(levels: Levels): BookSide {
  return {
    ticks: Float64Array.from(levels.keys()),
    lots: Float64Array.from(levels.values()),
    head: 0,
    count: levels.size,
  }
}

/** The levels of a fast side as `[ticks, lots]`, best first. */
export function listLevels(side: BookSide): [number, number][] {
  return Array.from({ length: side.count }, (_, i) => [
    side.ticks[side.head + i],
    side.lots[side.head + i],
  ])
}

/**
 * The changes of a fast side in the order of the slow one; a price that comes twice stays twice.
 */
export function listChanges(changes: SideChanges): SlowChanges {
  return Array.from({ length: changes.count }, (_, i): [number, number, number] => [
    changes.ticks[i],
    changes.lotsBefore[i],
    changes.lotsAfter[i],
  ]).sort(([a], [b]) => a - b)
}
