import { DESK_EVENTS_KEPT, DESK_EVENTS_SNAPSHOT } from '../constants.ts'
import { BEFORE_FIRST, BodyCache, type DeskChannel, type FrameChoice } from './desk-channel.ts'
import type { FrameFields, FrameVariant } from './frame-body.ts'

/**
 * The last events of a kind, for all subscribers together: what a slow one has not read is
 * overwritten.
 */
export class EventLog<Event> {
  /** Events pushed so far. */
  head = 0
  readonly #kept: number
  readonly #slots: Event[] = []

  constructor(kept = DESK_EVENTS_KEPT) {
    this.#kept = kept
  }

  push(event: Event): void {
    this.#slots[this.head % this.#kept] = event
    this.head++
  }

  /** Number of the oldest event still kept. */
  oldest(): number {
    return Math.max(0, this.head - this.#kept)
  }

  /** Events number `from` up to the newest. */
  since(from: number): Event[] {
    const events: Event[] = []
    for (let at = Math.max(from, this.oldest()); at < this.head; at++) {
      events.push(this.#slots[at % this.#kept])
    }
    return events
  }
}

/** `trades.SYMBOL`, `signals`: every event, in lists; the first frame shows the last few. */
export class EventChannel<Event> implements DeskChannel {
  readonly name: string
  readonly isReady = true
  readonly #field: string
  readonly #log: EventLog<Event>
  readonly #describe: (event: Event) => FrameFields
  readonly #cache = new BodyCache()

  /** `field`: name of the list in the frame. */
  constructor(
    name: string,
    field: string,
    log: EventLog<Event>,
    describe: (event: Event) => FrameFields,
  ) {
    this.name = name
    this.#field = field
    this.#log = log
    this.#describe = describe
  }

  get head(): number {
    return this.#log.head
  }

  look(): void {
    // The rings are drained for all channels at once (desk-records.ts).
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant): void {
    const log = this.#log
    out.isSnapshot = cursor === BEFORE_FIRST
    const wanted = out.isSnapshot ? Math.max(0, log.head - DESK_EVENTS_SNAPSHOT) : cursor
    const from = Math.max(wanted, log.oldest())
    out.missed = from - wanted
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    out.body = this.#cache.body(kind, log.head, from, () => ({
      channel: this.name,
      [this.#field]: log.since(from).map(this.#describe),
    }))
  }
}
