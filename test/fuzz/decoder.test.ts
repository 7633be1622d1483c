import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DecoderFuzz } from '../../bench/fuzz-decoder.ts'
import { readCorpus } from '../../bench/fuzz-frames.ts'
import { FuzzReference } from '../../bench/fuzz-reference.ts'
import { BybitDecoder } from '../../src/feed/bybit/decoder.ts'
import { Counters } from '../../src/memory/counters.ts'

const DATA =
  process.env.BOOKFLOW_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
const corpus = readCorpus(`${DATA}/bybit-v5-ws`)

const BOOK =
  '{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1724761127354,"data":{"s":"BTCUSDT","b":[],' +
  '"a":[["62414.30","0.304"],["62414.80","0"]],"u":87208563,"seq":228619353153},"cts":1724761127352}'
const TRADE =
  '{"topic":"publicTrade.X","type":"snapshot","ts":5,"data":[{"T":7,"s":"X","S":"Sell","v":"4",' +
  '"p":"65114.20","L":"MinusTick","i":"a9188a0a-82bc-50de-be60-03eedbe3cdd7","BT":true,"RPI":false}]}'

describe('damaged frames', () => {
  it('make the decoder say what JSON.parse says, or refuse and count', () => {
    const fuzz = new DecoderFuzz(corpus)
    const report = fuzz.run({ seed: 1, inputsMax: 60_000, isOver: () => false })
    expect(report).toMatchObject({ firstDifference: '', firstInput: '', differences: 0 })
    // Both outcomes are common, and most of what is accepted was scanned; else little was compared.
    expect(report.accepted).toBeGreaterThan(report.inputs / 10)
    expect(report.rejected).toBeGreaterThan(report.inputs / 10)
    expect(report.fallbacks).toBeLessThan(report.accepted / 4)
    expect(report.watched).toBeGreaterThan(10)
  })

  it('are the same ones for the same seed', () => {
    const made = { topics: corpus.topics, captured: [] }
    const run = (seed: number) =>
      new DecoderFuzz(made).run({ seed, inputsMax: 3000, isOver: () => false })
    expect(run(5)).toEqual(run(5))
    expect(run(5)).not.toEqual(run(6))
  })
})

describe('the reference of the fuzzer', () => {
  const decoder = new BybitDecoder(new Counters())
  for (const topic of corpus.topics) decoder.addTopic(topic)
  const reference = new FuzzReference(corpus.topics)
  const differenceAfter = (text: string, change: () => void) => {
    const frame = Buffer.from(text)
    const kind = decoder.decode(frame)
    expect(reference.difference(frame, decoder, kind)).toBe('')
    change()
    return reference.difference(frame, decoder, kind)
  }

  it.each<[string, string, () => void]>([
    ['a price', BOOK, () => decoder.book.asks.ticks[1]++],
    ['a size', BOOK, () => decoder.book.asks.lots[0]--],
    ['a level more', BOOK, () => decoder.book.bids.count++],
    ['the update id', BOOK, () => decoder.book.u++],
    ['the sequence', BOOK, () => decoder.book.seq++],
    ['the time', BOOK, () => decoder.book.ctsMs--],
    ['the type', BOOK, () => (decoder.book.isSnapshot = true)],
    ['the topic', BOOK, () => decoder.topicIndex++],
    ['a side', TRADE, () => (decoder.trade.sign[0] = 1)],
    ['a flag', TRADE, () => (decoder.trade.isBlock[0] = 0)],
    ['half an id', TRADE, () => decoder.trade.idHigh[0]++],
    ['a trade less', TRADE, () => decoder.trade.count--],
  ])('sees that %s is wrong', (_, text, change) => {
    expect(differenceAfter(text, change)).not.toBe('')
  })
})
