import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import type { JournalRecord, OrderCreated, OrderEvent } from '../../src/domain/journal.ts'
import type { OrderState } from '../../src/domain/trading.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import type { Gateway, QueryReply } from '../../src/execution/gateway/gateway.ts'
import type { PaperGateway } from '../../src/execution/gateway/paper-gateway.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../../src/execution/options.ts'
import { createOrder } from '../../src/execution/order/order.ts'
import { PartialEnds } from '../../src/execution/partial-ends.ts'
import { foldInto } from '../../src/execution/recovery.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import { createInstrument, Rig, START_US, startRig } from './rig.ts'

const FOLLOW = { followUp: { ageMsMax: 400, slippageBps: 0 } } as const
const { limits } = DEFAULT_EXECUTION_OPTIONS
/** A lot costs 1 at this limit price: 1,000 ticks of 0.1 times 0.001 is 1 a lot of ten. */
const LIMIT = 10_001
const WANTED = 100
const wanted = { notional: WANTED * 1.0001, stop: 9_900, target: 10_200 }

function rigOf(
  options: Partial<ExecutionOptions> = {},
  gateway?: (paper: PaperGateway) => Gateway,
): Promise<Rig> {
  return startRig({
    options: { ...FOLLOW, ...options },
    ...(gateway === undefined ? {} : { gateway }),
  })
}

/** An entry of 100 lots that finds 40, and the book as it is after it: with as many more. */
async function partEntry(rig: Rig, more: number, fields = wanted): Promise<void> {
  rig.quote(0, 10_000, 40)
  rig.books.set(0, [[9_999, 40]], [[LIMIT, 40]])
  rig.enter(0, 'enter_long', LIMIT, fields)
  for (let i = 0; i < 20 && rig.lots(0) === 0; i++) await rig.pass(1, 1)
  expect(rig.lots(0)).toBe(40)
  rig.books.set(0, [[9_999, more]], [[LIMIT, more]])
}

const outcomes = (rig: Rig) =>
  rig.records('entry_settled').map(({ outcome, code }) => (code === null ? outcome : code))

/** Denials and settlements reach the disk with the next flush that matters, or once a second. */
const toDisk = (rig: Rig) => rig.pass(1_100, 50)

describe('the rest of an entry that ended partially filled', () => {
  it('is let go unless it is asked for, and what was wanted, got and left is on record', async () => {
    const rig = await rigOf({ followUp: undefined })
    await partEntry(rig, 1000)
    await toDisk(rig)
    expect(rig.records('order_created')).toHaveLength(1)
    expect(rig.records('entry_settled')).toMatchObject([
      {
        symbol: 'S0USDT',
        wanted_lots: WANTED,
        filled_lots: 40,
        left_lots: 60,
        cause: 'remainder_canceled',
        outcome: 'off',
        code: null,
      },
    ])
    expect(rig.counters.get('entries_settled')).toBe(1)
    expect(rig.state.partialEnds.waiting.size).toBe(0)
  })

  it('is followed by one order for it, of a decision named after the first', async () => {
    const rig = await rigOf()
    await partEntry(rig, 1000)
    await toDisk(rig)
    const [first, second, ...others] = rig.records('order_created')
    expect(others).toEqual([])
    expect(second).toMatchObject({
      decision: `${first.decision}/rest`,
      follows: first.order_link_id,
      reason: 'follow_up',
      side: 'buy',
      lots: 60,
      limit_ticks: LIMIT,
      stop_ticks: 9_900,
      target_ticks: 10_200,
      u: first.u,
    })
    expect(rig.lots(0)).toBe(WANTED)
    expect(outcomes(rig)).toEqual(['followed'])
    expect(rig.counters.get('entries_followed')).toBe(1)
  })

  it('is followed once: the rest of the rest is let go', async () => {
    const rig = await rigOf()
    await partEntry(rig, 10)
    await toDisk(rig)
    rig.quote(0, 10_000, 1000)
    await rig.pass(500)
    expect(rig.records('order_created').map(({ lots }) => lots)).toEqual([100, 60])
    expect(rig.lots(0)).toBe(50)
    expect(outcomes(rig)).toEqual(['followed', 'second'])
  })

  it('belongs to its entry: neither one entry a position, nor cool-down, nor double send deny it', async () => {
    const strict = { entriesPerPositionMax: 1, cooldownMs: 60_000, doubleSendMs: 60_000 }
    const rig = await rigOf({ limits: { ...limits, ...strict } })
    await partEntry(rig, 1000)
    await toDisk(rig)
    expect(rig.lots(0)).toBe(WANTED)
    rig.quote(0, 10_000, 1000)
    rig.enter(0, 'enter_long', LIMIT, wanted)
    await rig.pass(50)
    expect(rig.lots(0)).toBe(WANTED) // another entry is denied as ever
  })

  it.each([
    ['percent', { mode: 'percent', equityFraction: 0.001, fixedQuote: 1 }, [99, 97]],
    ['fixed', { mode: 'fixed', equityFraction: 0.01, fixedQuote: 50.01 }, [50, 48]],
    ['minimum', { mode: 'minimum', equityFraction: 0.01, fixedQuote: 1 }, [5]],
  ] as const)('is what is left of it, with sizing %s', async (_, sizing, lots) => {
    const rig = await rigOf({ sizing })
    rig.books.set(0, [[9_999, 2]], [[LIMIT, 2]])
    rig.enter(0, 'enter_long', LIMIT, wanted)
    await rig.pass(15, 1)
    rig.quote(0, 10_000, 1000)
    await toDisk(rig)
    expect(rig.records('order_created').map((order) => order.lots)).toEqual(lots)
  })

  it('may reach further by the configured slippage, on either side', async () => {
    const rig = await rigOf({ followUp: { ageMsMax: 400, slippageBps: 2.5 } })
    await partEntry(rig, 1)
    rig.books.set(1, [[9_999, 40]], [[LIMIT, 40]])
    rig.enter(1, 'enter_short', 9_999, { notional: 101, stop: 10_200 })
    await rig.pass(60, 1)
    const follows = rig.records('order_created').filter(({ follows }) => follows !== undefined)
    expect(follows.map(({ limit_ticks, side }) => [side, limit_ticks])).toEqual([
      ['buy', LIMIT + 2],
      ['sell', 9_999 - 2],
    ])
  })

  it('is denied by the gate like any order', async () => {
    const stale = await rigOf()
    await partEntry(stale, 1000)
    stale.books.lose(0)
    await toDisk(stale)
    const off = await rigOf()
    await partEntry(off, 1000)
    off.command('risk_off')
    await toDisk(off)
    const small = await rigOf()
    await partEntry(small, 1000, { ...wanted, notional: 44.01 }) // 4 are left, of 5 quote at least
    await toDisk(small)
    expect([outcomes(stale), outcomes(off), outcomes(small)]).toEqual([
      ['book_not_live'],
      ['risk_off'],
      ['order_too_small'],
    ])
    for (const rig of [stale, off, small]) expect(rig.records('order_created')).toHaveLength(1)
  })

  it('is let go when the signal is old, and when a person ended the order', async () => {
    const old = await rigOf()
    old.books.set(0, [[9_999, 40]], [[LIMIT, 40]])
    old.enter(0, 'enter_long', LIMIT, { ...wanted, ageUs: 399_000 })
    await toDisk(old)
    expect(outcomes(old)).toEqual(['too_old'])

    const halted = await rigOf({ entryTimeInForce: 'gtc', restMsMax: 60_000 })
    halted.books.set(0, [[9_999, 40]], [[LIMIT, 40]])
    halted.enter(0, 'enter_long', LIMIT, wanted)
    await halted.pass(20, 1)
    halted.command('cancel_all')
    await toDisk(halted)
    expect(outcomes(halted)).toEqual(['ended_by_us'])
    expect(halted.records('order_created')).toHaveLength(1)
  })

  it('of an order that rested for too long is followed too', async () => {
    const rig = await rigOf({ entryTimeInForce: 'gtc', restMsMax: 100 })
    rig.books.set(0, [[9_999, 40]], [[LIMIT, 40]])
    rig.enter(0, 'enter_long', LIMIT, wanted)
    await rig.pass(160)
    await toDisk(rig)
    const [first, second] = rig.records('order_created')
    expect(second).toMatchObject({ follows: first.order_link_id, lots: 60, time_in_force: 'gtc' })
    expect(rig.records('entry_settled')[0]).toMatchObject({ cause: 'rested_too_long' })
  })
})

/** A paper exchange that is asked about an order and answers otherwise. */
function answering(change: (reply: QueryReply) => QueryReply) {
  return (paper: PaperGateway): Gateway => {
    const gateway: Gateway = {
      account: undefined,
      submit: (order, nowUs) => paper.submit(order, nowUs),
      cancel: (id, nowUs) => paper.cancel(id, nowUs),
      amend: (amend, nowUs) => paper.amend(amend, nowUs),
      query: (id, nowUs) => paper.query(id, nowUs).then(change),
      openOrders: () => paper.openOrders(),
      advance: (nowUs) => paper.advance(nowUs),
      nextEvent: () => paper.nextEvent(),
      nextDueUs: () => paper.nextDueUs(),
    }
    return gateway
  }
}

describe('a follow-up', () => {
  it('counts a fill that is told after the end first, and asks for less', async () => {
    const late = answering((reply) => {
      if (reply.kind !== 'found') return reply
      const [known] = reply.order.executions
      const more = { ...known, execId: 'late-1', execNumber: null, lots: 25 }
      const filledLots = reply.order.filledLots + more.lots
      const executions = [...reply.order.executions, more]
      return { ...reply, order: { ...reply.order, filledLots, executions } }
    })
    const rig = await rigOf({}, late)
    await partEntry(rig, 1000)
    await rig.pass(60, 1)
    expect(rig.records('order_created').map(({ lots }) => lots)).toEqual([100, 35])
    expect(rig.lots(0)).toBe(WANTED)
  })

  it.each([
    ['does not know', { kind: 'unknown', message: 'no answer' }],
    ['knows nothing of it', { kind: 'not_found', exchangeUs: 0 }],
  ] as const)('is not made when the exchange %s', async (_, reply) => {
    const rig = await rigOf(
      {},
      answering(() => reply),
    )
    await partEntry(rig, 1000)
    await toDisk(rig)
    expect(rig.records('order_created')).toHaveLength(1)
    expect(outcomes(rig)).toEqual(['unproven'])
  })

  it('is not made by an actor that winds down', async () => {
    const rig = await rigOf()
    await partEntry(rig, 1000)
    rig.actor.windDown()
    await rig.pass(100)
    expect(rig.records('order_created')).toHaveLength(1)
  })

  it('is made at most once, wherever the process dies between the two orders', async () => {
    const rig = await rigOf()
    await partEntry(rig, 1000)
    await toDisk(rig)
    const all = [...rig.memory.records]
    let followed = 0
    for (let cut = 1; cut <= all.length; cut++) {
      const records = all.slice(0, cut)
      const again = await restart(records)
      const decisions = again.records('order_created').map(({ decision }) => decision)
      expect(new Set(decisions).size).toBe(decisions.length)
      expect(decisions.filter((each) => each.endsWith('/rest')).length).toBeLessThanOrEqual(1)
      expect(decisions.length).toBeLessThanOrEqual(2)
      expect(again.lots(0)).toBeLessThanOrEqual(WANTED)
      // Nothing waits for ever: what a dead run left is settled by the next.
      expect(again.state.partialEnds.waiting.size).toBe(0)
      if (decisions.length === 2) followed++
    }
    expect(followed).toBeGreaterThan(0)
    expect(followed).toBeLessThan(all.length)
  })

  it('knows why the cancel was asked for, whatever was filled on its way', () => {
    const ends = new PartialEnds()
    const order = createOrder(ENTRY, 'linear:S0USDT')
    const step = (event: OrderEvent, from: OrderState, to: OrderState, reason: string): void => {
      const { time_us, run, order_link_id, symbol } = ENTRY
      order.state = to
      const ids = { time_us, run, order_link_id, symbol }
      ends.moved(order, { type: 'order_state', ...ids, event, from, to, reason })
    }
    step('requestCancel', 'open', 'canceling', 'rested_too_long')
    order.filledLots = 3
    step('fill', 'canceling', 'canceling', 'ok')
    step('cancel', 'canceling', 'canceled', 'ok')
    expect([...ends.waiting.values()]).toEqual([
      { orderLinkId: 'bf-1-1', cause: 'rested_too_long' },
    ])
    expect(ends.asked.size).toBe(0)
    order.filledLots = 10
    ends.filled(order)
    expect(ends.waiting.size).toBe(0)
  })

  it('that waits is part of a checkpoint', async () => {
    const rig = await rigOf()
    await partEntry(rig, 1000)
    const upToEnd = rig.memory.records
    const state = new ExecutionState()
    for (const record of upToEnd) foldInto(state)(record)
    expect(state.partialEnds.waiting.size).toBe(1)
    const restored = new ExecutionState()
    expect(restoreState(encodeState(state), restored)).toBeUndefined()
    expect([...restored.partialEnds.waiting]).toEqual([...state.partialEnds.waiting])
  })
})

const ENTRY: OrderCreated = {
  type: 'order_created',
  time_us: START_US,
  run: 1,
  number: 1,
  order_link_id: 'bf-1-1',
  symbol: 'S0USDT',
  category: 'linear',
  side: 'buy',
  order_type: 'limit',
  time_in_force: 'gtc',
  reduce_only: false,
  limit_ticks: LIMIT,
  lots: 10,
  target_ticks: null,
  stop_ticks: null,
  hold_ms_max: 0,
  shard: 0,
  intent_number: 1,
  decision: '0/linear:S0USDT/enter_long/77/1',
  strategy: 0,
  reason: 'none',
  u: 77,
  row_number: 1,
  intent_created_us: START_US,
  receive_us: START_US,
  imbalance: null,
  probability: null,
}

/** The next run, at the same moment: the signal is as young as it was. */
async function restart(records: readonly JournalRecord[]): Promise<Rig> {
  const last = records.at(-1)?.time_us ?? START_US
  const rig = new Rig({
    records,
    run: 2,
    clock: new ManualClock(last),
    instruments: [createInstrument(0), createInstrument(1)],
    options: FOLLOW,
  })
  const started = await rig.start()
  if (!started.ok) throw new Error(started.message)
  rig.quote(0, 10_000)
  await rig.pass(300)
  await toDisk(rig)
  return rig
}
