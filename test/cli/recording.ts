import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../../src/core/random.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const START_MS = 1_750_000_000_000
const EVENT_PERIOD_MS = 50

type Market = { symbol: string; mid: number; u: number }
type Level = [price: string, size: string]

/**
 * A recording of Bybit frames, 20 levels a side: 20 book events a second of all symbols together,
 * and trades with some of them, in a market that drifts.
 */
export function writeRecording(symbols: readonly string[], seconds: number): string {
  const random = new Random(7)
  const markets = symbols.map((symbol, i): Market => ({ symbol, mid: 10_000 * (i + 1), u: 100 }))
  const frames = markets.map((market) => snapshot(market, START_MS, random))
  const endMs = START_MS + seconds * 1000
  for (let ms = START_MS + 37; ms < endMs; ms += EVENT_PERIOD_MS) {
    const market = markets[random.below(markets.length)]
    if (random.below(10) === 0) {
      market.mid += random.below(3) - 1
      frames.push(snapshot(market, ms, random))
    } else {
      const bid = level(market.mid - random.below(20), random)
      const ask = level(market.mid + 1 + random.below(20), random)
      frames.push(bookFrame('delta', market, ms, [bid], [ask]))
    }
    if (random.below(5) < 2) frames.push(tradeFrame(market, ms, random))
  }
  const path = join(temporaryFolder(), 'frames.jsonl')
  writeFileSync(path, frames.join('\n'))
  return path
}

function snapshot(market: Market, ms: number, random: Random): string {
  const side = (best: number, step: number) =>
    Array.from({ length: 20 }, (_, i) => level(best + step * i, random))
  return bookFrame('snapshot', market, ms, side(market.mid, -1), side(market.mid + 1, 1))
}

function level(tenths: number, random: Random): Level {
  return [(tenths / 10).toFixed(1), (1 + random.below(4000) / 10).toFixed(1)]
}

function bookFrame(type: string, market: Market, ms: number, b: Level[], a: Level[]): string {
  market.u++
  const { symbol, u } = market
  const data = { s: symbol, b, a, u, seq: u * 3 }
  return JSON.stringify({ topic: `orderbook.50.${symbol}`, type, ts: ms + 2, data, cts: ms })
}

function tradeFrame({ mid, symbol, u }: Market, ms: number, random: Random): string {
  const isBuy = random.below(2) === 0
  const [p, v] = level(isBuy ? mid + 1 : mid, random)
  const i = `${1_000_000 + ms}`
  const trade = { T: ms, s: symbol, S: isBuy ? 'Buy' : 'Sell', v, p, i, BT: false, seq: u * 3 + 1 }
  return JSON.stringify({
    topic: `publicTrade.${symbol}`,
    type: 'snapshot',
    ts: ms,
    data: [trade],
  })
}
