import { Random } from '../src/core/random.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { FRAME_BOOK } from '../src/feed/bybit/frame-kind.ts'
import { Counters } from '../src/memory/counters.ts'
import { INSTRUMENT, makeBookFrame, makeTradeFrame, SYMBOL } from './market-frames.ts'
import { type BenchCase, type BenchOptions, type BenchTable, measureRounds } from './table.ts'

/**
 * Bytes of a frame to ticks and lots: the scanner beside `JSON.parse` with the conversion that a
 * user of it would write. An operation is one frame. Equal checksums mean that both saw the same
 * levels.
 */
const FRAMES = 64

export async function run(options: BenchOptions): Promise<BenchTable> {
  const rounds = options.smoke ? 4 : 16
  const decoder = new BybitDecoder(new Counters())
  const topic = { depth: 50, instrument: INSTRUMENT }
  decoder.addTopic({ ...topic, index: 0, name: `orderbook.50.${SYMBOL}`, kind: 'orderbook' })
  decoder.addTopic({ ...topic, index: 1, name: `publicTrade.${SYMBOL}`, kind: 'publicTrade' })
  const cases: BenchCase[] = []
  const add = (label: string, frames: readonly Buffer[], decode: (frame: Buffer) => number) => {
    const once = () => {
      let checksum = 0
      for (let i = 0; i < FRAMES; i++) checksum += decode(frames[i])
      return checksum
    }
    const repeat = () => {
      let checksum = 0
      for (let round = 0; round < rounds; round++) checksum += once()
      return checksum
    }
    cases.push({ case: label, operations: rounds * FRAMES, run: repeat })
  }
  for (const levels of [1, 4, 25]) {
    const random = new Random(levels)
    const frames = Array.from({ length: FRAMES }, (_, i) => makeBookFrame(random, 100 + i, levels))
    add(`book of ${levels} + ${levels} levels, JSON.parse`, frames, parseBook)
    add(`book of ${levels} + ${levels} levels, scanner`, frames, (frame) =>
      scanFrame(decoder, frame),
    )
  }
  const random = new Random(7)
  const trades = Array.from({ length: FRAMES }, () => makeTradeFrame(random, 2))
  add('2 trades, JSON.parse', trades, parseTrades)
  add('2 trades, scanner', trades, (frame) => scanFrame(decoder, frame))
  const table = measureRounds('decode', cases, options)
  // Each scanner is compared with the JSON.parse above it.
  const rows = table.rows.map((row, i) => ({
    ...row,
    ratio: table.rows[i - (i % 2)].median_ns / row.median_ns,
  }))
  return { name: table.name, rows }
}

function scanFrame(decoder: BybitDecoder, frame: Buffer): number {
  let checksum = 0
  if (decoder.decode(frame) === FRAME_BOOK) {
    const { bids, asks, u } = decoder.book
    for (let i = 0; i < bids.count; i++) checksum += bids.ticks[i] + bids.lots[i]
    for (let i = 0; i < asks.count; i++) checksum += asks.ticks[i] + asks.lots[i]
    return checksum + u
  }
  const { trade } = decoder
  for (let i = 0; i < trade.count; i++) {
    checksum += trade.ticks[i] + trade.lots[i] * trade.sign[i]
  }
  return checksum
}

function parseBook(frame: Buffer): number {
  const { data } = JSON.parse(frame.toString())
  let checksum = 0
  for (const [price, size] of data.b) checksum += ticksOf(price) + lotsOf(size)
  for (const [price, size] of data.a) checksum += ticksOf(price) + lotsOf(size)
  return checksum + data.u
}

function parseTrades(frame: Buffer): number {
  let checksum = 0
  for (const { p, v, S } of JSON.parse(frame.toString()).data) {
    checksum += ticksOf(p) + lotsOf(v) * (S === 'Buy' ? 1 : -1)
  }
  return checksum
}

function ticksOf(price: string): number {
  return Math.round(Number(price) / INSTRUMENT.tick.value)
}

function lotsOf(size: string): number {
  return Math.round(Number(size) / INSTRUMENT.lot.value)
}
