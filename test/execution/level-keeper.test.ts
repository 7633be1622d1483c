import { describe, expect, it } from 'vitest'
import {
  EXITS_OFF,
  type ExitOptions,
  type HeldLevelOptions,
} from '../../src/execution/exits/exit-options.ts'
import type { PositionLevels, SubmitReply } from '../../src/execution/gateway/gateway.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig } from './rig.ts'

const KEY = 'linear:S0USDT'
const NONE = Number.NaN
const ANN = { who: 'ann', reason: 'news' }
const TRAIL = { activationPercent: 1, distances: [{ fromPercent: 1, distancePercent: 0.5 }] }

/** An exchange that keeps levels with its positions, and may fail to. */
class LevelExchange extends FakeExchange {
  readonly levels = new Map<string, PositionLevels>()
  /** What was durable when each call came. */
  readonly asked: (PositionLevels & { records: number })[] = []
  reply: SubmitReply = { kind: 'accepted' }
  /** A call is done although its reply says otherwise. */
  isDone = false
  durable: () => number = () => 0

  constructor() {
    super()
    const { account } = this
    const listed = account.positions.bind(account)
    account.positions = async (nowUs) => {
      const reply = await listed(nowUs)
      if (reply.kind === 'unknown') return reply
      const none = { stopTicks: NONE, targetTicks: NONE }
      const positions = reply.positions.map((row) => {
        return { ...row, levels: this.levels.get(row.key) ?? none }
      })
      return { kind: 'positions', positions }
    }
    account.setLevels = (key, levels) => {
      this.asked.push({ ...levels, records: this.durable() })
      if (this.reply.kind === 'accepted' || this.isDone) this.levels.set(key, levels)
      return Promise.resolve(this.reply)
    }
  }
}

type Desk = Readonly<{ rig: Rig; exchange: LevelExchange }>

async function open(
  held: Partial<HeldLevelOptions> = {},
  before?: Desk,
  table: Partial<ExitOptions> = {},
  requiresStop = false,
): Promise<Desk> {
  const exchange = before?.exchange ?? new LevelExchange()
  const kept = { ...EXITS_OFF.held, ...held }
  const exits = { ...EXITS_OFF, held: kept, trailingStop: TRAIL, ...table }
  const { reconcile } = DEFAULT_EXECUTION_OPTIONS
  const rig = new Rig({
    options: {
      ...{ exits, requiresStop },
      reconcile: { ...reconcile, quietMs: 500, onMismatch: 'alert' },
    },
    gateway: () => exchange,
    ...(before === undefined
      ? {}
      : {
          records: before.rig.memory.records,
          run: before.rig.memory.run + 1,
          clock: before.rig.clock,
        }),
  })
  expect((await rig.start()).ok).toBe(true)
  rig.quote(0, 10_000)
  exchange.durable = () =>
    rig.records('held_levels').filter(({ phase }) => phase === 'asked').length
  exchange.link(true, rig.clock.nowUs())
  await rig.pass(3_000, 50)
  expect(rig.actor.truth.isHealthy).toBe(true)
  return { rig, exchange }
}

/** Long 10 lots at 10005; the exchange took the levels of the order along. */
async function enter({ exchange, rig }: Desk, stop = 9_900, target = 10_300): Promise<void> {
  rig.enter(0, 'enter_long', 10_005, { notional: 10.01, stop, target })
  await rig.settle()
  const id = [...rig.state.orders.keys()].at(-1) ?? ''
  exchange.levels.set(KEY, { stopTicks: stop, targetTicks: target })
  exchange.fill(id, rig.state.orders.get(id)?.terms.lots ?? 0, rig.clock.nowUs())
  await rig.pass(60)
  expect(rig.lots(0)).toBe(10)
}

const phases = (rig: Rig) => rig.records('held_levels').map(({ phase }) => phase)

describe('levels at the exchange', () => {
  it('came with the order, and are not asked for again', async () => {
    const desk = await open()
    await enter(desk)
    await desk.rig.pass(30_000, 100)
    expect(desk.exchange.asked).toEqual([])
    expect(phases(desk.rig)).toEqual([])
  })

  it('follow a trail: durable first, not more often than the interval, and only tighter', async () => {
    const desk = await open({ intervalMs: 2_000, stepPercent: 0.1 })
    const { exchange, rig } = desk
    await enter(desk)
    for (let mid = 10_120; mid <= 10_220; mid += 2) {
      rig.quote(0, mid)
      await rig.pass(100, 50)
    }
    rig.quote(0, 10_180)
    await rig.pass(5_000, 50)
    const stops = exchange.asked.map(({ stopTicks }) => stopTicks)
    expect(stops.length).toBeGreaterThan(1)
    expect(stops.length).toBeLessThan(5)
    expect(stops).toEqual([...stops].sort((a, b) => a - b))
    expect(exchange.asked.every(({ records }, i) => records > i)).toBe(true)
    expect(exchange.asked.every(({ targetTicks }) => targetTicks === 10_300)).toBe(true)
    const trail = rig.state.holdings.get(KEY)?.plan?.trailTicks ?? 0
    expect(trail - (exchange.levels.get(KEY)?.stopTicks ?? 0)).toBeLessThan(trail * 0.001)
    expect(phases(rig).filter((phase) => phase === 'held')).toHaveLength(stops.length)
  })

  it('whose fate is unknown are looked for, and asked for again', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    await enter(desk)
    exchange.reply = { kind: 'unknown', message: 'no answer' }
    rig.command('levels', 0, ANN, { stop: 9_950 })
    await rig.pass(500, 50)
    expect(phases(rig)).toEqual(['asked', 'lost'])
    exchange.reply = { kind: 'accepted' }
    await rig.pass(3_000, 50)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 9_950, targetTicks: 10_300 })
    expect(phases(rig)).toEqual(['asked', 'lost', 'asked', 'held'])
    expect(rig.counters.get('levels_lost')).toBe(1)
  })

  it('whose fate is unknown are left where the look shows that they arrived', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    await enter(desk)
    exchange.reply = { kind: 'unknown', message: 'no answer' }
    exchange.isDone = true
    rig.command('levels', 0, ANN, { stop: 9_950 })
    await rig.pass(20_000, 100)
    expect(exchange.asked).toHaveLength(1)
    expect(phases(rig)).toEqual(['asked', 'lost'])
  })

  it('that a look finds changed are set again, in time and not in a storm', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    await enter(desk)
    exchange.levels.set(KEY, { stopTicks: NONE, targetTicks: 10_300 })
    await rig.pass(14_000, 100)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 9_900, targetTicks: 10_300 })
    expect(phases(rig)).toEqual(['differed', 'asked', 'held'])
    expect(rig.counters.get('levels_differed')).toBe(1)
    // Somebody who takes it away again and again.
    for (let look = 0; look < 600; look++) {
      exchange.levels.set(KEY, { stopTicks: NONE, targetTicks: 10_300 })
      await rig.pass(100, 100)
    }
    expect(exchange.asked.length).toBeLessThan(10)
  })

  it('that are refused are asked for ever more slowly, and nobody hears of a closed one', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    await enter(desk)
    exchange.reply = { kind: 'rejected', code: 'request_refused', message: 'wrong side' }
    rig.command('levels', 0, ANN, { stop: 9_950 })
    await rig.pass(40_000, 100)
    expect(exchange.asked.length).toBeGreaterThan(3)
    expect(exchange.asked.length).toBeLessThan(9)
    // The old stop is there still, but it is looser than the one that the person wants.
    expect(rig.counters.get('positions_unguarded')).toBe(1)
    expect(rig.control.incidents.get('position_unguarded')).toBe(1)
    const before = exchange.asked.length
    exchange.fillForeign(KEY, 'sell', 10, rig.clock.nowUs())
    await rig.pass(40_000, 100)
    expect(rig.lots(0)).toBe(0)
    expect(exchange.asked).toHaveLength(before)
  })

  it('of a start are those that the exchange tells, or ours within a second', async () => {
    const first = await open()
    await enter(first)
    const { exchange } = first
    const again = await open({}, first)
    await again.rig.pass(20_000, 100)
    expect(exchange.asked).toEqual([])
    exchange.levels.delete(KEY)
    const third = await open({}, again)
    await third.rig.pass(1_000, 50)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 9_900, targetTicks: 10_300 })
    expect(third.rig.counters.get('levels_differed')).toBe(0)
  })
})

describe('a position without its stop at the exchange', () => {
  it.each(['alert', 'flatten'] as const)('for too long: %s', async (onUnguarded) => {
    const desk = await open({ unguardedMsMax: 5_000, onUnguarded })
    const { exchange, rig } = desk
    exchange.reply = { kind: 'unknown', message: 'no answer' }
    await enter(desk)
    exchange.levels.delete(KEY)
    await rig.pass(11_000, 100)
    expect(rig.counters.get('positions_unguarded')).toBe(0)
    await rig.pass(6_000, 100)
    expect(rig.counters.get('positions_unguarded')).toBe(1)
    expect(phases(rig)).toContain('unguarded')
    const stops = onUnguarded === 'alert' ? [] : [{ stop: 'flatten', phase: 'ordered', who: '' }]
    expect(rig.records('stop')).toMatchObject(stops)
    const closing = rig
      .records('order_created')
      .filter((order) => order.reduce_only)
      .slice(0, 1)
    expect(closing.map(({ reason }) => reason)).toEqual(onUnguarded === 'alert' ? [] : ['flatten'])
  })
})

describe('a position that was taken over and has no stop anywhere', () => {
  it.each([
    ['with money: a person is told, and it is left alone', true, 1],
    ['without', false, 0],
  ])('%s', async (_name, requiresStop, told) => {
    const desk = await open({ onUnguarded: 'flatten' }, undefined, {}, requiresStop)
    const { exchange, rig } = desk
    exchange.fillForeign(KEY, 'buy', 10, rig.clock.nowUs())
    await rig.pass(14_000, 100)
    expect(rig.counters.get('positions_unguarded')).toBe(0)
    await rig.pass(30_000, 100)
    expect(rig.counters.get('positions_unguarded')).toBe(told)
    expect(phases(rig).filter((phase) => phase === 'unguarded')).toHaveLength(told)
    expect(rig.lots(0)).toBe(10)
    expect(rig.records('order_created')).toEqual([])
  })

  it('is silent where somebody gave it one', async () => {
    const { exchange, rig } = await open({}, undefined, {}, true)
    exchange.levels.set(KEY, { stopTicks: 9_700, targetTicks: NONE })
    exchange.fillForeign(KEY, 'buy', 10, rig.clock.nowUs())
    await rig.pass(60_000, 100)
    expect(rig.counters.get('positions_unguarded')).toBe(0)
  })
})

describe('levels that a person sets', () => {
  const code = async (rig: Rig, ...levels: Parameters<Rig['command']>) => {
    rig.command(...levels)
    await rig.pass(60)
    return rig.records('command').at(-1)?.code
  }

  it('reach the exchange at once, and who asked why is on record', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    await enter(desk)
    expect(await code(rig, 'levels', 0, ANN, { stop: 9_950, target: 0 })).toBe('ok')
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 9_950, targetTicks: NONE })
    const command = rig.records('command').at(-1)
    expect(command).toMatchObject({ ...ANN, command: 'levels', symbol: 'S0USDT' })
    const moved = { by: 'command', stop_ticks: 9_950, target_ticks: null, command: command?.number }
    expect(rig.records('exit_levels')).toMatchObject([moved])
    // Once more: done already, and nothing is journaled or sent.
    expect(await code(rig, 'levels', 0, ANN, { stop: 9_950 })).toBe('ok')
    expect(rig.records('exit_levels')).toHaveLength(1)
    expect(exchange.asked).toHaveLength(1)
  })

  it('end a trail and take its stop away, and begin it again', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    await enter(desk)
    rig.quote(0, 10_200)
    await rig.pass(2_000, 50)
    expect(exchange.levels.get(KEY)?.stopTicks).toBe(10_149)
    expect(await code(rig, 'levels', 0, ANN, { trailing: false })).toBe('ok')
    expect(exchange.levels.get(KEY)?.stopTicks).toBe(9_900)
    rig.quote(0, 10_250)
    await rig.pass(5_000, 50)
    expect(exchange.levels.get(KEY)?.stopTicks).toBe(9_900)
    expect(await code(rig, 'levels', 0, ANN, { trailing: true })).toBe('ok')
    await rig.pass(2_000, 50)
    expect(exchange.levels.get(KEY)?.stopTicks).toBe(10_198)
  })

  it('may not risk more than an entry may: just inside, and just outside', async () => {
    const { limits } = DEFAULT_EXECUTION_OPTIONS
    const desk = await open()
    const { exchange, rig } = desk
    await enter(desk)
    // 10 lots of 0.001 at 0.1 a tick: a tick is 0.001, and 2 ticks of the 100000 are 2e-8 of it.
    const risk = { ...limits, riskPerTradeFractionMax: 2.05e-6 }
    const again = new Rig({
      options: { limits: risk },
      gateway: () => exchange,
      records: rig.memory.records,
      run: 2,
    })
    expect((await again.start()).ok).toBe(true)
    again.quote(0, 10_000)
    await again.pass(100)
    const equity = again.actor.exposures.equityQuote()
    const ticks = Math.floor((equity * 2.05e-6) / 0.001)
    expect(await code(again, 'levels', 0, ANN, { stop: 10_005 - ticks })).toBe('ok')
    expect(await code(again, 'levels', 0, ANN, { stop: 10_005 - ticks - 1 })).toBe('risk_per_trade')
    expect(await code(again, 'levels', 0, ANN, { stop: 0 })).toBe('risk_per_trade')
  })

  it('are refused where there is nothing to set, or no way to set it', async () => {
    const desk = await open()
    const { rig } = desk
    expect(await code(rig, 'levels', 0, ANN, { stop: 9_900 })).toBe('nothing_to_reduce')
    await enter(desk)
    expect(await code(rig, 'levels', 7, ANN, { stop: 9_900 })).toBe('instrument_unknown')
    expect(await code(rig, 'levels', 0, ANN, {})).toBe('bad_request')
    expect(await code(rig, 'levels', 0, ANN, { stop: 9_900.5 })).toBe('bad_request')
    expect(await code(rig, 'levels', 0, ANN, { stop: 9_999 })).toBe('stop_invalid')
    expect(await code(rig, 'levels', 0, ANN, { target: 9_999 })).toBe('target_invalid')
    rig.books.lose(0)
    expect(await code(rig, 'levels', 0, ANN, { stop: 9_950 })).toBe('book_not_live')
    // What asks for no price needs no book.
    expect(await code(rig, 'levels', 0, ANN, { trailing: false })).toBe('ok')
    expect(rig.records('exit_levels')).toHaveLength(1)
  })

  it('stay when an older order of the position fills on', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    rig.enter(0, 'enter_long', 10_005, { notional: 10.01, stop: 9_900, target: 10_300 })
    await rig.settle()
    const id = [...rig.state.orders.keys()][0]
    exchange.fill(id, 4, rig.clock.nowUs())
    exchange.levels.set(KEY, { stopTicks: 9_900, targetTicks: 10_300 })
    await rig.pass(60)
    expect(await code(rig, 'levels', 0, ANN, { stop: 9_950 })).toBe('ok')
    exchange.fill(id, 3, rig.clock.nowUs())
    exchange.levels.set(KEY, { stopTicks: 9_900, targetTicks: 10_300 }) // of its order, once more
    await rig.pass(2_000, 50)
    expect(rig.lots(0)).toBe(7)
    expect(rig.state.holdings.get(KEY)?.plan?.stopTicks).toBe(9_950)
    expect(exchange.levels.get(KEY)?.stopTicks).toBe(9_950)
  })
})

describe('levels of a position that was taken over', () => {
  const STOP = { stopLossPercent: 2 }

  it('come from the table of exits, for an execution of somebody else', async () => {
    const { exchange, rig } = await open({}, undefined, STOP)
    exchange.fillForeign(KEY, 'buy', 10, rig.clock.nowUs())
    await rig.pass(15_000, 50)
    expect(rig.lots(0)).toBe(10)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 9_800, targetTicks: NONE })
    expect(phases(rig)).toEqual(['asked', 'held'])
    // A sale that turns it makes another position, with levels of its own.
    exchange.levels.delete(KEY)
    exchange.fillForeign(KEY, 'sell', 25, rig.clock.nowUs())
    await rig.pass(15_000, 50)
    expect(rig.lots(0)).toBe(-15)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 10_200, targetTicks: NONE })
  })

  it('come from it for one that a look found, and close it here too', async () => {
    const { exchange, rig } = await open({}, undefined, STOP)
    exchange.positions.set(KEY, -12)
    await rig.pass(70_000, 100)
    expect(rig.records('position_adjusted')).toHaveLength(1)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 10_200, targetTicks: NONE })
    rig.quote(0, 10_250)
    await rig.pass(1_000, 50)
    const [order] = rig.state.orders.values()
    expect(order.terms).toMatchObject({ reason: 'stop_loss', side: 'buy', lots: 12 })
  })

  it('that somebody gave it stand, but for a stop of ours that is nearer', async () => {
    const { exchange, rig } = await open({}, undefined, STOP)
    exchange.levels.set(KEY, { stopTicks: 9_700, targetTicks: 10_400 })
    exchange.fillForeign(KEY, 'buy', 10, rig.clock.nowUs())
    await rig.pass(15_000, 50)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 9_800, targetTicks: 10_400 })
    exchange.levels.set(KEY, { stopTicks: 9_900, targetTicks: NONE })
    await rig.pass(70_000, 100)
    expect(exchange.asked).toHaveLength(1)
    expect(exchange.levels.get(KEY)).toEqual({ stopTicks: 9_900, targetTicks: NONE })
  })

  it('are left alone where the table has none, and after a restart too', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    exchange.levels.set(KEY, { stopTicks: 9_700, targetTicks: 10_400 })
    exchange.fillForeign(KEY, 'buy', 10, rig.clock.nowUs())
    await rig.pass(40_000, 100)
    const again = await open({}, desk)
    await again.rig.pass(40_000, 100)
    expect(again.rig.state.holdings.get(KEY)?.plan?.isTakenOver).toBe(true)
    expect(exchange.asked).toEqual([])
  })
})
