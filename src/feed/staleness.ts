// hot
import { assert } from '../core/assert.ts'

/**
 * Age of the data of each topic against that topic's own bound. Heartbeats are not data: only what
 * the caller notes counts, and it notes a message only when it was accepted or a repeat of what is
 * held. A delta that was refused because its book waits for a snapshot is no sign of life, so a
 * resync that led nowhere shows up here too.
 *
 * A topic is watched from `watch` (subscribed, or asked again) until `unwatch` (its connection is
 * gone; its book is SYNCING anyway). `check` runs from a timer; `onStale` comes when a topic turns
 * stale, with `times` 1, and again with 2, 3, ... each time another bound has gone by, so that the
 * caller repairs, and repairs again.
 */
export type StalenessListener = Readonly<{
  onStale(topic: number, ageUs: number, times: number): void
  onRecovered(topic: number, nowUs: number): void
}>

export class Staleness {
  readonly #dataUs: Float64Array
  readonly #boundUs: Float64Array
  readonly #isWatched: Uint8Array
  /** How often the topic was reported since its last data; 0 is fresh. */
  readonly #times: Int32Array
  readonly #listener: StalenessListener

  /** `topics` is the number of topic indexes; a topic without `setBound` is never stale. */
  constructor(topics: number, listener: StalenessListener) {
    assert(topics > 0, 'there is a topic to watch')
    this.#dataUs = new Float64Array(topics)
    this.#boundUs = new Float64Array(topics)
    this.#isWatched = new Uint8Array(topics)
    this.#times = new Int32Array(topics)
    this.#listener = listener
  }

  /** `boundMs` 0: never stale. */
  setBound(topic: number, boundMs: number): void {
    assert(topic >= 0 && topic < this.#boundUs.length, 'the topic is one of those watched')
    assert(boundMs >= 0, 'a bound of staleness is not negative')
    this.#boundUs[topic] = boundMs * 1000
  }

  /** Its age counts from now. A topic that is stale stays so until data arrives. */
  watch(topic: number, nowUs: number): void {
    if (this.#isWatched[topic] === 1) return
    this.#isWatched[topic] = 1
    this.#dataUs[topic] = nowUs
    this.#times[topic] = 0
  }

  unwatch(topic: number): void {
    this.#isWatched[topic] = 0
    this.#times[topic] = 0
  }

  /** Data of the topic was accepted. */
  note(topic: number, nowUs: number): void {
    this.#dataUs[topic] = nowUs
  }

  isStale(topic: number): boolean {
    return this.#times[topic] > 0
  }

  /** Microseconds since the last data, or since it is watched. */
  ageUs(topic: number, nowUs: number): number {
    return nowUs - this.#dataUs[topic]
  }

  check(nowUs: number): void {
    const dataUs = this.#dataUs
    const boundUs = this.#boundUs
    const isWatched = this.#isWatched
    const times = this.#times
    for (let topic = 0; topic < dataUs.length; topic++) {
      if (isWatched[topic] === 0 || boundUs[topic] === 0) continue
      const ageUs = nowUs - dataUs[topic]
      // Less than one bound old: fresh. Each whole bound of age is one report.
      const due = ageUs > 0 ? Math.floor(ageUs / boundUs[topic]) : 0
      const before = times[topic]
      if (due > before) {
        times[topic] = due
        this.#listener.onStale(topic, ageUs, due)
      } else if (due < before) {
        times[topic] = due
        if (due === 0) this.#listener.onRecovered(topic, nowUs)
      }
    }
  }
}
