// hot

/** Samples of the market's own time, four a second while it moves. */
export const SAMPLE_MS = 250
/** Half a minute of samples before anything counts as usual. */
const SAMPLES_NEEDED = 120
/** A half-life of one minute. */
const SHARE = 1 - 2 ** (-SAMPLE_MS / 60_000)

/**
 * What is usual of a number: its mean with old samples fading. The plain mean while there are few,
 * so that the first ones do not weigh most.
 */
export class UsualLevel {
  /** NaN before the first sample. */
  mean = Number.NaN
  #samples = 0

  get isKnown(): boolean {
    return this.#samples >= SAMPLES_NEEDED
  }

  add(value: number): void {
    if (!Number.isFinite(value)) return
    if (this.#samples < SAMPLES_NEEDED) this.#samples++
    if (Number.isNaN(this.mean)) this.mean = value
    else this.mean += (value - this.mean) * Math.max(SHARE, 1 / this.#samples)
  }
}
