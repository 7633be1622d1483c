import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { surveyedInstruments } from '../../src/cli/capture-instruments.ts'
import { formatSteps } from '../../src/core/decimal.ts'
import { parseLine, readCapture } from '../../src/feed/capture-file.ts'
import { createBookCopy, readBook } from '../../src/memory/book-view.ts'
import { type CaptureRun, runCaptures } from '../../src/threads/capture-run.ts'
import { surveyCaptures } from '../../src/threads/capture-survey.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { BYBIT_CAPTURES, DATA, HAS_DATA } from './captures.ts'

async function run(paths: readonly string[], onRow: () => void = () => {}): Promise<CaptureRun> {
  const survey = await surveyCaptures(paths, 50)
  if (!survey.ok) throw new Error(survey.message)
  const instruments = await surveyedInstruments(survey.value, undefined)
  if (!instruments.ok) throw new Error(instruments.message)
  const ran = await runCaptures({
    paths,
    topics: survey.value.topics,
    instruments: instruments.value.instruments,
    params: {},
    withFeatures: true,
    binanceDepth: 50,
    onRow,
    onLine: () => undefined,
  })
  if (!ran.ok) throw new Error(ran.message)
  return ran.value
}

type Levels = [price: string, size: string][]

function booksOf(
  run: CaptureRun,
): Map<string, { state: string; gaps: number; bids: Levels; asks: Levels }> {
  const books = new Map()
  for (const { topic, view } of run.topics) {
    if (view === undefined) continue
    const copy = createBookCopy(topic.depth)
    expect(readBook(view, copy)).toBe(true)
    const side = (ticks: Float64Array, lots: Float64Array, count: number): Levels =>
      Array.from({ length: count }, (_, i) => [
        formatSteps(ticks[i], topic.instrument.tick),
        formatSteps(lots[i], topic.instrument.lot),
      ])
    books.set(topic.name, {
      state: copy.state,
      gaps: copy.gaps,
      bids: side(copy.bidTicks, copy.bidLots, copy.bidCount),
      asks: side(copy.askTicks, copy.askLots, copy.askCount),
    })
  }
  return books
}

/** Books of the raw frames by Map and sort, knowing nothing of ticks. */
function slowBooks(frames: readonly string[]): Map<string, { bids: Levels; asks: Levels }> {
  const books = new Map<
    string,
    { b: Map<number, [string, string]>; a: Map<number, [string, string]> }
  >()
  for (const frame of frames) {
    const message = JSON.parse(frame)
    if (!String(message.topic).startsWith('orderbook.')) continue
    let book = books.get(message.topic)
    if (book === undefined || message.type === 'snapshot') {
      book = { b: new Map(), a: new Map() }
      books.set(message.topic, book)
    }
    for (const side of ['b', 'a'] as const) {
      for (const [price, size] of message.data[side]) {
        if (Number(size) === 0) book[side].delete(Number(price))
        else book[side].set(Number(price), [price, size])
      }
    }
  }
  return new Map(
    [...books].map(([topic, { b, a }]) => [
      topic,
      {
        bids: [...b].sort((x, y) => y[0] - x[0]).map(([, level]) => level),
        asks: [...a].sort((x, y) => x[0] - y[0]).map(([, level]) => level),
      },
    ]),
  )
}

function numbers(levels: Levels): number[][] {
  return levels.map(([price, size]) => [Number(price), Number(size)])
}

async function framesOf(path: string): Promise<string[]> {
  const frames: string[] = []
  const read = await readCapture(path, (line) => {
    if (line.text.includes('"topic"')) frames.push(line.text)
    return undefined
  })
  if (!read.ok) throw new Error(read.message)
  return frames
}

const noData = HAS_DATA ? '' : ` (skipped: no recordings at ${DATA})`

describe.skipIf(!HAS_DATA)(`real recordings${noData}`, () => {
  it.each(BYBIT_CAPTURES)(
    'of Bybit end in the books that a slow reader finds: %s',
    async (path) => {
      const books = booksOf(await run([path]))
      const slow = slowBooks(await framesOf(path))
      expect([...books.keys()].sort()).toEqual([...slow.keys()].sort())
      for (const [topic, book] of books) {
        expect(book.state).toBe('LIVE')
        expect(book.gaps).toBe(0)
        expect(numbers(book.bids)).toEqual(numbers(slow.get(topic)?.bids ?? []))
        expect(numbers(book.asks)).toEqual(numbers(slow.get(topic)?.asks ?? []))
      }
    },
  )

  it.each(BYBIT_CAPTURES.filter((path) => !path.includes('orderbook1')))(
    'with one delta taken out show one gap and no book: %s',
    async (path) => {
      const frames = await framesOf(path)
      const deltas = frames.flatMap((frame, i) => (/"orderbook[^}]*"delta"/.test(frame) ? [i] : []))
      const taken = deltas[Math.floor(deltas.length / 2)]
      const topic = JSON.parse(frames[taken]).topic
      const copy = join(temporaryFolder(), 'copy.jsonl')
      writeFileSync(copy, frames.filter((_, i) => i !== taken).join('\n'))
      const ran = await run([copy])
      expect(ran.counters.get('gaps')).toBe(1)
      const books = booksOf(ran)
      expect(books.get(topic)).toEqual({ state: 'SYNCING', gaps: 1, bids: [], asks: [] })
      for (const [name, book] of books) if (name !== topic) expect(book.state).toBe('LIVE')
    },
  )

  it.each([
    [['binance-cryptofeed/BINANCE_FUTURES.jsonl.gz']],
    [['binance-cryptofeed/BINANCE.jsonl.gz']],
    [['binance-raw/usdm_btcusdt_20240718.gz', 'binance-raw/usdm_btcusdt_20240719.gz']],
    [['binance-raw/spot_btcusdt_20240808.gz', 'binance-raw/spot_btcusdt_20240809.gz']],
    [
      [
        'binance-ethbtc-2020/2020-11-01T09-00-00_snapshot.json.gz',
        'binance-ethbtc-2020/2020-11-01T09-00-00_update.json.gz',
      ],
    ],
  ])('of Binance are spliced on their snapshots without a gap: %s', async (paths) => {
    let rows = 0
    const ran = await run(
      paths.map((path) => join(DATA, path)),
      () => rows++,
    )
    expect(ran.counters.get('gaps')).toBe(0)
    expect(rows).toBeGreaterThan(100)
    for (const [, book] of booksOf(ran)) {
      expect(book.state).toBe('LIVE')
      expect(Number(book.bids[0][0])).toBeLessThan(Number(book.asks[0][0]))
    }
  })
})

const FRAMES = [
  '{"topic":"orderbook.50.XUSDT","type":"snapshot","ts":1,"data":{"s":"XUSDT","b":[["9.5","2"]],"a":[["10.0","3"]],"u":7,"seq":1},"cts":1}',
  '{"topic":"orderbook.50.XUSDT","type":"delta","ts":2,"data":{"s":"XUSDT","b":[["9.5","0"],["9.0","4"]],"a":[],"u":8,"seq":2},"cts":2}',
]

/** A Zstandard frame of one raw block, by hand: Node 20 cannot pack. */
function zstd(text: string): Buffer {
  const data = Buffer.from(text)
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0])
  head.writeUInt32LE(data.length, 5)
  const block = Buffer.alloc(3)
  block.writeUIntLE((data.length << 3) | 1, 0, 3)
  return Buffer.concat([head, block, data])
}

describe('recordings', () => {
  const envelope = (frame: string) => JSON.stringify({ t: 'recv', ts: 1.5, conn: 'a', data: frame })
  const text = FRAMES.join('\n')

  it.each([
    ['raw messages', 'a.jsonl', Buffer.from(text)],
    ['with carriage returns', 'a.jsonl', Buffer.from(FRAMES.join('\r\n'))],
    ['envelopes', 'a.jsonl', Buffer.from(FRAMES.map(envelope).join('\n'))],
    [
      'seconds before each message',
      'a.ws',
      Buffer.from(FRAMES.map((f) => `1749833474.93: ${f}`).join('\n')),
    ],
    ['packed by gzip', 'a.jsonl.gz', gzipSync(text)],
    ['packed by Zstandard', 'a.jsonl.zst', zstd(text)],
  ])('are read as %s', async (_, name, bytes) => {
    const path = join(temporaryFolder(), name)
    writeFileSync(path, bytes)
    const book = booksOf(await run([path])).get('orderbook.50.XUSDT')
    expect(book).toEqual({ state: 'LIVE', gaps: 0, bids: [['9.0', '4']], asks: [['10.0', '3']] })
  })

  it('refuse a missing and a cut-off file with its name', async () => {
    const folder = temporaryFolder()
    const cut = join(folder, 'cut.gz')
    writeFileSync(cut, gzipSync(Buffer.alloc(100_000, 'x')).subarray(0, 60))
    for (const path of [join(folder, 'missing.jsonl'), cut]) {
      const read = await readCapture(path, () => undefined)
      expect(read).toMatchObject({ ok: false, code: 'input_unreadable' })
      expect(read.ok ? '' : read.message).toContain(path)
    }
  })

  it('skip lines that hold no frame', () => {
    for (const line of [
      '',
      'hello',
      'wss://x <- 1: {"op":1}',
      '{"t":"send","data":"x"}',
      '{"t":"recv"',
    ]) {
      expect(parseLine(line, 1)).toBeUndefined()
    }
  })

  it('find the steps that the numbers show', async () => {
    const path = join(temporaryFolder(), 'a.jsonl')
    writeFileSync(path, FRAMES.join('\n').replaceAll('"9.5"', '"9.55"'))
    const survey = await surveyCaptures([path], 50)
    const symbol = survey.ok ? survey.value.symbols.get('XUSDT') : undefined
    expect(symbol?.tick.text).toBe('0.05')
    expect(symbol?.lot.text).toBe('1')
  })
})

describe.skipIf(!HAS_DATA)(`a recording of another protocol${noData}`, () => {
  it('holds no topic of ours', async () => {
    const survey = await surveyCaptures([join(DATA, 'bybit-v2-legacy/BYBIT.ws.26.0.gz')], 50)
    expect(survey.ok && survey.value.topics).toEqual([])
    expect(survey.ok && survey.value.foreign).toBeGreaterThan(1000)
  })
})

describe('features of a recording', () => {
  const book = (type: string, u: number, seq: number, b: string[][]) =>
    JSON.stringify({
      topic: 'orderbook.50.XUSDT',
      type,
      ts: seq,
      data: { s: 'XUSDT', b, a: [['10', '1']], u, seq },
      cts: seq,
    })

  it('ignore a used update id whatever its sequence, and go on after an empty restart', async () => {
    const empty = { s: 'XUSDT', b: [], a: [], u: 1, seq: 5 }
    const path = join(temporaryFolder(), 'a.jsonl')
    const frames = [
      book('snapshot', 7, 1, [['9', '1']]),
      book('delta', 7, 3, [['8', '1']]),
      book('delta', 8, 4, [['9', '2']]),
      JSON.stringify({ topic: 'orderbook.50.XUSDT', type: 'delta', ts: 5, data: empty, cts: 5 }),
      book('delta', 2, 6, [['9', '3']]),
    ]
    writeFileSync(path, frames.join('\n'))
    let rows = 0
    const ran = await run([path], () => rows++)
    expect(rows).toBe(4)
    expect(ran.counters.get('gaps')).toBe(0)
  })
})
