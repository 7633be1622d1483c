import { describe, expect, it } from 'vitest'
import type { CloseTerms, RemotePosition } from '../../src/execution/gateway/gateway.ts'
import { until } from '../sim/private-exchange.ts'
import { atExchange } from './at-exchange.ts'
import { type BybitRig, bybitRigs } from './bybit-rig.ts'
import { FakeExchange } from './fake-exchange.ts'
import type { Rig } from './rig.ts'

const ETH = 'linear:ETHUSDT'
const { restartWithout, start } = bybitRigs()

function isFlatThere(rig: BybitRig): boolean {
  return rig.exchange.truth().positions.every(({ signed_size }) => Number(signed_size) === 0)
}

/** How an exchange answers the attempts, in turn; the last answer goes on. */
type Fate = 'taken' | 'refused' | 'lost'

/** A position of 12.5 in a symbol that is not configured, at an exchange made by hand. */
async function withStranger(fates: readonly Fate[]) {
  const exchange = new FakeExchange()
  const asked: (CloseTerms & { isJournaled: boolean })[] = []
  let size = '12.5'
  let rig: Rig | undefined
  const positions = (): RemotePosition[] => [
    {
      key: ETH,
      lots: undefined,
      side: 'sell',
      sizeText: size,
      averagePrice: 9,
      unrealizedQuote: 0,
    },
  ]
  Object.assign(exchange.account, {
    positions: () => Promise.resolve({ kind: 'positions', positions: positions() }),
    closeUnwatched: (close: CloseTerms) => {
      const records = rig?.memory.records ?? []
      const isJournaled = records.some(
        (record) => record.type === 'unwatched_close' && record.order_link_id === close.orderLinkId,
      )
      const fate = fates[Math.min(asked.length, fates.length - 1)]
      asked.push({ ...close, isJournaled })
      if (fate === 'refused') {
        return Promise.resolve({ kind: 'rejected', code: 'size_refused', message: 'too large' })
      }
      if (fate === 'lost') return Promise.resolve({ kind: 'unknown', message: 'no answer' })
      size = '0'
      return Promise.resolve({ kind: 'accepted' })
    },
  })
  const connected = await atExchange({}, {}, exchange)
  rig = connected.rig
  return { asked, rig }
}

function phases(rig: Rig): string[] {
  return rig.records('stop').map(({ phase }) => phase)
}

describe('a kill with positions in symbols that are not configured', () => {
  it('closes one that was never ours, and is flat', async () => {
    const rig = await restartWithout(await start())
    const body = { category: 'linear', symbol: 'ETHUSDT', side: 'Sell', orderType: 'Market' }
    await rig.exchange.post('/v5/order/create', { ...body, qty: '0.37' })
    await until(() => !isFlatThere(rig))
    rig.command('kill')
    await until(() => rig.state.stops.kill?.phase === 'flat')
    expect(isFlatThere(rig)).toBe(true)
    const closes = rig.journal.records.filter(({ type }) => type === 'unwatched_close')
    expect(closes[0]).toMatchObject({ symbol: 'ETHUSDT', side: 'buy', qty: '0.37', number: 1 })
    const there = rig.exchange.truth().orders.at(-1)
    expect(there?.order_link_id.startsWith('bfk-2-1-')).toBe(true)
    expect(there?.reduce_only).toBe(true)
    expect(rig.actor.truth.isHealthy).toBe(true)
  })

  it('closes one of ours in a symbol that left the configuration, and counts its fills', async () => {
    const first = await start()
    await first.enter(1)
    await until(() => first.orders[0]?.state === 'filled')
    const rig = await restartWithout(first)
    rig.command('kill')
    await until(() => rig.state.stops.kill?.phase === 'flat')
    expect(isFlatThere(rig)).toBe(true)
    expect(rig.state.position(ETH).lots).toBe(0)
    expect(rig.counters.get('closes_unwatched')).toBeGreaterThan(0)
  })

  it('journals each attempt first, under another id, and asks for all when a size is refused', async () => {
    const { asked, rig } = await withStranger(['lost', 'refused', 'refused', 'taken'])
    rig.command('kill')
    await rig.pass(30_000, 50)
    expect(asked.map(({ qty }) => qty)).toEqual(['12.5', '12.5', '0', '12.5'])
    expect(asked.every(({ isJournaled, side }) => isJournaled && side === 'buy')).toBe(true)
    expect(asked.map(({ orderLinkId }) => orderLinkId)).toEqual([
      'bfk-1-1',
      'bfk-1-2',
      'bfk-1-3',
      'bfk-1-4',
    ])
    expect(phases(rig)).toEqual(['ordered', 'flat'])
  })

  it('is not flat while the exchange closes nothing, and asks no more after its release', async () => {
    const { asked, rig } = await withStranger(['refused'])
    rig.command('kill')
    await rig.pass(300_000, 500)
    expect(phases(rig)).toEqual(['ordered', 'stuck'])
    const count = asked.length
    expect(count).toBeGreaterThan(40)
    rig.command('release', -1, { who: 'ann', reason: 'closed by hand' })
    await rig.pass(60_000, 500)
    expect(asked.length).toBe(count)
  })

  it('alone does it: a flatten leaves them to their owner', async () => {
    const { asked, rig } = await withStranger(['taken'])
    rig.command('flatten')
    await rig.pass(10_000, 50)
    expect(asked).toEqual([])
  })
})
