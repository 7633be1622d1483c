import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { TradeLink } from '../../src/execution/gateway/bybit/trade-link.ts'
import { type Fields, isFields } from '../../src/execution/gateway/bybit/wire-fields.ts'

const ANSWER_MS_MAX = 1000
const STAMP_MS = 1_700_000_000_000

function link() {
  const clock = new ManualClock(STAMP_MS * 1000)
  const timers = new ManualTimers()
  const cuts: string[] = []
  const sent: Fields[] = []
  const session = {
    heardUs: 0,
    cut: (reason: string) => cuts.push(reason),
    send: (frame: object) => {
      if (isFields(frame)) sent.push(frame)
      return true
    },
  }
  const trade = new TradeLink({
    ...{ session: () => session, clock, timers, nowMs: () => STAMP_MS },
    ...{ answerMsMax: ANSWER_MS_MAX, prefix: 'x' },
  })
  const order = () => trade.request('order.create', {})
  return { clock, cuts, order, session, timers }
}

describe('an order that is not answered in time', () => {
  it('ends its connection when nothing has come over it since', async () => {
    const { cuts, order, session, timers, clock } = link()
    session.heardUs = clock.nowUs()
    const reply = order()
    timers.advance(ANSWER_MS_MAX)
    expect((await reply).verdict.class).toBe('ambiguous')
    expect(cuts).toHaveLength(1)
  })

  it('leaves the connection as it is when other messages came', async () => {
    const { cuts, order, session, timers, clock } = link()
    const reply = order()
    session.heardUs = clock.nowUs() + 1
    timers.advance(ANSWER_MS_MAX)
    expect((await reply).verdict.class).toBe('ambiguous')
    expect(cuts).toEqual([])
  })
})
