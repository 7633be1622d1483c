import { describe, expect, it } from 'vitest'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { EXITS_OFF, type ExitOptions } from '../../src/execution/exits/exit-options.ts'
import { type Rig, startRig } from './rig.ts'

const TRAILING = {
  ...EXITS_OFF,
  trailingStop: {
    activationPercent: 2,
    distances: [{ fromPercent: 2, distancePercent: 1 }],
  },
}

async function startWith(
  exits: Partial<ExitOptions>,
  records: readonly JournalRecord[] = [],
): Promise<Rig> {
  const options = { exits: { ...EXITS_OFF, ...exits }, exitSlippageBps: 10 }
  const rig = await startRig({ options, records, run: records.length > 0 ? 2 : 1 })
  return rig
}

/** Long 10 lots at 10001. */
async function enter(rig: Rig): Promise<void> {
  rig.enter(0, 'enter_long', 10_003, { notional: 10.01 })
  await rig.pass(50)
  expect(rig.lots(0)).toBe(10)
}

async function quote(rig: Rig, mid: number): Promise<void> {
  rig.quote(0, mid)
  await rig.pass(60)
}

describe('exits of the actor', () => {
  it('move a trailing stop through the journal and close at it', async () => {
    const rig = await startWith(TRAILING)
    await enter(rig)
    await quote(rig, 10_101) // 0.99 %: not yet
    expect(rig.records('exit_levels')).toEqual([])
    await quote(rig, 10_301)
    await quote(rig, 10_401)
    await quote(rig, 10_350)
    const stops = rig.records('exit_levels').map(({ stop_ticks }) => stop_ticks)
    expect(stops).toEqual([10_197, 10_296])
    expect(rig.counters.get('exit_levels_moved')).toBe(2)
    await quote(rig, 10_298)
    expect(rig.lots(0)).toBe(10)
    await quote(rig, 10_296)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({
      reason: 'trailing_stop',
      reduce_only: true,
    })
  })

  it('keep a trailing stop over a restart at a worse price', async () => {
    const before = await startWith(TRAILING)
    await enter(before)
    await quote(before, 10_401)
    const rig = await startWith(TRAILING, before.memory.records)
    // The start quotes 10000, far below the stop that the last run had reached.
    await rig.pass(100)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({ reason: 'trailing_stop' })
  })

  it('close parts at their targets until nothing is left, and none of them twice', async () => {
    const partials = [
      { atPercent: 0.5, share: 0.5 },
      { atPercent: 1, share: 0.3 },
      { atPercent: 2, share: 0.2 },
    ]
    const rig = await startWith({ partials })
    await enter(rig)
    const held: number[] = []
    for (const mid of [10_060, 10_040, 10_060, 10_110, 10_060, 10_210]) {
      await quote(rig, mid)
      held.push(rig.lots(0))
    }
    expect(held).toEqual([5, 5, 5, 2, 2, 0])
    const created = rig.records('order_created').filter(({ reduce_only }) => reduce_only)
    expect(created.map(({ lots, reason }) => [lots, reason])).toEqual([
      [5, 'partial_close'],
      [3, 'partial_close'],
      [2, 'partial_close'],
    ])
  })

  it('measure parts anew when the position was enlarged', async () => {
    const rig = await startWith({ partials: [{ atPercent: 0.5, share: 0.5 }] })
    await enter(rig)
    await quote(rig, 10_060)
    expect(rig.lots(0)).toBe(5)
    await quote(rig, 10_000)
    rig.enter(0, 'enter_long', 10_003, { notional: 15.01 })
    await rig.pass(50)
    expect(rig.lots(0)).toBe(20)
    await quote(rig, 10_060)
    expect(rig.lots(0)).toBe(10)
  })

  it('do not let a stop wait for what another exit tried in vain', async () => {
    const rig = await startWith({
      partials: [{ atPercent: 0.5, share: 0.5 }],
      stopLossPercent: 1,
    })
    await enter(rig)
    // A best bid that was taken by somebody each time: nothing is there within reach.
    rig.books.set(0, [[10_060, 0]], [[10_062, 1_000]])
    await rig.pass(3_000)
    const tries = rig.records('order_created').length
    expect(tries).toBeGreaterThan(3)
    rig.quote(0, 9_800)
    await rig.pass(60)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({ reason: 'stop_loss', lots: 10 })
  })

  it('wait, and say so once, while the book of an open position is not LIVE', async () => {
    const rig = await startWith({ stopLossPercent: 1, timeStopMs: 500 })
    await enter(rig)
    rig.books.lose(0)
    await rig.pass(2_000)
    expect(rig.lots(0)).toBe(10)
    expect(rig.counters.get('exits_blind')).toBe(1)
    await quote(rig, 9_990)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({ reason: 'hold_time' })
  })

  it('close with market orders that carry the slippage cap where that is asked for', async () => {
    const rig = await startWith({ stopLossPercent: 1, orderType: 'market' })
    await enter(rig)
    await quote(rig, 9_801)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({
      order_type: 'market',
      time_in_force: 'ioc',
      reduce_only: true,
      limit_ticks: 9_791, // 10 bps through the best bid of 9800
    })
  })

  it('close when the market has turned', async () => {
    const reversal = { indicatorsMin: 3, cooldownMs: 1_000, changeMin: 0.002 }
    const rig = await startWith({ reversal })
    await enter(rig)
    rig.quote(0, 10_100)
    await rig.pass(20_000, 100)
    // Below its fast average and not yet its slow one, with sellers in the book: two of three.
    rig.books.set(0, [[10_030, 100]], [[10_032, 900]])
    await rig.pass(60)
    expect(rig.lots(0)).toBe(10)
    rig.exitTape.print(0, -1, 10_030, 50)
    await rig.pass(60)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({ reason: 'reversal' })
  })
})

describe('levels of an open position', () => {
  it('can be moved, are journaled, and refuse what would close at once', async () => {
    const rig = await startWith({})
    const set = async (target: number, stop: number) => {
      rig.command('levels', 0, { who: 'ann', reason: 'news' }, { target, stop })
      await rig.settle()
      return rig.records('command').at(-1)?.code
    }
    expect(await set(Number.NaN, 9_900)).toBe('nothing_to_reduce')
    await enter(rig)
    expect(await set(Number.NaN, 9_999)).toBe('stop_invalid') // the best bid
    expect(await set(9_999, Number.NaN)).toBe('target_invalid')
    expect(await set(10_100, 9_950.5)).toBe('bad_request')
    expect(await set(10_100, 9_950)).toBe('ok')
    expect(rig.records('exit_levels')).toMatchObject([
      { by: 'command', target_ticks: 10_100, stop_ticks: 9_950, trailing: true, command: 5 },
    ])
    await quote(rig, 9_952)
    expect(rig.lots(0)).toBe(10)
    rig.books.lose(0)
    expect(await set(10_100, 9_900)).toBe('book_not_live')
    const again = await startWith({}, rig.memory.records)
    await quote(again, 9_950)
    expect(again.lots(0)).toBe(0)
    expect(again.records('order_created').at(-1)).toMatchObject({ reason: 'stop_loss' })
  })
})

describe('orders that open', () => {
  it.each([
    ['market', 'ioc', 'market', 'ioc'],
    ['market', 'gtc', 'market', 'ioc'],
    ['market', 'fok', 'market', 'fok'],
    ['limit', 'gtc', 'limit', 'gtc'],
    ['limit', 'post_only', 'limit', 'post_only'],
  ] as const)('configured as %s %s are made %s %s by the gate', async (type, force, made, tif) => {
    const options = { entryOrderType: type, entryTimeInForce: force }
    const rig = await startRig({ options })
    rig.enter(0, 'enter_long', tif === 'post_only' ? 9_999 : 10_003, { notional: 10 })
    await rig.pass(50)
    expect(rig.records('order_created')).toMatchObject([{ order_type: made, time_in_force: tif }])
    expect(rig.lots(0) > 0).toBe(tif !== 'post_only')
  })
})
