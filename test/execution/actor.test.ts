import { describe, expect, it } from 'vitest'
import { fail } from '../../src/core/result.ts'
import { RESULT_CODES } from '../../src/domain/result-codes.ts'
import type { Gateway, GatewayEvent, SubmitReply } from '../../src/execution/gateway/gateway.ts'
import type { PaperGateway } from '../../src/execution/gateway/paper-gateway.ts'
import type { MemoryJournal } from '../../src/execution/journal/memory-journal.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { createInstrument, Rig, startRig } from './rig.ts'

describe('the life of an order', () => {
  it('goes from intent over journal and gateway to a position and the desk', async () => {
    const rig = await startRig()
    expect(rig.control.state).toBe('active')
    rig.enter(0, 'enter_long', 10_003, { notional: 100 })
    await rig.settle()
    expect(rig.records('order_created')).toHaveLength(1)
    expect(rig.records('fill')).toHaveLength(0)
    await rig.pass(10)
    // 100 quote at 1000.3 quote a base and 0.001 base a lot: 99 lots at the best ask.
    expect(rig.records('fill')).toMatchObject([
      { ticks: 10_001, lots: 99, side: 'buy', position_lots_after: 99, exec_id: 'bfx-1-1' },
    ])
    expect(rig.lots(0)).toBe(99)
    expect(rig.records('order_state').map((record) => `${record.event}:${record.to}`)).toEqual([
      'submit:submitted',
      'accept:open',
      'complete:filled',
    ])
    const [position] = rig.seen('position').slice(-1)
    expect(position[audit.AUDIT_POSITION_LOTS]).toBe(99)
    expect(position[audit.AUDIT_AVERAGE_PRICE]).toBeCloseTo(1000.1, 9)
    const fee = (1000.1 * 0.099 * 5.5) / 10_000
    expect(position[audit.AUDIT_REALIZED_PNL_QUOTE]).toBeCloseTo(-fee, 12)
    expect(rig.audits.map((record) => record[audit.AUDIT_NUMBER])).toEqual(
      rig.audits.map((_, index) => index + 1),
    )
  })

  it('hands nothing to the gateway that is not durable', async () => {
    const order: string[] = []
    const rig = new Rig({
      journal: (memory) => ({
        run: memory.run,
        append: (record) => memory.append(record),
        flush: async () => {
          const flushed = await memory.flush()
          if (memory.records.some(({ type }) => type === 'order_created')) order.push('durable')
          return flushed
        },
        close: () => memory.close(),
      }),
      gateway: (paper) => intercept(paper, () => order.push('sent')),
    })
    await rig.start()
    rig.quote(0, 10_000)
    await rig.pass(20)
    rig.enter(0, 'enter_long', 10_003)
    await rig.settle()
    expect(order.slice(0, 2)).toEqual(['durable', 'sent'])
  })

  it('asks for no turn while nothing is held or on order, and for polls once there is', async () => {
    const rig = await startRig()
    rig.quote(0, 10_000)
    await rig.pass(20)
    expect(rig.actor.nextDueUs()).toBe(Number.POSITIVE_INFINITY)
    rig.enter(0, 'enter_long', 10_003)
    await rig.settle()
    expect(rig.actor.nextDueUs()).toBeLessThanOrEqual(rig.clock.nowUs() + 20_000)
  })

  it('cancels what the book cannot fill, and says so', async () => {
    const rig = await startRig()
    rig.quote(0, 10_000, 20)
    rig.enter(0, 'enter_long', 10_002, { notional: 100 })
    await rig.pass(10)
    expect(rig.records('fill').map(({ ticks, lots }) => [ticks, lots])).toEqual([
      [10_001, 20],
      [10_002, 20],
    ])
    expect(rig.records('order_state').at(-1)).toMatchObject({
      to: 'canceled',
      reason: 'remainder_canceled',
    })
    expect(rig.lots(0)).toBe(40)
  })

  it('may follow a fill of another symbol at once', async () => {
    const rig = await startRig()
    for (let i = 0; i < 4; i++) {
      const before = rig.state.orderNumber
      rig.enter(0, 'enter_long', 10_001)
      rig.clock.advance(7_000) // not in step with the looks at open positions
      await rig.settle()
      rig.clock.advance(6_000)
      await rig.settle()
      rig.enter(1, 'enter_long', 10_001)
      await rig.settle()
      expect(rig.state.orderNumber).toBe(before + 2)
      await rig.pass(20)
      rig.command('flatten')
      await rig.pass(500)
      rig.command('resume')
      for (const index of [0, 1]) rig.quote(index, 10_000, 1000 + i)
    }
  })

  it('fills nothing from a book that went stale on the way', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    await rig.settle()
    rig.books.lose(0)
    await rig.pass(10)
    expect(rig.records('fill')).toHaveLength(0)
    expect(rig.records('order_state').at(-1)).toMatchObject({ reason: 'book_not_live' })
  })
})

describe('denials', () => {
  it('tell the desk each, and the journal one a second with the count', async () => {
    const rig = await startRig()
    rig.command('halt')
    for (let i = 0; i < 30; i++) {
      rig.enter(0, 'enter_long', 10_003)
      await rig.pass(50)
    }
    await rig.pass(1000)
    const denied = rig.seen('denied')
    expect(denied).toHaveLength(30)
    expect(denied[0][audit.AUDIT_REASON]).toBe(RESULT_CODES.halted)
    const journaled = rig.records('intent_denied')
    expect(journaled.length).toBeLessThanOrEqual(3)
    expect(journaled[0]).toMatchObject({ reason: 'halted', times: 1 })
    expect(journaled[1].times).toBe(20)
  })

  it('drop an intent with an invalid field, counted', async () => {
    const rig = await startRig()
    rig.enter(7, 'enter_long', 10_003)
    rig.enter(0, 'enter_long', Number.NaN)
    rig.enter(0, 'enter_long', 10_003.5)
    rig.enter(0, 'enter_long', 10_003, { notional: Number.NaN })
    await rig.settle()
    expect(rig.counters.get('orders_denied')).toBe(4)
    expect(rig.state.orderNumber).toBe(0)
  })
})

describe('exits', () => {
  const open = async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003, { target: 10_020, stop: 9_980, holdMs: 5_000 })
    await rig.pass(10)
    expect(rig.lots(0)).toBe(99)
    return rig
  }

  it.each([
    ['take_profit', 10_030],
    ['stop_loss', 9_970],
  ])('close at the level: %s', async (reason, mid) => {
    const rig = await open()
    rig.quote(0, mid)
    await rig.pass(50)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({
      reason,
      reduce_only: true,
      side: 'sell',
      shard: -1,
    })
    expect(rig.records('order_created')).toHaveLength(2)
  })

  it('close after the hold time', async () => {
    const rig = await open()
    await rig.pass(4_900)
    expect(rig.lots(0)).toBe(99)
    await rig.pass(200)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)?.reason).toBe('hold_time')
  })

  it('go on while trading is halted, and a kill latch closes the rest', async () => {
    const rig = await open()
    rig.command('halt')
    rig.quote(0, 9_970, 40)
    await rig.pass(10)
    await rig.pass(10)
    await rig.pass(10)
    expect(rig.lots(0)).toBe(0)
    const other = await open()
    other.control.killed = true
    await other.pass(500)
    expect(other.lots(0)).toBe(0)
    expect(other.control.state).toBe('halted')
  })

  it('are tried ever more slowly while nothing can be sold', async () => {
    const rig = await open()
    rig.books.set(0, [[9_970, 1]], [[9_990, 10]])
    await rig.pass(200)
    rig.books.set(0, [[9_900, 0]], [[9_990, 10]])
    const before = rig.records('order_created').length
    await rig.pass(10_000)
    const tries = rig.records('order_created').length - before
    expect(tries).toBeGreaterThan(2)
    expect(tries).toBeLessThan(12)
  })
})

describe('commands', () => {
  it('are each answered in the audit with their number', async () => {
    const rig = await startRig()
    const kinds = ['halt', 'resume', 'reduce_only', 'cancel_all', 'flatten', 'resume'] as const
    const numbers = kinds.map((kind) => rig.command(kind))
    await rig.settle()
    const answered = rig.seen('trading_state').map((record) => record[audit.AUDIT_COMMAND])
    expect(answered.filter((number) => !Number.isNaN(number))).toEqual(numbers)
    expect(rig.control.state).toBe('active')
  })

  it('reduce_only lets closing pass and denies opening', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(10)
    rig.command('reduce_only')
    rig.enter(1, 'enter_long', 10_003)
    rig.enter(0, 'exit', 9_990)
    await rig.pass(10)
    expect(rig.lots(0)).toBe(0)
    expect(rig.lots(1)).toBe(0)
    expect(rig.records('intent_denied').at(-1)?.reason).toBe('reduce_only')
  })

  it('halt cancels resting orders', async () => {
    const rig = await startRig({ options: { entryTimeInForce: 'gtc', restMsMax: 60_000 } })
    rig.enter(0, 'enter_long', 9_990)
    await rig.pass(10)
    expect(rig.state.unfinished.size).toBe(1)
    rig.command('halt')
    await rig.pass(20)
    expect(rig.state.unfinished.size).toBe(0)
    expect(rig.records('order_state').slice(-2)).toMatchObject([
      { event: 'requestCancel', reason: 'halted' },
      { event: 'cancel', to: 'canceled' },
    ])
  })

  it('halt stops an order that is journaled but has not left', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    const turn = rig.actor.turn()
    rig.command('halt')
    await turn
    await rig.pass(20)
    expect(rig.records('fill')).toHaveLength(0)
    expect(rig.state.unfinished.size).toBe(0)
  })

  it('flatten closes everything in pieces, opens nothing, and is answered', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    rig.enter(1, 'enter_short', 9_997)
    await rig.pass(10)
    expect([rig.lots(0), rig.lots(1)]).toEqual([99, -99])
    for (const index of [0, 1]) rig.books.set(index, [[9_999, 30]], [[10_001, 30]])
    rig.command('flatten')
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(50)
    for (const lots of [31, 32, 33]) {
      for (const index of [0, 1]) rig.books.set(index, [[9_999, lots]], [[10_001, lots]])
      await rig.pass(300)
    }
    expect([rig.lots(0), rig.lots(1)]).toEqual([0, 0])
    expect(rig.control.state).toBe('reduce_only')
    rig.command('resume')
    rig.quote(0, 10_000)
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.lots(0)).toBeGreaterThan(0)
  })

  it('flatten of one symbol leaves the others and the trading state alone', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    rig.enter(1, 'enter_short', 9_997)
    await rig.pass(10)
    rig.command('flatten', 1)
    await rig.pass(50)
    expect([rig.lots(0), rig.lots(1)]).toEqual([99, 0])
    expect(rig.control.state).toBe('active')
  })
})

describe('the daily loss', () => {
  const lossy = { ...new Rig().options.limits, dailyLossFractionMax: 0.0001 } // 10 of 100,000

  it('counts open positions, halts, cancels, and refuses to resume on the same day', async () => {
    const rig = await startRig({ options: { limits: lossy } })
    rig.enter(0, 'enter_long', 10_003, { notional: 1000 })
    await rig.pass(10)
    rig.quote(0, 9_850)
    await rig.pass(50)
    expect(rig.control.state).toBe('halted')
    expect(rig.records('trading_state').at(-1)).toMatchObject({ reason: 'daily_loss' })
    rig.command('resume')
    await rig.settle()
    expect(rig.control.state).toBe('halted')
    expect(rig.seen('trading_state').at(-1)?.[audit.AUDIT_REASON]).toBe(RESULT_CODES.daily_loss)
    rig.enter(1, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.lots(1)).toBe(0)
  })

  it('starts anew at midnight UTC, but only a person resumes', async () => {
    const rig = await startRig({ options: { limits: lossy } })
    rig.enter(0, 'enter_long', 10_003, { notional: 1000 })
    await rig.pass(10)
    rig.quote(0, 9_850)
    await rig.pass(50)
    rig.clock.advance(14 * 3_600_000_000)
    await rig.pass(50)
    expect(rig.records('day_started')).toHaveLength(2)
    expect(rig.control.state).toBe('halted')
    rig.command('resume')
    await rig.settle()
    expect(rig.control.state).toBe('active')
  })
})

describe('faults', () => {
  it('a journal that cannot be written ends trading before anything leaves', async () => {
    let isBroken = false
    let sent = 0
    const rig = new Rig({
      journal: (memory: MemoryJournal) => ({
        run: memory.run,
        append: (record) => memory.append(record),
        flush: () =>
          isBroken ? Promise.resolve(fail('journal_unavailable', 'disk full')) : memory.flush(),
        close: () => memory.close(),
      }),
      gateway: (paper) => intercept(paper, () => sent++),
    })
    await rig.start()
    rig.quote(0, 10_000)
    await rig.pass(20)
    isBroken = true
    rig.enter(0, 'enter_long', 10_003)
    await rig.actor.turn()
    expect(sent).toBe(0)
    expect(rig.ledger.failure).toMatchObject({ code: 'journal_unavailable' })
    expect(rig.control.state).toBe('halted')
    const last = rig.seen('trading_state').at(-1)
    expect(last?.[audit.AUDIT_REASON]).toBe(RESULT_CODES.journal_unavailable)
  })

  it('an unknown outcome keeps the order in flight until a look-up tells, and sends nothing twice', async () => {
    const sent: string[] = []
    const rig = await startRig({
      gateway: (paper) => {
        const gateway = intercept(paper, (id) => sent.push(id))
        const submit = gateway.submit.bind(gateway)
        gateway.submit = async (order, nowUs): Promise<SubmitReply> => {
          await submit(order, nowUs)
          return { kind: 'unknown', message: 'the answer was lost' }
        }
        return gateway
      },
    })
    rig.enter(0, 'enter_long', 10_003)
    await rig.settle()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(6_000)
    expect(sent).toEqual(['bf-1-1'])
    expect(rig.lots(0)).toBe(99)
    expect(rig.state.unfinished.size).toBe(0)
  })

  it('an order that never arrived is settled only after repeated look-ups', async () => {
    const rig = await startRig({
      gateway: (paper) => {
        const gateway = intercept(paper, () => {})
        gateway.submit = async () => ({ kind: 'unknown', message: 'lost on the way' })
        return gateway
      },
    })
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(4_000, 100)
    expect(rig.state.unfinished.size).toBe(1)
    await rig.pass(8_000, 100)
    expect(rig.records('order_state').at(-1)).toMatchObject({
      to: 'canceled',
      reason: 'order_unknown',
    })
    expect(rig.control.state).toBe('active')
  })

  it('an order whose fate nobody tells halts trading after a bounded number of look-ups', async () => {
    let queries = 0
    const rig = await startRig({
      gateway: (paper) => {
        const gateway = intercept(paper, () => {})
        gateway.submit = async () => ({ kind: 'unknown', message: 'lost' })
        gateway.query = async () => {
          queries++
          return { kind: 'unknown', message: 'no answer' }
        }
        return gateway
      },
    })
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(24_000, 100)
    expect(queries).toBe(5)
    // Still looked for, but less often.
    await rig.pass(120_000, 100)
    expect(queries).toBeGreaterThanOrEqual(8)
    expect(queries).toBeLessThanOrEqual(11)
    expect(rig.control.state).toBe('halted')
    expect(rig.records('trading_state').at(-1)).toMatchObject({ reason: 'outcome_unknown' })
    expect(rig.state.unfinished.size).toBe(1)
  })

  it('a gateway that does not answer opens the breaker, and one probe closes it again', async () => {
    let isDown = true
    const instruments = Array.from({ length: 8 }, (_, index) => createInstrument(index))
    const rig = await startRig({
      instruments,
      gateway: (paper) => {
        const gateway = intercept(paper, () => {})
        const submit = paper.submit.bind(paper)
        gateway.submit = (order, nowUs) =>
          isDown ? Promise.resolve({ kind: 'unknown', message: 'down' }) : submit(order, nowUs)
        return gateway
      },
    })
    for (let i = 0; i < 5; i++) rig.enter(i, 'enter_long', 10_003)
    await rig.pass(10)
    expect(rig.records('breaker')).toMatchObject([{ state: 'open' }])
    rig.enter(5, 'enter_long', 10_003)
    await rig.pass(10)
    expect(rig.seen('denied').at(-1)?.[audit.AUDIT_REASON]).toBe(RESULT_CODES.breaker_open)
    isDown = false
    await rig.pass(60_000, 100)
    for (const index of [5, 6, 7]) rig.enter(index, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.records('breaker').map(({ state }) => state)).toEqual([
      'open',
      'half_open',
      'closed',
    ])
    // One probe passed; the others of that turn were denied.
    expect([5, 6, 7].map((index) => rig.lots(index) > 0)).toEqual([true, false, false])
    rig.enter(6, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.lots(6)).toBeGreaterThan(0)
  })
})

describe('events of the gateway', () => {
  /** The paper exchange with events put in front of its own. */
  const startScripted = async (entryTimeInForce: 'ioc' | 'gtc' = 'gtc') => {
    const events: GatewayEvent[] = []
    const rig = await startRig({
      options: { entryTimeInForce, restMsMax: 60_000 },
      gateway: (paper) => {
        const gateway = intercept(paper, () => {})
        gateway.nextEvent = () => events.shift() ?? paper.nextEvent()
        return gateway
      },
    })
    const fill = (number: number, lots: number, orderLinkId = 'bf-1-1') =>
      events.push({
        type: 'execution',
        execution: {
          orderLinkId,
          execId: `x${number}`,
          execNumber: null,
          ticks: 9_990,
          lots,
          feeQuote: 0.01,
          isMaker: true,
          timeUs: rig.clock.nowUs(),
        },
      })
    const cancel = () =>
      events.push({ type: 'canceled', orderLinkId: 'bf-1-1', code: 'ok', timeUs: 0 })
    rig.enter(0, 'enter_long', 9_990)
    await rig.settle()
    return { rig, fill, cancel }
  }
  const state = (rig: Rig) => rig.state.orders.get('bf-1-1')?.state

  it('count a repeated fill once', async () => {
    const { rig, fill } = await startScripted()
    await rig.pass(10)
    for (const number of [1, 1, 2, 1, 2]) fill(number, 10)
    await rig.settle()
    expect(rig.lots(0)).toBe(20)
    expect(rig.records('fill')).toHaveLength(2)
    expect(rig.counters.get('fills_repeated')).toBe(3)
    expect(rig.control.state).toBe('active')
  })

  it('may tell of a fill before the acceptance', async () => {
    const { rig, fill } = await startScripted()
    fill(1, 10)
    await rig.settle()
    expect(state(rig)).toBe('open')
    await rig.pass(10)
    expect(rig.counters.get('order_transitions_forbidden')).toBe(0)
    expect(rig.control.state).toBe('active')
  })

  it('may tell of a fill that crossed the cancel', async () => {
    const { rig, fill, cancel } = await startScripted()
    await rig.pass(10)
    cancel()
    await rig.settle()
    fill(1, 10)
    cancel()
    await rig.settle()
    expect(state(rig)).toBe('canceled')
    expect(rig.lots(0)).toBe(10)
    fill(2, 90)
    await rig.settle()
    expect(state(rig)).toBe('filled')
    expect(rig.lots(0)).toBe(100)
    expect(rig.control.state).toBe('active')
  })

  it('halt trading when they tell of more than was ordered, and count it all the same', async () => {
    const { rig, fill } = await startScripted()
    await rig.pass(10)
    fill(1, 150)
    fill(2, 1)
    await rig.settle()
    expect(rig.lots(0)).toBe(151)
    expect(rig.control.state).toBe('halted')
    expect(rig.records('trading_state').at(-1)?.reason).toBe('order_transition_forbidden')
  })

  it('halt trading when they tell of a fill of an order that is not ours', async () => {
    const { rig, fill } = await startScripted()
    fill(1, 10, 'bf-9-9')
    await rig.settle()
    expect(rig.lots(0)).toBe(0)
    expect(rig.counters.get('gateway_events_unmatched')).toBe(1)
    expect(rig.control.state).toBe('halted')
  })
})

describe('resting orders', () => {
  it('are canceled after their time', async () => {
    const rig = await startRig({ options: { entryTimeInForce: 'gtc', restMsMax: 500 } })
    rig.enter(0, 'enter_long', 9_990)
    await rig.pass(450)
    expect(rig.state.unfinished.size).toBe(1)
    await rig.pass(150)
    expect(rig.state.unfinished.size).toBe(0)
    expect(rig.records('order_state').at(-2)?.reason).toBe('rested_too_long')
  })

  it('make way for an exit of their symbol', async () => {
    const rig = await startRig({ options: { entryTimeInForce: 'gtc', restMsMax: 60_000 } })
    rig.enter(0, 'enter_long', 10_001)
    await rig.pass(10)
    rig.enter(0, 'enter_long', 9_990)
    await rig.pass(10)
    rig.enter(0, 'exit', 9_990)
    await rig.pass(60)
    expect(rig.state.unfinished.size).toBe(0)
    expect(rig.lots(0)).toBe(0)
  })
})

type Open = { -readonly [Key in keyof Gateway]: Gateway[Key] }

/** The paper exchange behind functions that a test may replace. */
function intercept(paper: PaperGateway, onSubmit: (id: string) => void) {
  const open: Open = {
    account: undefined,
    amend: (amend, nowUs) => paper.amend(amend, nowUs),
    submit: (order, nowUs) => {
      onSubmit(order.orderLinkId)
      return paper.submit(order, nowUs)
    },
    cancel: (id, nowUs) => paper.cancel(id, nowUs),
    query: (id, nowUs) => paper.query(id, nowUs),
    openOrders: () => paper.openOrders(),
    advance: (nowUs) => paper.advance(nowUs),
    nextEvent: () => paper.nextEvent(),
    nextDueUs: () => paper.nextDueUs(),
  }
  return open
}
