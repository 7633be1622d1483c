/**
 * Time comes in as an argument, so that live, replay and simulation run the same code. This file is
 * the only one that reads the machine's clock.
 */
export type Clock = {
  /**
   * Integer microseconds since the epoch. All threads of a process agree to a few microseconds;
   * never runs backwards.
   */
  nowUs(): number
}

/**
 * Microseconds from `performance`, which is monotonic; its origin is the wall clock at the start of
 * the thread.
 */
export const systemClock: Clock = {
  nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
}

/** A clock that a test, a replay or the simulation moves by hand. */
export class ManualClock implements Clock {
  #nowUs: number

  constructor(startUs = 0) {
    this.#nowUs = startUs
  }

  nowUs(): number {
    return this.#nowUs
  }

  /** Moves to `timeUs`; an earlier time is ignored, as no clock here runs backwards. */
  moveTo(timeUs: number): void {
    if (timeUs > this.#nowUs) this.#nowUs = timeUs
  }

  advance(durationUs: number): void {
    this.#nowUs += durationUs
  }
}
