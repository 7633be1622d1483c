import type { ThreadTurns } from './thread-gauge.ts'

/**
 * How long other threads were silent while they could have been heard. Two things are no silence.
 * A watcher that was itself kept from running, by a starved or sleeping machine, has heard nothing
 * in that time and can say nothing about it. And a thread that is ready to run but gets no
 * processor cannot beat: ending it would only make the machine busier, as its successor has all its
 * work to do again. Of the time between two looks no more counts than one period, and no more than
 * the thread did not wait. So a thread that hangs, asleep or busy, is found all the same.
 */
export class Silence {
  readonly #periodUs: number
  #lookedUs = Number.NaN
  /** Between the last two looks. */
  #passedUs = 0
  readonly #heard = new Map<number, Heard>()

  /** `periodMs`: looks that are further apart than this were held up. */
  constructor(periodMs: number) {
    this.#periodUs = periodMs * 1000
  }

  /** Once a round, before the threads are asked about. */
  look(nowUs: number): void {
    this.#passedUs = Number.isNaN(this.#lookedUs) ? 0 : nowUs - this.#lookedUs
    this.#lookedUs = nowUs
  }

  /**
   * In milliseconds, of a thread whose last beat was at `beatUs`; to be asked once after each look.
   * `turns` reads how long it ran and waited; left out where a thread that gets no processor is to
   * count as silent.
   */
  ofThread(thread: number, beatUs: number, turns?: () => ThreadTurns): number {
    const before = this.#heard.get(thread)
    const isSilent = before?.beatUs === beatUs
    // A thread that beats costs no look at its turns.
    const now = isSilent ? turns?.() : undefined
    let excusedUs = Math.max(0, this.#passedUs - this.#periodUs)
    if (before?.turns !== undefined && now !== undefined) {
      excusedUs = Math.max(excusedUs, Math.min(this.#passedUs, waitedUs(before.turns, now)))
    }
    // Of a new beat too: it may have come right before the watcher was held up.
    if (isSilent) excusedUs += before.excusedUs
    // What was excused before it fell silent is not kept for it.
    excusedUs = Math.min(excusedUs, Math.max(0, this.#lookedUs - beatUs))
    this.#heard.set(thread, { beatUs, excusedUs, turns: now })
    return Math.max(0, this.#lookedUs - beatUs - excusedUs) / 1000
  }
}

type Heard = Readonly<{
  /** Of its last beat that was seen. */
  beatUs: number
  /** Of the time since then. */
  excusedUs: number
  turns: ThreadTurns | undefined
}>

/** Less than the kernel's tick: it has not run. */
const RAN_SECONDS_MIN = 0.001

/**
 * A wait is in the kernel's figures when it has ended: a thread that is ready, and has not run
 * since the last look, has waited ever since. 0 where the kernel tells nothing.
 */
function waitedUs(before: ThreadTurns, now: ThreadTurns): number {
  const waited = now.waitSeconds - before.waitSeconds
  const ran = now.cpuSeconds - before.cpuSeconds
  if (now.isReady && ran < RAN_SECONDS_MIN) return Number.POSITIVE_INFINITY
  return waited > 0 ? waited * 1e6 : 0
}
