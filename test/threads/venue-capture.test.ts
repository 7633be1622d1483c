import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toInstrument } from '../../src/features/instruments-file.ts'
import { featureIndex } from '../../src/features/registry.ts'
import { type CaptureRunOptions, runCaptures } from '../../src/threads/capture-run.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const START_MS = 1_767_261_580_000
const BASIS = featureIndex('xv_basis_bps') ?? -1
const EDGE = featureIndex('xv_edge_bps') ?? -1
const BREADTH = featureIndex('breadth_10s') ?? -1

function instrumentOf(symbol: string, index: number, tickSize: string) {
  const entry = { tickSize, qtyStep: '1', vpinBucketQty: '1', refNotional: '100', bandTicks: 5 }
  return toInstrument(index, symbol, entry)
}

type Message = Readonly<{ at: number; bid?: string; ask?: string; type?: string; u?: number }>

/** One level a side; `at` is in ms after the start. */
function book(symbol: string, { at, bid, ask, type = 'snapshot', u }: Message): string {
  const ts = START_MS + at
  const b = bid === undefined ? [] : [[bid, '5']]
  const a = ask === undefined ? [] : [[ask, '5']]
  const data = { s: symbol, b, a, u: u ?? at + 10, seq: Math.abs(at) + 10 }
  return JSON.stringify({ topic: `orderbook.1.${symbol}`, type, ts, cts: ts, data })
}

/** A line of a recorder that got the message `receivedAt` ms after the start. */
function received(receivedAt: number, data: string): string {
  return JSON.stringify({ t: 'recv', ts: (START_MS + receivedAt) / 1000, conn: 'a', data })
}

type Overrides = Partial<CaptureRunOptions> & Readonly<{ tick?: string; venueTopics?: string[] }>

/** Basis and edge of each row. */
async function run(own: readonly string[], venue: readonly string[], overrides: Overrides = {}) {
  const folder = temporaryFolder()
  const paths = [join(folder, 'own.jsonl'), join(folder, 'venue.jsonl')]
  writeFileSync(paths[0], `${own.join('\n')}\n`)
  writeFileSync(paths[1], `${venue.join('\n')}\n`)
  const rows: [basis: number, edge: number][] = []
  const { tick = '1', venueTopics = ['orderbook.1.AAAUSDT'], ...rest } = overrides
  const ran = await runCaptures({
    paths: [paths[0]],
    topics: ['orderbook.1.AAAUSDT'],
    instruments: new Map([['AAAUSDT', instrumentOf('AAAUSDT', 0, '1')]]),
    params: {},
    withFeatures: true,
    binanceDepth: 5,
    venue: {
      paths: [paths[1]],
      topics: venueTopics,
      instruments: new Map([['AAAUSDT', instrumentOf('AAAUSDT', 0, tick)]]),
      binanceDepth: 5,
      feesBps: 10,
    },
    onRow: ({ features }) => {
      const values = features?.row.values
      if (values !== undefined) rows.push([values[BASIS], values[EDGE]])
    },
    onLine: () => undefined,
    ...rest,
  })
  return { ran, rows, basis: rows.map(([basis]) => Math.round(basis * 1e6) / 1e6) }
}

const OWN = { bid: '9999', ask: '10001' }

describe('a recording of a second exchange', () => {
  it('gives each row the quotes that were sent until then', async () => {
    const own = [0, 1000, 2000, 3000, 4999].map((at) => book('AAAUSDT', { at, ...OWN }))
    const venue = [
      book('AAAUSDT', { at: 500, bid: '10004', ask: '10006' }),
      book('AAAUSDT', { at: 2000, bid: '10009.5', ask: '10010.5' }),
      book('AAAUSDT', { at: 2999, bid: '10000', ask: '10001' }),
      book('AAAUSDT', { at: 90_000, bid: '1', ask: '2' }),
    ]
    const { basis, rows } = await run(own, venue, { tick: '0.5' })
    expect(basis).toEqual([Number.NaN, 5, 10, 0.5, 0.5])
    // Bought here at 10001, sold there at 10009.5, on a mid of 10000, less 10 bps.
    expect(rows[2][1]).toBeCloseTo(8.5 - 10, 9)
  })

  it('is merged alike when its lines have spaces, or the time is quoted', async () => {
    const own = [0, 1000, 2000].map((at) => book('AAAUSDT', { at, ...OWN }))
    const venue = [
      book('AAAUSDT', { at: 500, bid: '10004', ask: '10006' }),
      book('AAAUSDT', { at: 2000, bid: '10009', ask: '10011' }),
    ]
    const spaced = venue.map((line) => line.replace(/(?<=")([:,])/g, '$1 '))
    expect((await run(own, spaced)).basis).toEqual([Number.NaN, 5, 10])
    const quoted = venue.map((line) => line.replace(/"ts":(\d+)/, '"ts":"$1"'))
    expect((await run(own, quoted)).basis).toEqual([Number.NaN, 5, 10])
  })

  it('is merged by time of receipt where the lines have one', async () => {
    const sent = { at: 0, ...OWN }
    const own = [received(100, book('AAAUSDT', sent)), received(300, book('AAAUSDT', sent))]
    // Sent long before, but received in between.
    const quote = book('AAAUSDT', { at: -500, u: 9, bid: '10004', ask: '10006' })
    expect((await run(own, [received(200, quote)])).basis).toEqual([Number.NaN, 5])
    expect((await run(own, [received(100, quote)])).basis).toEqual([5, 5])
    expect((await run(own, [received(301, quote)])).basis).toEqual([Number.NaN, Number.NaN])
  })

  it('counts for 2000 ms, and not after a gap of its own until its next snapshot', async () => {
    const own = [100, 2000, 2001, 3000, 4000].map((at) => book('AAAUSDT', { at, ...OWN }))
    const quote = { bid: '10004', ask: '10006' }
    const venue = [
      book('AAAUSDT', { at: 0, ...quote }),
      book('AAAUSDT', { at: 2500, u: 20, ...quote }),
      book('AAAUSDT', { at: 2600, u: 25, type: 'delta', ...quote }),
      book('AAAUSDT', { at: 3500, u: 40, ...quote }),
    ]
    const { basis } = await run(own, venue)
    expect(basis).toEqual([5, 5, Number.NaN, Number.NaN, 5])
  })

  it('may be one of Binance', async () => {
    const own = [1000, 2000].map((at) => book('AAAUSDT', { at, ...OWN }))
    const bids = [['10004.0', '3']]
    const snapshot = { lastUpdateId: 10, bids, asks: [['10006.0', '3']], E: START_MS, T: START_MS }
    const url = 'https://fapi.binance.com/fapi/v1/depth?symbol=AAAUSDT'
    const http = { t: 'http', ts: START_MS / 1000, url, data: JSON.stringify(snapshot) }
    const time = START_MS + 1500
    const diff = { e: 'depthUpdate', E: time, T: time, s: 'AAAUSDT', U: 9, u: 12, pu: 8 }
    const change = {
      ...diff,
      b: [['10008.0', '1']],
      a: [
        ['10006.0', '0'],
        ['10012.0', '2'],
      ],
    }
    const venue = [JSON.stringify(http), received(1500, JSON.stringify(change))]
    const { basis } = await run(own, venue, { venueTopics: ['orderbook.5.AAAUSDT'] })
    expect(basis).toEqual([5, 10])
  })

  it('that is cut off is refused', async () => {
    const own = [book('AAAUSDT', { at: 0, ...OWN })]
    const { ran } = await run(own, [], {
      venue: {
        paths: ['/nowhere/at/all.jsonl.gz'],
        topics: ['orderbook.1.AAAUSDT'],
        instruments: new Map([['AAAUSDT', instrumentOf('AAAUSDT', 0, '1')]]),
        binanceDepth: 5,
        feesBps: 10,
      },
    })
    expect(ran).toMatchObject({ ok: false, code: 'input_unreadable' })
  })
})

describe('several symbols of one recording', () => {
  it('share a clock, which trades of a symbol without a book move too', async () => {
    const trade = (at: number) => {
      const ts = START_MS + at
      const data = [{ T: ts, s: 'BBBUSDT', S: 'Buy', v: '1', p: '5', i: `t${at}`, BT: false }]
      return JSON.stringify({ topic: 'publicTrade.BBBUSDT', type: 'snapshot', ts, data })
    }
    const own = [
      book('AAAUSDT', { at: 0, ...OWN }),
      trade(12_000),
      book('AAAUSDT', { at: 3000, bid: '10009', ask: '10011' }),
    ]
    const breadth: number[] = []
    await run(own, [], {
      topics: ['orderbook.1.AAAUSDT', 'publicTrade.BBBUSDT'],
      instruments: new Map(
        ['AAAUSDT', 'BBBUSDT'].map((name, at) => [name, instrumentOf(name, at, '1')]),
      ),
      onRow: ({ features }) => breadth.push(features?.row.values[BREADTH] ?? 0),
    })
    // The trade has closed buckets 0 to 11 at the first mid: the second book is late.
    expect(breadth).toEqual([Number.NaN, 0])
  })
})
