import { describe, expect, it } from 'vitest'
import { FullBookSide } from '../../src/feed/binance/full-book.ts'
import { BinanceTranslator } from '../../src/feed/binance/translator.ts'
import { parseLine } from '../../src/feed/capture-file.ts'

type Frame = Record<string, unknown> & { data: { u: number; b: string[][]; a: string[][] } }

function translator(depth = 3) {
  const translating = new BinanceTranslator(depth)
  const feed = (value: object, url = ''): Frame[] => {
    const envelope = { t: url === '' ? 'recv' : 'http', ts: 1, data: JSON.stringify(value), url }
    const line = parseLine(JSON.stringify(envelope), 1)
    if (line === undefined) throw new Error('no line')
    return (translating.translate(line, value) ?? []).map((frame) => JSON.parse(frame))
  }
  return { translating, feed }
}

const SNAPSHOT = {
  lastUpdateId: 100,
  bids: [
    ['9', '1'],
    ['8', '1'],
  ],
  asks: [
    ['10', '1'],
    ['11', '1'],
  ],
}
const REST = 'https://api.binance.com/api/v3/depth?symbol=XUSDT&limit=1000'

function spot(first: number, last: number, b: string[][] = [], a: string[][] = []) {
  return { e: 'depthUpdate', E: last, s: 'XUSDT', U: first, u: last, b, a }
}

function futures(previous: number, first: number, last: number, b: string[][] = []) {
  return { ...spot(first, last, b), T: last, pu: previous }
}

describe('Binance spot diffs', () => {
  it('before the snapshot wait for it; older ones are dropped and the rest is spliced on', () => {
    const { feed } = translator()
    expect(feed(spot(90, 95, [['7', '5']]))).toEqual([])
    expect(feed(spot(96, 103, [['9', '4']]))).toEqual([])
    const frames = feed(SNAPSHOT, REST)
    expect(frames.map((frame) => [frame.type, frame.data.u])).toEqual([
      ['snapshot', 1],
      ['delta', 2],
    ])
    expect(frames[1].data.b).toEqual([['9', '4']])
    expect(feed(spot(104, 105))[0].data).toMatchObject({ u: 3, b: [], a: [] })
  })

  it('that do not begin where the last one ended make a hole in our chain too', () => {
    const { feed } = translator()
    feed(spot(99, 101))
    feed(SNAPSHOT, REST)
    expect(feed(spot(102, 103))[0].data.u).toBe(3)
    expect(feed(spot(105, 106))[0].data.u).toBe(5)
    expect(feed(spot(107, 108))[0].data.u).toBe(6)
  })

  it('without their snapshot are counted', () => {
    const { feed, translating } = translator()
    feed(spot(1, 2))
    feed(spot(3, 4))
    expect(translating.waiting).toBe(2)
  })
})

describe('Binance futures diffs', () => {
  it('are chained by the id of the previous one, whatever ids they span', () => {
    const { feed } = translator()
    feed(futures(0, 1, 2))
    feed(SNAPSHOT, REST)
    expect(feed(futures(90, 95, 120))[0].data.u).toBe(2) // the first may begin before the snapshot
    expect(feed(futures(120, 150, 160))[0].data.u).toBe(3)
    expect(feed(futures(161, 162, 170))[0].data.u).toBe(5)
  })
})

describe('a snapshot', () => {
  it('that names no symbol belongs to the only book of the recording, even if it comes first', () => {
    const { feed } = translator()
    expect(feed(SNAPSHOT)).toEqual([])
    const frames = feed(spot(99, 101, [['9', '0']]))
    expect(frames.map((frame) => frame.topic)).toEqual(['orderbook.3.XUSDT', 'orderbook.3.XUSDT'])
    expect(frames[1].data.b).toEqual([['9', '0']])
  })

  it('begins anew where it comes again', () => {
    const { feed } = translator()
    feed(spot(99, 101))
    feed(SNAPSHOT, REST)
    const again = feed({ ...SNAPSHOT, lastUpdateId: 200, bids: [['5', '1']] }, REST)
    expect(again[0].data.b).toEqual([['5', '1']])
    expect(feed(spot(201, 202))[0].data.u).toBe(again[0].data.u + 1)
  })
})

describe('trades', () => {
  const trade = { e: 'trade', E: 5, T: 4, s: 'XUSDT', t: 7, p: '9.5', q: '2', m: true, X: 'MARKET' }

  it('have the taker on the side that was not the maker', () => {
    const { feed } = translator()
    const [frame] = feed({ stream: 'xusdt@trade', data: trade })
    expect(frame).toMatchObject({
      topic: 'publicTrade.XUSDT',
      data: [{ T: 4, S: 'Sell', v: '2', p: '9.5', i: '7', BT: false }],
    })
    const { t: _id, ...rest } = trade
    const [aggregate] = feed({ ...rest, e: 'aggTrade', a: 8, m: false })
    expect(aggregate.data).toMatchObject([{ S: 'Buy', i: '8' }])
  })

  it('of the insurance fund and without a price are left out', () => {
    const { feed } = translator()
    expect(feed({ ...trade, X: 'INSURANCE_FUND' })).toEqual([])
    expect(feed({ ...trade, p: '0' })).toEqual([])
  })
})

describe('the window of a book without a depth limit', () => {
  it('tells what enters, changes and leaves the best levels', () => {
    const side = new FullBookSide('bid', 2)
    for (const price of ['9', '8', '7']) side.set(price, '1')
    expect(side.takeWindowChanges()).toEqual([
      ['9', '1'],
      ['8', '1'],
    ])
    side.set('8.5', '2')
    expect(side.takeWindowChanges()).toEqual([
      ['8.5', '2'],
      ['8', '0'],
    ])
    side.set('9', '0')
    expect(side.takeWindowChanges()).toEqual([
      ['9', '0'],
      ['8', '1'],
    ])
    side.set('7', '5')
    expect(side.takeWindowChanges()).toEqual([])
  })

  it('says nothing of foreign messages', () => {
    const { feed } = translator()
    expect(feed({ hello: 1 })).toEqual([])
    expect(feed({ e: 'bookTicker', s: 'XUSDT', u: 1 })).toEqual([])
  })
})
