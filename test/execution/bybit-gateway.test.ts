import { afterEach, describe, expect, it } from 'vitest'
import type { PrivateExchange } from '../sim/private-exchange.ts'
import { until } from '../sim/private-exchange.ts'
import {
  type BybitRig,
  type BybitRigOptions,
  createBybitRig,
  startExchange,
  ZEROS,
} from './bybit-rig.ts'

const rigs: BybitRig[] = []
const exchanges: PrivateExchange[] = []

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.kill()
  for (const exchange of exchanges.splice(0)) await exchange.stop()
})

async function start(options: BybitRigOptions = {}): Promise<BybitRig> {
  const exchange = options.exchange ?? (await startExchange())
  if (options.exchange === undefined) exchanges.push(exchange)
  const rig = await createBybitRig(exchange, options)
  rigs.push(rig)
  await rig.start()
  return rig
}

describe('the Bybit gateway on the mock', () => {
  it('enters over the socket, hears its fills, and closes again', async () => {
    const rig = await start()
    await until(() => rig.counters.get('trade_links_up') === 1)
    await rig.enter()
    await until(() => rig.orders[0]?.state === 'filled')
    expect(rig.state.position('linear:BTCUSDT').lots).toBeGreaterThan(0)
    await rig.look(0)
    rig.command('flatten')
    await until(() => rig.state.position('linear:BTCUSDT').lots === 0)
    expect(await rig.zeros()).toEqual(ZEROS)
    const truth = rig.exchange.truth()
    expect(truth.orders.map((order) => order.status)).toEqual(['Filled', 'Filled'])
    expect(truth.orders[0].order_link_id).toMatch(/^bf-1-1-[0-9a-z]{8}$/)
  })
})
