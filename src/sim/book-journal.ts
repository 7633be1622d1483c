// hot
import { LevelTable } from './level-table.ts'

/**
 * What the matching engine did to its book, level by level, with copies of the whole book in
 * between: enough to rebuild the exact book at any recent position. The engine writes it;
 * publishers only remember positions, so the truth does not pass through the code that makes
 * messages.
 */
const CHECKPOINT_PERIOD = 4096
const CHANGES_START = 4 * CHECKPOINT_PERIOD
const CHANGES_MAX = 128 * CHECKPOINT_PERIOD

type Checkpoint = {
  position: number
  keys: [Float64Array, Float64Array]
  lots: [Float64Array, Float64Array]
}

/** Levels of one side, best first. */
export type LevelsAt = { ticks: number[]; lots: number[] }

export class BookJournal {
  /** Changes written so far; the position after the last one. */
  position = 0
  #capacity = CHANGES_START
  #keys = new Float64Array(CHANGES_START)
  #lots = new Float64Array(CHANGES_START)
  #sides = new Uint8Array(CHANGES_START)
  #checkpoints: Checkpoint[] = []
  /** Oldest position that a reader may still ask for. */
  #wantedFrom = Number.MAX_SAFE_INTEGER
  readonly #sidesOfBook: readonly [LevelTable, LevelTable]

  constructor(bids: LevelTable, asks: LevelTable) {
    this.#sidesOfBook = [bids, asks]
  }

  /** Call before the change is made, for a checkpoint is the book as it is at that position. */
  beforeChange(): void {
    if (this.position % CHECKPOINT_PERIOD === 0) this.#checkpoint()
  }

  append(side: number, key: number, lotsAfter: number): void {
    const at = this.position % this.#capacity
    this.#keys[at] = key
    this.#lots[at] = lotsAfter
    this.#sides[at] = side
    this.position++
  }

  /**
   * Tells that nobody needs what is before `position`; the journal grows, up to its bound, to keep
   * the rest.
   */
  keepFrom(position: number): void {
    this.#wantedFrom = position
  }

  /** The best `depth` levels of both sides at `position`; undefined when it is too long ago. */
  bookAt(position: number, depth: number): { bids: LevelsAt; asks: LevelsAt } | undefined {
    if (position > this.position) return undefined
    const checkpoint = this.#checkpointFor(position)
    if (checkpoint === undefined) {
      // Nothing has changed since the start, or everything needed is gone.
      if (this.position > 0) return undefined
      const [bids, asks] = this.#sidesOfBook
      return { bids: bestLevels(bids, depth), asks: bestLevels(asks, depth) }
    }
    const sides = [tableOf(checkpoint, 0), tableOf(checkpoint, 1)]
    for (let p = checkpoint.position; p < position; p++) {
      const at = p % this.#capacity
      setLevel(sides[this.#sides[at]], this.#keys[at], this.#lots[at])
    }
    return { bids: bestLevels(sides[0], depth), asks: bestLevels(sides[1], depth) }
  }

  #checkpointFor(position: number): Checkpoint | undefined {
    for (let i = this.#checkpoints.length - 1; i >= 0; i--) {
      const checkpoint = this.#checkpoints[i]
      if (checkpoint.position > position) continue
      // The ring must still hold everything from the checkpoint on.
      return checkpoint.position >= this.position - this.#capacity ? checkpoint : undefined
    }
    return undefined
  }

  #checkpoint(): void {
    const oldestKept = this.position + CHECKPOINT_PERIOD - this.#capacity
    if (this.#wantedFrom < oldestKept + CHECKPOINT_PERIOD && this.#capacity < CHANGES_MAX)
      this.#grow()
    const [bids, asks] = this.#sidesOfBook
    this.#checkpoints.push({
      position: this.position,
      keys: [bids.keys.slice(bids.start, bids.end), asks.keys.slice(asks.start, asks.end)],
      lots: [bids.lots.slice(bids.start, bids.end), asks.lots.slice(asks.start, asks.end)],
    })
    const oldest = this.position + CHECKPOINT_PERIOD - this.#capacity
    while (this.#checkpoints[0].position < oldest) this.#checkpoints.shift()
  }

  #grow(): void {
    const capacity = this.#capacity * 2
    const keys = new Float64Array(capacity)
    const lots = new Float64Array(capacity)
    const sides = new Uint8Array(capacity)
    for (let p = Math.max(0, this.position - this.#capacity); p < this.position; p++) {
      const from = p % this.#capacity
      const to = p % capacity
      keys[to] = this.#keys[from]
      lots[to] = this.#lots[from]
      sides[to] = this.#sides[from]
    }
    this.#capacity = capacity
    this.#keys = keys
    this.#lots = lots
    this.#sides = sides
  }
}

function tableOf(checkpoint: Checkpoint, side: number): LevelTable {
  const table = new LevelTable()
  const keys = checkpoint.keys[side]
  table.start = (table.keys.length - keys.length) >> 1
  table.end = table.start + keys.length
  table.keys.set(keys, table.start)
  table.lots.set(checkpoint.lots[side], table.start)
  return table
}

function setLevel(table: LevelTable, key: number, lots: number): void {
  let at = table.find(key)
  if (lots === 0) {
    if (at >= 0) table.remove(at)
    return
  }
  if (at < 0) at = table.insert(-1 - at, key)
  table.lots[at] = lots
}

/** Copies the best levels out of a table. */
export function bestLevels(table: LevelTable, depth: number): LevelsAt {
  const count = Math.min(depth, table.count())
  const ticks = new Array<number>(count)
  const lots = new Array<number>(count)
  for (let i = 0; i < count; i++) {
    const at = table.end - 1 - i
    ticks[i] = Math.abs(table.keys[at])
    lots[i] = table.lots[at]
  }
  return { ticks, lots }
}
