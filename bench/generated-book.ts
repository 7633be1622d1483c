import type { Random } from '../src/core/random.ts'

/**
 * A market of one symbol that exists only in its visible window, for tapes: ticks on a line, each
 * with lots or none, and an edge below which they are bids. A step changes a few levels near the
 * edge, or moves it; what leaves the window of `depth` levels is deleted by the delta and what
 * enters is added by it, as the exchange does.
 */
const LINE_TICKS = 16_384
const FILLED = 0.85
const LOTS_MAX = 5000

export type GeneratedLevel = Readonly<{ ticks: number; lots: number }>
type Window = readonly GeneratedLevel[]
export type GeneratedDelta = Readonly<{ bids: Window; asks: Window }>

export class GeneratedBook {
  readonly #random: Random
  readonly #depth: number
  readonly #firstTick: number
  readonly #lots = new Int32Array(LINE_TICKS)
  #edge = LINE_TICKS / 2
  #bids: Window
  #asks: Window

  constructor(random: Random, depth: number, touchTicks: number) {
    this.#random = random
    this.#depth = depth
    this.#firstTick = touchTicks - this.#edge
    for (let at = 0; at < LINE_TICKS; at++) {
      if (random.float() < FILLED) this.#lots[at] = this.#size()
    }
    this.#bids = this.#window(-1)
    this.#asks = this.#window(1)
  }

  snapshot(): GeneratedDelta {
    return { bids: this.#bids, asks: this.#asks }
  }

  /** Steps until something in the window changed. */
  delta(): GeneratedDelta {
    for (;;) {
      this.#step()
      const bids = this.#window(-1)
      const asks = this.#window(1)
      const delta = {
        bids: difference(this.#bids, bids, -1),
        asks: difference(this.#asks, asks, 1),
      }
      this.#bids = bids
      this.#asks = asks
      if (delta.bids.length + delta.asks.length > 0) return delta
    }
  }

  /** Price of a trade now: the touch of the side that is hit. */
  touchTicks(isBuy: boolean): number {
    return (isBuy ? this.#asks : this.#bids)[0].ticks
  }

  #step(): void {
    const random = this.#random
    const changes = 1 + Math.floor(random.exponential(2 + Math.sqrt(this.#depth) / 2))
    for (let i = 0; i < changes; i++) {
      const distance = Math.floor(random.exponential(this.#depth / 5))
      const at = random.below(2) === 0 ? this.#edge - distance : this.#edge + 1 + distance
      if (at < 0 || at >= LINE_TICKS) continue
      const isToggled = random.float() < 0.3
      this.#lots[at] = isToggled && this.#lots[at] !== 0 ? 0 : this.#size()
    }
    if (random.float() < 0.2) this.#move(random.below(2) === 0 ? 1 : -1)
  }

  /** The tick that changes hands loses its lots to the one side and gets some of the other. */
  #move(by: number): void {
    const next = this.#edge + by
    if (next < 2 * this.#depth || next > LINE_TICKS - 2 * this.#depth) return
    this.#lots[by > 0 ? next : this.#edge] = this.#size()
    this.#edge = next
  }

  #window(sign: number): Window {
    const window: GeneratedLevel[] = []
    let at = sign < 0 ? this.#edge : this.#edge + 1
    for (; window.length < this.#depth && at >= 0 && at < LINE_TICKS; at += sign) {
      if (this.#lots[at] !== 0) window.push({ ticks: this.#firstTick + at, lots: this.#lots[at] })
    }
    return window
  }

  #size(): number {
    return 1 + this.#random.below(this.#random.below(8) === 0 ? LOTS_MAX : LOTS_MAX / 50)
  }
}

/** What turns `before` into `after`, best first; `sign` is -1 for bids. */
function difference(before: Window, after: Window, sign: number): Window {
  const changes: GeneratedLevel[] = []
  let i = 0
  let j = 0
  while (i < before.length || j < after.length) {
    const left = i < before.length ? sign * before[i].ticks : Number.POSITIVE_INFINITY
    const right = j < after.length ? sign * after[j].ticks : Number.POSITIVE_INFINITY
    if (left < right) changes.push({ ticks: before[i++].ticks, lots: 0 })
    else if (right < left) changes.push(after[j++])
    else if (before[i++].lots !== after[j++].lots) changes.push(after[j - 1])
  }
  return changes
}
