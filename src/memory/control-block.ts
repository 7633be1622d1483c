// Long because every word that all threads may look at stands here.
import { SHARDS_MAX } from '../constants.ts'
import { INCIDENT_CODES, type IncidentCode } from '../domain/incidents.ts'
import { BREAKER_STATES, type BreakerState } from '../domain/journal.ts'
import {
  GUARD_STATES,
  type GuardState,
  REGIMES,
  type Regime,
  TRADING_STATES,
  type TradingState,
  tradingStateCode,
} from '../domain/trading.ts'
import { cacheLines, checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * Words that every thread may look at, each on its own cache line and with one writer.
 *
 *   line 0              TRADING_STATE   written by execution only; halted until it says otherwise;
 *                       REGIME          beside it, by execution too; risk-on until it says otherwise
 *                       STOPPED         beside them, by execution: a bit a strategy that is stopped
 *   line 1              KILL_LATCH      count of kills; added to by main, and by execution at a start
 *   line 2              DOORBELL        count of the actor's rings; added to by shards and main
 *   line 3              SLEEPING        1 while the actor waits on the doorbell
 *   line 4              STREAM_LEAVE    1 once the process is about to exit; written by main
 *   line 5              STREAM_NATIVE   1 while the stream thread holds native sockets; its own
 *   line 6              KILLS_RELEASED  count of kills that were released; written by execution only
 *                       GUARD           beside it, GUARD_STATES; by execution too
 *   line 7              WAY_OUT_CLOSED  1 once the watchdog let nothing leave any more; by main
 *   line 8 + i          HEARTBEAT       float64 microseconds, one per thread
 *   line 27 + 2s        NATIVE_BAR      1 while shard s may not begin native code; its supervisor's
 *   line 28 + 2s        NATIVE_BUSY     1 while shard s may be in native code; its own
 *   last but two        BREAKERS        a word each, BREAKER_STATES; written by execution
 *   last but one        RECOVERED       1 while our record of the account is known to be right; then
 *                                       two doubles: since when it is or is not, and how long the
 *                                       last recovery took, in microseconds; written by execution
 *   last line           INCIDENTS       a word each, INCIDENT_CODES: how many there are now; by
 *                                       execution
 */
const WORDS_PER_LINE = 16
const DOUBLES_PER_LINE = 8
const TRADING_STATE = 0
const REGIME = 1
const STOPPED = 2
const KILL_LATCH = 1 * WORDS_PER_LINE
const DOORBELL = 2 * WORDS_PER_LINE
const SLEEPING = 3 * WORDS_PER_LINE
const STREAM_LEAVE = 4 * WORDS_PER_LINE
const STREAM_NATIVE = 5 * WORDS_PER_LINE
const KILLS_RELEASED = 6 * WORDS_PER_LINE
const GUARD = KILLS_RELEASED + 1
const WAY_OUT_CLOSED = 7 * WORDS_PER_LINE
const HEARTBEAT_LINE = 8

/** Threads that beat: shards 0..SHARDS_MAX-1, then these. */
export const EXECUTION_BEAT = SHARDS_MAX
export const STREAM_BEAT = SHARDS_MAX + 1
export const MAIN_BEAT = SHARDS_MAX + 2
const BEATS = SHARDS_MAX + 3
const NATIVE_LINE = HEARTBEAT_LINE + BEATS
const BREAKER_LINE = NATIVE_LINE + 2 * SHARDS_MAX
const RECOVERED_LINE = BREAKER_LINE + 1
const INCIDENT_LINE = RECOVERED_LINE + 1
const LINES = INCIDENT_LINE + 1
const RECOVERED = RECOVERED_LINE * WORDS_PER_LINE
const RECOVERED_SINCE_US = RECOVERED_LINE * DOUBLES_PER_LINE + 1
const RECOVERY_US = RECOVERED_LINE * DOUBLES_PER_LINE + 2

/** Breakers of the gateway, by class of endpoints; the order is that of their words. */
export const BREAKERS = ['market', 'account', 'placement', 'cancel'] as const
export type BreakerName = (typeof BREAKERS)[number]

export function createControlBlock(): SharedArrayBuffer {
  return createRegion('control', cacheLines(LINES * 64))
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

  regime(): Regime {
    return REGIMES[Atomics.load(this.#words, REGIME)]
  }

  /** By execution only. */
  setRegime(regime: Regime): void {
    Atomics.store(this.#words, REGIME, REGIMES.indexOf(regime))
  }

  /** Whether a person stopped the strategy of that place in the configured list. */
  isStrategyStopped(strategy: number): boolean {
    return (Atomics.load(this.#words, STOPPED) & (1 << strategy)) !== 0
  }

  /** By execution only. */
  setStoppedStrategies(bits: number): void {
    Atomics.store(this.#words, STOPPED, bits)
  }

  isKilled(): boolean {
    return this.kills() !== Atomics.load(this.#words, KILLS_RELEASED)
  }

  /** How often the latch was set in the life of this block. */
  kills(): number {
    return Atomics.load(this.#words, KILL_LATCH)
  }

  kill(): void {
    Atomics.add(this.#words, KILL_LATCH, 1)
    this.ring()
  }

  /**
   * By execution only. `kills` is what `kills()` was when the release was asked for: a kill that
   * came later stays.
   */
  release(kills: number): void {
    Atomics.store(this.#words, KILLS_RELEASED, kills)
  }

  /**
   * By the watchdog in main, when the actor is silent: should it wake up, it finds its way out
   * closed, and shards ask for nothing. Nothing opens it again; the process leaves.
   */
  closeWayOut(): void {
    Atomics.store(this.#words, WAY_OUT_CLOSED, 1)
  }

  isWayOutClosed(): boolean {
    return Atomics.load(this.#words, WAY_OUT_CLOSED) === 1
  }

  /** By execution only: whether the exchange cancels what is open when we are gone. */
  setGuard(state: GuardState): void {
    Atomics.store(this.#words, GUARD, GUARD_STATES.indexOf(state))
  }

  guard(): GuardState {
    return GUARD_STATES[Atomics.load(this.#words, GUARD)]
  }

  /** By execution only. */
  setBreaker(breaker: BreakerName, state: BreakerState): void {
    const word = BREAKER_LINE * WORDS_PER_LINE + BREAKERS.indexOf(breaker)
    Atomics.store(this.#words, word, BREAKER_STATES.indexOf(state))
  }

  breaker(breaker: BreakerName): BreakerState {
    const word = BREAKER_LINE * WORDS_PER_LINE + BREAKERS.indexOf(breaker)
    return BREAKER_STATES[Atomics.load(this.#words, word)]
  }

  /** By execution only: how many there are now. */
  setIncidents(code: IncidentCode, count: number): void {
    Atomics.store(this.#words, incidentWord(code), count)
  }

  incidents(code: IncidentCode): number {
    return Atomics.load(this.#words, incidentWord(code))
  }

  /**
   * By execution only, ever so often: whether orders that open are possible. The first call begins
   * a recovery or ends one that took no time.
   */
  setRecovered(isRecovered: boolean, nowUs: number): void {
    const sinceUs = this.#doubles[RECOVERED_SINCE_US]
    if (sinceUs > 0 && this.isRecovered() === isRecovered) return
    if (isRecovered) this.#doubles[RECOVERY_US] = sinceUs > 0 ? nowUs - sinceUs : 0
    this.#doubles[RECOVERED_SINCE_US] = nowUs
    Atomics.store(this.#words, RECOVERED, isRecovered ? 1 : 0)
  }

  isRecovered(): boolean {
    return Atomics.load(this.#words, RECOVERED) === 1
  }

  /** Since when it is, or is not; 0 before execution said so. */
  recoveredSinceUs(): number {
    return this.#doubles[RECOVERED_SINCE_US]
  }

  /** How long the last recovery took; undefined before the first has ended. */
  recoveryUs(): number | undefined {
    const isKnown = this.recoveredSinceUs() > 0 && (this.isRecovered() || this.#recoveryUs > 0)
    return isKnown ? this.#recoveryUs : undefined
  }

  get #recoveryUs(): number {
    return this.#doubles[RECOVERY_US]
  }

  /** Wakes the actor; one notify, and only when it sleeps. */
  ring(): void {
    Atomics.add(this.#words, DOORBELL, 1)
    if (Atomics.load(this.#words, SLEEPING) === 1) Atomics.notify(this.#words, DOORBELL)
  }

  /**
   * By the actor only: resolves when the doorbell rings or after `timeoutMs`. `isIdle` is asked
   * again after SLEEPING is set, so that a ring between the last look and the wait is not slept
   * through. The caller keeps a timer alive: a pending waitAsync does not keep a worker running.
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

  /** By the stream only: whether it holds sockets that must not be torn away with its thread. */
  setStreamNative(holds: boolean): void {
    Atomics.store(this.#words, STREAM_NATIVE, holds ? 1 : 0)
    if (!holds) Atomics.notify(this.#words, STREAM_NATIVE)
  }

  isStreamAskedToLeave(): boolean {
    return Atomics.load(this.#words, STREAM_LEAVE) === 1
  }

  /**
   * By main, in the last moment before the process exits: asks the stream to let go of its sockets
   * and blocks until it has, or for `timeoutMs`. False: it has not.
   */
  releaseStream(timeoutMs: number): boolean {
    Atomics.store(this.#words, STREAM_LEAVE, 1)
    return Atomics.wait(this.#words, STREAM_NATIVE, 1, timeoutMs) !== 'timed-out'
  }

  beat(thread: number, nowUs: number): void {
    this.#doubles[(HEARTBEAT_LINE + thread) * DOUBLES_PER_LINE] = nowUs
  }

  /** Microseconds of the last beat; 0 before the first. */
  lastBeatUs(thread: number): number {
    return this.#doubles[(HEARTBEAT_LINE + thread) * DOUBLES_PER_LINE]
  }

  /**
   * Before a shard calls a native library that cannot bear the end of its thread: onnxruntime
   * aborts the whole process when `terminate` or `process.exit` comes while it runs. False: the
   * thread is about to be ended, do not call.
   *
   * Each side stores its own word, then loads the other's; both are sequentially consistent, so at
   * least one of the two sees the other and a thread is never ended between a granted `enterNative`
   * and its `leaveNative`.
   */
  enterNative(shard: number): boolean {
    Atomics.store(this.#words, nativeBusy(shard), 1)
    if (Atomics.load(this.#words, nativeBar(shard)) === 0) return true
    Atomics.store(this.#words, nativeBusy(shard), 0)
    return false
  }

  leaveNative(shard: number): void {
    Atomics.store(this.#words, nativeBusy(shard), 0)
  }

  /**
   * By the supervisor, before it ends the shard's thread: then wait, for a bounded time, until
   * `isInNative` is false.
   */
  barNative(shard: number): void {
    Atomics.store(this.#words, nativeBar(shard), 1)
  }

  isInNative(shard: number): boolean {
    return Atomics.load(this.#words, nativeBusy(shard)) === 1
  }

  /** By the supervisor, when the thread has ended and before its successor starts. */
  allowNative(shard: number): void {
    Atomics.store(this.#words, nativeBusy(shard), 0) // a thread that died left its word as it was
    Atomics.store(this.#words, nativeBar(shard), 0)
  }
}

function incidentWord(code: IncidentCode): number {
  return INCIDENT_LINE * WORDS_PER_LINE + INCIDENT_CODES.indexOf(code)
}

function nativeBar(shard: number): number {
  return (NATIVE_LINE + 2 * shard) * WORDS_PER_LINE
}

function nativeBusy(shard: number): number {
  return (NATIVE_LINE + 2 * shard + 1) * WORDS_PER_LINE
}
