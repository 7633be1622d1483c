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
