import { describe, expect, it } from 'vitest'
import type { ExitOptions } from '../../src/execution/exits/exit-options.ts'
import { EXITS_OFF } from '../../src/execution/exits/exit-options.ts'
import type { CancelReply, Gateway } from '../../src/execution/gateway/gateway.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig, type RigOptions, startRig } from './rig.ts'

const RESTING = { entryTimeInForce: 'gtc', restMsMax: 3_600_000 } as const

type Fields = Parameters<Rig['enter']>[3]

/** Long 40 of 99 lots at 10001 on paper; the rest of the entry rests at 10001. */
async function openInPart(
  fields: Fields = {},
  exits: Partial<ExitOptions> = {},
  more: RigOptions = {},
): Promise<Rig> {
  const rig = await startRig({
    ...more,
    options: { ...RESTING, exits: { ...EXITS_OFF, ...exits } },
  })
  rig.books.set(0, [[9_999, 1_000]], [[10_001, 40]])
  rig.enter(0, 'enter_long', 10_001, fields)
  await rig.pass(100)
  await bid(rig, 9_999, 100)
  expect(rig.lots(0)).toBe(40)
  expect(states(rig)).toEqual(['open'])
  return rig
}

/** The best bid moves, and nobody sells at the price of the entry any more. */
async function bid(rig: Rig, ticks: number, durationMs: number): Promise<void> {
  rig.books.set(0, [[ticks, 1_000]], [[Math.max(10_010, ticks + 2), 1_000]])
  await rig.pass(durationMs)
}

function states(rig: Rig): string[] {
  return [...rig.state.unfinished.values()].map(({ state }) => state)
}

function closings(rig: Rig) {
  return rig.records('order_created').filter(({ reduce_only }) => reduce_only)
}

/** An account that agrees with an actor whose entries rest. */
async function connect(more: Partial<FakeExchange> = {}, exits: Partial<ExitOptions> = {}) {
  const exchange = Object.assign(new FakeExchange(), more)
  const options = { ...RESTING, exits: { ...EXITS_OFF, ...exits } }
  const rig = new Rig({ gateway: () => exchange, options })
  await rig.start()
  for (const { index } of rig.instruments) rig.quote(index, 10_000)
  exchange.link(true, rig.clock.nowUs())
  await rig.pass(200)
  expect(rig.actor.truth.isHealthy).toBe(true)
  return { rig, exchange }
}

/** Long 10 lots, and an entry that rests. */
async function holdAndRest(exchange: FakeExchange, rig: Rig, fields: Fields = {}): Promise<string> {
  rig.enter(0, 'enter_long', 10_001, fields)
  await rig.pass(50)
  const [id] = exchange.orders.keys()
  exchange.fill(id, 10, rig.clock.nowUs())
  await rig.pass(50)
  expect(rig.lots(0)).toBe(10)
  expect(states(rig)).toEqual(['open'])
  return id
}

describe('an entry that rests in part', () => {
  it.each([
    ['stop_loss', { stop: 9_950 }, {}, 9_900],
    ['take_profit', { target: 10_100 }, {}, 10_200],
    ['hold_time', { holdMs: 1_000 }, {}, 10_010],
    ['stop_loss', {}, { stopLossPercent: 1 }, 9_800],
  ] as const)('makes way for %s', async (reason, fields, exits, ticks) => {
    const rig = await openInPart(fields, exits)
    await bid(rig, ticks, 1_200)
    expect(rig.lots(0)).toBe(0)
    expect(states(rig)).toEqual([])
    const asked = rig.records('order_state').filter(({ event }) => event === 'requestCancel')
    expect(asked.map((record) => record.reason)).toEqual(['exit_due'])
    expect(closings(rig)).toMatchObject([{ reason, lots: 40 }])
  })

  it('makes way for a trail and for a part', async () => {
    const trailingStop = {
      activationPercent: 2,
      distances: [{ fromPercent: 2, distancePercent: 1 }],
    }
    const rig = await openInPart({}, { trailingStop, partials: [{ atPercent: 4, share: 0.5 }] })
    await bid(rig, 10_450, 300)
    expect(closings(rig)).toMatchObject([{ reason: 'partial_close', lots: 20 }])
    expect(states(rig)).toEqual([])
    await bid(rig, 10_300, 300)
    expect(closings(rig)[1]).toMatchObject({ reason: 'trailing_stop', lots: 20 })
    expect(rig.lots(0)).toBe(0)
  })

  it('that is a part does not leave again while nobody tells whether it has filled', async () => {
    const { exchange, rig } = await connect({}, { partials: [{ atPercent: 4, share: 0.5 }] })
    rig.enter(0, 'enter_long', 10_001, { notional: 100 })
    await rig.pass(100)
    const [entry] = [...exchange.orders.keys()]
    exchange.fill(entry, rig.state.orders.get(entry)?.terms.lots ?? 0, rig.clock.nowUs())
    await rig.pass(100)
    rig.quote(0, 10_450)
    await rig.pass(200)
    expect(closings(rig)).toMatchObject([{ reason: 'partial_close' }])
    // It fills, and neither the stream nor a look says so.
    exchange.isTelling = false
    exchange.isDown = true
    exchange.fill(closings(rig)[0].order_link_id, closings(rig)[0].lots, rig.clock.nowUs())
    for (let i = 0; i < 14; i++) {
      rig.quote(0, 10_450)
      await rig.pass(1_000, 100)
    }
    expect(closings(rig)).toHaveLength(1)
  })

  it('makes way for an exit that a strategy asks for once', async () => {
    const rig = await openInPart()
    rig.enter(0, 'exit', 9_999)
    await rig.pass(300)
    expect(rig.lots(0)).toBe(0)
    expect(states(rig)).toEqual([])
    expect(rig.records('intent_denied')).toEqual([])
    expect(closings(rig)).toMatchObject([{ shard: 0, strategy: 0, reduce_only: true }])
    expect(rig.counters.get('exits_kept')).toBe(1)
    // Nothing of it is left for the next position.
    rig.enter(0, 'enter_long', 10_010)
    await rig.pass(500)
    expect(rig.lots(0)).toBeGreaterThan(0)
  })

  it('stays when an exit of another symbol is due', async () => {
    const rig = await openInPart({ stop: 9_000 })
    rig.enter(1, 'enter_long', 10_001, { stop: 9_950 })
    await rig.pass(50)
    rig.quote(1, 9_900)
    await rig.pass(500)
    expect(rig.lots(1)).toBe(0)
    expect(rig.lots(0)).toBe(40)
    expect(states(rig)).toEqual(['open'])
  })
})

describe('an exit that waits', () => {
  it('goes on when the price comes back before the entry has gone', async () => {
    const release: (() => void)[] = []
    const rig = await openInPart({ stop: 9_950 }, {}, { gateway: (paper) => slow(paper, release) })
    await bid(rig, 9_900, 100)
    expect(states(rig)).toEqual(['canceling'])
    await bid(rig, 9_999, 300)
    expect(rig.lots(0)).toBe(40)
    for (const go of release.splice(0)) go()
    await rig.pass(200)
    expect(closings(rig)).toMatchObject([{ reason: 'stop_loss', lots: 40 }])
    expect(rig.lots(0)).toBe(0)
  })

  it('keeps new entries of its symbol out until it has left', async () => {
    const release: (() => void)[] = []
    const rig = await openInPart({ stop: 9_950 }, {}, { gateway: (paper) => slow(paper, release) })
    await bid(rig, 9_900, 100)
    rig.books.lose(0) // no price to close at
    for (const go of release.splice(0)) go()
    await rig.pass(100)
    expect(states(rig)).toEqual([])
    rig.enter(0, 'enter_long', 9_905)
    await rig.pass(1_100)
    expect(rig.records('intent_denied').at(-1)?.reason).toBe('exit_due')
    await bid(rig, 9_999, 300)
    expect(rig.lots(0)).toBe(0)
    expect(closings(rig)).toMatchObject([{ reason: 'stop_loss' }])
    rig.enter(0, 'enter_long', 10_010)
    await rig.pass(50)
    expect(rig.lots(0)).toBeGreaterThan(0)
  })

  it('is for what an entry on its way brings too', async () => {
    const { rig, exchange } = await connect()
    rig.enter(0, 'enter_long', 10_001)
    await rig.pass(50)
    const [id] = exchange.orders.keys()
    exchange.isTelling = false // its end is told late
    rig.enter(0, 'exit', 9_999)
    await rig.pass(50)
    expect(states(rig)).toEqual(['canceling'])
    exchange.isTelling = true
    exchange.fill(id, 10, rig.clock.nowUs())
    exchange.tell({ type: 'canceled', orderLinkId: id, code: 'ok', timeUs: rig.clock.nowUs() })
    await rig.pass(50)
    expect(closings(rig)).toMatchObject([{ lots: 10, shard: 0 }])
  })

  it('is forgotten when nothing came of the entry', async () => {
    const { rig } = await connect()
    rig.enter(0, 'enter_long', 10_001)
    await rig.pass(50)
    rig.enter(0, 'exit', 9_999)
    await rig.pass(100)
    expect(states(rig)).toEqual([])
    expect(rig.actor.closing.isWaiting(0)).toBe(false)
    expect(closings(rig)).toEqual([])
  })

  it('asks again for a cancel that was refused, twice a second', async () => {
    const refused: string[] = []
    const { rig, exchange } = await connect({}, { stopLossPercent: 1 })
    const cancel = exchange.cancel.bind(exchange)
    const id = await holdAndRest(exchange, rig)
    exchange.cancel = (orderLinkId) => {
      refused.push(orderLinkId)
      return Promise.resolve({ kind: 'rejected', code: 'rejected_by_exchange', message: '' })
    }
    rig.quote(0, 9_800)
    await rig.pass(1_900)
    expect(refused).toEqual([id, id, id, id])
    exchange.cancel = cancel
    await rig.pass(600)
    expect(closings(rig)).toMatchObject([{ reason: 'stop_loss', lots: 10 }])
  })
})

describe('an order of unknown fate', () => {
  it('keeps an exit of its symbol back for ten seconds and no longer', async () => {
    const { rig, exchange } = await connect({}, { stopLossPercent: 1 })
    await holdAndRest(exchange, rig)
    exchange.cancel = (): Promise<CancelReply> => new Promise(() => {})
    exchange.isQueryHeld = true
    rig.quote(0, 9_800)
    await rig.pass(9_900, 50)
    expect(closings(rig)).toEqual([])
    await rig.pass(300, 50)
    expect(states(rig)).toEqual(['canceling', 'open'])
    expect(closings(rig)).toMatchObject([{ reason: 'stop_loss', lots: 10, reduce_only: true }])
    // One that closes is waited for in its turn.
    await rig.pass(5_000, 50)
    expect(closings(rig)).toHaveLength(1)
  })

  it('does so too when it is one that closes', async () => {
    const { rig, exchange } = await connect({}, { stopLossPercent: 1 })
    const id = await holdAndRest(exchange, rig)
    exchange.end(id, 'canceled', 'ok', rig.clock.nowUs())
    await rig.pass(50)
    exchange.isLosing = true
    exchange.isQueryHeld = true
    rig.quote(0, 9_800)
    await rig.pass(9_900, 50)
    expect(closings(rig)).toHaveLength(1)
    exchange.isLosing = false
    await rig.pass(300, 50)
    expect(closings(rig)).toHaveLength(2)
  })
})

describe('a position that the exchange closed', () => {
  it('is not opened again by the rest of its entry', async () => {
    const { rig, exchange } = await connect()
    const id = await holdAndRest(exchange, rig, { stop: 9_950 })
    exchange.fillForeign('linear:S0USDT', 'sell', 10, rig.clock.nowUs())
    Object.assign(exchange.executions.at(-1) ?? {}, { isPositionStop: true })
    await rig.pass(200)
    expect(rig.lots(0)).toBe(0)
    expect(rig.control.state).toBe('active')
    expect(exchange.canceled).toEqual([id])
    expect(states(rig)).toEqual([])
  })
})

/** Cancels reach the paper exchange when they are let go. */
function slow(paper: Gateway, release: (() => void)[]): Gateway {
  return {
    account: undefined,
    amend: (amend, nowUs) => paper.amend(amend, nowUs),
    submit: (order, nowUs) => paper.submit(order, nowUs),
    cancel: (id, nowUs) =>
      new Promise<void>((resolve) => release.push(resolve)).then(() => paper.cancel(id, nowUs)),
    query: (id, nowUs) => paper.query(id, nowUs),
    openOrders: (nowUs) => paper.openOrders(nowUs),
    advance: (nowUs) => paper.advance(nowUs),
    nextEvent: () => paper.nextEvent(),
    nextDueUs: () => paper.nextDueUs(),
  }
}
