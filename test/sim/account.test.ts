import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AccountPosition } from '../../src/sim/account-position.ts'
import { listInstruments } from '../../src/sim/instruments.ts'
import { ASK, BID } from '../../src/sim/matching-engine.ts'
import { atRate, averagePriceText, moneyText, parseMoney, tradeValue } from '../../src/sim/money.ts'
import { AccountDesk, money } from './account-desk.ts'

const instruments = listInstruments('linear', 100)

describe('money', () => {
  it('says what was parsed, and every instrument has a whole value for a lot at a tick', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (amount) => {
        expect(parseMoney(moneyText(amount))).toBe(amount)
      }),
    )
    for (const instrument of instruments) {
      const value = tradeValue(1, 1, instrument)
      expect(Number(value) / 1e8).toBeCloseTo(instrument.tick.value * instrument.lot.value, 12)
    }
    expect(moneyText(atRate(money('1302.28'), 550))).toBe('0.716254')
  })
})

describe('a position', () => {
  it('conserves cash and value over any fills, to the last unit', () => {
    const fill = fc.record({
      side: fc.constantFrom(BID, ASK),
      ticks: fc.integer({ min: 1, max: 2_000_000 }),
      lots: fc.integer({ min: 1, max: 100_000 }),
    })
    const arbitrary = fc.tuple(fc.constantFrom(...instruments), fc.array(fill, { maxLength: 40 }))
    fc.assert(
      fc.property(
        arbitrary,
        fc.integer({ min: 1, max: 2_000_000 }),
        ([instrument, fills], mark) => {
          const position = new AccountPosition(instrument, 10)
          let cash = 0n
          let lots = 0
          let profit = 0n
          for (const { side, ticks, lots: size } of fills) {
            const value = tradeValue(ticks, size, instrument)
            cash += side === BID ? -value : value
            lots += side === BID ? size : -size
            profit += position.fill(side, ticks, size)
            expect(position.lots).toBe(lots)
            expect(position.cost >= 0n).toBe(true)
            if (lots === 0) expect([position.cost, profit]).toEqual([0n, cash])
          }
          const held = tradeValue(mark, Math.abs(lots), instrument) * BigInt(Math.sign(lots))
          expect(profit + position.unrealisedAt(mark)).toBe(cash + held)
        },
      ),
    )
  })

  it('has the average price of its entries and keeps it while it is reduced', () => {
    const [btc] = instruments
    const position = new AccountPosition(btc, 10)
    position.fill(BID, 600_000, 10)
    position.fill(BID, 600_030, 20)
    expect(averagePriceText(position.cost, 30, btc)).toBe('60002')
    expect(moneyText(position.fill(ASK, 610_020, 15))).toBe('15')
    expect(averagePriceText(position.cost, 15, btc)).toBe('60002')
    // Through zero: the rest opens a short one at the price of the fill.
    expect(moneyText(position.fill(ASK, 600_000, 20))).toBe('-0.03')
    expect([position.lots, averagePriceText(position.cost, 5, btc)]).toEqual([-5, '60000'])
  })
})

describe('an account in a market', () => {
  it('adds up after any orders: executions, positions, fees, wallet, book', () => {
    const command = fc.record({
      kind: fc.constantFrom('limit', 'limit', 'market', 'amend', 'cancel', 'wait', 'all'),
      side: fc.constantFrom('Buy', 'Sell'),
      timeInForce: fc.constantFrom('GTC', 'GTC', 'IOC', 'FOK', 'PostOnly'),
      offset: fc.integer({ min: -30, max: 30 }),
      lots: fc.integer({ min: 1, max: 400 }),
      reduceOnly: fc.boolean(),
      pick: fc.nat(1000),
    })
    const commands = fc.array(command, { minLength: 5, maxLength: 60 })
    fc.assert(
      fc.property(commands, fc.nat(50), (list, seed) => {
        const at = new AccountDesk({ seed })
        for (const { kind, side, timeInForce, offset, lots, reduceOnly, pick } of list) {
          const open = at.account.orders.open()
          const chosen = open[pick % Math.max(1, open.length)]
          const qty = (lots / 1000).toFixed(3)
          const price = at.price(at.best(side === 'Buy' ? 'Sell' : 'Buy') + offset)
          const before = at.account.executions().length
          const lotsBefore = at.lots
          if (kind === 'wait') at.advance(lots)
          else if (kind === 'all') at.desk.cancelAll(() => true)
          else if (kind === 'market') at.place({ side, qty, reduceOnly })
          else if (kind === 'limit') {
            const order = at.place({ side, qty, price, timeInForce, reduceOnly })
            if (timeInForce === 'FOK' && typeof order !== 'number') {
              expect([0, order.lots]).toContain(order.filledLots)
            }
          } else if (chosen !== undefined) {
            const body = { symbol: 'BTCUSDT', orderId: chosen.orderId, qty, price }
            if (kind === 'amend') at.desk.amend(body)
            else at.desk.cancel(body)
          }
          checkReducing(at, before, lotsBefore)
          checkSums(at)
        }
      }),
      { numRuns: 40 },
    )
  })
})

/** Every fill of a reducing order brings the position nearer to zero, and never past it. */
function checkReducing(at: AccountDesk, from: number, lotsBefore: number): void {
  let lots = lotsBefore
  for (const execution of at.account.executions().slice(from)) {
    const next = lots + (execution.side === BID ? execution.lots : -execution.lots)
    if (execution.order?.isReduceOnly === true) {
      expect(Math.abs(next)).toBeLessThan(Math.abs(lots))
      expect(next * lots).toBeGreaterThanOrEqual(0)
    }
    lots = next
  }
  expect(at.lots).toBe(lots)
}

function checkSums({ account, btc }: AccountDesk): void {
  let fees = 0n
  const filled = new Map<unknown, number>()
  for (const { fee, lots, order } of account.executions()) {
    fees += fee
    filled.set(order, (filled.get(order) ?? 0) + lots)
  }
  expect(account.totalFees).toBe(fees)
  expect(account.wallet).toBe(account.options.balance + account.totalProfit - fees)
  for (const order of account.orders.all()) {
    expect(order.filledLots).toBe(filled.get(order) ?? 0)
    expect(order.filledLots).toBeLessThanOrEqual(order.lots)
    const resting = order.engineId === 0 ? 0 : btc.engine.leavesLots(order.engineId)
    const isOpen = order.status === 'New' || order.status === 'PartiallyFilled'
    expect(resting).toBe(isOpen ? order.lots - order.filledLots : 0)
  }
}
