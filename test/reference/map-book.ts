import type { BookSide, ReadableBook, SideChanges } from '../../src/domain/book.ts'
import type { BookMessage, LevelList } from '../../src/domain/messages.ts'

type Side = { levels: Map<number, number>; direction: number; side: BookSide; changes: SideChanges }

/** A book kept in two maps and sorted after every message: slow, and easy to believe. */
export class MapBook implements ReadableBook {
  readonly depth: number
  readonly bids: BookSide
  readonly asks: BookSide
  readonly bidChanges: SideChanges
  readonly askChanges: SideChanges
  readonly #bid: Side
  readonly #ask: Side

  constructor(depth: number) {
    this.depth = depth
    this.#bid = createSide(1)
    this.#ask = createSide(-1)
    this.bids = this.#bid.side
    this.asks = this.#ask.side
    this.bidChanges = this.#bid.changes
    this.askChanges = this.#ask.changes
  }

  apply(message: BookMessage, isSnapshot: boolean): void {
    this.#applySide(this.#bid, message.bids, isSnapshot)
    this.#applySide(this.#ask, message.asks, isSnapshot)
  }

  #applySide(one: Side, list: LevelList, isSnapshot: boolean): void {
    const before = one.levels
    const after = new Map(isSnapshot ? [] : before)
    for (let i = 0; i < list.count; i++) {
      if (list.lots[i] === 0) after.delete(list.ticks[i])
      else after.set(list.ticks[i], list.lots[i])
    }
    const best = [...after].sort(([a], [b]) => (b - a) * one.direction).slice(0, this.depth)
    one.levels = new Map(best)
    one.side.count = best.length
    best.forEach(([ticks, lots], at) => {
      one.side.ticks[one.side.head + at] = ticks
      one.side.lots[one.side.head + at] = lots
    })
    // As the contract has it: what a snapshot altered is not flow, and leaves no changes.
    writeChanges(one.changes, isSnapshot ? one.levels : before, one.levels)
  }
}

function writeChanges(
  changes: SideChanges,
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): void {
  changes.count = 0
  for (const ticks of new Set([...before.keys(), ...after.keys()])) {
    const lotsBefore = before.get(ticks) ?? 0
    const lotsAfter = after.get(ticks) ?? 0
    if (lotsBefore === lotsAfter) continue
    changes.ticks[changes.count] = ticks
    changes.lotsBefore[changes.count] = lotsBefore
    changes.lotsAfter[changes.count] = lotsAfter
    changes.count++
  }
}

const CAPACITY = 4096
/** Not 0, so that a reader that forgets the head is caught. */
const HEAD = 7

function createSide(direction: number): Side {
  const numbers = () => new Float64Array(CAPACITY)
  return {
    levels: new Map(),
    direction,
    side: { ticks: numbers(), lots: numbers(), head: HEAD, count: 0 },
    changes: { count: 0, ticks: numbers(), lotsBefore: numbers(), lotsAfter: numbers() },
  }
}
