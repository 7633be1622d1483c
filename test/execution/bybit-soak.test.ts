import { afterEach, describe, expect, it } from 'vitest'
import { PRIVATE_HOSTILE } from '../../src/sim/private-plan.ts'
import { PrivateExchange, until } from '../sim/private-exchange.ts'
import { type BybitRig, createBybitRig, ZEROS } from './bybit-rig.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const ROUNDS_MAX = 300

/** The faults are many on purpose: nothing is to be held back by them. */
const PATIENT = { failuresMax: 1e6, windowUs: 1, openUs: 1 }

async function start(usesTradeSocket: boolean): Promise<BybitRig> {
  const exchange = await PrivateExchange.start({ rate: 1500, account: { historyLagMs: 50 } })
  stops.push(() => exchange.stop())
  const reader = await exchange.socket('/v5/public/linear')
  reader.send({ op: 'subscribe', args: ['publicTrade.BTCUSDT', 'orderbook.50.BTCUSDT'] })
  await reader.first((frame) => frame.topic === 'publicTrade.BTCUSDT')
  const rig = await createBybitRig(exchange, {
    bybit: { usesTradeSocket },
    execution: {
      queryAfterMs: 300,
      restMsMax: 500,
      breakers: { market: PATIENT, account: PATIENT, placement: PATIENT, cancel: PATIENT },
    },
  })
  stops.push(() => rig.kill())
  await rig.start()
  return rig
}

describe('all faults of the account at once', () => {
  it.each([true, false])(
    'leave no order twice, no fill uncounted and no position wrong (by socket: %s)',
    async (usesTradeSocket) => {
      const rig = await start(usesTradeSocket)
      // Often and short, so that a short run meets them all.
      rig.exchange.side.setPlan(
        PRIVATE_HOSTILE.map((fault) => ({
          ...fault,
          ms: Math.min(fault.ms, 60),
          per_million: fault.per_million * 10,
        })),
      )
      const { faults } = rig.exchange.side
      const kindsMet = () => Object.values(faults.counts).filter((count) => count > 0).length
      const hasMetEnough = () => kindsMet() > 8 && rig.orders.length > 2
      // Most of what is asked for is refused, as the account is seldom known to be right: how many
      // orders there are to meet a fault is chance. It goes on until they have met enough.
      for (let n = 0; n < 50 || (n < ROUNDS_MAX && !hasMetEnough()); n++) {
        // Public REST is locked out too, now and then; the book stays as it was.
        await rig.look(n % 2).catch(() => undefined)
        if (n % 5 === 4) rig.command('resume')
        if (n % 10 === 9) rig.command('flatten')
        if (rig.hasBook(n % 2)) rig.ask(n % 2, n % 20 < 10, {})
        await new Promise((resolve) => setTimeout(resolve, 60))
      }
      rig.exchange.side.setPlan([])
      expect(kindsMet()).toBeGreaterThan(8)
      await until(() => rig.state.unfinished.size === 0)
      expect(rig.orders.length).toBeGreaterThan(2)
      await until(async () => JSON.stringify(await rig.zeros()) === JSON.stringify(ZEROS))
      const truth = rig.exchange.truth()
      const accepted = truth.orders.filter(({ order_link_id }) => order_link_id !== '')
      expect(accepted.length).toBeLessThanOrEqual(rig.orders.length)
      expect(rig.counters.get('positions_adjusted')).toBe(0)
      expect(rig.counters.get('order_transitions_forbidden')).toBe(0)
    },
  )
})
