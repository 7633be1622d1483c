import { describe, expect, it } from 'vitest'
import { LinkIds } from '../../src/execution/gateway/bybit/link-ids.ts'
import { WireRig } from './bybit-wire.ts'
import { START_US } from './rig.ts'

const ROW = {
  ...{ symbol: 'BTCUSDT', orderId: 'x', orderStatus: 'PartiallyFilled', side: 'Buy' },
  ...{ price: '100.0', qty: '0.010', cumExecQty: '0.004', updatedTime: '2' },
  createdTime: String(START_US / 1000),
  orderLinkId: new LinkIds(() => START_US).toWire('bf-1-1'),
}

describe('a cancel of an order of an earlier run', () => {
  it.each([
    ['whose executions cannot be listed', 10016],
    ['whose executions are not listed yet', 0],
  ])('%s leaves, as the order is known to be open', async (_name, retCode) => {
    const calls: string[] = []
    const rig = new WireRig((path) => {
      calls.push(path)
      if (path === '/v5/execution/list') return { result: { retCode, list: [] }, timeMs: 1 }
      return { result: { list: [ROW], nextPageCursor: '' }, timeMs: 1 }
    })
    expect((await rig.gateway.cancel('bf-1-1')).kind).toBe('accepted')
    expect(calls).toContain('/v5/order/cancel')
  })
})
