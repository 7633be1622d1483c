import { describe, expect, it } from 'vitest'
import {
  COMMAND_FIELDS,
  COMMAND_INSTRUMENT,
  COMMAND_KIND,
  COMMAND_LIMIT_TICKS,
  COMMAND_LOTS,
  COMMAND_NUMBER,
  COMMAND_ORDER_NUMBER,
  COMMAND_ORDER_RUN,
  COMMANDS,
} from '../../src/memory/command-record.ts'
import { until } from '../sim/private-exchange.ts'
import { createBybitRig, startExchange, ZEROS } from './bybit-rig.ts'

/** Ticks below the touch at which the order rests: within the price band of the gate. */
const DEPTH_TICKS = 2_000

describe('a change of an order on the mock of Bybit', () => {
  it.each([
    ['WebSocket', true],
    ['REST', false],
  ])('leaves by %s, and holds when the private stream shows it', async (_name, usesTradeSocket) => {
    const exchange = await startExchange()
    const rig = await createBybitRig(exchange, {
      bybit: { usesTradeSocket },
      execution: { entryTimeInForce: 'gtc', restMsMax: 600_000 },
    })
    try {
      await rig.start()
      if (usesTradeSocket) await until(() => rig.counters.get('trade_links_up') === 1)
      await rig.enter(0, true, { offset: -DEPTH_TICKS })
      await until(() => rig.orders[0]?.state === 'open')
      const { limit_ticks, lots, number, order_link_id, run } = rig.orders[0].terms
      await rig.look(0)
      const record = new Float64Array(COMMAND_FIELDS)
      record[COMMAND_KIND] = COMMANDS.indexOf('amend_order')
      record[COMMAND_NUMBER] = 1
      record[COMMAND_INSTRUMENT] = -1
      record[COMMAND_ORDER_RUN] = run
      record[COMMAND_ORDER_NUMBER] = number
      record[COMMAND_LIMIT_TICKS] = limit_ticks - 10
      record[COMMAND_LOTS] = lots - 1
      rig.actor.obey(record, 0)
      await until(() => rig.counters.get('orders_amended') === 1)
      expect(rig.orders[0]).toMatchObject({
        state: 'open',
        terms: { order_link_id, limit_ticks: limit_ticks - 10, lots: lots - 1 },
      })
      const open = await rig.gateway.openOrders()
      if (open.kind !== 'orders') expect.unreachable(open.message)
      expect(open.orders).toMatchObject([{ limitTicks: limit_ticks - 10, lots: lots - 1 }])
      rig.command('cancel_all')
      await rig.settled()
      expect(await rig.zeros()).toEqual(ZEROS)
    } finally {
      await rig.kill()
      await exchange.stop()
    }
  })
})
