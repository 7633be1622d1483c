import { describe, expect, it } from 'vitest'
import { AUDIT_RING_SLOTS } from '../../src/constants.ts'
import type { RemotePosition } from '../../src/execution/gateway/gateway.ts'
import { LiquidationWatch } from '../../src/execution/liquidation-watch.ts'
import { AUDIT_FIELDS, AUDIT_IS_BEFORE_STOP } from '../../src/memory/audit-record.ts'
import { BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import { createEngineMemory } from '../../src/threads/engine-memory.ts'
import { positionAnswers } from '../../src/threads/engine-ports.ts'
import { MarketWatch } from '../../src/threads/market-watch.ts'
import { TradingFold } from '../../src/threads/trading-fold.ts'
import { bybitRigs } from './bybit-rig.ts'
import { type Rig, startRig } from './rig.ts'

const KEY = 'linear:S0USDT'
/** Of the rigs, in ticks; a tick is 0.1. */
const STOP = { long: 9_900, short: 10_100 }

async function positioned(isLong: boolean) {
  const rig = await startRig()
  const stop = isLong ? STOP.long : STOP.short
  rig.enter(0, isLong ? 'enter_long' : 'enter_short', isLong ? 10_010 : 9_990, { stop })
  await rig.pass(100)
  expect(Math.sign(rig.lots(0))).toBe(isLong ? 1 : -1)
  const watch = new LiquidationWatch(rig.ledger, rig.options.exits)
  const look = async (liquidationPrice: number | undefined, more: Partial<RemotePosition> = {}) => {
    const told = liquidationPrice === undefined ? {} : { liquidationPrice }
    const position = { key: KEY, lots: rig.lots(0), sizeText: '1', averagePrice: 1000 }
    watch.look([{ ...position, unrealizedQuote: 0, leverage: 10, ...told, ...more }], 0)
    await rig.settle()
    return rig.seen('liquidation').at(-1)?.[AUDIT_IS_BEFORE_STOP]
  }
  return { rig, watch, look, count: () => rig.counters.get('liquidations_before_stop') }
}

function answersOf(rig: Rig) {
  const ring = createBroadcast(AUDIT_RING_SLOTS, AUDIT_FIELDS)
  const writer = new BroadcastWriter(ring)
  const fold = new TradingFold(ring, rig.instruments)
  for (const record of rig.audits) writer.publish(record)
  fold.update()
  const memory = createEngineMemory(rig.instruments.length, 1, 50)
  return positionAnswers(fold, new MarketWatch(memory, rig.instruments))
}

describe('a liquidation that comes before the stop', () => {
  it.each([
    ['long', true, 989.9, 990, 995],
    ['short', false, 1010.1, 1010, 1005],
  ])(
    'of a %s position is told once, until it is so no more',
    async (_side, isLong, far, at, near) => {
      const { count, look } = await positioned(isLong)
      expect(await look(far)).toBe(0)
      expect(count()).toBe(0)
      expect(await look(at)).toBe(1)
      expect(await look(near)).toBe(1)
      expect(count()).toBe(1)
      expect(await look(far)).toBe(0)
      expect(await look(near)).toBe(1)
      expect(count()).toBe(2)
    },
  )

  it('goes by the nearer of our stop and that at the exchange', async () => {
    const { look } = await positioned(true)
    const levels = (stopTicks: number) => ({ levels: { stopTicks, targetTicks: Number.NaN } })
    expect(await look(992, levels(9_950))).toBe(0)
    expect(await look(992, levels(9_800))).toBe(1)
    expect(await look(992, levels(Number.NaN))).toBe(1)
  })

  it('is not known without a liquidation price, and not ours where positions differ', async () => {
    const { look, rig } = await positioned(true)
    expect(await look(undefined)).toBeNaN()
    const before = rig.seen('liquidation').length
    await look(2000, { lots: -5 })
    await look(2000, { key: 'linear:ELSEUSDT', lots: undefined })
    // The one that was shown is not there any more, as far as that look can tell.
    expect(rig.seen('liquidation')).toHaveLength(before + 1)
    expect(rig.counters.get('liquidations_before_stop')).toBe(0)
  })

  it('stands with the position in the API, and goes with it', async () => {
    const { look, rig, watch } = await positioned(true)
    expect(answersOf(rig)).toMatchObject([
      { leverage: null, liquidation_price: null, liquidates_before_stop: null },
    ])
    await look(995)
    expect(answersOf(rig)).toMatchObject([
      { leverage: 10, liquidation_price: 995, liquidates_before_stop: true },
    ])
    await look(undefined)
    expect(answersOf(rig)).toMatchObject([
      { leverage: 10, liquidation_price: null, liquidates_before_stop: null },
    ])
    await look(995)
    watch.look([], 0)
    await rig.settle()
    expect(answersOf(rig)).toMatchObject([{ leverage: null, liquidates_before_stop: null }])
  })
})

describe('an account of the mock', () => {
  const { start } = bybitRigs()

  it('tells leverage and liquidation price, which the actor holds against the stop', async () => {
    const rig = await start({ bybit: { answerMsMax: 5000 } })
    const { bid } = await rig.exchange.touch()
    const order = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market' }
    // Some ten times what the account is worth.
    const qty = (9 * 100_000) / bid
    const stopLoss = (bid * 0.8).toFixed(1)
    await rig.exchange.post('/v5/order/create', { ...order, qty: qty.toFixed(3), stopLoss })
    await rig.settled()
    const read = await rig.gateway.account.positions(0)
    if (read.kind !== 'positions') return expect.unreachable(read.message)
    const [{ leverage, liquidationPrice = Number.NaN }] = read.positions
    expect(leverage).toBe(10)
    expect(liquidationPrice / bid).toBeGreaterThan(0.85)
    expect(liquidationPrice / bid).toBeLessThan(0.95)
    const { counters } = rig
    await expect.poll(() => counters.get('liquidations_before_stop'), { timeout: 5000 }).toBe(1)
  })
})
