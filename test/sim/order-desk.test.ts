import { describe, expect, it } from 'vitest'
import { AccountFunding } from '../../src/sim/account-funding.ts'
import { moneyText } from '../../src/sim/money.ts'
import { isRefusal } from '../../src/sim/private-refusal.ts'
import { AccountDesk } from './account-desk.ts'

describe('a new order', () => {
  it('rests in the public book and is filled by the flow of the market, as a maker', () => {
    const at = new AccountDesk()
    const ticks = at.best('Buy')
    const before = at.btc.engine.queueAt(0, ticks).length
    const order = at.placed({ price: at.price(ticks), timeInForce: 'PostOnly' })
    expect(at.btc.engine.queueAt(0, ticks)).toHaveLength(before + 1)
    for (let i = 0; i < 600 && order.status !== 'Filled'; i++) at.advance(100)
    expect(order.status).toBe('Filled')
    const makers = at.account.executions().filter((fill) => fill.order === order)
    expect(makers.every(({ isMaker, feeRatePpm }) => isMaker && feeRatePpm === 200)).toBe(true)
    expect(at.lots).toBe(10)
  })

  it('keeps its place in a full book: the crowd cancels only its own', () => {
    const at = new AccountDesk()
    const deep = at.best('Buy') - 3000
    const orders = [0, 1, 2].map((n) => at.placed({ price: at.price(deep - n) }))
    for (let i = 0; i < 20; i++) at.advance(1000)
    expect(at.btc.engine.bids.count()).toBeLessThan(1500)
    for (const order of orders) expect(at.btc.engine.leavesLots(order.engineId)).toBe(10)
  })

  it('shows its trades on the public tape', () => {
    const at = new AccountDesk()
    const before = at.btc.trades.count
    const order = at.placed({ side: 'Sell', qty: '0.500' })
    expect(order.status).toBe('Filled')
    let lots = 0
    for (let n = before; n < at.btc.trades.count; n++) {
      if (at.btc.trades.isRpi[n & 1023] + at.btc.trades.isBlock[n & 1023] === 0) {
        lots += at.btc.trades.lots[n & 1023]
      }
    }
    expect(lots).toBe(500)
  })

  it('is refused by the filters of its instrument, each with its code', () => {
    const at = new AccountDesk()
    const price = at.price(at.best('Buy') - 5)
    expect(at.place({ qty: '0.0001' })).toBe(10001)
    expect(at.place({ qty: 0.01 })).toBe(10001)
    expect(at.place({ price: '60000.05' })).toBe(10001)
    expect(at.place({ price, qty: '1501' })).toBe(10001)
    expect(at.place({ price, orderLinkId: 'a b' })).toBe(10001)
    expect(at.place({ price, orderLinkId: 'a'.repeat(37) })).toBe(10001)
    expect(at.place({ price, positionIdx: 1 })).toBe(10001)
    expect(at.place({ price: '70000.0' })).toBe(110003)
    expect(at.place({ price: '4000.0', qty: '0.001' })).toBe(110094)
    expect(at.place({ price: '5000.0', qty: '0.001' })).not.toBe(110094)
    expect(at.place({ price, qty: '100' })).toBe(110007)
    expect(at.place({ side: 'Sell', reduceOnly: true })).toBe(110017)
    expect(at.place({ symbol: 'NOSUCHUSDT' })).toBe(10001)
  })

  it('has a link id that is never taken twice, even after its end', () => {
    const at = new AccountDesk()
    const price = at.price(at.best('Buy') - 50)
    at.placed({ price, orderLinkId: 'once' })
    expect(at.place({ price, orderLinkId: 'once' })).toBe(110072)
    at.desk.cancelAll(() => true)
    expect(at.place({ price, orderLinkId: 'once' })).toBe(110072)
  })

  it('is one of at most 500 on a symbol, and one of 10 that wait for a price', () => {
    const at = new AccountDesk({ balance: '10000000' })
    const ticks = at.best('Buy')
    for (let n = 0; n < 500; n++) at.placed({ price: at.price(ticks - 100 - n) })
    expect(at.place({ price: at.price(ticks - 100) })).toBe(110020)
    const trigger = { triggerPrice: at.price(ticks + 500), triggerDirection: 1 }
    for (let n = 0; n < 10; n++) at.placed(trigger)
    expect(at.place(trigger)).toBe(110009)
    const canceled = at.desk.cancelAll(() => true)
    expect(canceled).toHaveLength(500)
    expect(at.account.orders.open()).toHaveLength(10)
  })

  it('ends as its time in force says', () => {
    const at = new AccountDesk()
    const crossing = () => at.price(at.best('Sell'))
    const postOnly = at.placed({ price: crossing(), timeInForce: 'PostOnly' })
    expect(postOnly).toMatchObject({
      ...{ status: 'Cancelled', rejectReason: 'EC_PostOnlyWillTakeLiquidity', filledLots: 0 },
    })
    const huge = { price: crossing(), qty: '50' }
    const at2 = new AccountDesk({ balance: '100000000' })
    const killed = at2.placed({ ...huge, timeInForce: 'FOK' })
    expect(killed).toMatchObject({ status: 'Cancelled', filledLots: 0 })
    const partial = at2.placed({ ...huge, timeInForce: 'IOC' })
    expect(partial).toMatchObject({
      ...{ status: 'Cancelled', rejectReason: 'EC_NoImmediateQtyToFill' },
    })
    expect(partial.filledLots).toBeGreaterThan(0)
    const good = at2.placed({ ...huge, price: at2.price(at2.best('Sell')), timeInForce: 'GTC' })
    expect(good.status).toBe('PartiallyFilled')
    expect(at2.btc.engine.leavesLots(good.engineId)).toBe(good.lots - good.filledLots)
  })
})

describe('an order on the book', () => {
  it('keeps its place when it is made smaller and loses it when it is changed otherwise', () => {
    const at = new AccountDesk()
    const ticks = at.best('Buy') - 7
    const order = at.placed({ price: at.price(ticks), orderLinkId: 'x' })
    const second = at.placed({ price: at.price(ticks) })
    const place = () => at.btc.engine.queueAt(0, ticks)
    expect(at.desk.amend({ symbol: 'BTCUSDT', orderLinkId: 'x', qty: '0.005' })).toBe(order)
    expect(place().slice(-2)).toEqual([order.engineId, second.engineId])
    at.desk.amend({ symbol: 'BTCUSDT', orderLinkId: 'x', qty: '0.020' })
    expect(place().slice(-2)).toEqual([second.engineId, order.engineId])
    const same = at.desk.amend({ symbol: 'BTCUSDT', orderLinkId: 'x', qty: '0.020' })
    expect(isRefusal(same) && same.retCode).toBe(10001)
  })

  it('is canceled once: then it is gone, and a filled one is done', () => {
    const at = new AccountDesk()
    const code = (body: object) => {
      const answer = at.desk.cancel({ symbol: 'BTCUSDT', ...body })
      return isRefusal(answer) ? answer.retCode : 0
    }
    const order = at.placed({ price: at.price(at.best('Buy') - 9), orderLinkId: 'x' })
    expect(code({ orderLinkId: 'x' })).toBe(0)
    expect(order).toMatchObject({ status: 'Cancelled', cancelType: 'CancelByUser' })
    expect(code({ orderLinkId: 'x' })).toBe(110010)
    expect(code({ orderId: 'nobody' })).toBe(110001)
    expect(code({ orderId: at.placed({ side: 'Sell' }).orderId })).toBe(110008)
    expect(code({})).toBe(10001)
  })

  it('is cut or canceled when it may only reduce and the position shrinks', () => {
    const at = new AccountDesk()
    at.placed({ qty: '0.030' })
    const far = at.price(at.best('Sell') + 300)
    const farther = at.price(at.best('Sell') + 400)
    const first = at.placed({ side: 'Sell', qty: '0.020', price: far, reduceOnly: true })
    const second = at.placed({ side: 'Sell', qty: '0.025', price: farther, reduceOnly: true })
    expect([first.lots, second.lots]).toEqual([20, 10])
    at.placed({ side: 'Sell', qty: '0.015' })
    expect([first.lots, second.status]).toEqual([15, 'Cancelled'])
    expect(second.cancelType).toBe('CancelByReduceOnly')
    at.placed({ side: 'Sell', qty: '0.015' })
    expect([at.lots, first.status]).toEqual([0, 'Cancelled'])
  })
})

describe('conditional orders', () => {
  it('wait until their price is traded, then go to the market under the same id', () => {
    const at = new AccountDesk()
    const above = at.btc.trades.lastTicks + 40
    const terms = { triggerPrice: at.price(above), triggerDirection: 1 }
    const order = at.placed(terms)
    expect([order.status, at.lots]).toEqual(['Untriggered', 0])
    at.placed({ qty: '0.001', side: 'Sell' })
    at.advance(1)
    expect(order.status).toBe('Untriggered')
    for (let n = 0; n < 20_000 && order.status === 'Untriggered'; n++) {
      expect(at.btc.trades.lastTicks).toBeLessThan(above)
      at.advance(5)
    }
    expect(order.status).toBe('Filled')
    expect(at.said).toContain('Triggered UNKNOWN EC_NoError')
  })

  it('close a position at its stop-loss, and go when it is flat', () => {
    const at = new AccountDesk()
    const stop = at.btc.trades.lastTicks - 30
    const target = at.btc.trades.lastTicks + 4000
    at.placed({ qty: '0.100', stopLoss: at.price(stop), takeProfit: at.price(target) })
    at.advance(1)
    const stops = [...at.account.orders.conditional]
    expect(stops.map(({ stopOrderType, lots }) => [stopOrderType, lots]).sort()).toEqual([
      ['StopLoss', 100],
      ['TakeProfit', 100],
    ])
    const [loss] = stops.filter(({ stopOrderType }) => stopOrderType === 'StopLoss')
    for (let n = 0; n < 100_000 && at.lots > 0; n++) at.advance(50)
    expect([at.lots, loss.status, loss.createType]).toEqual([0, 'Filled', 'CreateByStopLoss'])
    at.advance(1)
    expect(at.account.orders.conditional.size).toBe(0)
    expect(at.account.stops('BTCUSDT').takeProfitTicks).toBe(0)
  })

  it('trail the best price since they began', () => {
    const at = new AccountDesk()
    at.placed({ qty: '0.100', side: 'Sell' })
    const stops = at.account.stops('BTCUSDT')
    stops.trailingTicks = 60
    let best = Number.POSITIVE_INFINITY
    for (let n = 0; n < 100_000 && at.lots < 0; n++) {
      at.advance(20)
      best = Math.min(best, at.btc.trades.lastTicks)
    }
    expect(at.lots).toBe(0)
    const closing = at.account.executions().at(-1)
    expect(closing?.order?.stopOrderType).toBe('TrailingStop')
    expect(closing?.order?.trigger?.ticks).toBeLessThanOrEqual(best + 60)
  })
})

describe('margin and funding', () => {
  it('hold margin for what opens, none for what closes, and free it again', () => {
    const at = new AccountDesk({ balance: '1000', leverage: 10 })
    const price = at.price(at.best('Buy') - 20)
    const order = at.placed({ price, qty: '0.100' })
    const held = Number(moneyText(at.account.orderMargin()))
    expect(held).toBeCloseTo(Number(price) * 0.1 * (0.1 + 0.00055), 4)
    expect(at.place({ price, qty: '0.100' })).toBe(110007)
    at.desk.cancelOrder(order, 'CancelByUser')
    expect(at.account.orderMargin()).toBe(0n)
    at.placed({ qty: '0.100' })
    const closing = { side: 'Sell', price: at.price(at.best('Sell') + 20) }
    at.placed({ ...closing, qty: '0.100' })
    expect(at.account.orderMargin()).toBe(0n)
  })

  it('pays funding of the mark value at every multiple of the interval, and no trade', () => {
    const at = new AccountDesk()
    const startMs = Math.floor(at.nowUs / 1000)
    const funding = new AccountFunding(at.account, at.events, startMs, 60_000)
    at.placed({ qty: '1' })
    const wallet = at.account.wallet
    funding.step(startMs + 1)
    funding.step((Math.floor(startMs / 60_000) + 1) * 60_000)
    funding.step((Math.floor(startMs / 60_000) + 1) * 60_000 + 10)
    const [paid, ...others] = at.account.executions().filter((e) => e.execType === 'Funding')
    expect(others).toEqual([])
    expect([paid.fee, at.lots]).toEqual([wallet - at.account.wallet, 1000])
    expect(paid.fee).toBe(at.account.totalFunding)
    expect(Math.abs(Number(moneyText(paid.fee)))).toBeLessThan(0.005 * 70_000)
  })
})

describe('an account of one seed', () => {
  it('has one history: ids, prices and times are the same in every run', () => {
    const history = () => {
      const at = new AccountDesk({ seed: 9 })
      for (let n = 0; n < 40; n++) {
        at.placed({ price: at.price(at.best('Buy') - (n % 4)) })
        if (n % 5 === 0) at.placed({ side: 'Sell', qty: '0.020' })
        if (n % 7 === 0) at.desk.cancelAll(() => n % 2 === 0)
        at.advance(70)
      }
      return at.account.executions().map(({ execId, order, ticks, lots, seq, timeMs }) => {
        return [execId, order?.orderId, ticks, lots, seq, timeMs].join()
      })
    }
    const first = history()
    expect(first.length).toBeGreaterThan(10)
    expect(history()).toEqual(first)
  })
})
