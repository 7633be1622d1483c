import type { Clock } from '../core/clock.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'

export type LivenessLimits = Readonly<{
  pingPeriodMs: number
  /**
   * No byte at all for this long: the socket is half open and is cut. At half of it a ping asks for
   * a sign of life.
   */
  silentMs: number
  /**
   * Bytes come but no market data (a server that only answers pings): the connection is replaced.
   * 0: never.
   */
  dataSilentMs: number
}>

export type LivenessOptions = Readonly<{
  limits: LivenessLimits
  clock: Clock
  timers: Timers
  /** Bytes that the socket read since it opened. */
  bytesRead(): number
  /** Messages that were not answers to us, ever growing. */
  dataFrames(): number
  send(text: string): void
  onDead(reason: string): void
}>

/**
 * Looks this many times in each period of silence, so a dead socket is found at most an eighth
 * late.
 */
const LOOKS = 8
const NO_PING = -1

/**
 * Heartbeat of one open connection. Any byte is a sign of life of the socket; that a topic is fresh
 * is another matter, and judged by its data alone (staleness.ts). It looks from a timer, so an
 * arriving message costs nothing here.
 */
export class Liveness {
  readonly #options: LivenessOptions
  #cancels: CancelTimer[] = []
  #seenBytes = 0
  #seenFrames = 0
  #byteUs = 0
  #dataUs = 0
  #pingNumber = 0
  #pingUs = NO_PING
  #roundTripUs = Number.NaN

  constructor(options: LivenessOptions) {
    this.#options = options
  }

  /** Of the last ping that was answered, in microseconds; NaN before the first. */
  get roundTripUs(): number {
    return this.#roundTripUs
  }

  /** When market data was last seen, as of the last look; 0 before the first. */
  get dataUs(): number {
    return this.#dataUs
  }

  start(): void {
    const { bytesRead, clock, dataFrames, limits, timers } = this.#options
    this.#byteUs = clock.nowUs()
    this.#dataUs = this.#byteUs
    this.#seenBytes = bytesRead()
    this.#seenFrames = dataFrames()
    this.#pingUs = NO_PING
    this.#cancels = [
      timers.every(limits.pingPeriodMs, () => this.#ping()),
      timers.every(Math.max(1, Math.floor(limits.silentMs / LOOKS)), () => this.#watch()),
    ]
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels = []
  }

  onPong(): void {
    if (this.#pingUs !== NO_PING) this.#roundTripUs = this.#options.clock.nowUs() - this.#pingUs
    this.#pingUs = NO_PING
  }

  hadByteSince(timeUs: number): boolean {
    this.#look(this.#options.clock.nowUs())
    return this.#byteUs > timeUs
  }

  #watch(): void {
    const { clock, limits, onDead } = this.#options
    const nowUs = clock.nowUs()
    this.#look(nowUs)
    const silentUs = nowUs - this.#byteUs
    if (silentUs >= limits.silentMs * 1000) onDead(`no byte for ${limits.silentMs} ms`)
    else if (limits.dataSilentMs > 0 && nowUs - this.#dataUs >= limits.dataSilentMs * 1000) {
      onDead(`no market data for ${limits.dataSilentMs} ms`)
    } else if (silentUs >= limits.silentMs * 500 && this.#pingUs === NO_PING) this.#ping()
  }

  #look(nowUs: number): void {
    const bytes = this.#options.bytesRead()
    if (bytes !== this.#seenBytes) {
      this.#seenBytes = bytes
      this.#byteUs = nowUs
    }
    const frames = this.#options.dataFrames()
    if (frames !== this.#seenFrames) {
      this.#seenFrames = frames
      this.#dataUs = nowUs
    }
  }

  #ping(): void {
    if (this.#pingUs === NO_PING) this.#pingUs = this.#options.clock.nowUs()
    this.#options.send(JSON.stringify({ req_id: `p${++this.#pingNumber}`, op: 'ping' }))
  }
}
