import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { CallPace } from '../../src/execution/gateway/bybit/call-pace.ts'
import { CallQueue } from '../../src/execution/gateway/bybit/call-queue.ts'
import { Credentials } from '../../src/execution/gateway/bybit/credentials.ts'
import { ExchangeClock } from '../../src/execution/gateway/bybit/exchange-clock.ts'
import { RestLink } from '../../src/execution/gateway/bybit/rest-link.ts'
import type { HttpAnswer, HttpFailure } from '../../src/execution/gateway/bybit/wire.ts'
import { Counters } from '../../src/memory/counters.ts'

const ANSWER_MS_MAX = 1000
const DONE: HttpAnswer = { status: 200, text: '{"retCode":0}', header: () => '' }

/** `answer`: undefined, nobody answers until the call is given up. */
function link(answer?: HttpAnswer) {
  const clock = new ManualClock(1_700_000_000_000_000)
  const timers = new ManualTimers()
  const pace = new CallPace()
  const signals: AbortSignal[] = []
  const rest = new RestLink({
    ...{ url: 'http://exchange', credentials: new Credentials('key', 'secret'), clock, timers },
    ...{ exchangeClock: new ExchangeClock(clock), pace, queue: new CallQueue(pace, clock, timers) },
    ...{ counters: new Counters(), lockOutMs: 1, answerMsMax: ANSWER_MS_MAX },
    onVerdict: () => {},
    wire: {
      http: (_request, signal) => {
        signals.push(signal)
        if (answer !== undefined) return Promise.resolve(answer)
        return new Promise<HttpFailure>((resolve) => {
          signal.addEventListener('abort', () => resolve({ failure: 'aborted' }))
        })
      },
    },
  })
  const call = () =>
    rest.call({ method: 'POST', path: '/v5/order/create', callClass: 'create', params: {} })
  return { call, clock, pace, rest, signals, timers }
}

describe('a REST link', () => {
  it('gives a call up that is not answered in time', async () => {
    const { call, timers } = link()
    const reply = call()
    await Promise.resolve()
    timers.advance(ANSWER_MS_MAX)
    expect(await reply).toMatchObject({
      verdict: { class: 'ambiguous' },
      message: '/v5/order/create: no answer within 1000 ms',
    })
  })

  it('gives up what is on its way when it is closed', async () => {
    const { call, rest } = link()
    const replies = [call(), call()]
    await Promise.resolve()
    rest.close()
    for (const reply of await Promise.all(replies)) {
      expect(reply).toMatchObject({ verdict: { class: 'ambiguous' }, isSent: true })
      expect(reply.message).toBe('/v5/order/create: aborted')
    }
  })

  it('says of what still waits for its turn when it is closed that it never left', async () => {
    const { call, clock, pace, rest, signals, timers } = link()
    pace.close('create', clock.nowUs() + 2_000_000)
    const reply = call()
    rest.close()
    clock.advance(3_000_000)
    timers.advance(3000)
    expect(await reply).toMatchObject({ isSent: false, verdict: { code: 'exchange_not_reached' } })
    expect(signals).toEqual([])
  })

  it('has nothing to do any more with a call that is over', async () => {
    const { call, rest, signals, timers } = link(DONE)
    expect((await call()).verdict.class).toBe('ok')
    timers.advance(2 * ANSWER_MS_MAX)
    rest.close()
    expect(signals.some(({ aborted }) => aborted)).toBe(false)
  })
})
