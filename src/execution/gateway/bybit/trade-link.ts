import type { Clock } from '../../../core/clock.ts'
import type { Timers } from '../../../core/timer.ts'
import { RECV_WINDOW_MS } from './rest-link.ts'
import type { BybitSession } from './session.ts'
import { type Fields, fieldsIn, textIn } from './wire-fields.ts'
import { noAnswer, notSent, readEnvelope, type WireReply } from './wire-reply.ts'

export type TradeLinkParts = Readonly<{
  session: () => Pick<BybitSession, 'cut' | 'heardUs' | 'send'>
  clock: Clock
  timers: Timers
  /** The exchange's time for the header. */
  nowMs: () => number
  /** Begins every request id of this process, so that none is used twice. */
  prefix: string
  /** Without an answer for so long the outcome is unknown. */
  answerMsMax: number
}>

export type TradeOp = 'order.create' | 'order.amend' | 'order.cancel'

const PENDING_MAX = 1024

/**
 * Requests of the order entry over WebSocket and their answers, matched by request id. A request
 * whose connection is lost, or which is not answered in time, has an unknown outcome: it is given
 * back as such and never sent again.
 */
export class TradeLink {
  readonly #parts: TradeLinkParts
  readonly #pending = new Map<string, (reply: WireReply) => void>()
  #number = 0

  constructor(parts: TradeLinkParts) {
    this.#parts = parts
  }

  /** `onWire`: it was written to the socket. */
  request(op: TradeOp, body: Fields, onWire: () => void = () => {}): Promise<WireReply> {
    if (this.#pending.size >= PENDING_MAX) {
      return Promise.resolve(notSent('exchange_not_reached', 'too many requests wait for answers'))
    }
    const { answerMsMax, clock, nowMs, prefix, session, timers } = this.#parts
    const reqId = `${prefix}-${(++this.#number).toString(36)}`
    const header = {
      'X-BAPI-TIMESTAMP': String(nowMs()),
      'X-BAPI-RECV-WINDOW': String(RECV_WINDOW_MS),
    }
    return new Promise((resolve) => {
      const sentUs = clock.nowUs()
      const cancelTimer = timers.after(answerMsMax, () => {
        // Half open, most likely: the next order would be lost in it as well.
        if (session().heardUs <= sentUs) session().cut(`${op}: nothing came since it was sent`)
        this.#settle(reqId, noAnswer(`${op}: no answer within ${answerMsMax} ms`))
      })
      this.#pending.set(reqId, (reply) => {
        cancelTimer()
        resolve(reply)
      })
      if (session().send({ reqId, header, op, args: [body] })) {
        onWire()
        return
      }
      this.#settle(reqId, notSent('exchange_not_reached', 'order entry is not connected'))
    })
  }

  /** A frame of the connection. */
  receive(frame: Fields): void {
    const header = fieldsIn(frame, 'header')
    const reply = readEnvelope(frame, 'data', (name) => textIn(header, name))
    if (reply !== undefined) this.#settle(textIn(frame, 'reqId'), reply)
  }

  /** The connection is gone, and with it the answers. */
  lose(reason: string): void {
    for (const reqId of [...this.#pending.keys()]) {
      this.#settle(reqId, noAnswer(`connection lost before the answer: ${reason}`))
    }
  }

  #settle(reqId: string, reply: WireReply): void {
    const resolve = this.#pending.get(reqId)
    this.#pending.delete(reqId)
    resolve?.(reply)
  }
}
