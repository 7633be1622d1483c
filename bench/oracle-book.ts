import type { BookSide } from '../src/domain/book.ts'

/**
 * A book that is a Map a side and a sort a message: nothing to it that could be wrong. Texts become
 * steps by exact arithmetic, apart from the decoder's way of doing it.
 */
export class ObviousBook {
  u = 0
  readonly bids: ObviousSide
  readonly asks: ObviousSide

  constructor(depth: number) {
    this.bids = new ObviousSide(depth, -1)
    this.asks = new ObviousSide(depth, 1)
  }
}

const LEVELS_MAX = 8192

class ObviousSide {
  readonly lotsByTicks = new Map<number, number>()
  /** Best first; the shape that `stateHash` reads. */
  readonly side: BookSide = {
    ticks: new Float64Array(LEVELS_MAX),
    lots: new Float64Array(LEVELS_MAX),
    head: 0,
    count: 0,
  }
  readonly #depth: number
  readonly #sign: number

  constructor(depth: number, sign: number) {
    this.#depth = depth
    this.#sign = sign
  }

  apply(levels: readonly (readonly [ticks: number, lots: number])[], isSnapshot: boolean): void {
    const { lotsByTicks, side } = this
    if (isSnapshot) lotsByTicks.clear()
    else if (levels.length === 0) return
    for (const [ticks, lots] of levels) {
      if (lots === 0) lotsByTicks.delete(ticks)
      else lotsByTicks.set(ticks, lots)
    }
    // Numbers sort fastest as they are; bids are read backwards.
    const ticks = Float64Array.from(lotsByTicks.keys()).sort()
    if (this.#sign < 0) ticks.reverse()
    for (const beyond of ticks.subarray(this.#depth)) lotsByTicks.delete(beyond)
    side.count = Math.min(ticks.length, this.#depth)
    for (let i = 0; i < side.count; i++) {
      side.ticks[i] = ticks[i]
      side.lots[i] = lotsByTicks.get(ticks[i]) ?? Number.NaN
    }
  }
}

const TEXTS_MAX = 200_000

/** Steps in a decimal text, by whole numbers of any length; remembered, as texts come again. */
export class ExactSteps {
  readonly #step: string
  readonly #known = new Map<string, number>()

  constructor(stepText: string) {
    this.#step = stepText
  }

  of(text: string): number {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const steps = exactSteps(text, this.#step)
    if (this.#known.size >= TEXTS_MAX) this.#known.clear()
    this.#known.set(text, steps)
    return steps
  }
}

function exactSteps(text: string, stepText: string): number {
  const digits = Math.max(fractionOf(text).length, fractionOf(stepText).length)
  const units = (number: string) =>
    BigInt(number.split('.')[0] + fractionOf(number).padEnd(digits, '0'))
  const step = units(stepText)
  if (units(text) % step !== 0n) throw new Error(`${text} is no multiple of ${stepText}`)
  return Number(units(text) / step)
}

function fractionOf(number: string): string {
  return number.split('.')[1] ?? ''
}
