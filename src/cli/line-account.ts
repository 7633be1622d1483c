import type { FaultEntry } from '../sim/fault-log.ts'

/** When connections of the engine were lost, and when one was opened; each in order of time. */
export type LineTimes = Readonly<{ lostUs: readonly number[]; openedUs: readonly number[] }>

/** What became of a line that a fault broke; `backUs` is infinite while it is not open again. */
export type LineOutcome = Readonly<{ lostUs: number; backUs: number }>

/** A line that is open again brings its topics a moment later: one request, one snapshot each. */
const SUBSCRIBED_US = 2_000_000

/**
 * Gives each lost connection to the fault of a line that explains it, and to the loss the opening
 * that made up for it. One loss proves one fault only. Where several faults could be meant, it is
 * the one that would be felt the soonest.
 */
export class LineAccount {
  readonly #faults: readonly FaultEntry[]
  readonly #outcomes = new Map<number, LineOutcome>()

  /**
   * `feltUs`: how soon a fault is felt at the latest by an engine that is not starved; it decides
   * which of several is meant. After `lateUsMax` none is the reason of a loss any more.
   */
  constructor(
    entries: readonly FaultEntry[],
    { lostUs, openedUs }: LineTimes,
    { skewUs, lateUsMax }: Readonly<{ skewUs: number; lateUsMax: number }>,
    feltUs: (fault: FaultEntry) => number,
  ) {
    this.#faults = entries.filter(({ effect }) => effect === 'line')
    const deadlineUs = (fault: FaultEntry) => fault.at_us + feltUs(fault)
    const open = [...this.#faults].sort((a, b) => deadlineUs(a) - deadlineUs(b))
    const openings = [...openedUs]
    for (const atUs of lostUs) {
      const back = openings.findIndex((timeUs) => timeUs >= atUs)
      const backUs = back === -1 ? Number.POSITIVE_INFINITY : openings[back]
      if (back !== -1) openings.splice(back, 1)
      const found = open.findIndex(
        (fault) => fault.at_us - skewUs <= atUs && atUs <= fault.at_us + lateUsMax,
      )
      if (found === -1) continue
      this.#outcomes.set(open[found].id, { lostUs: atUs, backUs })
      open.splice(found, 1)
    }
  }

  /** Undefined: no loss was seen for this fault. */
  outcome(fault: FaultEntry): LineOutcome | undefined {
    return this.#outcomes.get(fault.id)
  }

  /** How many lines of the topic were broken by faults at one time or another in the interval. */
  brokenLines(topic: string, fromUs: number, toUs: number): number {
    return this.#faults.filter((fault) => {
      if (!fault.topics.includes(topic) || fault.at_us > toUs) return false
      const backUs = this.#outcomes.get(fault.id)?.backUs ?? fault.at_us
      return backUs + SUBSCRIBED_US >= fromUs
    }).length
  }
}
