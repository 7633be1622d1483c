import { decode } from '@msgpack/msgpack'
import { describe, expect, test } from 'vitest'
import { DESK_EVENTS_KEPT, ORDERS_OPEN_MAX } from '../../src/constants.ts'
import { INCIDENT_CODES, type IncidentCode } from '../../src/domain/incidents.ts'
import { RESULT_CODES } from '../../src/domain/result-codes.ts'
import type { OrderState } from '../../src/domain/trading.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { writeText } from '../../src/memory/text-slots.ts'
import { BEFORE_FIRST, createFrameChoice, type DeskChannel } from '../../src/stream/desk-channel.ts'
import { openDeskMemory } from '../../src/stream/desk-memory.ts'
import { DeskRecords } from '../../src/stream/desk-records.ts'
import {
  AccountChannel,
  incidentsChannel,
  ordersChannel,
  PositionChannel,
} from '../../src/stream/order-channel.ts'
import {
  AUDIT_SLOTS,
  createDeskWorld,
  DENIED,
  FILL,
  ORDER,
  orderState,
  POSITION,
} from './desk-fixture.ts'
import { schemaErrors } from './desk-schema.ts'

function setUp() {
  const world = createDeskWorld(['BTCUSDT', 'ETHUSDT'])
  const memory = openDeskMemory(world.buffers)
  const records = new DeskRecords(memory, (run, number) => `bf-${run}-${number}`)
  let number = 0
  const order = (orderNumber: number, state: OrderState, more = {}) =>
    world.audit({
      [audit.AUDIT_NUMBER]: ++number,
      [audit.AUDIT_KIND]: ORDER,
      [audit.AUDIT_TIME_US]: 5,
      [audit.AUDIT_INSTRUMENT]: 1,
      [audit.AUDIT_RUN]: 3,
      [audit.AUDIT_ORDER_NUMBER]: orderNumber,
      [audit.AUDIT_SIDE]: 1,
      [audit.AUDIT_STATE]: orderState(state),
      [audit.AUDIT_LOTS]: 12,
      ...more,
    })
  const position = (instrument: number, lots: number) =>
    world.audit({
      [audit.AUDIT_NUMBER]: ++number,
      [audit.AUDIT_KIND]: POSITION,
      [audit.AUDIT_TIME_US]: 6,
      [audit.AUDIT_INSTRUMENT]: instrument,
      [audit.AUDIT_POSITION_LOTS]: lots,
      [audit.AUDIT_AVERAGE_PRICE]: 100.25,
      [audit.AUDIT_REALIZED_PNL_QUOTE]: -1.5,
      [audit.AUDIT_FEE_QUOTE]: 0.25,
    })
  return { world, memory, records, order, position }
}

/**
 * What a client at `cursor` would get, through the real encoding, with what is said to it alone.
 */
function frameOf(channel: DeskChannel, cursor: number) {
  const choice = createFrameChoice()
  channel.fill(choice, cursor, 'msgpack_f64', { number: 1, nowUs: 1 })
  const frame: unknown = decode(choice.body.frame(1, choice.missed, choice.isSnapshot))
  if (typeof frame !== 'object' || frame === null) throw new Error('a frame is a map')
  expect(schemaErrors({ ...frame })).toBe('')
  return frame
}

describe('orders and positions on the desk', () => {
  test('a late client sees the open orders, a present one every event', () => {
    const { world, records, order } = setUp()
    const channel = ordersChannel(records.orders)
    order(1, 'created', { [audit.AUDIT_REASON]: 1 })
    order(1, 'open')
    order(2, 'created')
    world.audit({
      [audit.AUDIT_NUMBER]: 90,
      [audit.AUDIT_KIND]: FILL,
      [audit.AUDIT_TIME_US]: 7,
      [audit.AUDIT_INSTRUMENT]: 1,
      [audit.AUDIT_RUN]: 3,
      [audit.AUDIT_ORDER_NUMBER]: 2,
      [audit.AUDIT_PRICE_TICKS]: 1005,
      [audit.AUDIT_LOTS]: 12,
      [audit.AUDIT_EXEC_NUMBER]: 4,
    })
    order(2, 'filled')
    world.audit({
      [audit.AUDIT_NUMBER]: 91,
      [audit.AUDIT_KIND]: DENIED,
      [audit.AUDIT_TIME_US]: 8,
      [audit.AUDIT_INSTRUMENT]: 0,
      [audit.AUDIT_REASON]: RESULT_CODES.daily_loss,
    })
    records.drain()
    expect(frameOf(channel, BEFORE_FIRST)).toMatchObject({
      snapshot: true,
      orders: [{ order_link_id: 'bf-3-1', state: 'open', side: 'sell', size: '0.012' }],
    })
    const events = frameOf(channel, 0)
    expect(events).not.toHaveProperty('snapshot')
    expect(events).toMatchObject({
      missed: 0,
      orders: [
        { kind: 'order', state: 'created', reason: 'imbalance_and_probability' },
        { kind: 'order', state: 'open' },
        { kind: 'order', order_link_id: 'bf-3-2' },
        { kind: 'fill', price: '100.50', exec_number: 4 },
        { kind: 'order', state: 'filled' },
        { kind: 'denied', symbol: 'BTCUSDT', reason: 'daily_loss', order_link_id: null },
      ],
    })
  })

  test('a client too slow for the events gets the open orders again and how many it missed', () => {
    const { records, order } = setUp()
    const channel = ordersChannel(records.orders)
    for (let n = 1; n <= DESK_EVENTS_KEPT; n++) order(n, n % 2 === 0 ? 'canceled' : 'open')
    order(9999, 'open')
    records.drain()
    const behind = frameOf(channel, 0)
    expect(behind).toMatchObject({ snapshot: true, missed: DESK_EVENTS_KEPT + 1 })
    expect(frameOf(channel, 1)).not.toHaveProperty('snapshot')
  })

  test('orders whose end was lost do not grow the list without bound, and are counted', () => {
    const { memory, records, order } = setUp()
    for (let n = 1; n <= ORDERS_OPEN_MAX + 10; n++) {
      order(n, 'open')
      records.drain()
    }
    expect(records.orders.openOrders()).toHaveLength(ORDERS_OPEN_MAX)
    expect(records.orders.openOrders()[0]).toMatchObject({ order_link_id: 'bf-3-11' })
    expect(memory.counters.get('stream_orders_dropped')).toBe(10)
  })

  test('incidents show what is not over to a late client, and each beginning and end', () => {
    const { world, records } = setUp()
    const channel = incidentsChannel(records.orders)
    const tell = (number: number, code: IncidentCode, isActive: boolean, symbol = '') => {
      const text = new Float64Array(audit.AUDIT_STRATEGY_SLOTS)
      writeText(text, 0, audit.AUDIT_STRATEGY_SLOTS, symbol)
      world.audit({
        [audit.AUDIT_NUMBER]: number,
        [audit.AUDIT_KIND]: audit.AUDIT_KINDS.indexOf('incident'),
        [audit.AUDIT_TIME_US]: 5,
        [audit.AUDIT_STATE]: INCIDENT_CODES.indexOf(code),
        [audit.AUDIT_IS_ACTIVE]: isActive ? 1 : 0,
        [audit.AUDIT_REASON]: code === 'trading_halted' ? RESULT_CODES.daily_loss : Number.NaN,
        ...Object.fromEntries([...text].map((slot, i) => [audit.AUDIT_SUBJECT + i, slot])),
      })
    }
    tell(1, 'position_unguarded', true, 'BTCUSDT')
    tell(2, 'trading_halted', true)
    tell(3, 'position_unguarded', false, 'BTCUSDT')
    records.drain()
    expect(frameOf(channel, BEFORE_FIRST)).toMatchObject({
      snapshot: true,
      incidents: [{ code: 'trading_halted', reason: 'daily_loss', symbol: null, is_active: true }],
    })
    expect(frameOf(channel, 0)).toMatchObject({
      missed: 0,
      incidents: [
        { code: 'position_unguarded', symbol: 'BTCUSDT', severity: 'critical', is_active: true },
        { code: 'trading_halted' },
        { code: 'position_unguarded', symbol: 'BTCUSDT', is_active: false },
      ],
    })
  })

  test('positions show the latest of each symbol and count what was in between', () => {
    const { records, position } = setUp()
    const channel = new PositionChannel(records.orders)
    expect(frameOf(channel, BEFORE_FIRST)).toMatchObject({ snapshot: true, positions: [] })
    position(0, 5)
    position(1, -7)
    position(0, 9)
    records.drain()
    expect(frameOf(channel, BEFORE_FIRST)).toMatchObject({
      missed: 0,
      positions: [
        { symbol: 'BTCUSDT', size: '0.009', average_price: 100.25, realized_pnl_quote: -1.25 },
        { symbol: 'ETHUSDT', size: '-0.007' },
      ],
    })
    expect(frameOf(channel, 0)).toMatchObject({ missed: 1, positions: [{}, {}] })
    expect(frameOf(channel, 2)).toMatchObject({ missed: 0, positions: [{ symbol: 'BTCUSDT' }] })
  })

  test('records overwritten before the stream came to them are counted', () => {
    const { memory, records, position } = setUp()
    for (let n = 0; n < AUDIT_SLOTS + 100; n++) position(0, n)
    records.drain()
    expect(records.auditLost).toBeGreaterThanOrEqual(100)
    expect(memory.counters.get('stream_events_lost')).toBe(records.auditLost)
    expect(records.orders.positionsSince(0)).toMatchObject([{ size: '0.611' }])
  })
})

test('the account is told by the published schema, figures that nobody knows as null', () => {
  const { records, world } = setUp()
  const channel = new AccountChannel(records.orders)
  expect(channel.isReady).toBe(false)
  world.audit({
    [audit.AUDIT_NUMBER]: 1,
    [audit.AUDIT_KIND]: audit.AUDIT_KINDS.indexOf('account'),
    [audit.AUDIT_TIME_US]: 8,
    [audit.AUDIT_EQUITY_QUOTE]: 1250.5,
  })
  records.drain()
  expect(channel.isReady).toBe(true)
  const frame = frameOf(channel, BEFORE_FIRST)
  expect(frame).toMatchObject({ equity_quote: 1250.5, margin_free_quote: null })
})
