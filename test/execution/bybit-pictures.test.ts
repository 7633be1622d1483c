import { describe, expect, it } from 'vitest'
import type { Fields } from '../../src/execution/gateway/bybit/wire-fields.ts'
import { WireRig } from './bybit-wire.ts'

const LISTED_MS = 2000

function positionRow(size: string, seq?: number): Fields {
  const side = size === '0' ? '' : 'Buy'
  return { category: 'linear', symbol: 'BTCUSDT', side, size, avgPrice: '1', seq }
}

function walletRow(equity: number): Fields {
  const text = String(equity)
  return {
    ...{ accountType: 'UNIFIED', totalEquity: text, totalWalletBalance: text },
    ...{ totalAvailableBalance: text, totalInitialMargin: '3', totalMaintenanceMargin: '2' },
  }
}

/** Asks, hears a picture while the answer is on its way, and gets the answer. */
async function rigWith(
  topic: string,
  list: readonly Fields[],
  picture: Fields,
  createdMs?: number,
) {
  const rig: WireRig = new WireRig((path) => {
    if (path !== '/v5/market/time') rig.tell(topic, picture, createdMs)
    return { result: { list, nextPageCursor: '' }, timeMs: LISTED_MS }
  })
  await rig.start()
  expect(rig.isUp).toBe(true)
  return rig
}

describe('positions that the stream told after they were asked for', () => {
  it.each([
    ['flat, and a list that is newer', positionRow('0.010', 7), positionRow('0', 5), 1000, 10],
    ['open, and a list that is newer', positionRow('0', 7), positionRow('0.010', 5), 1000, 0],
    ['open, and newer than the list', positionRow('0', 5), positionRow('0.010', 7), 3000, 10],
    ['flat, and newer than the list', positionRow('0.010', 5), positionRow('0', 7), 3000, 0],
    ['open before a list without it', undefined, positionRow('0.010', 5), 1000, 0],
    ['open after a list without it', undefined, positionRow('0.010', 5), 3000, 10],
    ['open at a time that is not told', undefined, positionRow('0.010', 5), undefined, 10],
    ['flat without a number', positionRow('0.010', 7), positionRow('0'), 1000, 10],
  ])('%s', async (_name, row, picture, createdMs, lots) => {
    const list = row === undefined ? [] : [row]
    const rig = await rigWith('position.linear', list, picture, createdMs)
    const reply = await rig.gateway.account.positions(rig.clock.nowUs())
    if (reply.kind !== 'positions') expect.unreachable(reply.message)
    expect(reply.positions.find(({ key }) => key === 'linear:BTCUSDT')?.lots ?? 0).toBe(lots)
  })
})

describe('a wallet that the stream told after it was asked for', () => {
  const MARGIN = { positionsQuote: 3, ordersQuote: 0, maintenanceQuote: 2 }

  it.each([
    ['is not believed when the answer is newer', 1000, 50],
    ['is believed when it is newer, with its margin', 3000, 80],
  ])('%s', async (_name, createdMs, equityQuote) => {
    const rig = await rigWith('wallet', [walletRow(50)], walletRow(80), createdMs)
    const reply = await rig.gateway.account.balance(rig.clock.nowUs())
    if (reply.kind !== 'balance') expect.unreachable(reply.message)
    expect(reply.balance).toMatchObject({ equityQuote, margin: MARGIN })
  })
})
