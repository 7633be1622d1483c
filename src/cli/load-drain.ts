const LOOK_MS = 100
/** Looks in a row without anything that arrived, after which what is missing is called lost. */
const IDLE_LOOKS_MAX = 30
/** An engine that is a minute of messages behind has not kept up, whatever is still on its way. */
const LOOKS_MAX = 600

/**
 * What is still missing when nothing arrives any more, or when it takes too long: 0 as soon as
 * nothing is. `missing` says how many messages were sent and have not arrived; NaN: nobody can
 * tell. An engine or a reader that is behind takes what waits in its socket, so as long as the
 * number falls nothing is lost.
 */
export async function missingAtRest(
  missing: () => Promise<number>,
  pauseMs: (durationMs: number) => Promise<void>,
  stop: AbortSignal,
): Promise<number> {
  let last = Number.NaN
  let idle = 0
  for (let look = 0; look < LOOKS_MAX && idle < IDLE_LOOKS_MAX && !stop.aborted; look++) {
    await pauseMs(LOOK_MS)
    const now = await missing()
    if (now === 0) return 0
    idle = now < last ? 0 : idle + 1
    if (!Number.isNaN(now)) last = now
  }
  return last
}

export type LostMessagesParts = Readonly<{
  /** Sent since the start of the exchange and not received; NaN: nobody can tell. */
  missing: () => Promise<number>
  pauseMs: (durationMs: number) => Promise<void>
  /** Messages a second of the exchange; false: it does not answer. */
  setRate: (rate: number) => Promise<boolean>
  stop: AbortSignal
}>

/**
 * Messages that left the exchange and never arrived. A connection that breaks takes along what was
 * on its way, and its topics begin anew: so what was lost before the measured time, while all of it
 * was starting, is no loss of that time. What is on its way and what is lost look the same while
 * messages flow; only a market that stands still tells them apart.
 */
export class LostMessages {
  readonly #parts: LostMessagesParts
  /** Before `begin`; NaN: nobody could tell. */
  before = 0

  constructor(parts: LostMessagesParts) {
    this.#parts = parts
  }

  /** The market stands still for a moment if a connection broke before; answers whether it did. */
  async begin(connectionsLost: number, rate: number): Promise<boolean> {
    if (connectionsLost === 0) return false
    this.before = await this.#atRest()
    return this.#parts.setRate(rate)
  }

  /** The market stands still from here on. Null behind a reader that is gone. */
  async end(): Promise<number | null> {
    const lost = (await this.#atRest()) - this.before
    return Number.isNaN(lost) ? null : lost
  }

  async #atRest(): Promise<number> {
    const { missing, pauseMs, setRate, stop } = this.#parts
    if (!(await setRate(0))) return Number.NaN
    return missingAtRest(missing, pauseMs, stop)
  }
}
