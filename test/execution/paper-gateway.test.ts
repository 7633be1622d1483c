import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { TIMES_IN_FORCE, type TimeInForce } from '../../src/domain/journal.ts'
import type { GatewayEvent, SubmitReply } from '../../src/execution/gateway/gateway.ts'
import { PaperGateway } from '../../src/execution/gateway/paper-gateway.ts'
import type { Intent } from '../../src/execution/intent.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { type ApprovedOrder, RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { createInstrument, HandBooks, type Levels, START_US } from './rig.ts'

const instrument = createInstrument(0)
const PAPER = { latencyUs: 5_000, takerFeeBps: 10, makerFeeBps: 2 }

/** Orders of any size from the real gate, its limits wide open. */
function approve(
  number: number,
  side: 'buy' | 'sell',
  limitTicks: number,
  lots: number,
  timeInForce: TimeInForce = 'ioc',
): ApprovedOrder {
  const wide = 1e12
  const gate = new RiskGate({
    ...DEFAULT_EXECUTION_OPTIONS,
    entryTimeInForce: timeInForce,
    limits: {
      ...DEFAULT_EXECUTION_OPTIONS.limits,
      positionNotionalQuoteMax: wide,
      orderNotionalQuoteMax: wide,
      totalNotionalQuoteMax: wide,
      priceBandBps: wide,
    },
  })
  const intent: Intent = {
    number,
    shard: 0,
    instrument: { ...instrument, minNotionalQuote: 0, maxOrderLots: lots },
    strategy: 0,
    action: side === 'buy' ? 'enter_long' : 'enter_short',
    reason: 'none',
    u: 1,
    rowNumber: 1,
    createdUs: START_US,
    receiveUs: START_US,
    limitTicks,
    targetTicks: Number.NaN,
    stopTicks: Number.NaN,
    holdMsMax: 0,
    notionalQuote: 1e9,
    imbalance: 0,
    probability: 0,
  }
  const checked = gate.check(intent, {
    nowUs: START_US,
    run: 2,
    orderNumber: number,
    tradingState: 'active',
    isKilled: false,
    isJournalAvailable: true,
    isBreakerOpen: false,
    isDecisionKnown: false,
    isRecovered: true,
    isFlattening: false,
    book: { state: 'LIVE', ageMs: 0, bidTicks: limitTicks, askTicks: limitTicks },
    positionLots: 0,
    hasOrderInFlight: false,
    ordersOpen: 0,
    symbolsOpen: 0,
    isSymbolOpen: false,
    exposure: { symbolQuote: 0, totalQuote: 0 },
    dayLossQuote: 0,
    dayLossQuoteMax: 1,
    isEquityKnown: true,
  })
  if (!checked.ok) throw new Error(checked.code)
  expect(checked.value.lots).toBe(lots)
  return checked.value
}

class Desk {
  readonly clock = new ManualClock(START_US)
  readonly books = new HandBooks(this.clock)
  readonly gateway = new PaperGateway({ books: this.books, options: PAPER, run: 2 })
  readonly replies: SubmitReply[] = []

  book(bids: Levels, asks: Levels): void {
    this.books.set(0, bids, asks)
  }

  submit(order: ApprovedOrder): void {
    void this.gateway.submit(order, this.clock.nowUs()).then((reply) => this.replies.push(reply))
  }

  async pass(us: number): Promise<GatewayEvent[]> {
    this.clock.advance(us)
    this.gateway.advance(this.clock.nowUs())
    await Promise.resolve()
    const events: GatewayEvent[] = []
    for (let event = this.gateway.nextEvent(); event; event = this.gateway.nextEvent())
      events.push(event)
    return events
  }
}

const short = (events: GatewayEvent[]) =>
  events.map((event) =>
    event.type === 'execution'
      ? `${event.execution.lots}@${event.execution.ticks}${event.execution.isMaker ? ' maker' : ''}`
      : event.type === 'canceled'
        ? `canceled ${event.code}`
        : event.type,
  )

const BIDS: Levels = [
  [99, 10],
  [98, 20],
  [97, 30],
]
const ASKS: Levels = [
  [101, 10],
  [102, 20],
  [103, 30],
]

describe('an order that takes', () => {
  it('walks the levels from the best to its limit at the moment the latency has passed', async () => {
    const desk = new Desk()
    desk.book(BIDS, [[90, 1000]])
    desk.submit(approve(1, 'buy', 102, 25))
    expect(await desk.pass(4_999)).toEqual([])
    expect(desk.gateway.nextDueUs()).toBe(START_US + 5_000)
    desk.book(BIDS, ASKS)
    expect(short(await desk.pass(1))).toEqual(['10@101', '15@102'])
    expect(desk.replies).toEqual([{ kind: 'accepted' }])
  })

  it('pays the fee of a taker on the notional of each fill, under numbers that never repeat', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'sell', 98, 15))
    const events = await desk.pass(5_000)
    const executions = events.flatMap((event) =>
      event.type === 'execution' ? [event.execution] : [],
    )
    expect(executions.map(({ execId }) => execId)).toEqual(['bfx-2-1', 'bfx-2-2'])
    expect(executions[0].feeQuote).toBeCloseTo(9.9 * 0.01 * 0.001, 15)
  })

  it('cancels what its limit leaves over', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 101, 25))
    desk.submit(approve(2, 'buy', 100, 5))
    expect(short(await desk.pass(5_000))).toEqual([
      '10@101',
      'canceled remainder_canceled',
      'canceled no_liquidity',
    ])
  })

  it('gets nothing from a book that is not LIVE', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 103, 5))
    desk.books.lose(0)
    expect(short(await desk.pass(5_000))).toEqual(['canceled book_not_live'])
  })

  it('does not get size that another order of ours took, until the level changes', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 101, 8))
    desk.submit(approve(2, 'buy', 101, 8))
    expect(short(await desk.pass(5_000))).toEqual(['8@101', '2@101', 'canceled remainder_canceled'])
    desk.book(BIDS, [[101, 11]])
    desk.submit(approve(3, 'buy', 101, 20))
    expect(short(await desk.pass(5_000))[0]).toBe('11@101')
  })
})

describe('an order that rests', () => {
  it('fills at its own price and the fee of a maker when the book comes through', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 100, 30, 'gtc'))
    expect(await desk.pass(5_000)).toEqual([])
    expect((await desk.gateway.openOrders()).kind).toBe('orders')
    desk.book([[98, 1]], [[99, 12]])
    expect(short(await desk.pass(1))).toEqual(['12@100 maker'])
    expect(await desk.pass(1)).toEqual([])
    desk.book([[98, 1]], [[99, 100]])
    expect(short(await desk.pass(1))).toEqual(['18@100 maker'])
    const known = await desk.gateway.query('bf-2-1')
    expect(known).toMatchObject({ kind: 'found', order: { state: 'filled', filledLots: 30 } })
  })

  it('takes first what crosses, and is canceled when asked', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'sell', 99, 25, 'gtc'))
    expect(short(await desk.pass(5_000))).toEqual(['10@99'])
    const cancel = desk.gateway.cancel('bf-2-1', desk.clock.nowUs())
    expect(short(await desk.pass(5_000))).toEqual(['canceled ok'])
    expect(await cancel).toEqual({ kind: 'accepted' })
    const late = desk.gateway.cancel('bf-2-1', desk.clock.nowUs())
    await desk.pass(5_000)
    expect(await late).toMatchObject({ kind: 'rejected', code: 'order_unknown' })
  })

  it('marked post-only adds liquidity or is rejected', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 101, 5, 'post_only'))
    desk.submit(approve(2, 'buy', 100, 5, 'post_only'))
    expect(await desk.pass(5_000)).toEqual([])
    expect(desk.replies).toMatchObject([
      { kind: 'rejected', code: 'post_only_would_take' },
      { kind: 'accepted' },
    ])
    desk.book([[98, 1]], [[100, 5]])
    expect(short(await desk.pass(1))).toEqual(['5@100 maker'])
  })

  it('fills nothing while the book is not LIVE', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 100, 30, 'gtc'))
    await desk.pass(5_000)
    desk.books.lose(0)
    expect(await desk.pass(1)).toEqual([])
  })
})

describe('the paper exchange', () => {
  it('accepts an orderLinkId once', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    const order = approve(1, 'buy', 101, 5)
    desk.submit(order)
    desk.submit(order)
    expect(short(await desk.pass(5_000))).toEqual(['5@101'])
    expect(desk.replies[1]).toMatchObject({ kind: 'rejected', code: 'duplicate_order_link_id' })
  })

  it('does not know an order it never saw, and does not deny one that is on its way', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    expect(await desk.gateway.query('bf-2-1')).toEqual({ kind: 'not_found' })
    desk.submit(approve(1, 'buy', 101, 5))
    expect(await desk.gateway.query('bf-2-1')).toMatchObject({ kind: 'unknown' })
  })

  it('fills at no price worse than the limit, no more than asked and no more than shown', async () => {
    const sides = fc.constantFrom('buy' as const, 'sell' as const)
    const tif = fc.constantFrom(...TIMES_IN_FORCE)
    const levels = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
    const order = fc.tuple(
      sides,
      fc.integer({ min: 90, max: 110 }),
      fc.integer({ min: 1, max: 80 }),
      tif,
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { minLength: 1, maxLength: 6 }),
        levels,
        levels,
        async (orders, bids, asks) => {
          const desk = new Desk()
          desk.book(
            bids.map((lots, i) => [99 - i, lots] as const),
            asks.map((lots, i) => [101 + i, lots] as const),
          )
          for (const [i, [side, limit, lots, force]] of orders.entries()) {
            desk.submit(approve(i + 1, side, limit, lots, force))
          }
          const taken = new Map<number, number>()
          const filled = new Map<string, number>()
          for (const event of [...(await desk.pass(5_000)), ...(await desk.pass(10))]) {
            if (event.type !== 'execution') continue
            const { execution } = event
            const [side, limit, lots] = orders[Number(execution.orderLinkId.split('-')[2]) - 1]
            expect(side === 'buy' ? execution.ticks <= limit : execution.ticks >= limit).toBe(true)
            const sum = (filled.get(execution.orderLinkId) ?? 0) + execution.lots
            expect(sum).toBeLessThanOrEqual(lots)
            filled.set(execution.orderLinkId, sum)
            taken.set(execution.ticks, (taken.get(execution.ticks) ?? 0) + execution.lots)
          }
          for (const [ticks, lots] of taken) {
            const shown = ticks > 100 ? asks[ticks - 101] : bids[99 - ticks]
            expect(lots).toBeLessThanOrEqual(shown)
          }
        },
      ),
    )
  })
})
