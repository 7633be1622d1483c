// hot
import type { AlertSettings } from '../domain/alerts.ts'
import type { AlertPort } from './alert-port.ts'
import { type AlertRow, lotsAt } from './alert-row.ts'
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
  readonly #direction: number
  readonly #settings: AlertSettings
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #usualQueue = new UsualLevel()
  readonly #usualRatio = new UsualLevel()
  #ticks = Number.NaN
  #sinceMs = Number.NaN
  #seenBestMs = Number.NaN
  #filledLots = 0.5
  #isTold = false

  constructor(direction: number, settings: AlertSettings, port: AlertPort) {
    this.#direction = direction
    this.#settings = settings
    this.#port = port
    this.#latch = new Latch(settings.level_absorbed)
  }

  get suppressed(): number {
    return this.#latch.suppressed
  }

  update(row: AlertRow): void {
    const direction = this.#direction
    const best = direction > 0 ? row.bidTicks : row.askTicks
    const side = direction > 0 ? row.book.bids : row.book.asks
    if (best === this.#ticks) this.#seenBestMs = row.tauMs
    else if (this.#isLeft(row, best)) this.#restart(row, best)
    if (Number.isNaN(best)) return
    if (!row.isSnapshot) this.#readFills(row)
    const ratio = this.#filledLots / this.#usualQueue.mean
    if (row.isSample) {
      this.#usualQueue.add(side.lots[side.head])
      // What is being told of must not become usual meanwhile.
      if (!this.#isTold) this.#usualRatio.add(ratio)
    }
    if (this.#isTold || !this.#usualRatio.isKnown) return
    const heldMs = row.tauMs - this.#sinceMs
    const least = Math.max(this.#settings.level_absorbed.on, USUAL_TIMES * this.#usualRatio.mean)
    if (!(ratio >= least) || heldMs < HOLD_MS || best !== this.#ticks) return
    this.#isTold = true
    if (!this.#latch.happens(row.tauMs)) return
    const leftLots = lotsAt(side, direction, best)
    this.#port
      .begin('level_absorbed', direction, ratio, least)
      .at(best, Number.NaN)
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
