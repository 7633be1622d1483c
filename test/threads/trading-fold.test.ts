import { describe, expect, it } from 'vitest'
import { AUDIT_RING_SLOTS, COMMAND_RING_SLOTS, ORDERS_SHOWN_MAX } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { RESULT_CODES } from '../../src/domain/result-codes.ts'
import { ORDER_STATES, type OrderState } from '../../src/domain/trading.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import { COMMAND_FIELDS, COMMAND_KIND, COMMANDS } from '../../src/memory/command-record.ts'
import { ControlBlock, createControlBlock } from '../../src/memory/control-block.ts'
import { createRing, RingReader } from '../../src/memory/ring.ts'
import { Commands } from '../../src/threads/commands.ts'
import { TradingFold } from '../../src/threads/trading-fold.ts'
import { instrumentAt } from './instrument.ts'

const INSTRUMENTS = [instrumentAt(0, 'AUSDT'), instrumentAt(1, 'BUSDT')]

function rig() {
  const ring = createBroadcast(AUDIT_RING_SLOTS, audit.AUDIT_FIELDS)
  const writer = new BroadcastWriter(ring)
  const fold = new TradingFold(ring, INSTRUMENTS)
  const publish = (kind: audit.AuditKind, fields: Record<number, number>) => {
    const record = new Float64Array(audit.AUDIT_FIELDS).fill(Number.NaN)
    record[audit.AUDIT_KIND] = audit.AUDIT_KINDS.indexOf(kind)
    for (const [field, value] of Object.entries(fields)) record[Number(field)] = value
    writer.publish(record)
  }
  const order = (number: number, state: OrderState, reason: number) =>
    publish('order', {
      [audit.AUDIT_RUN]: 1,
      [audit.AUDIT_ORDER_NUMBER]: number,
      [audit.AUDIT_INSTRUMENT]: 1,
      [audit.AUDIT_SIDE]: 1,
      [audit.AUDIT_STATE]: ORDER_STATES.indexOf(state),
      [audit.AUDIT_REASON]: reason,
      [audit.AUDIT_LOTS]: 10,
    })
  return { fold, publish, order }
}

it('refusals of the gate are counted by their rule', () => {
  const { fold, publish } = rig()
  for (const code of ['spread_cap', 'daily_loss', 'spread_cap'] as const) {
    publish('denied', { [audit.AUDIT_REASON]: RESULT_CODES[code] })
  }
  fold.update()
  expect(fold.denied).toBe(3)
  expect([...fold.deniedBy]).toEqual([
    ['spread_cap', 2],
    ['daily_loss', 1],
  ])
})

describe('the view of orders', () => {
  it('shows each order once, in its last state, the newest last', () => {
    const { fold, order } = rig()
    order(1, 'created', 1)
    order(2, 'created', 1)
    order(1, 'submitted', RESULT_CODES.ok)
    order(1, 'rejected', RESULT_CODES.no_liquidity)
    fold.update()
    expect(
      [...fold.orders.values()].map(({ orderLinkId, state, reason }) => [
        orderLinkId,
        state,
        reason,
      ]),
    ).toEqual([
      ['bf-1-2', 'created', 'imbalance_and_probability'],
      ['bf-1-1', 'rejected', 'no_liquidity'],
    ])
    expect(fold.openOrders()).toBe(1)
  })

  it('forgets the oldest that ended, and never one that is open', () => {
    const { fold, order } = rig()
    order(1, 'open', RESULT_CODES.ok)
    for (let number = 2; number <= ORDERS_SHOWN_MAX + 10; number++) {
      order(number, 'filled', RESULT_CODES.ok)
      fold.update()
    }
    expect(fold.orders.size).toBe(ORDERS_SHOWN_MAX)
    expect(fold.orders.has('bf-1-1')).toBe(true)
    expect(fold.orders.has('bf-1-2')).toBe(false)
  })

  it('adds up what was won, and keeps the last word on a position', () => {
    const { fold, publish } = rig()
    for (const [lots, pnl] of [
      [5, -1],
      [0, 3],
    ]) {
      publish('position', {
        [audit.AUDIT_INSTRUMENT]: 0,
        [audit.AUDIT_STATE]: lots === 0 ? 0 : 2,
        [audit.AUDIT_POSITION_LOTS]: lots,
        [audit.AUDIT_REALIZED_PNL_QUOTE]: pnl,
      })
    }
    publish('position', { [audit.AUDIT_INSTRUMENT]: 1, [audit.AUDIT_REALIZED_PNL_QUOTE]: 2 })
    publish('position', { [audit.AUDIT_INSTRUMENT]: 7, [audit.AUDIT_REALIZED_PNL_QUOTE]: 100 })
    fold.update()
    expect(fold.positions.get(0)).toMatchObject({ lots: 0, state: 'closed' })
    expect(fold.realizedPnlQuote()).toBe(5)
  })

  it('counts what it was too slow for', () => {
    const { fold, order } = rig()
    for (let number = 1; number <= AUDIT_RING_SLOTS + 5; number++) order(number, 'filled', 0)
    fold.update()
    expect(fold.missed).toBeGreaterThan(0)
  })
})

describe('a command', () => {
  function desk() {
    const { fold, publish } = rig()
    const ring = createRing(COMMAND_RING_SLOTS, COMMAND_FIELDS)
    const control = new ControlBlock(createControlBlock())
    const clock = new ManualClock(0)
    const timers = new ManualTimers()
    const commands = new Commands(ring, control, fold, clock, timers)
    const pass = (ms: number) => {
      clock.advance(ms * 1000)
      timers.advance(ms)
    }
    const answer = (number: number, reason: keyof typeof RESULT_CODES, state: number) =>
      publish('trading_state', {
        [audit.AUDIT_COMMAND]: number,
        [audit.AUDIT_REASON]: RESULT_CODES[reason],
        [audit.AUDIT_STATE]: state,
      })
    return { answer, commands, pass, reader: new RingReader(ring) }
  }

  it('reaches execution and comes back with the trading state after it', async () => {
    const { answer, commands, pass, reader } = desk()
    const given = commands.give('halt', undefined)
    expect(COMMANDS[reader.slots[reader.peek() + COMMAND_KIND]]).toBe('halt')
    answer(1, 'ok', 0)
    pass(5)
    expect(await given).toEqual({ ok: true, value: { number: 1, tradingState: 'halted' } })
  })

  it('that execution refuses says why', async () => {
    const { answer, commands, pass } = desk()
    const given = commands.give('resume', undefined)
    answer(1, 'daily_loss', 0)
    pass(5)
    expect(await given).toMatchObject({ ok: false, code: 'daily_loss' })
  })

  it('that nobody answers gives up', async () => {
    const { commands, pass } = desk()
    const given = commands.give('resume', undefined)
    for (let i = 0; i < 500; i++) pass(5)
    expect(await given).toMatchObject({ ok: false, code: 'internal_error' })
  })

  it('is refused when execution takes none', async () => {
    const { commands } = desk()
    for (let i = 0; i < COMMAND_RING_SLOTS; i++) void commands.give('halt', undefined)
    expect(await commands.give('halt', undefined)).toMatchObject({ code: 'command_queue_full' })
  })
})
