// hot
import { assert } from '../core/assert.ts'
import type { BookSide, SideChanges } from '../domain/book.ts'
import type { LevelList } from '../domain/messages.ts'
import { findLevel } from './level-search.ts'
import { shiftToBetter, shiftToWorse } from './level-shift.ts'
import type { PriceIndex } from './price-index.ts'

/**
 * One side of a book: two flat arrays with room at both ends, best level first. `sign` is +1 for
 * asks and -1 for bids, so that sign * ticks rises from level to level on both.
 */
export const ASK_SIGN = 1
export const BID_SIGN = -1

export function clearSide(side: BookSide): void {
  side.count = 0
  side.head = side.ticks.length >>> 1
}

/** Makes a level at position `at`, which `findLevel` answered. */
function insertLevel(side: BookSide, at: number, ticks: number, lots: number): void {
  const prices = side.ticks
  const sizes = side.lots
  if (side.head === 0 || side.head + side.count === prices.length) {
    const better = at - side.head
    recentre(side)
    at = side.head + better
  }
  const head = side.head
  const end = head + side.count
  // Shift the shorter part.
  if (at - head < end - at) {
    shiftToBetter(prices, sizes, head, at)
    at--
    side.head = head - 1
  } else shiftToWorse(prices, sizes, at, end)
  prices[at] = ticks
  sizes[at] = lots
  side.count++
}

function removeLevel(side: BookSide, at: number): void {
  const prices = side.ticks
  const sizes = side.lots
  const head = side.head
  const end = head + side.count
  if (at - head < end - 1 - at) {
    shiftToWorse(prices, sizes, head, at)
    side.head = head + 1
  } else shiftToBetter(prices, sizes, at + 1, end)
  side.count--
}

/** Moves the levels to the middle of their arrays, so that both ends have room again. */
function recentre(side: BookSide): void {
  const prices = side.ticks
  const sizes = side.lots
  const count = side.count
  assert(count + 2 <= prices.length, 'a side has room for one more level')
  const from = side.head
  const to = (prices.length - count) >>> 1
  if (to < from) {
    for (let i = 0; i < count; i++) {
      prices[to + i] = prices[from + i]
      sizes[to + i] = sizes[from + i]
    }
  } else {
    for (let i = count - 1; i >= 0; i--) {
      prices[to + i] = prices[from + i]
      sizes[to + i] = sizes[from + i]
    }
  }
  side.head = to
}

/**
 * A snapshot: its levels in any order replace the side; a price that comes twice counts as it came
 * last.
 */
export function replaceLevels(side: BookSide, sign: number, list: LevelList, depth: number): void {
  const prices = side.ticks
  const sizes = side.lots
  const count = list.count
  clearSide(side)
  const head = (prices.length - count) >>> 1
  side.head = head
  let sorted = 0
  let last = Number.NEGATIVE_INFINITY
  for (; sorted < count; sorted++) {
    const key = sign * list.ticks[sorted]
    if (key <= last || list.lots[sorted] === 0) break
    last = key
    prices[head + sorted] = list.ticks[sorted]
    sizes[head + sorted] = list.lots[sorted]
  }
  side.count = sorted
  for (let i = sorted; i < count; i++) {
    const ticks = list.ticks[i]
    setLevel(side, findLevel(side, sign, ticks, 0), ticks, list.lots[i])
  }
  if (side.count > depth) side.count = depth
}

/**
 * Sets, makes or removes the level whose place `findLevel` answered; answers the lots it had before.
 */
function setLevel(side: BookSide, at: number, ticks: number, lots: number): number {
  if (at < side.head + side.count && side.ticks[at] === ticks) {
    const before = side.lots[at]
    if (lots === 0) removeLevel(side, at)
    else side.lots[at] = lots
    return before
  }
  if (lots !== 0) insertLevel(side, at, ticks, lots)
  return 0
}

/**
 * A delta, and the cut to `depth` after it. Fills `changes`: each price once, with the lots before
 * the message and after the cut, only where they differ. `index` is scratch, used only by messages
 * out of order and by cuts.
 */
export function updateLevels(
  side: BookSide,
  sign: number,
  list: LevelList,
  depth: number,
  changes: SideChanges,
  index: PriceIndex,
): void {
  const count = list.count
  let changed = 0
  let isRising = true
  let isFalling = true
  let last = Number.NaN
  let from = 0 // levels known to be better than the next one
  for (let i = 0; i < count; i++) {
    const ticks = list.ticks[i]
    const lots = list.lots[i]
    const key = sign * ticks
    if (key <= last) {
      isRising = false
      from = 0
    }
    if (key >= last) isFalling = false
    last = key
    const at = findLevel(side, sign, ticks, from)
    from = at - side.head
    if (lots !== 0) from++
    const before = setLevel(side, at, ticks, lots)
    if (before === lots) continue
    changes.ticks[changed] = ticks
    changes.lotsBefore[changed] = before
    changes.lotsAfter[changed] = lots
    changed++
  }
  changes.count = changed
  // Prices in strict order, either way, cannot repeat.
  if (!isRising && !isFalling) mergeRepeats(changes, index)
  if (side.count > depth) cutLevels(side, depth, changes, index)
}

/**
 * Entries of one price become one: the first knows what was before the message, the last what is
 * after it.
 */
function mergeRepeats(changes: SideChanges, index: PriceIndex): void {
  const { ticks, lotsBefore, lotsAfter } = changes
  const count = changes.count
  let merged = 0
  index.clear()
  for (let i = 0; i < count; i++) {
    const entry = index.put(ticks[i], merged)
    if (entry === merged) {
      ticks[merged] = ticks[i]
      lotsBefore[merged] = lotsBefore[i]
      merged++
    }
    lotsAfter[entry] = lotsAfter[i]
  }
  changes.count = merged
  dropUnchanged(changes)
}

/** Levels beyond the depth go, and so does what the message did to them. */
function cutLevels(side: BookSide, depth: number, changes: SideChanges, index: PriceIndex): void {
  const end = side.head + side.count
  index.clear()
  for (let i = 0; i < changes.count; i++) index.put(changes.ticks[i], i)
  for (let at = side.head + depth; at < end; at++) {
    const entry = index.put(side.ticks[at], changes.count)
    if (entry === changes.count) {
      changes.ticks[entry] = side.ticks[at]
      changes.lotsBefore[entry] = side.lots[at]
      changes.count++
    }
    changes.lotsAfter[entry] = 0
  }
  side.count = depth
  dropUnchanged(changes)
}

function dropUnchanged(changes: SideChanges): void {
  const { ticks, lotsBefore, lotsAfter } = changes
  let kept = 0
  for (let i = 0; i < changes.count; i++) {
    if (lotsBefore[i] === lotsAfter[i]) continue
    ticks[kept] = ticks[i]
    lotsBefore[kept] = lotsBefore[i]
    lotsAfter[kept] = lotsAfter[i]
    kept++
  }
  changes.count = kept
}
