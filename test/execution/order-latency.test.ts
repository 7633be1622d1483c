import { describe, expect, it } from 'vitest'
import { CALL_LIMITS_DEFAULT } from '../../src/execution/gateway/bybit/call-pace.ts'
import { until } from '../sim/private-exchange.ts'
import { type BybitRig, createBybitRig, startExchange } from './bybit-rig.ts'

function counts({ durable, onWire, submitted }: BybitRig): number[] {
  return [durable.count(), submitted.count(), onWire.count()]
}

describe('the way of an order from its intent', () => {
  it.each([
    ['WebSocket', true],
    ['REST', false],
  ])('is measured to the disk and to the wire by %s', async (_name, usesTradeSocket) => {
    const exchange = await startExchange()
    const rig = await createBybitRig(exchange, { bybit: { usesTradeSocket } })
    try {
      await rig.start()
      if (usesTradeSocket) await until(() => rig.counters.get('trade_links_up') === 1)
      await rig.enter(0)
      await until(() => rig.orders[0]?.state === 'filled')
      expect(counts(rig)).toEqual([1, 1, 1])
      // Of one order, and each bucket is as wide as its value.
      expect(rig.durable.max()).toBeLessThanOrEqual(rig.submitted.max())
      expect(rig.submitted.max()).toBeLessThanOrEqual(rig.onWire.max())
    } finally {
      await rig.kill()
      await exchange.stop()
    }
  })

  it('does not end on a wire that the order never got to', async () => {
    const exchange = await startExchange()
    const limits = { ...CALL_LIMITS_DEFAULT, create: 1 }
    const rig = await createBybitRig(exchange, { bybit: { limits } })
    try {
      await rig.start()
      await Promise.all([rig.look(0), rig.look(1)])
      rig.ask(0, true, {})
      rig.ask(1, true, {})
      await until(() => rig.counters.get('exchange_calls_limited') === 1)
      await rig.settled()
      expect(counts(rig)).toEqual([2, 2, 1])
    } finally {
      await rig.kill()
      await exchange.stop()
    }
  })
})
