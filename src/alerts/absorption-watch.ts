// hot
import type { AlertSettings } from '../domain/alerts.ts'
import type { AlertPort } from './alert-port.ts'
import { type AlertRow, lotsAt, NEARLY } from './alert-row.ts'
import { Latch } from './latch.ts'
import { UsualLevel } from './usual-level.ts'

/** The level must have stood at the touch for so long. */
const HOLD_MS = 500
/** A better price for longer than this, and the level is not what holds the market any more. */
const AWAY_MS = 2000
const USUAL_TIMES = 8

/**
 * Trades at the best price of one side since it became the best, in units of the usual best queue:
 * a price that takes many queues and still stands is refilled by somebody large. What is usual of
 * that very ratio raises the bar where prices stand for long anyway.
 */
export class AbsorptionWatch {
  /** A row with another best price, or with flows, must be seen; NaN: every row must. */
  quietTicks = Number.NaN
  readonly #direction: number
  readonly #settings: AlertSettings
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #usualQueue = new UsualLevel()
  readonly #usualRatio = new UsualLevel()
  #ticks = Number.NaN
  #sinceMs = Number.NaN
  #seenBestMs = Number.NaN
  #isBest = false
  #filledLots = 0.5
  #isTold = false
  /** Lots that are nearly enough; Infinity until it is known what is usual. */
  #leastLots = Number.POSITIVE_INFINITY

  constructor(direction: number, settings: AlertSettings, port: AlertPort) {
    this.#direction = direction
    this.#settings = settings
    this.#port = port
    this.#latch = new Latch(settings.level_absorbed, port)
  }

  update(row: AlertRow): void {
    const direction = this.#direction
    const best = direction > 0 ? row.bidTicks : row.askTicks
    if (best !== this.#ticks) {
      if (this.#isBest) this.#seenBestMs = row.previousTauMs
      this.#isBest = false
      if (this.#isLeft(row, best)) this.#restart(row, best)
    } else this.#isBest = true
    if (Number.isNaN(best)) return
    if (!row.isSnapshot) this.#readFills(row)
    if (row.isSample) this.#sample(row)
    const isNear = this.#filledLots >= this.#leastLots && !this.#isTold
    this.quietTicks = isNear ? Number.NaN : this.#ticks
    if (isNear && best === this.#ticks) this.#look(row)
  }

  #sample(row: AlertRow): void {
    const side = this.#direction > 0 ? row.book.bids : row.book.asks
    const queue = this.#usualQueue
    const usual = this.#usualRatio
    // What is being told of must not become usual meanwhile.
    if (!this.#isTold) usual.add(this.#filledLots / queue.mean)
    queue.add(side.lots[side.head])
    if (!usual.isKnown) return
    const least = Math.max(this.#settings.level_absorbed.on, USUAL_TIMES * usual.mean)
    this.#leastLots = least * queue.mean * NEARLY
  }

  #look(row: AlertRow): void {
    const direction = this.#direction
    const ratio = this.#filledLots / this.#usualQueue.mean
    const heldMs = row.tauMs - this.#sinceMs
    const least = Math.max(this.#settings.level_absorbed.on, USUAL_TIMES * this.#usualRatio.mean)
    if (!(ratio >= least) || heldMs < HOLD_MS) return
    this.#isTold = true
    if (!this.#latch.happens(row.tauMs)) return
    const side = direction > 0 ? row.book.bids : row.book.asks
    const leftLots = lotsAt(side, direction, this.#ticks)
    this.#port
      .begin('level_absorbed', direction, ratio, least)
      .at(this.#ticks, Number.NaN)
      .evidence(this.#filledLots, this.#usualQueue.mean, leftLots, heldMs)
      .raise(row)
  }

  /** The price broke, or the market has moved away from it. */
  #isLeft(row: AlertRow, best: number): boolean {
    if (row.isSnapshot || Number.isNaN(best) || Number.isNaN(this.#ticks)) return true
    if ((best - this.#ticks) * this.#direction < 0) return true
    return row.tauMs - this.#seenBestMs > AWAY_MS
  }

  #restart(row: AlertRow, best: number): void {
    this.#ticks = best
    this.#sinceMs = row.tauMs
    this.#seenBestMs = row.tauMs
    this.#isBest = true
    this.#filledLots = 0
    this.#isTold = false
  }

  #readFills(row: AlertRow): void {
    const flows = this.#direction > 0 ? row.bidFlows : row.askFlows
    const count = flows.count
    for (let i = 0; i < count; i++) {
      if (flows.ticks[i] === this.#ticks) this.#filledLots += flows.fillLots[i]
    }
  }
}
