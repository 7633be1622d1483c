// hot
import { EventLog } from './event-log.ts'
import { EventWindow } from './event-window.ts'
import { SlidingMedian } from './sliding-median.ts'
import type { StreamTime } from './stream-time.ts'

const LIFE_MS = 1
const IS_FLEETING = 2
const FIELDS = 3

const WIDTH_MS = 60_000
/** Fewer deaths say nothing. */
const DEATHS_MIN = 5

class Deaths extends EventWindow {
  readonly lives = new SlidingMedian()
  fleeting = 0
  isFresh = true

  enter(records: Float64Array, at: number): void {
    this.lives.insert(records, at + LIFE_MS)
    this.fleeting += records[at + IS_FLEETING]
    this.isFresh = false
  }

  leave(records: Float64Array, at: number): void {
    this.lives.remove(records, at + LIFE_MS)
    this.fleeting -= records[at + IS_FLEETING]
    this.isFresh = false
  }
}

/** Lifetimes of the levels that died in 60 s and whose birth was seen (features.md 1.6). */
export class DeathLog {
  readonly #window = new Deaths(WIDTH_MS)
  readonly #log = new EventLog(FIELDS, [this.#window])
  readonly #fleetingMs: number
  #medianMs = Number.NaN

  /** Levels that were canceled within `fleetingMs` are fleeting. */
  constructor(fleetingMs: number) {
    this.#fleetingMs = fleetingMs
  }

  advance(time: StreamTime): void {
    this.#log.advance(time)
  }

  add(time: StreamTime, lifeMs: number, isCanceled: boolean): void {
    const at = this.#log.claim(time)
    this.#log.records[at + LIFE_MS] = lifeMs
    this.#log.records[at + IS_FLEETING] = isCanceled && lifeMs <= this.#fleetingMs ? 1 : 0
    this.#log.commit()
  }

  /**
   * Writes the lower median of the lifetimes in ms and the share of fleeting levels; NaN below five
   * deaths. The median is only looked up again when the window changed.
   */
  write(out: Float64Array, medianSlot: number, shareSlot: number): void {
    const window = this.#window
    const count = window.lives.size
    if (!window.isFresh) {
      this.#medianMs = Number.NaN
      if (count >= DEATHS_MIN) this.#medianMs = window.lives.lowerMedian(this.#log, LIFE_MS)
      window.isFresh = true
    }
    out[medianSlot] = this.#medianMs
    out[shareSlot] = window.fleeting / count
    if (count < DEATHS_MIN) out[shareSlot] = Number.NaN
  }
}
