// hot
import { assert } from '../core/assert.ts'
import type { BookMessage } from '../domain/messages.ts'

/**
 * Decides, per topic, whether a book message continues the book. The rules (features.md 1.3):
 *
 *   snapshot, or u = 1     begins a new chain; the book is replaced
 *   delta, no chain        WAITING: dropped until a snapshot
 *   delta, u <= last       REPEAT: dropped
 *   delta, u = last + 1    DELTA: applied
 *   delta, u > last + 1    GAP: dropped, and the chain ends
 *
 * The verdict already counts the message as applied: a caller that cannot apply it calls
 * `invalidate`.
 */
export const VERDICT_SNAPSHOT = 1
export const VERDICT_DELTA = 2
export const VERDICT_REPEAT = 3
export const VERDICT_WAITING = 4
export const VERDICT_GAP = 5

export type Verdict =
  | typeof VERDICT_SNAPSHOT
  | typeof VERDICT_DELTA
  | typeof VERDICT_REPEAT
  | typeof VERDICT_WAITING
  | typeof VERDICT_GAP

const WAITING = -1

export class Sequencer {
  /** Update id last applied; WAITING while there is no chain. */
  readonly #lastU: Float64Array
  readonly #isChained: Uint8Array
  readonly #gaps: Float64Array
  readonly #lastGap: Float64Array

  /** `topics` is one more than the largest topic index. */
  constructor(topics: number) {
    assert(Number.isInteger(topics) && topics > 0, 'a sequencer has at least one topic')
    this.#lastU = new Float64Array(topics).fill(WAITING)
    this.#isChained = new Uint8Array(topics).fill(1)
    this.#gaps = new Float64Array(topics)
    this.#lastGap = new Float64Array(topics)
  }

  check(message: BookMessage): Verdict {
    const topic = message.topic
    assert(topic >= 0 && topic < this.#lastU.length, 'the sequencer has this topic')
    const u = message.u
    const last = this.#lastU[topic]
    if (message.isSnapshot || u === 1) {
      this.#lastU[topic] = u
      return VERDICT_SNAPSHOT
    }
    if (last === WAITING) return VERDICT_WAITING
    if (u <= last) return VERDICT_REPEAT
    if (u > last + 1) {
      this.#gaps[topic]++
      this.#lastGap[topic] = u - last - 1
      if (this.#isChained[topic] === 1) {
        this.#lastU[topic] = WAITING
        return VERDICT_GAP
      }
    }
    this.#lastU[topic] = u
    return VERDICT_DELTA
  }

  /** The book can no longer be trusted: deltas wait for the next snapshot. */
  invalidate(topic: number): void {
    this.#lastU[topic] = WAITING
  }

  /**
   * Bybit promises that `u` rises by one only for some depths. Without the check a jump is still
   * counted, but the delta is applied.
   */
  setChainCheck(topic: number, isOn: boolean): void {
    this.#isChained[topic] = isOn ? 1 : 0
  }

  isLive(topic: number): boolean {
    return this.#lastU[topic] !== WAITING
  }

  /** NaN while the topic waits for a snapshot. */
  lastU(topic: number): number {
    const u = this.#lastU[topic]
    return u === WAITING ? Number.NaN : u
  }

  /** Jumps of `u` seen since start. */
  gapCount(topic: number): number {
    return this.#gaps[topic]
  }

  /** How many updates the latest gap lost; 0 before the first. */
  lastGapSize(topic: number): number {
    return this.#lastGap[topic]
  }
}
