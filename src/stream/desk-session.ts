import { encode } from '@msgpack/msgpack'
import {
  CLIENT_AUTH_MS_MAX,
  CLIENT_BACKLOG_BYTES_MAX,
  CLIENT_BACKLOG_BYTES_SOFT,
  CLIENT_CHANNELS_MAX,
  CLIENT_REQUESTS_PER_SECOND_MAX,
  CLIENT_STALLED_MS_MAX,
} from '../constants.ts'
import { type Failure, fail } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { Counters } from '../memory/counters.ts'
import type { ChannelTable } from './channel-table.ts'
import type { DeskAccess } from './desk-access.ts'
import { BEFORE_FIRST, createFrameChoice, type DeskChannel, type Tick } from './desk-channel.ts'
import type { DeskFeatureSchema } from './desk-memory.ts'
import { type DeskRequestBody, type RequestId, readRequest } from './desk-request.ts'
import type { FrameFields, FrameVariant } from './frame-body.ts'
import {
  type DeskRequest,
  type DeskSocket,
  type DeskSocketEvents,
  PROTOCOL_MSGPACK,
} from './stream-server.ts'

const CLOSE_POLICY = 1008
const CLOSE_TRY_LATER = 1013

export type SessionParts = Readonly<{
  table: ChannelTable
  access: DeskAccess
  counters: Counters
  features: DeskFeatureSchema
  nowUs: () => number
  onClose: (session: DeskSession, reason: string) => void
}>

type Subscription = {
  readonly channel: DeskChannel
  readonly variant: FrameVariant
  readonly everyUs: number
  cursor: number
  seq: number
  dueUs: number
}

/**
 * One client: what it asked for and how far it has come. While too much waits in its socket nothing
 * more is sent, so it holds no memory but that backlog; its cursors stay behind and the next frame
 * of a channel tells what it missed.
 */
export class DeskSession implements DeskSocketEvents {
  readonly #socket: DeskSocket
  readonly #parts: SessionParts
  readonly #isBinary: boolean
  readonly #openedUs: number
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #due: Subscription[] = []
  readonly #choice = createFrameChoice()
  #isAuthorized: boolean
  #isClosed = false
  /** When the backlog rose above the soft bound; 0 while it is below. */
  #stalledUs = 0
  /**
   * Where the next flush begins, so that a client with little room sees all of its channels in
   * turn.
   */
  #start = 0
  #secondUs = 0
  #requestsInSecond = 0

  constructor(socket: DeskSocket, request: DeskRequest, parts: SessionParts) {
    this.#socket = socket
    this.#parts = parts
    this.#isBinary = request.protocol === PROTOCOL_MSGPACK
    this.#openedUs = parts.nowUs()
    const { access } = parts
    const bearer = /^Bearer +(.+)$/i.exec(request.authorization)
    this.#isAuthorized = !access.needsToken || (bearer !== null && access.isToken(bearer[1]))
    if (bearer !== null && !this.#isAuthorized) {
      this.#refuse(undefined, fail('unauthorized', 'the token is not the one configured'))
    } else if (!access.isTrustedOrigin(request.origin)) {
      const message = 'a page of this origin needs a token: configure stream.token'
      this.#refuse(undefined, fail('unauthorized', message))
    }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  onMessage(text: string): void {
    if (this.#isClosed || !this.#countRequest()) return
    const { id, body } = readRequest(text)
    if (!body.ok) this.#fail(id, body)
    else if (body.value.op === 'auth') this.#authorize(id, body.value.token)
    else if (!this.#isAuthorized) {
      const message = 'show the token first: {"op":"auth","token":"..."}, or as Bearer header'
      this.#refuse(id, fail('unauthorized', message))
    } else this.#answerRequest(body.value)
  }

  onClose(): void {
    this.#end('closed')
  }

  /** Ends the connection for a reason that the client is told. */
  refuse(code: ResultCode, message: string): void {
    this.#fail(undefined, fail(code, message))
    this.#close(CLOSE_TRY_LATER, code)
  }

  /** Sends what is due, as far as the socket takes it. */
  flush(tick: Tick): void {
    if (this.#isClosed || !this.#mayFlush(tick.nowUs)) return
    const due = this.#due
    due.length = 0
    for (const subscription of this.#subscriptions.values()) {
      if (tick.nowUs < subscription.dueUs) continue
      const { channel } = subscription
      channel.look(tick)
      if (channel.isReady && channel.head !== subscription.cursor) due.push(subscription)
    }
    if (due.length > 0) this.#socket.batch(() => this.#sendDue(due, tick))
  }

  #sendDue(due: readonly Subscription[], tick: Tick): void {
    const start = this.#start % due.length
    let frames = 0
    let bytes = 0
    let conflated = 0
    const choice = this.#choice
    for (let n = 0; n < due.length && !this.#isClosed; n++) {
      if (this.#socket.backlogBytes() > CLIENT_BACKLOG_BYTES_SOFT) {
        this.#start = start + n
        break
      }
      const one = due[(start + n) % due.length]
      one.channel.fill(choice, one.cursor, one.variant, tick)
      one.cursor = one.channel.head
      one.seq++
      one.dueUs += one.everyUs
      if (one.dueUs <= tick.nowUs) one.dueUs = tick.nowUs + one.everyUs
      const frame = choice.body.frame(one.seq, choice.missed, choice.isSnapshot)
      this.#socket.send(frame, this.#isBinary)
      frames++
      bytes += frame.length
      conflated += choice.missed
    }
    const { counters } = this.#parts
    counters.add('stream_frames', frames)
    counters.add('stream_bytes', bytes)
    counters.add('stream_conflated', conflated)
  }

  /** Bounds first: how long without a token, how much may wait, and for how long. */
  #mayFlush(nowUs: number): boolean {
    if (!this.#isAuthorized) {
      if (nowUs - this.#openedUs > CLIENT_AUTH_MS_MAX * 1000) {
        this.#refuse(undefined, fail('unauthorized', 'no token was shown in time'))
      }
      return false
    }
    const backlog = this.#socket.backlogBytes()
    if (backlog <= CLIENT_BACKLOG_BYTES_SOFT) {
      this.#stalledUs = 0
      return true
    }
    if (this.#stalledUs === 0) this.#stalledUs = nowUs
    const isTooLong = nowUs - this.#stalledUs > CLIENT_STALLED_MS_MAX * 1000
    if (isTooLong || backlog > CLIENT_BACKLOG_BYTES_MAX) this.#closeSlow()
    return false
  }

  #closeSlow(): void {
    this.#parts.counters.add('clients_closed_slow')
    this.#close(CLOSE_TRY_LATER, 'slow_consumer')
  }

  #answerRequest(body: DeskRequestBody): void {
    if (body.op === 'ping') this.#answer({ op: 'pong', time_us: this.#parts.nowUs() }, body.id)
    if (body.op !== 'subscribe' && body.op !== 'unsubscribe') return
    const expanded = this.#parts.table.expand(body.channels)
    if (!expanded.ok) this.#fail(body.id, expanded)
    else if (body.op === 'subscribe') this.#subscribe(body, expanded.value)
    else {
      for (const name of expanded.value) this.#unsubscribe(name)
      this.#answer({ op: 'unsubscribed', channels: expanded.value }, body.id)
    }
  }

  /** A channel that is subscribed to again begins anew: seq 1 and a snapshot. */
  #subscribe(
    body: Extract<DeskRequestBody, { op: 'subscribe' }>,
    channels: readonly string[],
  ): void {
    const more = channels.filter((name) => !this.#subscriptions.has(name)).length
    if (this.#subscriptions.size + more > CLIENT_CHANNELS_MAX) {
      const message = `a client has at most ${CLIENT_CHANNELS_MAX} channels; unsubscribe some first`
      this.#fail(body.id, fail('too_many_channels', message))
      return
    }
    let hasFeatures = false
    for (const name of channels) {
      this.#unsubscribe(name)
      hasFeatures ||= name.startsWith('features.')
      this.#subscriptions.set(name, {
        channel: this.#parts.table.subscribe(name),
        variant: this.#isBinary ? (body.values === 'f32' ? 'msgpack_f32' : 'msgpack_f64') : 'json',
        everyUs: body.everyMs * 1000,
        cursor: BEFORE_FIRST,
        seq: 0,
        dueUs: 0,
      })
    }
    const schema = hasFeatures ? { schema: { features: this.#parts.features } } : {}
    this.#answer({ op: 'subscribed', channels, ...schema }, body.id)
  }

  #unsubscribe(name: string): void {
    if (this.#subscriptions.delete(name)) this.#parts.table.unsubscribe(name)
  }

  #authorize(id: RequestId, token: string): void {
    const { access } = this.#parts
    if (access.needsToken && !access.isToken(token)) {
      this.#refuse(id, fail('unauthorized', 'the token is not the one configured'))
      return
    }
    this.#isAuthorized = true
    this.#answer({ op: 'authorized' }, id)
  }

  /** False for a client that asks too often; it is closed. */
  #countRequest(): boolean {
    const nowUs = this.#parts.nowUs()
    if (nowUs - this.#secondUs > 1_000_000) {
      this.#secondUs = nowUs
      this.#requestsInSecond = 0
    }
    this.#requestsInSecond++
    if (this.#requestsInSecond <= CLIENT_REQUESTS_PER_SECOND_MAX) return true
    const message = `more than ${CLIENT_REQUESTS_PER_SECOND_MAX} requests in a second`
    this.#fail(undefined, fail('bad_request', message))
    this.#close(CLOSE_POLICY, 'too many requests')
    return false
  }

  #refuse(id: RequestId, failure: Failure<ResultCode>): void {
    this.#parts.counters.add('clients_refused')
    this.#fail(id, failure)
    this.#close(CLOSE_POLICY, failure.code)
  }

  #fail(id: RequestId, { code, message }: Failure<ResultCode>): void {
    this.#parts.counters.add('stream_requests_refused')
    this.#answer({ op: 'error', code, message }, id)
  }

  /**
   * Answers are not conflated: past the hard bound a client that asks and does not read is closed
   * instead.
   */
  #answer(fields: FrameFields, id: RequestId): void {
    if (this.#isClosed) return
    const answer = id === undefined ? fields : { ...fields, id }
    const bytes = this.#isBinary ? encode(answer) : Buffer.from(JSON.stringify(answer))
    this.#socket.batch(() => this.#socket.send(bytes, this.#isBinary))
    if (this.#isClosed) return // by the library, in the middle of the send
    if (this.#socket.backlogBytes() > CLIENT_BACKLOG_BYTES_MAX) this.#closeSlow()
  }

  #close(code: number, reason: string): void {
    if (this.#isClosed) return
    this.#end(reason)
    this.#socket.close(code, reason)
  }

  #end(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const name of this.#subscriptions.keys()) this.#parts.table.unsubscribe(name)
    this.#subscriptions.clear()
    this.#parts.onClose(this, reason)
  }
}
