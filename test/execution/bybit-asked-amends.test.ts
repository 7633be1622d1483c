import { describe, expect, it } from 'vitest'
import { ORDERS_OPEN_MAX } from '../../src/constants.ts'
import { AskedAmends } from '../../src/execution/gateway/bybit/asked-amends.ts'
import type { OrderRow } from '../../src/execution/gateway/bybit/order-rows.ts'

const FIRST = { limitTicks: 100, lots: 5 }
const SECOND = { limitTicks: 90, lots: 5 }

function row(terms: typeof FIRST, timeUs: number, state: OrderRow['state'] = 'open'): OrderRow {
  return {
    ...{ owner: 'us', orderLinkId: 'bf-1-1', orderId: 'x', symbol: 'BTCUSDT', state, code: 'ok' },
    ...{ ...terms, filledLots: 0, isPositionStop: false, isConditional: false },
    ...{ createdMs: 0, timeUs },
  }
}

function told(amends: AskedAmends, of: OrderRow) {
  amends.note(of)
  return amends.take(of)
}

describe('a change that was asked for', () => {
  it('is there when a row shows its terms, and once', () => {
    const amends = new AskedAmends()
    amends.ask('bf-1-1', SECOND)
    expect(told(amends, row(FIRST, 1))).toBeUndefined()
    expect(told(amends, row(SECOND, 2))).toEqual(SECOND)
    expect(told(amends, row(SECOND, 3))).toBeUndefined()
  })

  it('back to former terms is not shown by a late row of them', () => {
    const amends = new AskedAmends()
    amends.ask('bf-1-1', SECOND)
    expect(told(amends, row(SECOND, 2))).toEqual(SECOND)
    amends.ask('bf-1-1', FIRST)
    expect(told(amends, row(FIRST, 1))).toBeUndefined()
    expect(told(amends, row(FIRST, 3))).toEqual(FIRST)
  })

  it('is not waited for any more when its order has ended by other terms', () => {
    const amends = new AskedAmends()
    amends.ask('bf-1-1', SECOND)
    expect(told(amends, row(FIRST, 1, 'canceled'))).toBeUndefined()
    expect(told(amends, row(SECOND, 2))).toBeUndefined()
  })

  it('is refused when too many wait', () => {
    const amends = new AskedAmends()
    for (let i = 0; i < ORDERS_OPEN_MAX; i++) expect(amends.ask(`bf-1-${i + 1}`, FIRST)).toBe(true)
    expect(amends.ask('bf-2-1', FIRST)).toBe(false)
    amends.forget('bf-1-1')
    expect(amends.ask('bf-2-1', FIRST)).toBe(true)
  })
})
