// hot

/** Samples of the market's own time, four a second while it moves. */
export const SAMPLE_MS = 250
/** Half a minute of samples before anything counts as usual. */
const SAMPLES_NEEDED = 120
/** A half-life of one minute. */
const SHARE = 1 - 2 ** (-SAMPLE_MS / 60_000)

/**
 * What is usual of a number: its mean and standard deviation with old samples fading. Those of all
 * samples while there are few, so that the first ones do not weigh most.
 */
export class UsualLevel {
  /** NaN before the first sample. */
  mean = Number.NaN
  #variance = 0.5
  #samples = 0

  get isKnown(): boolean {
    return this.#samples >= SAMPLES_NEEDED
  }

  /** So many standard deviations above the mean. */
  above(deviations: number): number {
    return this.mean + deviations * Math.sqrt(this.#variance)
  }

  add(value: number): void {
    if (!Number.isFinite(value)) return
    if (this.#samples < SAMPLES_NEEDED) this.#samples++
    if (Number.isNaN(this.mean)) {
      this.mean = value
      this.#variance = 0
      return
    }
    const share = Math.max(SHARE, 1 / this.#samples)
    const distance = value - this.mean
    this.mean += distance * share
    this.#variance = (1 - share) * (this.#variance + share * distance * distance)
  }
}
