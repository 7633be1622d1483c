import type { ReplayedRow } from './feature-replay.ts'
import { isRawBook, type RawMessage, symbolOf } from './raw-message.ts'

/**
 * Features 134 to 140 from the text of the catalogue (1.8, group M): every frozen mid is written
 * down, and each row is computed from all of them anew. Mids are taken in quote from the row; ratios
 * of mids do not depend on the unit.
 */
export class GlobalPast {
  /** Bucket of the global clock; undefined before the first event. */
  bucket: number | undefined
  readonly symbols: readonly string[]
  readonly #gridMs: number
  readonly #current: number[]
  readonly #frozen: Map<number, number>[]
  readonly #lastU: number[]
  readonly #tau: number[]

  constructor(symbols: readonly string[], gridMs: number) {
    this.symbols = symbols
    this.#gridMs = gridMs
    this.#current = symbols.map(() => Number.NaN)
    this.#frozen = symbols.map(() => new Map())
    this.#lastU = symbols.map(() => Number.NaN) // NaN: waits for a snapshot
    this.#tau = symbols.map(() => Number.NEGATIVE_INFINITY)
  }

  /** After the message was fed; `tauMs` is the symbol's effective time then. */
  note(message: RawMessage, tauMs: number, row: ReplayedRow | undefined): void {
    const at = this.symbols.indexOf(symbolOf(message))
    if (tauMs !== this.#tau[at]) this.#moveClock(tauMs)
    this.#tau[at] = tauMs
    if (!isRawBook(message)) return
    const { u } = message.data
    if (row !== undefined) {
      this.#lastU[at] = u
      this.#current[at] = row.values[2] // mid_price
    } else if (u > this.#lastU[at] + 1) {
      this.#lastU[at] = Number.NaN
      this.#current[at] = Number.NaN
    }
  }

  frozen(symbol: number, bucket: number): number {
    return this.#frozen[symbol].get(bucket) ?? Number.NaN
  }

  #moveClock(tauMs: number): void {
    const bucket = Math.floor(tauMs / this.#gridMs)
    const before = this.bucket ?? bucket
    for (let b = before; b < bucket; b++) {
      this.#current.forEach((mid, at) => {
        this.#frozen[at].set(b, mid)
      })
    }
    this.bucket = Math.max(before, bucket)
  }
}

type Pair = readonly [x: number, y: number]

/** The seven columns in order. */
export function crossColumns(past: GlobalPast, leader: number, symbol: number): number[] {
  const now = past.bucket ?? Number.NaN
  const returns = past.symbols.map((_, at) => {
    const ofSymbol = new Map<number, number>()
    for (let b = now - 60; b < now; b++) {
      ofSymbol.set(b, logBps(past.frozen(at, b), past.frozen(at, b - 1)))
    }
    return ofSymbol
  })
  const pairs = (x: number, y: number, lag: number): Pair[] => {
    const all: Pair[] = []
    for (const [b, yReturn] of returns[y]) {
      const xReturn = returns[x].get(b - lag)
      if (xReturn === undefined || Number.isNaN(xReturn) || Number.isNaN(yReturn)) continue
      all.push([xReturn, yReturn])
    }
    return all
  }
  const rho = (x: number, y: number, lag: number) => pearson(pairs(x, y, lag)).rho
  const { rho: correlation, slope } = pearson(pairs(leader, symbol, 0))
  const squares = (x: number, y: number) =>
    [1, 2, 3, 4, 5].reduce((sum, lag) => sum + rho(x, y, lag) ** 2, 0)
  const tenBuckets = (at: number) => logBps(past.frozen(at, now - 1), past.frozen(at, now - 11))
  const others = past.symbols
    .map((_, at) => (at === symbol ? Number.NaN : rho(at, symbol, 0)))
    .filter((value) => !Number.isNaN(value))
  const changes = past.symbols.map((_, at) => tenBuckets(at)).filter((r) => !Number.isNaN(r))
  return [
    correlation,
    slope,
    rho(leader, symbol, 1),
    squares(leader, symbol) / squares(symbol, leader),
    tenBuckets(symbol) - slope * tenBuckets(leader),
    mean(others),
    mean(changes.map(Math.sign)),
  ]
}

function logBps(after: number, before: number): number {
  return 1e4 * Math.log1p((after - before) / before)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function pearson(pairs: readonly Pair[]): { rho: number; slope: number } {
  const undefinedBoth = { rho: Number.NaN, slope: Number.NaN }
  if (pairs.length < 20) return undefinedBoth
  const [x, y] = [0, 1].map((side) => {
    const values = pairs.map((pair) => pair[side])
    const center = mean(values)
    const deviations = values.map((value) => value - center)
    const variance = mean(deviations.map((value) => value * value))
    const isDegenerate = variance <= 1e-12 * mean(values.map((value) => value * value))
    return { deviations, variance, isDegenerate }
  })
  if (x.isDegenerate) return undefinedBoth
  const covariance = mean(x.deviations.map((value, at) => value * y.deviations[at]))
  const slope = covariance / x.variance
  if (y.isDegenerate) return { rho: Number.NaN, slope }
  return { rho: covariance / Math.sqrt(x.variance * y.variance), slope }
}
