import { DESK_ITERATOR_FRAMES_MAX } from '../constants.ts'
import { type Failure, fail, type Result, succeed } from '../core/result.ts'
import {
  DeskConnection,
  type DeskConnectionOptions,
  type DeskConnectionState,
} from './client-connection.ts'
import { number, readFrame, readSchema, text, texts, type WireRecord } from './frame-reader.ts'
import type { DeskFrame, FeatureSchema } from './frame-types.ts'

export type * from './frame-types.ts'

/**
 * `bookflow/client`: a desk stream in TypeScript, for Node and browsers.
 *
 *   const desk = connectDesk({ url: 'ws://127.0.0.1:8081' })
 *   desk.subscribe(['features.*'], { features: (frame) => ..., gap: (gap) => ... })
 *   for await (const frame of desk.frames(['trades.BTCUSDT'])) ...
 *
 * It connects again by itself, with backoff, and subscribes anew: every channel then begins with
 * seq 1 and a snapshot.
 */
export function connectDesk(options: DeskClientOptions): DeskClient {
  return new DeskClient(options)
}

export type DeskClientOptions = DeskConnectionOptions &
  Readonly<{
    /** Told of every change of the connection, with the reason. */
    onState?: (state: DeskConnectionState, reason: string) => void
    /** Told of every refusal of the server: codes of the wire, and a message that names the fix. */
    onError?: (code: string, message: string) => void
  }>

export type SubscribeOptions = Readonly<{ everyMs?: number; values?: 'f64' | 'f32' }>

/** One function per family of channels; `any` sees all frames. */
export type DeskHandlers = Readonly<{
  [Kind in DeskFrame['kind']]?: (frame: Extract<DeskFrame, { kind: Kind }>) => void
}> &
  Readonly<{
    any?: (frame: DeskFrame) => void
    /** Frames of a channel that never arrived: what came before and after do not join. */
    gap?: (gap: DeskGap) => void
  }>

export type DeskGap = Readonly<{ channel: string; expectedSeq: number; receivedSeq: number }>

export type DeskSubscription = Readonly<{
  /** The server's first answer: the channels with wildcards written out, or why not. */
  ready: Promise<Result<readonly string[]>>
  close(): void
}>

type Entry = {
  readonly id: number
  readonly wanted: readonly string[]
  readonly options: SubscribeOptions
  readonly handlers: DeskHandlers
  readonly settle: (answer: Result<readonly string[]>) => void
  channels: ReadonlySet<string>
}

export class DeskClient {
  /**
   * Over the life of the client: frames, steps in `seq`, messages that were no frames, frames no
   * loop came for.
   */
  readonly counts = { frames: 0, gaps: 0, malformed: 0, dropped: 0 }
  /** Of the features; undefined until a channel of features was subscribed to. */
  schema: FeatureSchema | undefined
  readonly #connection: DeskConnection
  readonly #entries = new Map<number, Entry>()
  readonly #nextSeq = new Map<string, number>()
  readonly #endListeners = new Set<() => void>()
  readonly #options: DeskClientOptions
  #lastId = 0

  constructor(options: DeskClientOptions) {
    this.#options = options
    this.#connection = new DeskConnection(options, {
      onState: (state, reason) => this.#onState(state, reason),
      onMessage: (wire) => this.#onMessage(wire),
    })
  }

  get state(): DeskConnectionState {
    return this.#connection.state
  }

  /** Stays subscribed over reconnects until closed. */
  subscribe(
    channels: readonly string[],
    handlers: DeskHandlers,
    options: SubscribeOptions = {},
  ): DeskSubscription {
    const id = ++this.#lastId
    let settle: Entry['settle'] = () => {}
    const ready = new Promise<Result<readonly string[]>>((resolve) => {
      settle = resolve
    })
    const entry = { id, wanted: channels, options, handlers, settle, channels: new Set<string>() }
    this.#entries.set(id, entry)
    if (this.state === 'open') this.#ask(entry)
    if (this.#hasEnded()) settle(fail(this.state, `the connection is ${this.state}`))
    return { ready, close: () => this.#unsubscribe(id) }
  }

  /**
   * The frames of channels, one after another. A loop that is slower than the stream loses the
   * oldest of
   * `DESK_ITERATOR_FRAMES_MAX` waiting frames, counted as dropped, and finds a step in `seq`. Ends when the client is
   * closed, and with the refusal as its return value when the server will not have the channels.
   */
  async *frames(
    channels: readonly string[],
    options: SubscribeOptions = {},
  ): AsyncGenerator<DeskFrame, Failure | undefined, void> {
    const waiting: DeskFrame[] = []
    let wake = () => {}
    let refusal: Failure | undefined
    const any = (frame: DeskFrame) => {
      if (waiting.length >= DESK_ITERATOR_FRAMES_MAX) {
        waiting.shift()
        this.counts.dropped++
      }
      waiting.push(frame)
      wake()
    }
    const subscription = this.subscribe(channels, { any }, options)
    const listener = () => wake()
    this.#endListeners.add(listener)
    void subscription.ready.then((answer) => {
      if (!answer.ok) refusal = answer
      wake()
    })
    try {
      while (refusal === undefined && !this.#hasEnded()) {
        const frame = waiting.shift()
        if (frame !== undefined) yield frame
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      this.#endListeners.delete(listener)
      subscription.close()
    }
    return refusal
  }

  /** Position of a feature in `values`; -1 when the schema does not have it, or has not come. */
  featureIndex(name: string): number {
    return this.schema?.names.indexOf(name) ?? -1
  }

  close(): void {
    this.#connection.close()
  }

  #hasEnded(): boolean {
    return this.state === 'closed' || this.state === 'refused'
  }

  #onState(state: DeskConnectionState, reason: string): void {
    if (state === 'open') {
      this.#nextSeq.clear()
      for (const entry of this.#entries.values()) this.#ask(entry)
    }
    this.#options.onState?.(state, reason)
    if (!this.#hasEnded()) return
    for (const entry of this.#entries.values()) entry.settle(fail(state, reason))
    for (const call of this.#endListeners) call()
  }

  #onMessage(wire: WireRecord | undefined): void {
    if (wire === undefined) this.counts.malformed++
    else if ('op' in wire) this.#onAnswer(wire)
    else this.#onFrame(wire)
  }

  #onAnswer(answer: WireRecord): void {
    const entry = this.#entries.get(number(answer.id) ?? 0)
    if (answer.op === 'error') {
      const failure = fail(text(answer.code) ?? 'bad_request', text(answer.message) ?? '')
      this.#options.onError?.(failure.code, failure.message)
      if (failure.code === 'unauthorized') this.#connection.giveUp(failure.message)
      entry?.settle(failure)
      return
    }
    if (answer.op !== 'subscribed') return
    const channels = texts(answer.channels)
    if (entry === undefined) {
      this.#release(channels) // closed before the answer came
      return
    }
    this.schema = readSchema(answer) ?? this.schema
    entry.channels = new Set(channels)
    for (const channel of channels) this.#nextSeq.set(channel, 1)
    entry.settle(succeed(channels))
  }

  #onFrame(wire: WireRecord): void {
    const frame = readFrame(wire, this.schema?.names.length ?? 0)
    if (frame === undefined) {
      this.counts.malformed++
      return
    }
    this.counts.frames++
    const { channel, seq } = frame
    const expectedSeq = this.#nextSeq.get(channel) ?? seq
    this.#nextSeq.set(channel, seq + 1)
    const hasGap = seq !== expectedSeq
    if (hasGap) this.counts.gaps++
    for (const { channels, handlers } of this.#entries.values()) {
      if (!channels.has(channel)) continue
      if (hasGap) handlers.gap?.({ channel, expectedSeq, receivedSeq: seq })
      giveFrame(handlers, frame)
    }
  }

  #ask({ id, wanted, options }: Entry): void {
    const every = options.everyMs === undefined ? {} : { every_ms: options.everyMs }
    const values = options.values === undefined ? {} : { values: options.values }
    this.#connection.send({ op: 'subscribe', id, channels: wanted, ...every, ...values })
  }

  #unsubscribe(id: number): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    this.#release([...entry.channels])
  }

  /** Tells the server only of channels that no other subscription of this client has. */
  #release(channels: readonly string[]): void {
    const others = [...this.#entries.values()]
    const unused = channels.filter((name) => !others.some((other) => other.channels.has(name)))
    if (unused.length > 0) this.#connection.send({ op: 'unsubscribe', channels: unused })
  }
}

function giveFrame(handlers: DeskHandlers, frame: DeskFrame): void {
  handlers.any?.(frame)
  switch (frame.kind) {
    case 'features':
      handlers.features?.(frame)
      break
    case 'book':
      handlers.book?.(frame)
      break
    case 'trades':
      handlers.trades?.(frame)
      break
    case 'signals':
      handlers.signals?.(frame)
      break
    case 'orders':
      handlers.orders?.(frame)
      break
    case 'positions':
      handlers.positions?.(frame)
      break
    case 'account':
      handlers.account?.(frame)
      break
    case 'alerts':
      handlers.alerts?.(frame)
      break
    case 'candles':
      handlers.candles?.(frame)
      break
    case 'incidents':
      handlers.incidents?.(frame)
      break
    case 'health':
      handlers.health?.(frame)
      break
  }
}
