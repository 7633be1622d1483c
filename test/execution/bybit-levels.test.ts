import { describe, expect, it } from 'vitest'
import { EXITS_OFF } from '../../src/execution/exits/exit-options.ts'
import { MemoryJournal } from '../../src/execution/journal/memory-journal.ts'
import { PrivateExchange, until } from '../sim/private-exchange.ts'
import { type BybitRig, bybitRigs, ZEROS } from './bybit-rig.ts'

const SYMBOL = 'BTCUSDT'
const { exchanges, start } = bybitRigs()

/** Size, stop and target of the position as the exchange has them, in steps; zero: none. */
function held({ exchange, instruments }: BybitRig) {
  const row = exchange.truth().positions.find(({ symbol }) => symbol === SYMBOL)
  const { lot, tick } = instruments[0]
  const steps = (text: string | undefined, step: number) => Math.round(Number(text ?? 0) / step)
  return {
    size: steps(row?.signed_size, lot.value),
    stop: steps(row?.stop_loss, tick.value),
    target: steps(row?.take_profit, tick.value),
  }
}

const lots = (rig: BybitRig) => rig.state.position(`linear:${SYMBOL}`).lots
const phases = (rig: BybitRig) =>
  rig.journal.records.flatMap((record) => (record.type === 'held_levels' ? [record.phase] : []))

describe('stop and target at the exchange', () => {
  it('come with the order that opens, and go with the position', async () => {
    const rig = await start()
    const { ask } = await rig.look(0)
    await rig.enter(0, true, { stop: ask - 2_000, target: ask + 3_000 })
    await until(() => lots(rig) > 0)
    await rig.settled()
    expect(held(rig)).toMatchObject({ stop: ask - 2_000, target: ask + 3_000 })
    expect(phases(rig)).toEqual([])
    rig.actor.closing.flatten(0)
    await until(() => lots(rig) === 0)
    await rig.settled()
    const open = rig.exchange.truth().orders.filter((order) => order.is_open)
    expect(open).toEqual([])
  })

  it('are set after the fill where the order could not take them along', async () => {
    const rig = await start()
    const { ask } = await rig.look(0)
    // Between the touch and the limit price the exchange would refuse it with the order.
    await rig.enter(0, true, { offset: 500, target: ask + 400 })
    await until(() => lots(rig) > 0)
    await until(() => held(rig).target === ask + 400)
    expect(held(rig)).toMatchObject({ stop: 0 })
  })

  it('close a position whose engine is gone, and the next one counts it', async () => {
    const exchange = await PrivateExchange.start({ rate: 1000, account: { historyLagMs: 0 } })
    exchanges.push(exchange)
    const rig = await start({ exchange })
    await rig.enter(0, true, { offset: 30, stop: await below(rig), target: await above(rig) })
    await until(() => lots(rig) > 0)
    await rig.kill()
    // The market of the mock moves while somebody watches it.
    const market = await exchange.socket('/v5/public/linear')
    market.send({ op: 'subscribe', args: [`orderbook.50.${SYMBOL}`, `publicTrade.${SYMBOL}`] })
    await until(() => held(rig).size === 0)
    const again = await start({ exchange, journal: new MemoryJournal(2, rig.journal.records) })
    await until(() => lots(again) === 0)
    expect(again.counters.get('fills_position_stop')).toBeGreaterThan(0)
    expect(again.state.tradingState).toBe('active')
    expect(await again.zeros()).toEqual(ZEROS)
  })

  it('follow what a person sets, and are set again when somebody takes them away', async () => {
    const rig = await start({ execution: { exits: EXITS_OFF } })
    const { ask } = await rig.look(0)
    await rig.enter(0, true, { stop: ask - 2_000, target: ask + 3_000 })
    await until(() => lots(rig) > 0)
    rig.setLevels(0, { stop: ask - 1_500, target: 0 })
    await until(() => held(rig).stop === ask - 1_500)
    expect(held(rig)).toMatchObject({ target: 0 })
    const body = { category: 'linear', symbol: SYMBOL, positionIdx: 0, stopLoss: '0' }
    expect((await rig.exchange.post('/v5/position/trading-stop', body)).retCode).toBe(0)
    expect(held(rig).stop).toBe(0)
    await until(() => held(rig).stop === ask - 1_500)
    expect(rig.counters.get('levels_differed')).toBe(1)
    await until(() => phases(rig).length >= 5)
    expect(phases(rig)).toEqual(['asked', 'held', 'differed', 'asked', 'held'])
  })

  it('whose answer is lost are set again or found there, and the account agrees', async () => {
    const rig = await start()
    const { ask } = await rig.look(0)
    await rig.enter(0, true, { stop: ask - 2_000 })
    await until(() => lots(rig) > 0)
    await rig.settled()
    rig.fault('ack_lost')
    rig.setLevels(0, { stop: ask - 1_500 })
    await until(() => rig.counters.get('levels_lost') === 1)
    const { rounds } = rig.actor.truth
    await until(() => rig.actor.truth.rounds > rounds + 2)
    await until(() => held(rig).stop === ask - 1_500)
    await rig.settled()
  })
})

const below = async (rig: BybitRig) => (await rig.look(0)).bid - 40
const above = async (rig: BybitRig) => (await rig.look(0)).ask + 40
