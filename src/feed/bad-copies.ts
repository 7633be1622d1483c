type BadCopy = Readonly<{ u: number; sinceUs: number }>

/**
 * Topics of which one connection brought a message that cannot be read, while another one may still
 * bring the same message whole. At most one entry a topic, the one with the largest `u`.
 */
export class BadCopies {
  readonly #waiting = new Map<number, BadCopy>()

  /** `u` that the message had by the order of its connection. */
  add(topic: number, u: number, nowUs: number): void {
    const before = this.#waiting.get(topic)
    const sinceUs = before?.sinceUs ?? nowUs
    this.#waiting.set(topic, { u: Math.max(u, before?.u ?? u), sinceUs })
  }

  /** The chain of the topic ended: nothing is waited for any more. */
  forget(topic: number): void {
    if (this.#waiting.size > 0) this.#waiting.delete(topic)
  }

  /**
   * Ends the waits that are over. A topic that was applied up to the missing message is `covered`;
   * one that is still not there after `waitUs` is `missed`.
   */
  settle(
    nowUs: number,
    waitUs: number,
    lastU: (topic: number) => number,
  ): Readonly<{ covered: number; missed: readonly number[] }> {
    const missed: number[] = []
    let covered = 0
    for (const [topic, { sinceUs, u }] of this.#waiting) {
      const last = lastU(topic)
      const isOver = nowUs - sinceUs >= waitUs
      if (last < u && !isOver) continue
      this.#waiting.delete(topic)
      if (last >= u) covered++
      else missed.push(topic)
    }
    return { covered, missed }
  }

  get size(): number {
    return this.#waiting.size
  }
}
