import { SHARDS_MAX } from '../constants.ts'
import { TRADING_STATES, type TradingState, tradingStateCode } from '../domain/trading.ts'
import { cacheLines, checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * Words that every thread may look at, each on its own cache line and with one writer.
 *
 *   line 0              TRADING_STATE   written by execution only; halted until it says otherwise
 *   line 1              KILL_LATCH      set by main (never cleared while the process lives)
 *   line 2              DOORBELL        of the execution actor: count of rings; written by shards and main with Atomics.add
 *   line 3              SLEEPING        1 while the actor waits on the doorbell
 *   line 8 + i          HEARTBEAT       float64 microseconds, one per thread
 */
const WORDS_PER_LINE = 16
const DOUBLES_PER_LINE = 8
const TRADING_STATE = 0
const KILL_LATCH = 1 * WORDS_PER_LINE
const DOORBELL = 2 * WORDS_PER_LINE
const SLEEPING = 3 * WORDS_PER_LINE
const HEARTBEAT_LINE = 8

/** Threads that beat: shards 0..SHARDS_MAX-1, then these. */
export const EXECUTION_BEAT = SHARDS_MAX
export const STREAM_BEAT = SHARDS_MAX + 1
const BEATS = SHARDS_MAX + 2

export function createControlBlock(): SharedArrayBuffer {
  return createRegion('control', cacheLines((HEARTBEAT_LINE + BEATS) * 64))
}

export class ControlBlock {
  readonly #words: Int32Array
  readonly #doubles: Float64Array

  constructor(buffer: SharedArrayBuffer) {
    const bytes = checkRegion(buffer, 'control')
    this.#words = new Int32Array(buffer, REGION_HEADER_BYTES, bytes / 4)
    this.#doubles = new Float64Array(buffer, REGION_HEADER_BYTES, bytes / 8)
  }

  tradingState(): TradingState {
    return TRADING_STATES[Atomics.load(this.#words, TRADING_STATE)]
  }

  /** By execution only. */
  setTradingState(state: TradingState): void {
    Atomics.store(this.#words, TRADING_STATE, tradingStateCode(state))
  }

  isKilled(): boolean {
    return Atomics.load(this.#words, KILL_LATCH) === 1
  }

  kill(): void {
    Atomics.store(this.#words, KILL_LATCH, 1)
    this.ring()
  }

  /** Wakes the actor; one notify, and only when it sleeps. */
  ring(): void {
    Atomics.add(this.#words, DOORBELL, 1)
    if (Atomics.load(this.#words, SLEEPING) === 1) Atomics.notify(this.#words, DOORBELL)
  }

  /**
   * By the actor only: resolves when the doorbell rings or after `timeoutMs`. `isIdle` is asked again after SLEEPING is
   * set, so that a ring between the last look and the wait is not slept through. The caller keeps a timer alive: a
   * pending waitAsync does not keep a worker running.
   */
  async sleep(timeoutMs: number, isIdle: () => boolean): Promise<void> {
    const rings = Atomics.load(this.#words, DOORBELL)
    Atomics.store(this.#words, SLEEPING, 1)
    if (isIdle()) {
      const wait = Atomics.waitAsync(this.#words, DOORBELL, rings, timeoutMs)
      if (wait.async) await wait.value
    }
    Atomics.store(this.#words, SLEEPING, 0)
  }

  beat(thread: number, nowUs: number): void {
    this.#doubles[(HEARTBEAT_LINE + thread) * DOUBLES_PER_LINE] = nowUs
  }

  /** Microseconds of the last beat; 0 before the first. */
  lastBeatUs(thread: number): number {
    return this.#doubles[(HEARTBEAT_LINE + thread) * DOUBLES_PER_LINE]
  }
}
