import { expect } from 'vitest'
import { Book } from '../../src/book/book.ts'
import { stateHash } from '../../src/book/state-hash.ts'
import { MESSAGE_LEVELS_MAX } from '../../src/constants.ts'
import type { Random } from '../../src/core/random.ts'
import { type BookMessage, createBookMessage, type LevelList } from '../../src/domain/messages.ts'
import { createBooks } from '../../src/memory/book-layout.ts'
import {
  type BookCopy,
  createBookCopy,
  openBookView,
  readBook,
} from '../../src/memory/book-view.ts'
import { listChanges, listLevels, SlowBook } from '../reference/slow-book.ts'

export type Level = readonly [ticks: number, lots: number]
export type Step = Readonly<{
  isSnapshot: boolean
  bids: readonly Level[]
  asks: readonly Level[]
}>

export function fillMessage(message: BookMessage, step: Step, u: number): void {
  message.isSnapshot = step.isSnapshot
  message.u = u
  message.seq = u * 3
  message.tsMs = 1_700_000_000_000 + u
  message.ctsMs = message.tsMs - 2
  fillLevels(message.bids, step.bids)
  fillLevels(message.asks, step.asks)
}

function fillLevels(list: LevelList, levels: readonly Level[]): void {
  list.count = levels.length
  levels.forEach(([ticks, lots], i) => {
    list.ticks[i] = ticks
    list.lots[i] = lots
  })
}

/** The fast book and the slow one, told the same and compared after every message. */
export class BookPair {
  readonly fast: Book
  readonly slow: SlowBook
  readonly copy: BookCopy
  readonly #view
  readonly #message = createBookMessage()
  #u = 1

  constructor(depth: number, depthOfRegion = depth) {
    this.#view = openBookView(createBooks(1, depthOfRegion), 0, depthOfRegion)
    this.fast = new Book(this.#view, depth)
    this.slow = new SlowBook(depth)
    this.copy = createBookCopy(depth)
  }

  apply(step: Step): void {
    this.#u++
    fillMessage(this.#message, step, this.#u)
    if (step.isSnapshot) {
      this.fast.applySnapshot(this.#message, this.#u * 10)
      this.slow.applySnapshot(this.#message)
    } else {
      this.fast.applyDelta(this.#message, this.#u * 10)
      this.slow.applyDelta(this.#message)
    }
  }

  /** Levels in place, levels as another thread reads them, changes and hash. */
  compare(): void {
    const { fast, slow, copy } = this
    expect(listLevels(fast.bids)).toEqual([...slow.bids])
    expect(listLevels(fast.asks)).toEqual([...slow.asks])
    expect(listChanges(fast.bidChanges)).toEqual(slow.bidChanges)
    expect(listChanges(fast.askChanges)).toEqual(slow.askChanges)
    expect(stateHash(fast)).toBe(stateHash(slow.levels()))
    expect(readBook(this.#view, copy)).toBe(true)
    expect(copy.u).toBe(slow.u)
    expect(stateHash(sidesOf(copy))).toBe(stateHash(slow.levels()))
  }

  /** As `compare`, without building arrays when all is well. */
  compareQuickly(): void {
    const { fast, slow } = this
    const isEqual =
      stateHash(fast) === stateHash(slow.levels()) &&
      fast.bidChanges.count === slow.bidChanges.length &&
      fast.askChanges.count === slow.askChanges.length
    if (!isEqual) this.compare()
    const bids = listChanges(fast.bidChanges)
    for (let i = 0; i < bids.length; i++) {
      for (let k = 0; k < 3; k++) if (bids[i][k] !== slow.bidChanges[i][k]) this.compare()
    }
    const asks = listChanges(fast.askChanges)
    for (let i = 0; i < asks.length; i++) {
      for (let k = 0; k < 3; k++) if (asks[i][k] !== slow.askChanges[i][k]) this.compare()
    }
  }
}

function sidesOf(copy: BookCopy) {
  return {
    u: copy.u,
    bids: { ticks: copy.bidTicks, lots: copy.bidLots, head: 0, count: copy.bidCount },
    asks: { ticks: copy.askTicks, lots: copy.askLots, head: 0, count: copy.askCount },
  }
}

/** Ways in which a delta may be unkind. */
const MOODS = ['touch', 'deep', 'clear', 'repeats', 'crossed', 'flood', 'drift', 'empty'] as const

/** An endless, seeded stream of messages around a middle that wanders. */
export class UnkindStream {
  readonly #random: Random
  readonly #depth: number
  #middle = 5_000_000

  constructor(random: Random, depth: number) {
    this.#random = random
    this.#depth = depth
  }

  next(isSnapshot: boolean): Step {
    if (isSnapshot) return this.#snapshot()
    const mood = MOODS[this.#random.below(MOODS.length)]
    return { isSnapshot, bids: this.#levels(mood, -1), asks: this.#levels(mood, 1) }
  }

  #snapshot(): Step {
    const random = this.#random
    const make = (sign: number): Level[] => {
      const count = random.below(Math.min(2 * this.#depth, 400) + 2)
      const levels = Array.from({ length: count }, () =>
        this.#level(sign, 2 * this.#depth + 4, 0.1),
      )
      return random.below(2) === 0 ? levels : inOrder(levels, sign)
    }
    return { isSnapshot: true, bids: make(-1), asks: make(1) }
  }

  #levels(mood: (typeof MOODS)[number], sign: number): Level[] {
    const random = this.#random
    const depth = this.#depth
    const some = (count: number, reach: number, deletes: number) =>
      Array.from({ length: count }, () => this.#level(sign, reach, deletes))
    switch (mood) {
      case 'touch':
        return inOrder(some(random.below(6), 8, 0.4), sign)
      case 'deep':
        return some(random.below(5), 4 * depth, 0.3)
      case 'clear': // every price near, gone
        return random.below(4) > 0
          ? some(2, 3, 1)
          : Array.from({ length: Math.min(3 * depth, MESSAGE_LEVELS_MAX) }, (_, i) => [
              this.#middle + sign * (i + 1),
              0,
            ])
      case 'repeats':
        return some(2 + random.below(12), 3, 0.5)
      case 'crossed':
        return some(random.below(4), 5, 0.3).map(([t, l]) => [t - sign * 6, l])
      case 'flood':
        return random.below(8) === 0
          ? some(Math.min(2 * depth + 5, MESSAGE_LEVELS_MAX), 3 * depth + 5, 0.1)
          : []
      case 'drift': {
        this.#middle += random.below(7) - 3
        return inOrder(some(random.below(4), depth + 2, 0.5), sign)
      }
      default:
        return []
    }
  }

  #level(sign: number, reach: number, deletes: number): Level {
    const random = this.#random
    const lots = random.float() < deletes ? 0 : 1 + random.below(5)
    return [this.#middle + sign * (1 + random.below(reach)), lots]
  }
}

/** Best first and each price once, as the exchange usually sends them. */
function inOrder(levels: readonly Level[], sign: number): Level[] {
  return [...new Map(levels)].sort(([a], [b]) => sign * (a - b))
}
