import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ORDER_STATES } from '../../src/domain/trading.ts'
import type { RemoteExecution, RemoteOrder } from '../../src/execution/gateway/gateway.ts'
import { isFinished } from '../../src/execution/order/order-state.ts'
import {
  type CheckedOrder,
  checkExecutions,
  checkOpenOrders,
  checkPositions,
} from '../../src/execution/reconcile/account-check.ts'

const NOW_US = 1_000_000_000
const QUIET = { nowUs: NOW_US, quietUs: 5_000_000 }
const KEY = 'linear:BTCUSDT'

function execution(number: number, orderLinkId: string, kind: RemoteExecution['kind']) {
  const lots = kind === 'funding' ? 0 : 1 + (number % 5)
  return {
    orderLinkId,
    execId: `e${number}`,
    execNumber: null,
    ticks: 100,
    lots,
    feeQuote: 0.1,
    isMaker: false,
    timeUs: number,
    key: KEY,
    side: 'buy' as const,
    kind,
  }
}

function remote(orderLinkId: string, filledLots = 0): RemoteOrder {
  return {
    orderLinkId,
    orderId: `x-${orderLinkId}`,
    key: KEY,
    state: 'open',
    limitTicks: 100,
    lots: 10,
    filledLots,
    executions: [],
  }
}

/** A list as an exchange may send it: some twice, in any order. */
const lists = fc
  .array(
    fc.record({
      number: fc.integer({ min: 1, max: 30 }),
      owner: fc.constantFrom('bf-1-1', 'bf-1-2', 'by-hand', ''),
      kind: fc.constantFrom('trade' as const, 'trade' as const, 'funding' as const),
    }),
    { maxLength: 40 },
  )
  .map((rows) => rows.map(({ kind, number, owner }) => execution(number, owner, kind)))

const orders = fc.array(
  fc.record({
    number: fc.integer({ min: 1, max: 9 }),
    state: fc.constantFrom(...ORDER_STATES),
    filledLots: fc.integer({ min: 0, max: 9 }),
    ageUs: fc.constantFrom(0, 4_999_999, 5_000_000, 60_000_000),
  }),
  { maxLength: 9 },
)

function local(
  rows: readonly {
    number: number
    state: CheckedOrder['state']
    filledLots: number
    ageUs: number
  }[],
): CheckedOrder[] {
  const byId = new Map(rows.map((row) => [`bf-1-${row.number}`, row]))
  return [...byId].map(([orderLinkId, { ageUs, filledLots, state }]) => ({
    orderLinkId,
    key: KEY,
    state,
    limitTicks: 100,
    lots: 10,
    filledLots,
    updatedUs: NOW_US - ageUs,
  }))
}

describe('executions of the account', () => {
  it('each is counted once, for its order or beside all, whatever was counted before (2, 6)', () => {
    fc.assert(
      fc.property(lists, fc.array(fc.integer({ min: 1, max: 30 })), (list, before) => {
        const counted = new Set(before.map((number) => `e${number}`))
        const known = new Set(['bf-1-1', 'bf-1-2'])
        const actions = checkExecutions(counted, known, list)
        const ids = actions.map((action) =>
          'execution' in action ? action.execution.execId : expect.fail(action.type),
        )
        expect(new Set(ids).size).toBe(ids.length)
        const missing = new Set(list.map(({ execId }) => execId).filter((id) => !counted.has(id)))
        expect(new Set(ids)).toEqual(missing)
        for (const action of actions) {
          if (action.type === 'count') expect(known.has(action.orderLinkId)).toBe(true)
          if (action.type === 'external_fill') {
            expect(known.has(action.execution.orderLinkId)).toBe(false)
          }
        }
        for (const id of ids) counted.add(id)
        expect(checkExecutions(counted, known, list)).toEqual([])
      }),
    )
  })

  it('funding is no trade, and what has no size is nothing', () => {
    const list = [execution(1, '', 'funding'), { ...execution(2, '', 'other'), lots: 0 }]
    const actions = checkExecutions(new Set(), new Set(), list)
    expect(actions.map(({ type }) => type)).toEqual(['funding'])
  })
})

describe('open orders of the account', () => {
  it('asks about what differs and is quiet, and never gives up on a list alone (3, 4)', () => {
    fc.assert(
      fc.property(orders, orders, (rows, thereRows) => {
        const mine = local(rows)
        const there = local(thereRows).map((one) => remote(one.orderLinkId, one.filledLots))
        const known = new Map(mine.map((order) => [order.orderLinkId, order]))
        const actions = checkOpenOrders(mine, known, new Set(), there, QUIET)
        const asked = new Set(
          actions.flatMap((action) => (action.type === 'query' ? [action.orderLinkId] : [])),
        )
        for (const order of mine) {
          const twin = there.find(({ orderLinkId }) => orderLinkId === order.orderLinkId)
          const differs = twin === undefined || twin.filledLots !== order.filledLots
          const isQuiet = NOW_US - order.updatedUs >= QUIET.quietUs
          const isOpen = order.state === 'open'
          const isExpected = !isFinished(order.state) && isQuiet && (differs || !isOpen)
          expect(asked.has(order.orderLinkId)).toBe(isExpected)
        }
        // Only strays with our own prefix are canceled (1): those that nobody knows, and those that
        // ended here long enough ago (9).
        const canceled = actions.flatMap((action) =>
          action.type === 'cancel_stray' ? [action.orderLinkId] : [],
        )
        for (const { orderLinkId } of there) {
          const here = known.get(orderLinkId)
          const isQuiet = NOW_US - (here?.updatedUs ?? 0) >= QUIET.quietUs
          const isStray = here === undefined || (isFinished(here.state) && isQuiet)
          expect(canceled.includes(orderLinkId)).toBe(isStray && orderLinkId.startsWith('bf-'))
        }
      }),
    )
  })

  it('tells of an order of others once', () => {
    const there = [remote('by-hand'), remote('')]
    const first = checkOpenOrders([], new Map(), new Set(), there, QUIET)
    expect(first.map(({ type }) => type)).toEqual(['external_order', 'external_order'])
    const seen = new Set(['x-by-hand', 'x-'])
    expect(checkOpenOrders([], new Map(), seen, there, QUIET)).toEqual([])
  })
})

describe('positions of the account', () => {
  const mine = { key: KEY, lots: 5, movedUs: NOW_US - 6_000_000, hasUnfinished: false }
  const there = (lots: number | undefined) => [
    { key: KEY, lots, sizeText: '', averagePrice: 7, unrealizedQuote: 0 },
  ]

  it('one that differs and is quiet is taken over, and then agrees (5, 6)', () => {
    const actions = checkPositions([mine], there(-2), QUIET)
    expect(actions).toEqual([
      { type: 'adjust', key: KEY, lotsBefore: 5, lotsAfter: -2, averagePrice: 7 },
    ])
    expect(checkPositions([{ ...mine, lots: -2 }], there(-2), QUIET)).toEqual([])
  })

  it('an instrument that is not listed is flat; one that is not configured is not ours', () => {
    expect(checkPositions([mine], [], QUIET)).toMatchObject([{ lotsAfter: 0 }])
    expect(checkPositions([mine], there(undefined), QUIET)).toEqual([])
  })

  it.each([
    ['a fill moved it just now', { movedUs: NOW_US - 4_999_999 }],
    ['an order is not finished', { hasUnfinished: true }],
  ])('is left alone while %s (4)', (_, change) => {
    expect(checkPositions([{ ...mine, ...change }], there(1), QUIET)).toEqual([])
  })
})
