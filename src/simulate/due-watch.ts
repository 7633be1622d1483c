import { closingTicks, type DueExit, dueExit } from '../execution/exits/position-exit.ts'
import { NO_REVERSAL } from '../execution/exits/reversal.ts'
import { instrumentKey } from '../execution/holding.ts'
import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

/** The longest pause between two tries, and what a call may take. */
const PAUSE_US = 12_000_000
/** Of an order whose fate nobody tells, until its second look is answered; times `queryAfterMs`. */
const LOOKS = 3

/**
 * Exits that are due for long and of which no order goes over the wire, whatever rests in their
 * way. What is due is what the tables of exits say of the position as the engine knows it, but for
 * a reversal, which remembers more than one look.
 */
export class DueWatch {
  readonly #world: World
  /** Since when an exit is due and none has left, by key. */
  readonly #sinceUs = new Map<string, number>()
  #process: SimProcess | undefined

  constructor(world: World) {
    this.#world = world
  }

  get isWaiting(): boolean {
    return this.#sinceUs.size > 0
  }

  /** Undefined: no process runs, and nobody can close anything. */
  look(process: SimProcess | undefined): void {
    const { instruments, monitor, options, timeline } = this.#world
    const withinUs = PAUSE_US + LOOKS * options.queryAfterMs * 1000
    // A new one looks anew for what its predecessor left in doubt.
    if (process !== this.#process) this.#sinceUs.clear()
    this.#process = process
    for (const instrument of instruments) {
      const key = instrumentKey(instrument)
      const exit = process && this.#due(process, instrument.index)
      // For a moment there is no price to close at.
      if (exit === 'unpriced') continue
      if (exit === undefined) {
        this.#sinceUs.delete(key)
        continue
      }
      const leftUs = monitor.closedUs.get(key) ?? 0
      const sinceUs = Math.max(this.#sinceUs.get(key) ?? timeline.nowUs(), leftUs)
      this.#sinceUs.set(key, sinceUs)
      if (timeline.nowUs() - sinceUs <= withinUs) continue
      monitor.fail(32, `${key}: ${exit.reason} of ${exit.lots} lots is due, and nothing leaves`)
    }
  }

  #due({ isTrading, state }: SimProcess, index: number): DueExit | 'unpriced' | undefined {
    if (!isTrading) return undefined
    const { clock, instruments, market, options } = this.#world
    const instrument = instruments[index]
    const holding = state.holdings.get(instrumentKey(instrument))
    const plan = holding?.plan
    if (holding === undefined || plan === undefined || holding.position.lots === 0) return undefined
    const { costTickLots, lots } = holding.position
    const book = market.read(index)
    const closeTicks = closingTicks(lots, book)
    if (Number.isNaN(closeTicks)) return 'unpriced'
    const { minOrderLots } = instrument
    const averageTicks = costTickLots / Math.abs(lots)
    const at = { book, closeTicks, reversal: NO_REVERSAL, nowUs: clock.nowUs() }
    return dueExit({ ...at, lots, averageTicks, plan, minOrderLots, options: options.exits })
  }
}
