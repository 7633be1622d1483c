import type { Clock } from '../../../core/clock.ts'
import type { Logger } from '../../../core/log.ts'
import type { Random } from '../../../core/random.ts'
import { messageOf } from '../../../core/result.ts'
import type { CancelTimer, Timers } from '../../../core/timer.ts'
import type { Credentials } from './credentials.ts'
import type { ExchangeClock } from './exchange-clock.ts'
import type { Socket, Wire } from './wire.ts'
import { type Fields, numberIn, parseFields, textIn } from './wire-fields.ts'

export type SessionParts = Readonly<{
  url: string
  wire: Pick<Wire, 'openSocket'>
  credentials: Credentials
  clock: Clock
  exchangeClock: ExchangeClock
  timers: Timers
  random: Random
  log: Logger
  /** Subscribed after the authentication; none: authenticated is enough. */
  topics: readonly string[]
  onUp: () => void
  /** Once for each `onUp`. */
  onDown: (reason: string) => void
  onFrame: (frame: Fields) => void
}>

/**
 *   waiting --> connecting --open--> greeting --authenticated, subscribed--> up
 *      ^             |                   |                                   |
 *      +--- lost ----+-------------------+-----------------------------------+   close: closed
 */
type State = 'waiting' | 'connecting' | 'greeting' | 'up' | 'closed'

const GREETING_MS_MAX = 10_000
const AUTH_MS = 10_000
const PING_PERIOD_MS = 10_000
/** Two pings without any answer: the socket is half open. */
const SILENT_US_MAX = 22_000_000
const BACKOFF_MS_MIN = 200
const BACKOFF_MS_MAX = 30_000
/** Up for this long: the next loss begins its waits anew. */
const STABLE_US = 10_000_000

/**
 * One authenticated connection to the exchange, opened again with growing, jittered waits when it
 * is lost. It sends what it is given or says that it did not; nothing is kept for later.
 */
export class BybitSession {
  readonly #parts: SessionParts
  #state: State = 'waiting'
  #socket: Socket | undefined
  #cancels: CancelTimer[] = []
  #attempts = 0
  #upUs = 0
  #heardUs = 0
  #requests = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** When something came last, by our clock. */
  get heardUs(): number {
    return this.#heardUs
  }

  start(): void {
    if (this.#state === 'waiting') this.#connect()
  }

  /** True: it was written to an open socket. False: it did not leave. */
  send(frame: object): boolean {
    return this.#state === 'up' && this.#say(frame)
  }

  /** Somebody else found out that it is of no use: it is lost, and opened anew. */
  cut(reason: string): void {
    if (this.#state !== 'closed' && this.#state !== 'waiting') this.#lose(reason)
  }

  close(): void {
    this.#enter('closed')
    this.#drop()
  }

  #enter(state: State): void {
    for (const cancel of this.#cancels.splice(0)) cancel()
    this.#state = state
  }

  #connect(): void {
    const { timers, url, wire } = this.#parts
    this.#enter('connecting')
    this.#cancels.push(timers.after(GREETING_MS_MAX, () => this.#lose('no connection in time')))
    try {
      const socket: Socket = wire.openSocket(url, {
        onOpen: () => this.#socket === socket && this.#greet(),
        onText: (text) => this.#socket === socket && this.#receive(text),
        onClose: (reason) => this.#socket === socket && this.#lose(reason),
      })
      this.#socket = socket
    } catch (error) {
      this.#lose(messageOf(error))
    }
  }

  #greet(): void {
    const { credentials, exchangeClock, timers } = this.#parts
    this.#enter('greeting')
    this.#cancels.push(timers.after(GREETING_MS_MAX, () => this.#lose('not authenticated in time')))
    const expiresMs = exchangeClock.nowMs() + AUTH_MS
    const signature = credentials.sign(`GET/realtime${expiresMs}`)
    const args = [credentials.key, expiresMs, signature]
    this.#say({ req_id: this.#requestId(), op: 'auth', args })
  }

  #receive(text: string): void {
    this.#heardUs = this.#parts.clock.nowUs()
    const frame = parseFields(text)
    if (frame === undefined) return
    const op = textIn(frame, 'op')
    if (this.#state === 'up') {
      if (op !== 'pong' && op !== 'ping' && op !== 'auth') this.#parts.onFrame(frame)
      return
    }
    if (this.#state !== 'greeting') return
    if (op === 'auth') this.#afterAuth(frame)
    else if (op === 'subscribe') {
      if (frame.success === true) this.#up()
      else this.#lose(`subscription refused: ${textIn(frame, 'ret_msg')}`)
    } else if (textIn(frame, 'topic') !== '') this.#parts.onFrame(frame)
  }

  #afterAuth(frame: Fields): void {
    const { log, topics, url } = this.#parts
    const retCode = numberIn(frame, 'retCode')
    // 20001: authenticated before on this connection.
    const isDone = frame.success === true || retCode === 0 || retCode === 20001
    if (!isDone) {
      const reason = textIn(frame, 'ret_msg') || textIn(frame, 'retMsg')
      log.error({ url, reason, code: retCode }, 'the exchange refused to authenticate')
      this.#lose(`authentication refused: ${reason}`)
    } else if (topics.length === 0) this.#up()
    else this.#say({ req_id: this.#requestId(), op: 'subscribe', args: topics })
  }

  #up(): void {
    const { clock, log, onUp, timers, url } = this.#parts
    this.#enter('up')
    this.#upUs = clock.nowUs()
    this.#heardUs = this.#upUs
    this.#cancels.push(timers.every(PING_PERIOD_MS, () => this.#ping()))
    log.info({ url }, 'authenticated')
    onUp()
  }

  #ping(): void {
    if (this.#parts.clock.nowUs() - this.#heardUs > SILENT_US_MAX) {
      this.#lose('silent, pings are not answered')
      return
    }
    this.#say({ req_id: this.#requestId(), op: 'ping' })
  }

  #lose(reason: string): void {
    const { clock, log, onDown, random, timers, url } = this.#parts
    const wasUp = this.#state === 'up'
    if (wasUp && clock.nowUs() - this.#upUs >= STABLE_US) this.#attempts = 0
    this.#drop()
    this.#enter('waiting')
    const ceilingMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(20, this.#attempts++))
    const waitMs = Math.round(BACKOFF_MS_MIN / 2 + random.float() * ceilingMs)
    log.warn({ url, reason, waitMs }, wasUp ? 'connection lost' : 'connection failed')
    this.#cancels.push(timers.after(waitMs, () => this.#connect()))
    if (wasUp) onDown(reason)
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.terminate()
  }

  #say(frame: object): boolean {
    return this.#socket?.send(JSON.stringify(frame)) === true
  }

  #requestId(): string {
    this.#requests++
    return `s${this.#requests}`
  }
}
