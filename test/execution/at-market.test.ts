import { describe, expect, it } from 'vitest'
import type { OrderCreated } from '../../src/domain/journal.ts'
import { createBody } from '../../src/execution/gateway/bybit/order-requests.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { until } from '../sim/private-exchange.ts'
import { atExchange } from './at-exchange.ts'
import { type BybitRig, bybitRigs } from './bybit-rig.ts'
import { createInstrument, startRig } from './rig.ts'

const KEY = 'linear:S0USDT'
const { start } = bybitRigs()

/** Long the first symbol of the mock; what the book then says is `factor` of the truth. */
async function openAndMislead(rig: BybitRig, factor: number): Promise<void> {
  await rig.enter(0)
  await until(() => rig.orders[0]?.state === 'filled')
  const book = rig.read(0)
  if (book === undefined) return expect.unreachable('no book')
  book.bidTicks[0] = Math.round(book.bidTicks[0] * factor)
  book.askTicks[0] = Math.round(book.askTicks[0] * factor)
}

/** The book of the first symbol is gone. */
function loseBook(rig: BybitRig): void {
  Object.assign(rig.read(0) ?? {}, { state: 'SYNCING', bidCount: 0, askCount: 0 })
}

async function flat(rig: BybitRig): Promise<void> {
  await until(() => rig.exchange.truth().positions.every(({ signed_size }) => +signed_size === 0))
  await until(() => rig.state.isFlat && rig.state.unfinished.size === 0)
}

function closings(rig: BybitRig): OrderCreated[] {
  return rig.orders.map(({ terms }) => terms).filter((terms) => terms.reduce_only)
}

describe('closing on the account of the mock, while the last known price is another', () => {
  it.each([
    ['kill', 1.2],
    ['kill', 0.8],
    ['flatten', 1.2],
    ['flatten', 0.8],
  ] as const)(
    'a %s fills, with the price at %d of the true one and then gone',
    async (kind, by) => {
      const rig = await start()
      await openAndMislead(rig, by)
      rig.command(kind)
      await until(() => rig.orders.length === 2)
      loseBook(rig)
      await flat(rig)
      const [first, second] = closings(rig)
      expect(first.at_market).toBe(undefined)
      expect(second).toMatchObject({ at_market: true, order_type: 'market', reason: 'flatten' })
      expect(second.limit_ticks).toBeGreaterThan(0)
      expect((await rig.zeros()).position_mismatches).toBe(0)
    },
  )

  it('a loss beyond its limit fills too', async () => {
    const limits = { ...DEFAULT_EXECUTION_OPTIONS.limits, dailyLossFractionMax: 0.0005 }
    const rig = await start({ execution: { limits } })
    await openAndMislead(rig, 0.8)
    await until(() => rig.state.tradingState === 'halted')
    loseBook(rig)
    await flat(rig)
    expect(closings(rig).at(-1)?.at_market).toBe(true)
  })
})

describe('a closing order at market', () => {
  it('leaves without a price, no larger than the exchange takes market orders', async () => {
    const instruments = [{ ...createInstrument(0), maxMarketLots: 4 }]
    const { exchange, rig } = await atExchange({}, { instruments })
    exchange.positions.set(KEY, 7)
    await rig.pass(80_000, 50)
    expect(rig.lots(0)).toBe(7)
    rig.books.lose(0)
    rig.command('kill')
    await rig.pass(50)
    const [first] = [...exchange.orders.values()]
    if (first.approved === undefined) return expect.unreachable('not ours')
    expect(createBody(first.approved, 'x')).toMatchObject({ orderType: 'Limit', qty: '0.007' })
    exchange.end(first.order.orderLinkId, 'canceled', 'no_liquidity', rig.clock.nowUs())
    await rig.pass(300)
    const second = [...exchange.orders.values()][1]
    if (second.approved === undefined) return expect.unreachable('not ours')
    const body = createBody(second.approved, 'x')
    expect(body).toMatchObject({ orderType: 'Market', qty: '0.004', reduceOnly: true })
    expect('price' in body).toBe(false)
  })

  it('is not asked for by an exit, nor by a flatten that fills something each time', async () => {
    const { exchange, rig } = await atExchange()
    exchange.positions.set(KEY, 7)
    await rig.pass(80_000, 50)
    rig.command('flatten', 0)
    for (let lots = 7; lots > 0; lots--) {
      await rig.pass(100)
      const [id] = [...exchange.orders].at(-1) ?? ['']
      exchange.fill(id, 1, rig.clock.nowUs())
      if (lots > 1) exchange.end(id, 'canceled', 'remainder_canceled', rig.clock.nowUs())
      await rig.pass(100)
    }
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').map((terms) => terms.at_market)).toEqual(Array(7))
  })

  it('keeps its terms when the exchange lists a price for it', async () => {
    const { exchange, rig } = await atExchange()
    exchange.positions.set(KEY, 7)
    await rig.pass(80_000, 50)
    exchange.isDisowning = true // the first is refused
    rig.books.lose(0)
    rig.command('kill')
    await rig.pass(50)
    exchange.isDisowning = false
    exchange.isTelling = false
    await rig.pass(200)
    const [id, kept] = [...exchange.orders].at(-1) ?? []
    if (id === undefined || kept === undefined) return expect.unreachable('none')
    expect(rig.state.orders.get(id)?.terms.at_market).toBe(true)
    exchange.change(id, { limitTicks: 1, lots: 7 }, 0)
    exchange.fill(id, 7, rig.clock.nowUs())
    await rig.pass(10_000, 50)
    expect(rig.state.orders.get(id)).toMatchObject({ state: 'filled', terms: { at_market: true } })
    expect(rig.records('order_amended')).toEqual([])
  })

  it('walks the whole visible book of the paper exchange', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.lots(0)).toBe(99)
    const bids: [number, number][] = [
      [9_999, 10],
      [100, 1000],
    ]
    rig.books.set(0, bids, [[10_001, 10]])
    rig.command('kill')
    await rig.pass(2000, 20)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({ at_market: true, lots: 89 })
  })
})
