import { describe, expect, it } from 'vitest'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import { type AtExchange, atExchange } from './at-exchange.ts'
import { FakeExchange, money } from './fake-exchange.ts'
import { Rig } from './rig.ts'

const LIMITS = new Rig().options.limits
/** Long enough for a loss to be believed, and for two looks more. */
const BELIEVED_MS = 50_000

function move({ exchange, rig }: AtExchange, id: string, amountQuote: number): void {
  exchange.transfers.push({ transferId: id, amountQuote, timeUs: rig.clock.nowUs() })
}

/** Holds some 2,000 of 100,000. */
async function holding(limits = LIMITS): Promise<AtExchange> {
  const desk = await atExchange({ limits: { ...limits, drawdownFractionMax: 1 } })
  const { exchange, rig } = desk
  rig.enter(0, 'enter_long', 10_003, { notional: 2_000 })
  await rig.settle()
  const [id] = [...exchange.orders.keys()]
  exchange.fill(id, rig.state.orders.get(id)?.terms.lots ?? 0, rig.clock.nowUs())
  await rig.pass(50)
  expect(rig.lots(0)).toBeGreaterThan(1_900)
  return desk
}

describe('equity that the exchange lost', () => {
  it('halts and flattens when no transfer explains it, once it has lasted', async () => {
    const desk = await holding()
    const { exchange, rig } = desk
    exchange.balance = money(97_000)
    await rig.pass(15_000, 100)
    expect(rig.state.tradingState).toBe('active')
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingReason).toBe('daily_loss')
    expect([...exchange.orders.values()].at(-1)?.approved).toMatchObject({ isReduceOnly: true })
    const [last] = rig.records('account_snapshot').slice(-1)
    expect(last).toMatchObject({ cause: 'loss', theirs_quote: 97_000, transfers_quote: 0 })
    expect(last.lost_quote).toBeGreaterThan(2_900)
    expect(rig.counters.get('equity_losses')).toBe(1)
  })

  it('counts for the drawdown too', async () => {
    const desk = await atExchange({ limits: { ...LIMITS, dailyLossFractionMax: 1 } })
    desk.exchange.balance = money(79_000)
    await desk.rig.pass(BELIEVED_MS, 100)
    expect(desk.rig.state.tradingReason).toBe('max_drawdown')
    desk.rig.command('resume')
    await desk.rig.pass(BELIEVED_MS, 100)
    expect(desk.rig.state.tradingState).toBe('active')
  })

  it('is none when it is back in time, however odd the answer was', async () => {
    const { exchange, rig } = await holding()
    for (const theirs of [0, 100_000, -5_000, 50_000, 100_000, 0]) {
      exchange.balance = money(theirs)
      await rig.pass(10_000, 100)
    }
    expect(rig.state.tradingState).toBe('active')
    expect(rig.state.balances.lostQuote).toBe(0)
  })

  it('is none as far as mark prices may differ from our mids', async () => {
    const desk = await holding({ ...LIMITS, dailyLossFractionMax: 0.0008 }) // 80
    const { exchange, rig } = desk
    exchange.balance = money(rig.actor.exposures.equityQuote() - 19)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingState).toBe('active')
    exchange.balance = money(rig.actor.exposures.equityQuote() - 120)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingReason).toBe('daily_loss')
  })

  it('is not concluded without the list of transfers', async () => {
    const { exchange, rig } = await holding()
    exchange.isSilentOfTransfers = true
    exchange.balance = money(50_000)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(rig.state.tradingState).toBe('active')
    exchange.isSilentOfTransfers = false
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingState).toBe('halted')
  })

  it('is none that was moved before the first look, though the transfers were not told then', async () => {
    const exchange = new FakeExchange()
    const { clock } = new Rig()
    const beforeUs = clock.nowUs() - 600_000_000
    exchange.transfers.push({ transferId: 'early', amountQuote: 30_000, timeUs: beforeUs })
    exchange.isSilentOfTransfers = true
    const { rig } = await atExchange({ limits: LIMITS }, {}, exchange)
    await rig.pass(70_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(rig.records('account_snapshot')).toMatchObject([{ reference_quote: null }])
    expect(rig.control.incidents.get('transfers_unknown')).toBe(1)
    exchange.isSilentOfTransfers = false
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.control.incidents.get('transfers_unknown')).toBe(0)
    expect(rig.records('transfer')).toHaveLength(1)
    expect([rig.state.tradingState, rig.state.balances.lostQuote]).toEqual(['active', 0])
    exchange.balance = money(97_000)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingReason).toBe('daily_loss')
  })

  it('asks after a restart for the transfers since its last list, and no more', async () => {
    const { exchange, rig } = await atExchange()
    await rig.pass(5_000, 100)
    expect(rig.records('account_snapshot')[0].listed_us).toBeGreaterThan(0)
    const asked: number[] = []
    const { transfers } = exchange.account
    Object.assign(exchange.account, {
      transfers: (sinceUs: number, nowUs: number) => {
        asked.push(nowUs - sinceUs)
        return transfers?.(sinceUs, nowUs)
      },
    })
    const { clock, memory } = rig
    const options = { records: memory.records, run: memory.run + 1, clock, books: rig.books }
    const next = await atExchange({}, options, exchange)
    await next.rig.pass(30_000, 100)
    expect(asked.length).toBeGreaterThan(2)
    for (const us of asked) expect(us).toBeLessThan(2 * 3_600_000_000)
  })

  it('is remembered over a restart, and forgotten when a transfer explains it later', async () => {
    const desk = await atExchange()
    const { exchange, rig } = desk
    exchange.balance = money(50_000)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingReason).toBe('daily_loss')
    const { clock, memory } = rig
    const again = new Rig({ records: memory.records, run: 2, clock, gateway: () => exchange })
    expect((await again.start()).ok).toBe(true)
    exchange.link(true, clock.nowUs())
    await again.pass(1_000)
    again.command('resume')
    await again.pass(1_000)
    expect(again.state.tradingState).toBe('halted')
    const restored = new ExecutionState()
    expect(restoreState(encodeState(again.state), restored)).toBeUndefined()
    expect(restored.balances.save()).toEqual(again.state.balances.save())
    move({ exchange, rig: again }, 'late', -50_000)
    await again.pass(11_000, 100)
    again.command('resume')
    await again.pass(1_000)
    expect(again.state.tradingState).toBe('active')
    expect(again.state.balances.takenOutQuote).toBe(50_000)
  })
})

describe('a transfer', () => {
  it('out of the account is no loss, and limits are parts of what it left', async () => {
    const desk = await holding()
    const { exchange, rig } = desk
    rig.quote(0, 9_500) // 100 are lost, and less than 2 % of 100,000
    move(desk, 'out', -90_000)
    exchange.balance = money(9_900)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingState).toBe('active')
    expect(rig.records('transfer')).toMatchObject([{ amount_quote: -90_000 }])
    rig.quote(0, 8_900) // 220 are more than 2 % of 10,000
    exchange.balance = money(9_780)
    await rig.pass(1_000, 50)
    expect(rig.state.tradingReason).toBe('daily_loss')
  })

  it('into the account hides no loss', async () => {
    const desk = await holding()
    move(desk, 'in', 5_000)
    desk.exchange.balance = money(102_000)
    await desk.rig.pass(BELIEVED_MS, 100)
    expect(desk.rig.state.tradingReason).toBe('daily_loss')
  })

  it('is counted once, and one of unknown worth explains what is missing by then', async () => {
    const desk = await holding()
    const { exchange, rig } = desk
    move(desk, 'coins', Number.NaN)
    move(desk, 'coins', Number.NaN)
    exchange.balance = money(60_000)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.records('transfer')).toMatchObject([{ amount_quote: null }])
    expect(rig.state.tradingState).toBe('active')
    exchange.balance = money(57_000)
    await rig.pass(BELIEVED_MS, 100)
    expect(rig.state.tradingReason).toBe('daily_loss')
  })
})
