import { assert } from '../../core/assert.ts'
import type { BreakerState } from '../../domain/journal.ts'
import type { BreakerOptions } from '../options.ts'

/**
 * Keeps orders away from a gateway that fails. Failures count in a sliding window; a business
 * refusal is an answer and not a failure. Cancels and closing orders do not ask it.
 *
 * Written here and not taken from a library: it must run on the clock that replay and simulation
 * move by hand, say whether an order could pass without taking the one probe, and never wrap a call
 * in an exception.
 */
type BreakerEvent = 'overrun' | 'cool' | 'succeed' | 'fail'

// biome-ignore format: a table
const TRANSITIONS: Readonly<Record<BreakerState, Readonly<Partial<Record<BreakerEvent, BreakerState>>>>> = {
  closed:    { overrun: 'open' },
  open:      { cool: 'half_open' },
  half_open: { succeed: 'closed', fail: 'open' },
}

export class CircuitBreaker {
  readonly #options: BreakerOptions
  readonly #onChange: (state: BreakerState, nowUs: number) => void
  /** Times of the last failures, oldest first; never more than the limit. */
  #failuresUs: number[] = []
  #state: BreakerState = 'closed'
  #openedUs = 0
  /** Whoever has the one permission of half-open. */
  #probe: object | undefined

  constructor(
    options: BreakerOptions,
    onChange: (state: BreakerState, nowUs: number) => void = () => {},
  ) {
    assert(options.failuresMax >= 1, 'a breaker opens after at least one failure')
    this.#options = options
    this.#onChange = onChange
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Whether a call could be made now. Takes nothing. */
  allows(nowUs: number): boolean {
    this.#cool(nowUs)
    return this.#state === 'closed' || (this.#state === 'half_open' && this.#probe === undefined)
  }

  /**
   * Takes the permission for one call, which must end in `succeed`, `fail` or `release`. False: it
   * must not be made. `claimant`: what is to be called for; it alone can give the permission back.
   */
  claim(nowUs: number, claimant: object): boolean {
    if (!this.allows(nowUs)) return false
    if (this.#state === 'half_open') this.#probe = claimant
    return true
  }

  /** The call was not made after all. Another's probe goes on. */
  release(claimant: object): void {
    if (this.#probe === claimant) this.#probe = undefined
  }

  /** The call was answered, whatever the answer. */
  succeed(nowUs: number): void {
    this.#enter('succeed', nowUs)
  }

  /** The call was not answered, or the gateway said that it could not act. */
  fail(nowUs: number): void {
    const oldestUs = nowUs - this.#options.windowUs
    this.#failuresUs = this.#failuresUs.filter((failureUs) => failureUs > oldestUs)
    this.#failuresUs.push(nowUs)
    const isOverrun = this.#failuresUs.length >= this.#options.failuresMax
    if (isOverrun) this.#failuresUs.shift()
    // In half-open one failure is enough; the probe decides.
    if (this.#state === 'half_open') this.#enter('fail', nowUs)
    else if (isOverrun) this.#enter('overrun', nowUs)
  }

  #cool(nowUs: number): void {
    if (nowUs - this.#openedUs >= this.#options.openUs) this.#enter('cool', nowUs)
  }

  /** Events that mean nothing in a state, such as a late answer while open, change nothing. */
  #enter(event: BreakerEvent, nowUs: number): void {
    const next = TRANSITIONS[this.#state][event]
    if (next === undefined) return
    this.#state = next
    this.#probe = undefined
    if (next === 'open') this.#openedUs = nowUs
    if (next === 'closed') this.#failuresUs = []
    this.#onChange(next, nowUs)
  }
}
