import { pause, systemTimers } from '../core/timer.ts'
import type { FloorProcess } from './load-floor.ts'
import type { LoadMeasure } from './load-measure.ts'
import { rounded } from './load-resources.ts'
import type { MockProcess } from './mock-process.ts'

export type RampStep = Readonly<{
  rate: number
  messages_per_second: number
  /** Push stamp to row. */
  p99_us: number
  floor_p99_us: number | null
  ok: boolean
  /** Empty, or why the step did not pass. */
  reason: '' | 'late' | 'exchange_limited' | 'not_exact'
}>

export type RampResult = Readonly<{
  p99_max_us: number
  steps: readonly RampStep[]
  /** Highest rate that passed; 0 when none did. */
  highest_rate: number
}>

export type RampPlan = Readonly<{
  startRate: number
  rateMax: number
  secondsPerStep: number
  p99MaxUs: number
}>

const GROWTH = 1.5
/** Each halves what is between the highest rate that passed and the lowest that did not. */
const BISECTIONS = 4
const SETTLE_MS = 2000
/** A mock that sends less than this part of what it was asked to is itself the limit. */
const PACE_MIN = 0.9

/** Grows until a rate does not pass, then halves what is between; 0 when none passed. */
export async function searchHighestRate(
  startRate: number,
  rateMax: number,
  passes: (rate: number) => Promise<boolean>,
): Promise<number> {
  let passed = 0
  let refused = Number.POSITIVE_INFINITY
  let bisections = 0
  let rate = startRate
  while (rate >= 1 && rate <= rateMax) {
    const whole = Math.round(rate)
    if (await passes(whole)) passed = whole
    else refused = whole
    if (refused === Number.POSITIVE_INFINITY) rate *= GROWTH
    else if (bisections++ < BISECTIONS) rate = (passed + refused) / 2
    else break
  }
  return passed
}

/** Looks for the highest rate whose p99 stays under a bound. */
export class Ramp {
  readonly #load: LoadMeasure
  readonly #mock: MockProcess
  readonly #floor: FloorProcess | undefined
  readonly #plan: RampPlan
  readonly #steps: RampStep[] = []

  constructor(
    load: LoadMeasure,
    mock: MockProcess,
    floor: FloorProcess | undefined,
    plan: RampPlan,
  ) {
    this.#load = load
    this.#mock = mock
    this.#floor = floor
    this.#plan = plan
  }

  async run(stop: AbortSignal, onStep: (step: RampStep) => void): Promise<RampResult> {
    const { p99MaxUs, rateMax, startRate } = this.#plan
    const highest = await searchHighestRate(startRate, rateMax, async (rate) => {
      if (stop.aborted) return false
      const step = await this.#step(rate)
      this.#steps.push(step)
      onStep(step)
      return step.ok
    })
    return { p99_max_us: p99MaxUs, steps: this.#steps, highest_rate: highest }
  }

  async #step(rate: number): Promise<RampStep> {
    const { p99MaxUs, secondsPerStep } = this.#plan
    await this.#mock.setRate(rate)
    await pause(systemTimers, SETTLE_MS)
    const wrongBefore = this.#load.books.wrong
    await this.#load.begin()
    await this.#load.run(secondsPerStep, async () => {})
    const { messagesPerSecond, pushToFeature } = this.#load.interval()
    const floor = await this.#floor?.report()
    const reason =
      this.#load.books.wrong > wrongBefore
        ? 'not_exact'
        : messagesPerSecond < PACE_MIN * rate
          ? 'exchange_limited'
          : pushToFeature.p99 <= p99MaxUs
            ? ''
            : 'late'
    return {
      rate,
      messages_per_second: rounded(messagesPerSecond, 0),
      p99_us: pushToFeature.p99,
      floor_p99_us: floor?.pushToSocket.p99 ?? null,
      ok: reason === '',
      reason,
    }
  }
}
