// hot
import { assert } from '../core/assert.ts'

/**
 * The price levels of one side, sorted, in flat arrays with room at both ends: an insertion shifts
 * the shorter part. A level is known by its key: the tick of a bid, the negative tick of an ask, so
 * that on both sides a larger key is a better price and the best level is the last one.
 *
 *     keys   [ . . . worst ........ best . . . ]
 *                    ^start              ^end
 */
const LEVEL_CAPACITY = 4096
/**
 * Levels of one side; half of the places, so that a recentred table always has room at both ends.
 */
export const LEVELS_MAX = LEVEL_CAPACITY / 2

export class LevelTable {
  readonly keys = new Float64Array(LEVEL_CAPACITY)
  readonly lots = new Float64Array(LEVEL_CAPACITY)
  /** Slot of the oldest and of the newest order of the level. */
  readonly heads = new Int32Array(LEVEL_CAPACITY)
  readonly tails = new Int32Array(LEVEL_CAPACITY)
  start = LEVEL_CAPACITY >> 1
  end = LEVEL_CAPACITY >> 1

  count(): number {
    return this.end - this.start
  }

  isFull(): boolean {
    return this.end - this.start >= LEVELS_MAX
  }

  /** Position of `key`, or -1 - p where it would be inserted at p. */
  find(key: number): number {
    const keys = this.keys
    let low = this.start
    let high = this.end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[middle] < key) low = middle + 1
      else high = middle
    }
    return low < this.end && keys[low] === key ? low : -1 - low
  }

  /** Makes place for a level at `position` as `find` gave it, and answers where it finally lies. */
  insert(position: number, key: number): number {
    assert(!this.isFull(), 'the caller checks for room')
    let at = position
    if (at - this.start < this.end - at) {
      if (this.start === 0) at += this.#recenter()
      this.start--
      at--
      this.#shift(this.start, at, 1)
    } else {
      if (this.end === LEVEL_CAPACITY) at += this.#recenter()
      this.#shift(this.end, at, -1)
      this.end++
    }
    this.keys[at] = key
    this.lots[at] = 0
    this.heads[at] = -1
    this.tails[at] = -1
    return at
  }

  remove(position: number): void {
    if (position - this.start < this.end - 1 - position) {
      this.#shift(position, this.start, -1)
      this.start++
    } else {
      this.end--
      this.#shift(position, this.end, 1)
    }
  }

  /** Moves entries one place towards `from`, starting there and going on until `to`. */
  #shift(from: number, to: number, step: number): void {
    const keys = this.keys
    const lots = this.lots
    const heads = this.heads
    const tails = this.tails
    for (let i = from; i !== to; i += step) {
      keys[i] = keys[i + step]
      lots[i] = lots[i + step]
      heads[i] = heads[i + step]
      tails[i] = tails[i + step]
    }
  }

  /** Puts the levels back into the middle; answers by how much they moved. */
  #recenter(): number {
    const count = this.end - this.start
    const start = (LEVEL_CAPACITY - count) >> 1
    const moved = start - this.start
    this.keys.copyWithin(start, this.start, this.end)
    this.lots.copyWithin(start, this.start, this.end)
    this.heads.copyWithin(start, this.start, this.end)
    this.tails.copyWithin(start, this.start, this.end)
    this.start = start
    this.end = start + count
    return moved
  }
}
