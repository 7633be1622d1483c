// hot
import type { AlertSettings } from '../domain/alerts.ts'
import type { BookSide } from '../domain/book.ts'
import type { AlertGate, GatedWatch } from './alert-gate.ts'
import type { AlertPort } from './alert-port.ts'
import { type AlertRow, type AlertSideFlows, placeOf, WATCHED_LEVELS } from './alert-row.ts'
import { Latch } from './latch.ts'
import { UsualLevel } from './usual-level.ts'

/** The largest cluster must have stood for so long (its age in the catalogue). */
const HOLD_MS = 2000
/** One heavy level is a wall, not a cluster. */
const LEVELS_MIN = 2
const USUAL_TIMES = 2
/** Between two looks at the levels themselves. */
const LOOK_PERIOD_MS = 250
/** A cluster that lost so much of itself while the price was elsewhere has dissolved. */
const DISSOLVED = 0.4
/** A cluster holds more than three of the usual deviations from the median (catalogue, group I). */
const HEAVY_DEVIATIONS = 3 * 1.4826

/** Of the share of the largest cluster, and where its age stands in a row. */
export type ClusterPlace = Readonly<{ gate: AlertGate; age: number }>

/**
 * The largest cluster of one side: it forms, and is broken when the best price leaves it on the far
 * side after trades took their part of it (at least `cluster_broken.on` of its lots). One that is
 * canceled dissolves without a word.
 */
export class ClusterWatch implements GatedWatch {
  readonly gate: AlertGate
  readonly #direction: number
  readonly #ageColumn: number
  readonly #settings: AlertSettings
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #breakLatch: Latch
  readonly #usual = new UsualLevel()
  /** Share that is looked at; Infinity until it is known what is usual. */
  #least = Number.POSITIVE_INFINITY
  readonly #sorted = new Float64Array(WATCHED_LEVELS)
  #nextLookMs = Number.NEGATIVE_INFINITY
  /** Edges of the cluster that is followed; NaN: none. */
  #nearTicks = Number.NaN
  #farTicks = Number.NaN
  #lots = 0.5
  #filledLots = 0.5
  #canceledLots = 0.5
  #sinceMs = Number.NaN
  /** What the last look found. */
  #foundFrom = 0
  #foundTo = 0
  #foundLots = 0.5

  constructor(
    direction: number,
    { age, gate }: ClusterPlace,
    settings: AlertSettings,
    port: AlertPort,
  ) {
    this.#direction = direction
    this.gate = gate
    this.#ageColumn = age
    this.#settings = settings
    this.#port = port
    this.#latch = new Latch(settings.cluster_formed, port)
    this.#breakLatch = new Latch(settings.cluster_broken, port)
  }

  look(row: AlertRow): void {
    if (!Number.isNaN(this.#nearTicks)) this.#follow(row)
    else if (row.values[this.gate.column] >= this.#least) this.#consider(row)
    this.#setGate()
  }

  sample(row: AlertRow): void {
    if (!Number.isNaN(this.#nearTicks)) return
    const usual = this.#usual
    usual.add(row.values[this.gate.column])
    if (!usual.isKnown) return
    this.#least = Math.max(this.#settings.cluster_formed.on, USUAL_TIMES * usual.mean)
    this.#setGate()
  }

  #setGate(): void {
    const isIdle = Number.isNaN(this.#nearTicks)
    this.gate.from(isIdle ? this.#least : Number.NEGATIVE_INFINITY)
  }

  #consider(row: AlertRow): void {
    const least = this.#least
    const share = row.values[this.gate.column]
    const ageMs = row.values[this.#ageColumn]
    if (!(ageMs >= HOLD_MS) || row.tauMs < this.#nextLookMs) return
    this.#nextLookMs = row.tauMs + LOOK_PERIOD_MS
    const side = this.#direction > 0 ? row.book.bids : row.book.asks
    this.#find(side)
    const levels = this.#foundTo - this.#foundFrom
    if (levels < LEVELS_MIN) return
    this.#latch.release()
    if (!this.#latch.passes(share, least, 0, row.tauMs)) return
    this.#nearTicks = side.ticks[this.#foundFrom]
    this.#farTicks = side.ticks[this.#foundTo - 1]
    this.#lots = this.#foundLots
    this.#filledLots = 0
    this.#canceledLots = 0
    this.#sinceMs = row.tauMs
    this.#port
      .begin('cluster_formed', this.#direction, share, least)
      .at(this.#nearTicks, this.#farTicks)
      .evidence(this.#lots, levels, this.#usual.mean, ageMs)
      .raise(row)
  }

  /** The largest run of heavy levels; of equal ones the nearest. */
  #find(side: BookSide): void {
    const count = Math.min(WATCHED_LEVELS, side.count)
    const { head, lots } = side
    const least = heavyLots(lots, head, count, this.#sorted)
    this.#foundFrom = head
    this.#foundTo = head
    this.#foundLots = 0
    let from = head
    let sum = 0
    for (let at = head; at < head + count; at++) {
      if (!(lots[at] > least)) {
        from = at + 1
        sum = 0
        continue
      }
      sum += lots[at]
      if (sum <= this.#foundLots) continue
      this.#foundFrom = from
      this.#foundTo = at + 1
      this.#foundLots = sum
    }
  }

  #follow(row: AlertRow): void {
    const direction = this.#direction
    const side = direction > 0 ? row.book.bids : row.book.asks
    const best = direction > 0 ? row.bidTicks : row.askTicks
    if (!row.isSnapshot) this.#readFlows(direction > 0 ? row.bidFlows : row.askFlows)
    if (Number.isNaN(best)) return
    if ((best - this.#farTicks) * direction < 0) {
      this.#leave(row)
      return
    }
    if (row.tauMs < this.#nextLookMs) return
    this.#nextLookMs = row.tauMs + LOOK_PERIOD_MS
    // While the price is inside, the cluster is being fought over.
    const isInside = (best - this.#nearTicks) * direction <= 0
    if (!isInside && this.#lotsLeft(side) < DISSOLVED * this.#lots) this.#nearTicks = Number.NaN
  }

  #readFlows(flows: AlertSideFlows): void {
    const direction = this.#direction
    const count = flows.count
    for (let i = 0; i < count; i++) {
      const ticks = flows.ticks[i]
      if ((ticks - this.#nearTicks) * direction > 0) continue
      if ((ticks - this.#farTicks) * direction < 0) continue
      this.#filledLots += flows.fillLots[i]
      this.#canceledLots += flows.cancelLots[i]
    }
  }

  #lotsLeft(side: BookSide): number {
    const end = side.head + side.count
    let sum = 0
    for (let at = side.head + placeOf(side, this.#direction, this.#nearTicks); at < end; at++) {
      if ((side.ticks[at] - this.#farTicks) * this.#direction < 0) break
      sum += side.lots[at]
    }
    return sum
  }

  #leave(row: AlertRow): void {
    const { on } = this.#settings.cluster_broken
    const share = this.#filledLots / this.#lots
    if (share >= on && this.#breakLatch.happens(row.tauMs)) {
      this.#port
        .begin('cluster_broken', this.#direction, share, on)
        .at(this.#nearTicks, this.#farTicks)
        .evidence(this.#lots, this.#filledLots, this.#canceledLots, row.tauMs - this.#sinceMs)
        .raise(row)
    }
    this.#nearTicks = Number.NaN
  }
}

/** Levels with more lots are heavy. */
function heavyLots(lots: Float64Array, head: number, count: number, sorted: Float64Array): number {
  sorted.fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < count; i++) sorted[i] = lots[head + i]
  sorted.sort()
  const middle = (count - 1) >> 1
  const median = sorted[middle]
  for (let i = 0; i < count; i++) sorted[i] = Math.abs(sorted[i] - median)
  sorted.sort()
  return median + HEAVY_DEVIATIONS * sorted[middle]
}
