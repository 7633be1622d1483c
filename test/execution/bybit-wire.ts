import { ManualClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { Random } from '../../src/core/random.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { BybitGateway } from '../../src/execution/gateway/bybit/bybit-gateway.ts'
import { CALL_LIMITS_DEFAULT } from '../../src/execution/gateway/bybit/call-pace.ts'
import { Credentials } from '../../src/execution/gateway/bybit/credentials.ts'
import type { SocketCalls, Wire } from '../../src/execution/gateway/bybit/wire.ts'
import { type Fields, parseFields } from '../../src/execution/gateway/bybit/wire-fields.ts'
import { Counters } from '../../src/memory/counters.ts'
import { createInstrument, START_US } from './rig.ts'

const TOPICS_UP = { success: true, ret_msg: '' }

export type WireAnswer = Readonly<{
  result: Fields
  timeMs?: number
  headers?: Readonly<Record<string, string>>
}>

/**
 * The gateway to Bybit on a wire and a clock moved by hand: each request is answered by `answer`,
 * connections greet at once, and `tell` is a frame of the private stream.
 */
export class WireRig {
  readonly clock = new ManualClock(START_US)
  readonly timers = new ManualTimers()
  readonly counters = new Counters()
  readonly gateway: BybitGateway
  /** Of the private stream. */
  #calls: SocketCalls | undefined

  /** `timeMs`: the exchange's time of the answer; undefined: not told. */
  constructor(answer: (path: string) => WireAnswer) {
    const { clock, counters, timers } = this
    const wire: Wire = {
      http: async ({ url }) => {
        const { headers = {}, result, timeMs: time } = answer(new URL(url).pathname)
        const { retCode = 0 } = result
        const text = JSON.stringify({ retCode, retMsg: '', result, retExtInfo: {}, time })
        return { status: 200, text, header: (name) => headers[name] ?? '' }
      },
      openSocket: (_url, calls) => {
        this.#calls = calls
        queueMicrotask(calls.onOpen)
        const send = (text: string) => {
          const { op } = parseFields(text) ?? {}
          queueMicrotask(() => calls.onText(JSON.stringify({ ...TOPICS_UP, op })))
          return true
        }
        return { send, terminate: () => {} }
      },
    }
    this.gateway = new BybitGateway({
      options: {
        ...{ restUrl: 'http://x', wsUrl: 'ws://x', usesTradeSocket: false, lockOutMs: 100 },
        ...{ answerMsMax: 2000, limits: CALL_LIMITS_DEFAULT, disconnectCancelS: 0 },
      },
      credentials: new Credentials('key', 'secret'),
      instruments: [createInstrument(0, 'BTCUSDT')],
      firstStartUs: () => START_US,
      journaled: { of: () => undefined, openKeys: () => new Set() },
      ...{ wire, clock, timers, random: new Random(1) },
      ...{ log: createLogger('test', 'silent'), counters, wake: () => {} },
    })
  }

  /** Until the private stream is up. */
  async start(): Promise<void> {
    this.gateway.start()
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }

  /** Time goes by, in steps, and what waits for it is done. */
  async pass(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 10) {
      this.clock.advance(10_000)
      this.timers.advance(10)
      for (let i = 0; i < 20; i++) await Promise.resolve()
    }
  }

  /** `createdMs`: the exchange's time of the frame. */
  tell(topic: string, row: Fields, createdMs: number | undefined): void {
    this.clock.advance(1000)
    this.#calls?.onText(JSON.stringify({ id: '', topic, creationTime: createdMs, data: [row] }))
  }

  get isUp(): boolean {
    return this.counters.get('private_links_up') === 1
  }
}
