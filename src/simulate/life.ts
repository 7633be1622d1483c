/** How a process ends before its time: the page cache stays, or goes with the power. */
export type Death = 'process_killed' | 'power_lost'

/** A crash at the next place of a kind, as most places are of few kinds; then anywhere. */
export const CRASH_PLACES = [
  'write',
  'sync',
  'append',
  'submit',
  'cancel',
  'amend',
  'query',
  'executions',
  'checkpoint',
  'turn',
]

/**
 * Whether a simulated process still runs. Everything that it does to the world passes here first:
 * each such place is a point at which it may die, and after its death nothing passes any more.
 */
export class Life {
  isAlive = true
  /** A write or sync of its journal failed. */
  hasDiskFailed = false
  readonly #onPoint: (place: string) => void

  constructor(onPoint: (place: string) => void) {
    this.#onPoint = onPoint
  }

  /** False: the process died here or before, and must not do it. */
  pass(place: string): boolean {
    if (this.isAlive) this.#onPoint(place)
    return this.isAlive
  }
}
