// hot
import { EventLog } from './event-log.ts'
import { EventWindow } from './event-window.ts'
import type { JudgedLots } from './lot-pool.ts'
import { PriceCounts } from './price-counts.ts'
import type { StreamTime } from './stream-time.ts'

const TICKS = 1
const POSITION = 2
const FIELDS = 3

class LayerWindow extends EventWindow {
  readonly prices = new PriceCounts()

  enter(records: Float64Array, at: number): void {
    this.prices.add(records[at + TICKS])
  }

  leave(records: Float64Array, at: number): void {
    this.prices.remove(records[at + TICKS])
  }
}

/** Layer events of one side (features.md K) in a window, with their distinct prices. */
export class LayerEvents {
  readonly #window: LayerWindow
  readonly #log: EventLog

  constructor(windowMs: number) {
    this.#window = new LayerWindow(windowMs)
    this.#log = new EventLog(FIELDS, [this.#window])
  }

  /** Distinct prices in the window. */
  get prices(): number {
    return this.#window.prices.size
  }

  add(judged: JudgedLots, time: StreamTime): void {
    if (judged.count === 0 && this.#window.prices.size === 0) return
    this.#log.advance(time)
    for (let i = 0; i < judged.count; i++) {
      const at = this.#log.claim(time)
      this.#log.records[at + TICKS] = judged.ticks[i]
      this.#log.records[at + POSITION] = judged.position[i]
      this.#log.commit()
    }
  }

  /** Whether any lot of the window was added by a message before this stream position. */
  isAnyAddedBefore(position: number): boolean {
    const log = this.#log
    const next = log.next
    for (let event = log.oldest; event < next; event++) {
      if (log.records[log.offsetOf(event) + POSITION] < position) return true
    }
    return false
  }
}
