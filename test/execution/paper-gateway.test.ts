import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { TIMES_IN_FORCE, type TimeInForce } from '../../src/domain/journal.ts'
import type { GatewayEvent, SubmitReply } from '../../src/execution/gateway/gateway.ts'
import { PaperGateway, type PaperGatewayParts } from '../../src/execution/gateway/paper-gateway.ts'
import type { Intent } from '../../src/execution/intent.ts'
import { DEFAULT_EXECUTION_OPTIONS, type PaperOptions } from '../../src/execution/options.ts'
import { type ApprovedOrder, RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { approvedAmend } from './approved-amend.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { createInstrument, HandBooks, HandTape, type Levels, START_US } from './rig.ts'

const instrument = createInstrument(0)
const PAPER: PaperOptions = {
  ...DEFAULT_EXECUTION_OPTIONS.paper,
  latencyUs: 5_000,
  takerFeeBps: 10,
  makerFeeBps: 2,
}

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
      riskPerTradeFractionMax: wide,
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
    ...CALM_FACTS,
    run: 2,
    orderNumber: number,
    book: { state: 'LIVE', ageMs: 0, bidTicks: limitTicks - 1, askTicks: limitTicks, crossing: [] },
  })
  if (!checked.ok) throw new Error(checked.code)
  expect(checked.value.lots).toBe(lots)
  return checked.value
}

/** Closes a position of so many lots by the real gate. */
function approveExit(number: number, positionLots: number, limitTicks: number): ApprovedOrder {
  const gate = new RiskGate(DEFAULT_EXECUTION_OPTIONS)
  const intent = { ...CALM_INTENT, number, instrument, action: 'exit', limitTicks } as const
  const checked = gate.check(intent, { ...CALM_FACTS, run: 2, orderNumber: number, positionLots })
  if (!checked.ok) throw new Error(checked.code)
  return checked.value
}

class Desk {
  readonly clock = new ManualClock(START_US)
  readonly books = new HandBooks(this.clock)
  readonly tape = new HandTape()
  readonly gateway: PaperGateway
  readonly replies: SubmitReply[] = []

  constructor(parts: Partial<PaperGatewayParts> = {}) {
    const { books, tape } = this
    this.gateway = new PaperGateway({ books, tape, options: PAPER, run: 2, ...parts })
  }

  book(bids: Levels, asks: Levels): void {
    this.books.set(0, bids, asks)
  }

  submit(order: ApprovedOrder): void {
    void this.gateway.submit(order, this.clock.nowUs()).then((reply) => this.replies.push(reply))
  }

  known(orderLinkId: string) {
    return this.gateway.query(orderLinkId, this.clock.nowUs())
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
    const known = await desk.known('bf-2-1')
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

describe('the queue of an order that rests', () => {
  /** A buy of 20 at 99, behind the 10 that stand there. */
  const rest = async (desk = new Desk()) => {
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 99, 20, 'gtc'))
    await desk.pass(5_000)
    return desk
  }

  it('is served before it, by the trades of the tape', async () => {
    const desk = await rest()
    desk.tape.print(0, -1, 99, 6)
    desk.tape.print(0, 1, 101, 500) // buyers take from the asks
    desk.tape.print(1, -1, 99, 500) // of another instrument
    expect(await desk.pass(10)).toEqual([])
    desk.tape.print(0, -1, 99, 9)
    expect(short(await desk.pass(10))).toEqual(['5@99 maker'])
    desk.tape.print(0, -1, 99, 100)
    expect(short(await desk.pass(10))).toEqual(['15@99 maker'])
  })

  it('is passed by a trade beyond the price, which fills no more than it was large', async () => {
    const desk = await rest()
    desk.tape.print(0, -1, 98, 7)
    expect(short(await desk.pass(10))).toEqual(['7@99 maker'])
    desk.tape.print(0, -1, 99, 7)
    expect(short(await desk.pass(10))).toEqual(['7@99 maker'])
  })

  it('gives one trade once, the older order first', async () => {
    const desk = await rest()
    desk.submit(approve(2, 'buy', 99, 20, 'gtc'))
    await desk.pass(5_000)
    desk.tape.print(0, -1, 99, 35)
    const events = await desk.pass(10)
    expect(short(events)).toEqual(['20@99 maker', '5@99 maker'])
  })

  it('is left at its end after a change of price or a larger size, kept by a smaller one', async () => {
    const amended = async (limitTicks: number, lots: number) => {
      const desk = await rest()
      const order = approve(1, 'buy', 99, 20, 'gtc')
      desk.tape.print(0, -1, 99, 10) // nobody is before us now
      await desk.pass(10)
      desk.book(
        [
          [99, 40],
          [98, 20],
        ],
        ASKS,
      )
      await desk.pass(10)
      void desk.gateway.amend(approvedAmend(order, { limitTicks, lots }), desk.clock.nowUs())
      await desk.pass(5_000)
      desk.tape.print(0, -1, limitTicks, 5)
      return short(await desk.pass(10))
    }
    expect(await amended(99, 10)).toEqual(['5@99 maker'])
    expect(await amended(99, 30)).toEqual([])
    expect(await amended(98, 20)).toEqual([])
  })

  it('is nothing where that model was chosen', async () => {
    const desk = await rest(new Desk({ options: { ...PAPER, queue: 'none' } }))
    desk.tape.print(0, -1, 99, 6)
    expect(short(await desk.pass(10))).toEqual(['6@99 maker'])
  })
})

describe('an order of a kind of its own', () => {
  it('fills whole or not at all as FOK', async () => {
    const desk = new Desk()
    desk.book(BIDS, ASKS)
    desk.submit(approve(1, 'buy', 102, 31, 'fok'))
    expect(short(await desk.pass(5_000))).toEqual(['canceled no_liquidity'])
    desk.submit(approve(2, 'buy', 102, 30, 'fok'))
    expect(short(await desk.pass(5_000))).toEqual(['10@101', '20@102'])
  })

  it('reduces the position of an earlier run and no more', async () => {
    const desk = new Desk({ recoveredLots: () => 7 })
    desk.book(BIDS, ASKS)
    const close = approveExit(1, 12, 98) // the gate was told of 12
    expect(close).toMatchObject({ isReduceOnly: true, side: 'sell', lots: 12 })
    desk.submit(close)
    expect(short(await desk.pass(5_000))).toEqual(['7@99', 'canceled remainder_canceled'])
    desk.submit(approveExit(2, 3, 98))
    expect(await desk.pass(5_000)).toEqual([])
    expect(desk.replies[1]).toMatchObject({ kind: 'rejected', code: 'nothing_to_reduce' })
  })

  it('is refused as reduce-only on the side of the position', async () => {
    const desk = new Desk({ recoveredLots: () => 7 })
    desk.book(BIDS, ASKS)
    desk.submit(approveExit(1, -7, 102))
    await desk.pass(5_000)
    expect(desk.replies).toMatchObject([{ kind: 'rejected', code: 'nothing_to_reduce' }])
  })
})

describe('the latency', () => {
  const arrivals = async (seed: number) => {
    const options = { ...PAPER, latencyJitterUs: 10_000, seed }
    const desk = new Desk({ options })
    desk.book(BIDS, [[101, 1_000]])
    for (let i = 1; i <= 8; i++) desk.submit(approve(i, 'buy', 101, i))
    const seen: string[] = []
    for (let us = 0; us <= 15_000; us += 100) {
      for (const event of await desk.pass(100)) {
        if (event.type === 'execution') seen.push(`${event.execution.lots}@${us}`)
      }
    }
    return seen
  }

  it('with jitter is the same for the same seed, and lets later requests come first', async () => {
    const first = await arrivals(7)
    expect(await arrivals(7)).toEqual(first)
    expect(await arrivals(8)).not.toEqual(first)
    expect(first).toHaveLength(8)
    const order = first.map((text) => Number.parseInt(text, 10))
    expect(order).not.toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    for (const text of first) expect(Number(text.split('@')[1])).toBeGreaterThanOrEqual(4_900)
  })
})

describe('funding', () => {
  const HOURS_8_US = 28_800_000_000
  const nextUs = (Math.floor(START_US / HOURS_8_US) + 1) * HOURS_8_US
  const desk = (lots: number, rate: number, markTicks = 1_000) =>
    new Desk({
      recoveredLots: () => lots,
      funding: { instruments: [instrument], source: { read: () => ({ rate, markTicks }) } },
    })

  it('is paid once at its time by the position of that moment', async () => {
    const paying = desk(5_000, 0.0001)
    expect(await paying.pass(1)).toEqual([])
    expect(paying.gateway.nextDueUs()).toBe(nextUs)
    const events = await paying.pass(nextUs - START_US)
    // 1000 ticks of 0.1 times 5000 lots of 0.001 is 500 quote.
    expect(events).toMatchObject([{ type: 'funding', key: 'linear:S0USDT', timeUs: nextUs }])
    expect(events[0]).toHaveProperty('feeQuote', expect.closeTo(0.05, 12))
    expect(await paying.pass(1_000_000)).toEqual([])
    expect(await paying.pass(HOURS_8_US)).toHaveLength(1)
  })

  it('is received by a short position when the rate is positive', async () => {
    const receiving = desk(-5_000, 0.0001)
    await receiving.pass(1)
    const [event] = await receiving.pass(nextUs - START_US)
    expect(event).toHaveProperty('feeQuote', expect.closeTo(-0.05, 12))
  })

  it('without a known rate is counted as missed', async () => {
    const unknown = desk(5_000, Number.NaN)
    await unknown.pass(1)
    expect(await unknown.pass(nextUs - START_US)).toEqual([])
    expect(unknown.gateway.fundingMissed).toBe(1)
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
    expect(await desk.known('bf-2-1')).toMatchObject({ kind: 'not_found' })
    desk.submit(approve(1, 'buy', 101, 5))
    expect(await desk.known('bf-2-1')).toMatchObject({ kind: 'unknown' })
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
