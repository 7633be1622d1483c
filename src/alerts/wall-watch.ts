// hot
import type { AlertSettings } from '../domain/alerts.ts'
import type { BookSide } from '../domain/book.ts'
import type { AlertGate, GatedWatch } from './alert-gate.ts'
import type { AlertPort } from './alert-port.ts'
import { type AlertRow, type AlertSideFlows, lotsAt, WATCHED_LEVELS } from './alert-row.ts'
import { Latch } from './latch.ts'
import { UsualLevel } from './usual-level.ts'

/** A level must stand for so long before it counts: what flickers is no wall. */
const HOLD_MS = 1000
/**
 * ... and be so many times the ratio that is usual on its side, and so many deviations above it: in
 * real books, where small orders fill most levels, the ratio itself swings by a factor of ten.
 */
const USUAL_TIMES = 4
const DEVIATIONS = 6
/** What was canceled here and is added elsewhere within this time, before or after, has moved. */
const MOVE_MS = 1000
/** A wall that came back to this part of its peak begins its account anew. */
const REFILLED = 0.9

/**
 * The largest level of one side: it appears, and ends as moved, eaten or pulled, by what the flows
 * say of its price. One that scrolls out of view, or that a snapshot leaves out, is forgotten:
 * nobody saw how it ended.
 */
export class WallWatch implements GatedWatch {
  /** Of the ratio of the largest level to the median. */
  readonly gate: AlertGate
  readonly #direction: number
  readonly #settings: AlertSettings
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #endLatch: Latch
  readonly #usual = new UsualLevel()
  /** Ratio that is looked at; Infinity until it is known what is usual. */
  #least = Number.POSITIVE_INFINITY
  #candidateTicks = Number.NaN
  #candidateMs = Number.NaN
  /** NaN: no wall is followed. */
  #ticks = Number.NaN
  #sinceMs = Number.NaN
  #lots = 0.5
  #peakLots = 0.5
  #filledLots = 0.5
  #canceledLots = 0.5
  /** It is gone and may yet come up elsewhere until then; Infinity: it is not gone. */
  #waitUntilMs = Number.POSITIVE_INFINITY
  /** The latest large add of the side at another price. */
  #addedTicks = Number.NaN
  #addedLots = 0.5
  #addedMs = Number.NEGATIVE_INFINITY

  constructor(direction: number, gate: AlertGate, settings: AlertSettings, port: AlertPort) {
    this.#direction = direction
    this.gate = gate
    this.#settings = settings
    this.#port = port
    this.#latch = new Latch(settings.wall_appeared, port)
    this.#endLatch = new Latch(settings.wall_pulled, port)
  }

  look(row: AlertRow): void {
    if (!Number.isNaN(this.#ticks)) this.#follow(row)
    else if (row.values[this.gate.column] >= this.#least) this.#consider(row)
    else this.#candidateTicks = Number.NaN
    this.#setGate()
  }

  sample(row: AlertRow): void {
    if (!Number.isNaN(this.#candidateTicks)) return
    const usual = this.#usual
    usual.add(row.values[this.gate.column])
    if (!usual.isKnown) return
    const least = Math.max(USUAL_TIMES * usual.mean, usual.above(DEVIATIONS))
    this.#least = Math.max(this.#settings.wall_appeared.on, least)
    this.#setGate()
  }

  #setGate(): void {
    const isIdle = Number.isNaN(this.#ticks) && Number.isNaN(this.#candidateTicks)
    this.gate.from(isIdle ? this.#least : Number.NEGATIVE_INFINITY)
  }

  #consider(row: AlertRow): void {
    const { off } = this.#settings.wall_appeared
    const least = this.#least
    const ratio = row.values[this.gate.column]
    const side = this.#direction > 0 ? row.book.bids : row.book.asks
    const at = largestLevel(side)
    const ticks = side.ticks[at]
    if (ticks !== this.#candidateTicks) {
      this.#candidateTicks = ticks
      this.#candidateMs = row.tauMs
      return
    }
    const heldMs = row.tauMs - this.#candidateMs
    if (heldMs < HOLD_MS) return
    this.#latch.release() // what ends a wall is told by its own kinds
    if (!this.#latch.passes(ratio, least, off, row.tauMs)) return
    this.#begin(row, ticks, side.lots[at])
    this.#port
      .begin('wall_appeared', this.#direction, ratio, least)
      .at(ticks, Number.NaN)
      .evidence(this.#lots, this.#lots / ratio, this.#usual.mean, heldMs)
      .raise(row)
  }

  #begin(row: AlertRow, ticks: number, lots: number): void {
    this.#ticks = ticks
    this.#sinceMs = row.tauMs
    this.#lots = lots
    this.#peakLots = lots
    this.#filledLots = 0
    this.#canceledLots = 0
    this.#waitUntilMs = Number.POSITIVE_INFINITY
    this.#addedMs = Number.NEGATIVE_INFINITY
  }

  #follow(row: AlertRow): void {
    const side = this.#direction > 0 ? row.book.bids : row.book.asks
    const flows = this.#direction > 0 ? row.bidFlows : row.askFlows
    if (row.isSnapshot) {
      this.#lots = lotsAt(side, this.#direction, this.#ticks)
      if (this.#lots < this.#peakLots / 2) this.#forget()
      return
    }
    this.#readFlows(row, flows)
    const share = 1 - this.#lots / this.#peakLots
    const isEaten = this.#filledLots >= this.#canceledLots
    const { wall_eaten: eaten, wall_pulled: pulled } = this.#settings
    if (share < (isEaten ? eaten.on : pulled.on)) {
      this.#waitUntilMs = Number.POSITIVE_INFINITY
      return
    }
    const isSeen = lotsAt(side, this.#direction, this.#ticks) === this.#lots
    const accounted = this.#filledLots + this.#canceledLots
    if (!isSeen || accounted < this.#peakLots / 4) this.#forget()
    else if (isEaten) this.#end(row, 'wall_eaten', share)
    else if (row.tauMs - this.#addedMs <= MOVE_MS) this.#end(row, 'wall_moved', share)
    else if (row.tauMs >= this.#waitUntilMs) this.#end(row, 'wall_pulled', share)
    else this.#waitUntilMs = Math.min(this.#waitUntilMs, row.tauMs + MOVE_MS)
  }

  #readFlows(row: AlertRow, flows: AlertSideFlows): void {
    const large = this.#peakLots * this.#settings.wall_moved.on
    const count = flows.count
    for (let i = 0; i < count; i++) {
      if (flows.ticks[i] === this.#ticks) {
        this.#filledLots += flows.fillLots[i]
        this.#canceledLots += flows.cancelLots[i]
        this.#lots = flows.lotsAfter[i]
      } else if (flows.addLots[i] >= large) {
        this.#addedTicks = flows.ticks[i]
        this.#addedLots = flows.addLots[i]
        this.#addedMs = row.tauMs
      }
    }
    if (this.#lots > this.#peakLots) this.#peakLots = this.#lots
    if (this.#lots >= REFILLED * this.#peakLots) {
      this.#filledLots = 0
      this.#canceledLots = 0
    }
  }

  #end(row: AlertRow, kind: 'wall_moved' | 'wall_eaten' | 'wall_pulled', share: number): void {
    const setting = this.#settings[kind]
    const lifeMs = row.tauMs - this.#sinceMs
    const isMove = kind === 'wall_moved'
    if (setting.isEnabled && this.#endLatch.happens(row.tauMs)) {
      const port = this.#port.begin(kind, this.#direction, share, setting.on)
      port.at(this.#ticks, isMove ? this.#addedTicks : Number.NaN)
      if (isMove) {
        const distance = Math.abs(this.#addedTicks - this.#ticks)
        port.evidence(this.#peakLots, this.#addedLots, distance, lifeMs)
      } else port.evidence(this.#peakLots, this.#filledLots, this.#canceledLots, lifeMs)
      port.raise(row)
    }
    if (isMove) this.#begin(row, this.#addedTicks, this.#addedLots)
    else this.#forget()
  }

  #forget(): void {
    this.#ticks = Number.NaN
    this.#candidateTicks = Number.NaN
  }
}

/** Where in the side's arrays; ties go to the better price. */
function largestLevel(side: BookSide): number {
  const end = side.head + Math.min(WATCHED_LEVELS, side.count)
  let best = side.head
  for (let at = side.head + 1; at < end; at++) if (side.lots[at] > side.lots[best]) best = at
  return best
}
