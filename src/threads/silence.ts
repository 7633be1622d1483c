/**
 * How long other threads were silent while this one was listening. A watcher that was itself kept
 * from running, by a starved or sleeping machine, has heard nothing in that time and can say nothing
 * about it: ending a thread then would only make the machine busier. Each look counts at most one
 * period of silence, so a thread that hangs is found after so many looks, however late they come.
 */
export class Silence {
  readonly #periodUs: number
  #lookedUs = Number.NaN
  /** All the time by which looks came late, and the same before the newest look. */
  #deafUs = 0
  #deafBeforeUs = 0
  /** By thread: its last beat that was seen, and how deaf the watcher had been until then. */
  readonly #heard = new Map<number, Readonly<{ beatUs: number; deafUs: number }>>()

  /** `periodMs`: of the looks. */
  constructor(periodMs: number) {
    this.#periodUs = periodMs * 1000
  }

  /** Once a round, before the threads are asked about. */
  look(nowUs: number): void {
    this.#deafBeforeUs = this.#deafUs
    const lateUs = nowUs - this.#lookedUs - this.#periodUs
    if (lateUs > 0) this.#deafUs += lateUs
    this.#lookedUs = nowUs
  }

  /** In milliseconds, of a thread whose last beat was at `beatUs`. */
  ofThread(thread: number, beatUs: number, nowUs: number): number {
    let heard = this.#heard.get(thread)
    if (heard?.beatUs !== beatUs) {
      // The beat may have come right before the watcher was held up.
      heard = { beatUs, deafUs: this.#deafBeforeUs }
      this.#heard.set(thread, heard)
    }
    return Math.max(0, nowUs - beatUs - (this.#deafUs - heard.deafUs)) / 1000
  }
}
