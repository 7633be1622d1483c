import { DESK_RECONNECT_MS_MAX, DESK_RECONNECT_MS_MIN } from '../constants.ts'
import { Random, systemSeed } from '../core/random.ts'
import { type CancelTimer, systemTimers, type Timers } from '../core/timer.ts'
import { type ClientSocket, type OpenSocket, openPlatformSocket } from './client-socket.ts'
import { readMessage, type WireRecord } from './frame-reader.ts'

export type DeskConnectionOptions = Readonly<{
  url: string
  token?: string
  /** msgpack unless asked otherwise: a row is then one binary field and not 150 texts. */
  encoding?: 'msgpack' | 'json'
  /** For tests. */
  openSocket?: OpenSocket
  timers?: Timers
  random?: Random
}>

/** `refused`: the token is wrong, and connecting again would not help. */
export type DeskConnectionState = 'connecting' | 'open' | 'waiting' | 'refused' | 'closed'

export type DeskConnectionEvents = {
  onState(state: DeskConnectionState, reason: string): void
  /** A message of the server; undefined when it was none that we understand. */
  onMessage(message: WireRecord | undefined): void
}

/** Sign of life asked for after this silence; after twice that the connection counts as dead. */
const PING_PERIOD_MS = 15_000
const CLOSE_NORMAL = 1000

/** One connection of the client library after another, until it is closed or refused. */
export class DeskConnection {
  readonly #options: DeskConnectionOptions
  readonly #events: DeskConnectionEvents
  readonly #timers: Timers
  readonly #random: Random
  #state: DeskConnectionState = 'connecting'
  #socket: ClientSocket | undefined
  #attempt = 0
  #hasHeard = true
  #cancelRetry: CancelTimer = () => {}
  #cancelPing: CancelTimer = () => {}

  constructor(options: DeskConnectionOptions, events: DeskConnectionEvents) {
    this.#options = options
    this.#events = events
    this.#timers = options.timers ?? systemTimers
    this.#random = options.random ?? new Random(systemSeed())
    void this.#connect()
  }

  get state(): DeskConnectionState {
    return this.#state
  }

  /** Dropped unless open: what must be asked is asked again when it opens. */
  send(request: object): void {
    if (this.#state === 'open') this.#socket?.send(JSON.stringify(request))
  }

  close(): void {
    this.#leave('closed', 'closed by its owner')
  }

  /** The server will not have us. */
  giveUp(reason: string): void {
    this.#leave('refused', reason)
  }

  async #connect(): Promise<void> {
    const { url, encoding = 'msgpack', openSocket = openPlatformSocket } = this.#options
    const socket = await openSocket(url, [`bookflow.${encoding}.v1`])
    if (this.#state !== 'connecting') {
      socket?.close(CLOSE_NORMAL)
      return
    }
    if (socket === undefined) {
      this.#retry(`no WebSocket to ${url}`)
      return
    }
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.#onOpen()
    socket.onmessage = (event) => {
      this.#hasHeard = true
      const message = readMessage(event.data)
      // Once the server serves us the next loss is a new one; a refusal is none of that.
      if (message !== undefined && message.op !== 'error') this.#attempt = 0
      this.#events.onMessage(message)
    }
    socket.onerror = () => {} // a close follows
    socket.onclose = ({ code, reason }) => this.#retry(`${code} ${reason}`.trim())
  }

  #onOpen(): void {
    this.#hasHeard = true
    this.#cancelPing = this.#timers.every(PING_PERIOD_MS, () => this.#ping())
    const { token } = this.#options
    if (token !== undefined) this.#socket?.send(JSON.stringify({ op: 'auth', token }))
    this.#enter('open', 'connected')
  }

  #ping(): void {
    if (!this.#hasHeard) {
      this.#retry('the server fell silent')
      return
    }
    this.#hasHeard = false
    this.send({ op: 'ping' })
  }

  /**
   * Doubling, with jitter, so that the clients of a server that restarts do not come all at once.
   */
  #retry(reason: string): void {
    this.#dropSocket()
    const ceilingMs = Math.min(DESK_RECONNECT_MS_MAX, DESK_RECONNECT_MS_MIN * 2 ** this.#attempt)
    this.#attempt++
    const delayMs = ceilingMs * (0.5 + 0.5 * this.#random.float())
    this.#enter('waiting', reason)
    this.#cancelRetry = this.#timers.after(delayMs, () => {
      this.#enter('connecting', `attempt ${this.#attempt}`)
      void this.#connect()
    })
  }

  #leave(state: 'closed' | 'refused', reason: string): void {
    if (this.#state === 'closed') return
    this.#cancelRetry()
    this.#dropSocket()
    this.#enter(state, reason)
  }

  #dropSocket(): void {
    this.#cancelPing()
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    socket.onopen = null
    socket.onmessage = null
    socket.onclose = null
    socket.close(CLOSE_NORMAL)
  }

  #enter(state: DeskConnectionState, reason: string): void {
    this.#state = state
    this.#events.onState(state, reason)
  }
}
