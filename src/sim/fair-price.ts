import type { Random } from '../core/random.ts'

/**
 * Where prices want to go. The whole market has one factor and one regime (calm or stormy); each
 * instrument follows the factor by its beta and adds a path of its own. Both are logarithmic, drift
 * back to where they began with a half-life of an hour, and jump now and then. All of it moves on a
 * grid of virtual time, so every instrument sees the same factor.
 */
export const FAIR_PERIOD_US = 100_000

const STEPS_PER_SECOND = 1e6 / FAIR_PERIOD_US
const REVERSION = 1 - 2 ** (-1 / (3600 * STEPS_PER_SECOND))
/** Standard deviation of the factor, per step: 0.6 basis points in a second. */
const FACTOR_SIGMA = 0.6e-4 / Math.sqrt(STEPS_PER_SECOND)
const FACTOR_JUMPS_PER_STEP = 1 / (600 * STEPS_PER_SECOND)
const OWN_JUMPS_PER_STEP = 1 / (240 * STEPS_PER_SECOND)
const STORM_BEGINS_PER_STEP = 1 / (90 * STEPS_PER_SECOND)
const STORM_ENDS_PER_STEP = 1 / (20 * STEPS_PER_SECOND)
/** Nothing leaves this band around its start, whatever the dice say. */
const LOG_DEVIATION_MAX = 0.25

/**
 * Pressure that builds up before the price follows it: its half-life is 1.5 s, its share of a
 * step's deviation this.
 */
const LEAN_KEPT = 2 ** (-1 / (1.5 * STEPS_PER_SECOND))
const LEAN_DRIFT = 0.5

export type Regime = Readonly<{ volatility: number; activity: number }>
const CALM: Regime = { volatility: 0.8, activity: 0.85 }
const STORM: Regime = { volatility: 2.2, activity: 1.7 }

export class MarketFactor {
  /** Logarithm of the factor against its start. */
  log = 0
  regime: Regime = CALM
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** One step of the grid; `calm` below 1 slows the market down for low message rates. */
  step(calm: number): void {
    const random = this.#random
    const flip = this.regime === CALM ? STORM_BEGINS_PER_STEP : STORM_ENDS_PER_STEP
    if (random.float() < flip) this.regime = this.regime === CALM ? STORM : CALM
    const sigma = FACTOR_SIGMA * this.regime.volatility * calm
    let log = this.log * (1 - REVERSION) + sigma * random.normal()
    if (random.float() < FACTOR_JUMPS_PER_STEP * calm) log += 12e-4 * random.normal()
    this.log = bounded(log)
  }
}

export class FairPrice {
  /** In ticks, not rounded. */
  ticks: number
  /**
   * Standard normal: above 0 the price is about to rise, and those who quote and trade know a
   * little of it.
   */
  lean = 0
  /** The last step was a jump, which liquidates somebody. */
  hasJumped = false
  #own = 0
  readonly #startTicks: number
  readonly #beta: number
  readonly #sigma: number
  readonly #random: Random

  constructor(startTicks: number, rank: number, random: Random) {
    this.#startTicks = startTicks
    this.ticks = startTicks
    this.#random = random
    this.#beta = 0.8 + 0.7 * random.float()
    // Small coins move more by themselves: 0.5 to 2 basis points in a second.
    const sigmaPerSecond = (0.5 + 1.5 * Math.min(1, rank / 60)) * 1e-4
    this.#sigma = sigmaPerSecond / Math.sqrt(STEPS_PER_SECOND)
  }

  /** Moves the own path, as if news had come. */
  shift(log: number): void {
    this.#own = bounded(this.#own + log)
    this.ticks *= Math.exp(log)
  }

  step(factor: MarketFactor, calm: number): void {
    const random = this.#random
    const sigma = this.#sigma * factor.regime.volatility * calm
    const drift = LEAN_DRIFT * this.lean * sigma
    let own = this.#own * (1 - REVERSION) + drift + sigma * random.normal()
    this.lean = LEAN_KEPT * this.lean + Math.sqrt(1 - LEAN_KEPT ** 2) * random.normal()
    this.hasJumped = random.float() < OWN_JUMPS_PER_STEP * calm
    if (this.hasJumped) own += 15e-4 * random.normal()
    this.#own = bounded(own)
    this.ticks = this.#startTicks * Math.exp(this.#beta * factor.log + this.#own)
  }
}

function bounded(log: number): number {
  return Math.max(-LOG_DEVIATION_MAX, Math.min(LOG_DEVIATION_MAX, log))
}
