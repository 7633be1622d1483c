import { describe, expect, it } from 'vitest'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import { atExchange } from './at-exchange.ts'
import { FakeExchange, money } from './fake-exchange.ts'
import { Rig, startRig } from './rig.ts'

const MARGIN = { positionsQuote: 1, ordersQuote: 2, maintenanceQuote: 3, freeQuote: 4 }

describe('the balance of an account', () => {
  it('is read before anything may be opened', async () => {
    const broke = new FakeExchange()
    broke.isBroke = true
    const { rig } = await atExchange({}, {}, broke)
    expect(rig.actor.truth.isHealthy).toBe(false)
    rig.enter(0, 'enter_long', 10_005)
    await rig.pass(1_500, 50)
    expect(rig.records('intent_denied').at(-1)?.reason).toBe('recovering')
    broke.isBroke = false
    await rig.pass(12_000, 50)
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(rig.records('account_snapshot')).toMatchObject([{ cause: 'start', gap_quote: 0 }])
  })

  it('is believed for its time, and then nothing is opened until it was read again', async () => {
    const { exchange, rig } = await atExchange()
    exchange.isBroke = true
    await rig.pass(25_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(true)
    await rig.pass(10_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(false)
    expect(rig.counters.get('accounts_unseen')).toBe(1)
    exchange.isBroke = false
    await rig.pass(25_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(true)
  })

  it('is asked for ever so often, the private side being up or not', async () => {
    const exchange = new FakeExchange()
    const rig = await startRig({ gateway: () => exchange })
    exchange.balance = { ...money(90_000), margin: MARGIN }
    await rig.pass(11_000, 50)
    expect(exchange.calls).toBe(2)
    const { report } = rig.actor
    expect(report.figures().margin).toMatchObject({ freeQuote: 4, isExchange: true })
    exchange.isBroke = true
    await rig.pass(10_000, 50)
    expect(report.figures().margin.isExchange).toBe(false)
    expect(rig.actor.exposures.gapQuote).toBe(10_000)
  })

  it('is compared once every position has a price', async () => {
    const { exchange, rig } = await atExchange()
    exchange.fillForeign('linear:S1USDT', 'buy', 3, rig.clock.nowUs())
    await rig.pass(100)
    exchange.balance = money(50_000)
    await rig.pass(11_000, 50)
    expect(rig.actor.exposures.gapQuote).toBe(0)
    rig.quote(1, 10_000)
    await rig.pass(100)
    expect(rig.actor.exposures.gapQuote).toBeGreaterThan(49_000)
  })
})

describe('the money of an account', () => {
  it('is on record at each start and once in each hour, with its margin', async () => {
    const { exchange, rig } = await atExchange()
    exchange.balance = { ...money(100_000), margin: MARGIN }
    for (let minutes = 0; minutes < 130; minutes++) {
      rig.clock.advance(59_000_000)
      rig.quote(0, 10_000)
      await rig.pass(1_000, 100)
    }
    const kept = rig.records('account_snapshot')
    expect(kept.map(({ cause }) => cause)).toEqual(['start', 'hour', 'hour'])
    expect(kept[1]).toMatchObject({ theirs_quote: 100_000, margin_orders_quote: 2 })
    const hours = kept.map(({ time_us }) => Math.floor(time_us / 3_600_000_000))
    expect([hours[1] - hours[0], hours[2] - hours[1]]).toEqual([1, 1])
  })
})

describe('the gap to the equity of the exchange', () => {
  it('is on record as it is in force, when it moved by more than prices do', async () => {
    const { exchange, rig } = await atExchange()
    for (const theirs of [99_970, 96_000, 95_900, 100_000, 120_000]) {
      exchange.balance = money(theirs)
      await rig.pass(10_000, 100)
    }
    const gaps = rig.records('account_snapshot')
    expect(gaps.map(({ cause, gap_quote }) => [cause, gap_quote])).toEqual([
      ['start', 0],
      ['gap', 4_000],
      ['gap', 0],
    ])
    expect(gaps[1]).toMatchObject({ ours_quote: 100_000, theirs_quote: 96_000, run: 1 })
  })

  it('is in force after a restart before the exchange was asked', async () => {
    const { exchange, rig } = await atExchange()
    exchange.balance = money(40_000)
    await rig.pass(11_000, 100)
    const again = new Rig({ records: rig.memory.records, run: 2, gateway: () => exchange })
    expect((await again.start()).ok).toBe(true)
    expect(again.actor.exposures.gapQuote).toBe(60_000)
    const restored = new ExecutionState()
    expect(restoreState(encodeState(rig.state), restored)).toBeUndefined()
    expect(restored.balances.gapQuote).toBe(60_000)
    const { balances: _, ...early } = JSON.parse(new TextDecoder().decode(encodeState(rig.state)))
    const older = new ExecutionState()
    expect(restoreState(new TextEncoder().encode(JSON.stringify(early)), older)).toBeUndefined()
    expect(older.balances.gapQuote).toBe(0)
  })
})
