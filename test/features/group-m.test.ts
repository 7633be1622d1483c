import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import type { FeatureGroup } from '../../src/features/catalogue.ts'
import { leaderAmong } from '../../src/features/cross-market.ts'
import { toInstrument } from '../../src/features/instruments-file.ts'
import { featureIndex } from '../../src/features/registry.ts'
import { createMidGrid } from '../../src/memory/mid-grid.ts'
import { createVenueQuotes, VenueQuoteWriter } from '../../src/memory/venue-quotes.ts'
import { agrees } from '../reference/agreement.ts'
import { crossColumns, GlobalPast } from '../reference/cross-reference.ts'
import { FeatureReplay, type ReplayedRow } from '../reference/feature-replay.ts'
import { RandomStream } from '../reference/random-stream.ts'
import { type RawBook, type RawMessage, symbolOf } from '../reference/raw-message.ts'

const START_MS = 1_767_261_580_000
/** Beside A to D, which are always on. */
const ONLY_M: ReadonlySet<FeatureGroup> = new Set(['M'])

function instrumentsOf(...symbols: string[]) {
  const entry = {
    tickSize: '1',
    qtyStep: '1',
    vpinBucketQty: '1',
    refNotional: '1000',
    bandTicks: 12,
  }
  return new Map(symbols.map((symbol, at) => [symbol, toInstrument(at, symbol, entry)]))
}

/** A book of one level a side around a mid, as a snapshot of its own; no mid: one side only. */
function book(symbol: string, secondsLater: number, mid: number | undefined, depth = 1): RawBook {
  const ts = START_MS + secondsLater * 1000
  const asks: [string, string][] = mid === undefined ? [] : [[String(mid + 1), '5']]
  const data = { s: symbol, b: [[String((mid ?? 100) - 1), '5']] as [string, string][], a: asks }
  return { topic: `orderbook.${depth}.${symbol}`, type: 'snapshot', ts, data: { ...data, u: ts } }
}

function trade(symbol: string, secondsLater: number): RawMessage {
  const ts = START_MS + secondsLater * 1000
  const data = [{ T: ts, s: symbol, S: 'Buy', v: '1', p: '100', i: `${symbol}${ts}` }]
  return { topic: `publicTrade.${symbol}`, type: 'snapshot', ts, data }
}

const idx = (name: string): number => featureIndex(name) ?? -1
function columnOf(row: ReplayedRow | undefined, name: string): number {
  if (row === undefined) expect.fail('the message gives a row')
  return row.values[idx(name)]
}

const bps = (after: number, before: number): number => 1e4 * Math.log1p((after - before) / before)

describe('by hand', () => {
  it('a symbol follows its leader one bucket later with twice the return', () => {
    const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M)
    const up = (second: number) => second % 4 === 0 || second % 7 === 0
    let leader = 1000
    let follower = 1000
    let before = false
    let last: ReplayedRow | undefined
    for (let second = 0; second < 62; second++) {
      follower *= before ? 1.0002 : 1
      before = up(second)
      leader *= before ? 1.0001 : 1
      // Mids are in half ticks: exact doubles are not needed to see which series leads.
      replay.feed(book('AAA', second, Math.round(leader * 1e6)))
      last = replay.feed(book('BBB', second + 0.5, Math.round(follower * 1e6)))
    }
    expect(columnOf(last, 'leadlag_corr_60s')).toBeCloseTo(1, 5)
    expect(columnOf(last, 'corr_leader_60s')).toBeLessThan(0.3)
    expect(columnOf(last, 'leadlag_ratio_60s')).toBeGreaterThan(1)
  })

  it('correlation and beta of a symbol that moves twice as much are 1 and 2', () => {
    const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M)
    let last: ReplayedRow | undefined
    for (let second = 0; second <= 21; second++) {
      const isHigh = second % 2 === 1
      replay.feed(book('AAA', second, isHigh ? 10_100 : 10_000))
      last = replay.feed(book('BBB', second + 0.5, isHigh ? 10_201 : 10_000))
      // 21 closed buckets hold 20 returns.
      const isDefined = second >= 21
      expect(Number.isNaN(columnOf(last, 'corr_leader_60s'))).toBe(!isDefined)
    }
    expect(columnOf(last, 'corr_leader_60s')).toBeCloseTo(1, 9)
    expect(columnOf(last, 'beta_leader_60s')).toBeCloseTo(2, 9)
    expect(columnOf(last, 'xcorr_mean_60s')).toBeCloseTo(1, 9)
    // Buckets 10 and 20 are both low.
    expect(columnOf(last, 'idio_ret_10s_bps')).toBeCloseTo(0, 9)
    expect(columnOf(last, 'breadth_10s')).toBe(0)
    // 19 pairs at lag 1 are too few.
    expect(columnOf(last, 'leadlag_corr_60s')).toBeNaN()
  })

  it('the leader has a correlation and a beta of 1, and no return of its own', () => {
    const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M, {
      leader: 'BBB',
    })
    let last: ReplayedRow | undefined
    for (let second = 0; second < 40; second++) {
      last = replay.feed(book('BBB', second, 10_000 + ((second * 7) % 11)))
    }
    expect(columnOf(last, 'corr_leader_60s')).toBeCloseTo(1, 12)
    expect(columnOf(last, 'beta_leader_60s')).toBeCloseTo(1, 12)
    expect(columnOf(last, 'idio_ret_10s_bps')).toBeCloseTo(0, 12)
    expect(columnOf(last, 'leadlag_ratio_60s')).toBeCloseTo(1, 12)
    expect(columnOf(last, 'xcorr_mean_60s')).toBeNaN() // nobody else moved
  })

  it('a series that does not move has no correlation, and a beta unless it leads', () => {
    const still = (leader: string): ReplayedRow | undefined => {
      const options = { leader }
      const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M, options)
      let last: ReplayedRow | undefined
      for (let second = 0; second < 40; second++) {
        replay.feed(book('AAA', second, 10_000 + (second % 3)))
        last = replay.feed(book('BBB', second + 0.1, 5000))
      }
      return last
    }
    const names = ['corr_leader_60s', 'leadlag_corr_60s', 'beta_leader_60s', 'idio_ret_10s_bps']
    const columns = (leader: string) => names.map((name) => columnOf(still(leader), name))
    expect(columns('AAA')).toEqual([Number.NaN, Number.NaN, 0, 0])
    expect(columns('BBB')).toEqual(names.map(() => Number.NaN))
    // From bucket 28 to 38 AAA went from one above its lowest to two above, BBB nowhere.
    expect(columnOf(still('AAA'), 'breadth_10s')).toBe(0.5)
  })

  it('breadth counts symbols with both mids only', () => {
    const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB', 'CCC', 'DDD'), 1, {}, ONLY_M)
    replay.feed(book('AAA', 0, 100))
    replay.feed(book('BBB', 0, 100))
    replay.feed(book('CCC', 0, 100))
    expect(columnOf(replay.feed(book('AAA', 10.5, 101)), 'breadth_10s')).toBeNaN()
    replay.feed(book('BBB', 10.6, 102))
    replay.feed(book('CCC', 10.7, 99))
    replay.feed(book('DDD', 10.8, 99))
    // From bucket 0 to 10: two rose, one fell, DDD was not there in bucket 0.
    expect(columnOf(replay.feed(book('AAA', 11, 101)), 'breadth_10s')).toBeCloseTo(1 / 3, 12)
  })

  it('an event that opens a bucket is not in the one it closes, whose symbol it may be', () => {
    const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M)
    const moves = Array.from({ length: 30 }, (_, second) => (second * second) % 17)
    for (const [second, move] of moves.entries()) {
      replay.feed(book('AAA', second, 20_000 + move))
      replay.feed(book('BBB', second + 0.5, 20_000 + move))
    }
    const first = replay.feed(book('BBB', 30, 90_000))
    expect(columnOf(first, 'corr_leader_60s')).toBeCloseTo(1, 12)
    const late = replay.feed(book('AAA', 29.9, 90_000)) // its bucket was frozen: it counts in 30
    expect(columnOf(late, 'corr_leader_60s')).toBeCloseTo(1, 12)
    const next = replay.feed(book('BBB', 31, 90_000))
    expect(columnOf(next, 'corr_leader_60s')).toBeCloseTo(1, 12)
    expect(columnOf(next, 'beta_leader_60s')).toBeCloseTo(1, 12)
  })

  it('a trade moves the global clock, a repeated one and a book that is ignored do not', () => {
    const quiet = (extra: readonly RawMessage[]): number => {
      const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M)
      replay.feed(book('AAA', 0, 100))
      replay.feed(trade('BBB', 0))
      for (const message of extra) replay.feed(message)
      replay.feed(book('AAA', 3, 200))
      return columnOf(replay.feed(book('AAA', 11, 100)), 'breadth_10s')
    }
    // With nothing in between the books of AAA close bucket 0 at 100 and 10 at 200.
    expect(quiet([])).toBe(1)
    const repeat = trade('BBB', 0)
    expect(quiet([repeat])).toBe(1)
    // A trade at 12 s closes buckets 0 to 11 at 100: the book at 3 s is late.
    const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M)
    replay.feed(book('AAA', 0, 100))
    replay.feed(trade('BBB', 12))
    const row = replay.feed(book('AAA', 3, 200))
    expect(columnOf(row, 'breadth_10s')).toBe(0)
  })

  it('a gap takes the mid away until the next snapshot', () => {
    const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M)
    const gap = book('AAA', 0.5, 100)
    replay.feed(book('AAA', 0, 100))
    replay.feed({ ...gap, type: 'delta', data: { ...gap.data, u: gap.data.u + 500 } })
    expect(columnOf(replay.feed(book('AAA', 11, 100)), 'breadth_10s')).toBeNaN()
    replay.feed(book('AAA', 20, 100))
    expect(columnOf(replay.feed(book('AAA', 22, 100)), 'breadth_10s')).toBe(0)
  })
})

describe('against a second exchange', () => {
  const setup = () => {
    const quotes = createVenueQuotes(1)
    const options = { quotes, feesBps: 10 }
    const replay = new FeatureReplay(instrumentsOf('AAA'), 1, {}, ONLY_M, options)
    return { replay, writer: new VenueQuoteWriter(quotes, 0) }
  }

  it('basis and edge are measured on the own mid', () => {
    const { replay, writer } = setup()
    expect(columnOf(replay.feed(book('AAA', 0, 10_000)), 'xv_basis_bps')).toBeNaN()
    writer.publish(10_009, 10_011, START_MS)
    const row = replay.feed(book('AAA', 1, 10_000))
    expect(columnOf(row, 'xv_basis_bps')).toBeCloseTo(10, 9)
    // Bought here at 10001, sold there at 10009.
    expect(columnOf(row, 'xv_edge_bps')).toBeCloseTo(8 - 10, 9)
    writer.publish(9980, 9990, START_MS)
    const below = replay.feed(book('AAA', 1, 10_000))
    expect(columnOf(below, 'xv_basis_bps')).toBeCloseTo(-15, 9)
    expect(columnOf(below, 'xv_edge_bps')).toBeCloseTo(9 - 10, 9)
  })

  it('a quote of 2000 ms ago counts, an older one does not', () => {
    const { replay, writer } = setup()
    writer.publish(10_009, 10_011, START_MS)
    expect(columnOf(replay.feed(book('AAA', 2, 10_000)), 'xv_basis_bps')).toBeCloseTo(10, 9)
    const late = replay.feed(book('AAA', 2.001, 10_000))
    expect(columnOf(late, 'xv_basis_bps')).toBeNaN()
    expect(columnOf(late, 'xv_edge_bps')).toBeNaN()
    writer.publish(10_009, 10_011, START_MS + 9000) // ahead of the clock
    expect(columnOf(replay.feed(book('AAA', 3, 10_000)), 'xv_basis_bps')).toBeCloseTo(10, 9)
  })

  it('a book that is not two-sided, here or there, gives nothing', () => {
    const { replay, writer } = setup()
    const at = (mid: number | undefined) =>
      columnOf(replay.feed(book('AAA', 0, mid)), 'xv_edge_bps')
    writer.publish(10_009, 10_011, START_MS)
    expect(at(undefined)).toBeNaN()
    expect(at(10_000)).not.toBeNaN()
    for (const [bid, ask] of [
      [10_011, 10_011],
      [10_012, 10_011],
      [Number.NaN, 10_011],
      [10_009, Number.NaN],
    ]) {
      writer.publish(bid, ask, START_MS)
      expect(at(10_000)).toBeNaN()
    }
    writer.publish(10_009, 10_011, START_MS)
    expect(at(10_000)).not.toBeNaN()
    writer.withdraw()
    expect(at(10_000)).toBeNaN()
  })
})

const SYMBOLS = ['AAA', 'BBB', 'CCC', 'DDD']

/** Streams of several symbols in one order, by time of sending and now and then not. */
function mergedStreams(seed: number, messages: number, depth: number): RawMessage[] {
  const instruments = instrumentsOf(...SYMBOLS)
  const streams = SYMBOLS.map((symbol, at) => {
    const instrument = instruments.get(symbol)
    if (instrument === undefined) expect.fail('every symbol has an instrument')
    const startTicks = [5000, 300, 600_000, 40][at]
    const startMs = START_MS + 1700 * at * at
    const shape = { seed: seed + at, messages, depth, startTicks, startMs }
    return new RandomStream(shape, instrument).run()
  })
  return streams
    .flat()
    .map((message, at) => ({ message, at, key: message.ts + ((at * 7919) % 13 === 0 ? 1500 : 0) }))
    .sort((x, y) => x.key - y.key || x.at - y.at)
    .map(({ message }) => message)
}

const NAMES = [
  'corr_leader_60s',
  'beta_leader_60s',
  'leadlag_corr_60s',
  'leadlag_ratio_60s',
  'idio_ret_10s_bps',
  'xcorr_mean_60s',
  'breadth_10s',
] as const

/**
 * Four symbols that mostly have a mid and move together now and then, so that most columns are
 * defined: with gaps, empty sides, late books, trades alone and silences.
 */
function walks(seed: number, messages: number): RawMessage[] {
  const random = new Random(seed)
  const mids = SYMBOLS.map((_, at) => 2000 + 3000 * at)
  const lastU = SYMBOLS.map(() => 0)
  let second = 0
  return Array.from({ length: messages }, () => {
    const at = random.below(SYMBOLS.length)
    const symbol = SYMBOLS[at]
    const dice = random.float()
    second += dice < 0.002 ? 40 + random.below(60) : random.float() * 0.5
    if (dice > 0.9) return trade(symbol, Math.round(second * 1000) / 1000)
    const move = random.below(5) - 2
    mids.forEach((_, each) => {
      if (each === at || random.float() < 0.3) mids[each] = Math.max(10, mids[each] + move)
    })
    const late = random.float() < 0.05 ? random.float() * 3 : 0
    const time = Math.round((second - late) * 1000) / 1000
    const message = book(symbol, time, random.float() < 0.02 ? undefined : mids[at], 5)
    const isDelta = random.float() < 0.02
    lastU[at] += isDelta ? 7 : 1
    return {
      ...message,
      type: isDelta ? 'delta' : 'snapshot',
      data: { ...message.data, u: 50 + lastU[at] },
    }
  })
}

/** Feeds both, compares every column of every row; how many values were defined. */
function compare(messages: readonly RawMessage[], gridMs: number, leader: string): number {
  const replay = new FeatureReplay(instrumentsOf(...SYMBOLS), 5, { gridMs }, ONLY_M, { leader })
  const past = new GlobalPast(SYMBOLS, gridMs)
  let defined = 0
  for (const message of messages) {
    const symbol = symbolOf(message)
    const row = replay.feed(message)
    past.note(message, replay.featuresOf(symbol)?.tauMs ?? Number.NaN, row)
    if (row === undefined) continue
    const expected = crossColumns(past, SYMBOLS.indexOf(leader), SYMBOLS.indexOf(symbol))
    NAMES.forEach((name, at) => {
      const value = columnOf(row, name)
      if (!Number.isNaN(value)) defined++
      if (agrees(value, expected[at])) return
      expect.fail(`${symbol} u ${row.u}: ${name} is ${value}, not ${expected[at]}`)
    })
  }
  return defined
}

describe('on random streams of four symbols', () => {
  it.each([
    [1, 1000, 'AAA'],
    [100, 1000, 'CCC'],
    [200, 250, 'DDD'],
    [300, 4000, 'BBB'],
  ])('every column equals the plain recomputation (seed %i, grid %i ms)', (...one) => {
    const [seed, gridMs, leader] = one
    expect(compare(mergedStreams(seed, 300, 5), gridMs, leader)).toBeGreaterThan(50)
  })

  it.each([
    [11, 1000, 'AAA'],
    [12, 333, 'CCC'],
    [13, 2500, 'DDD'],
  ])('so it does where most are defined (seed %i, grid %i ms)', (seed, gridMs, leader) => {
    expect(compare(walks(seed, 2000), gridMs, leader)).toBeGreaterThan(4000)
  })

  it('two threads with shared mids see what one with its own sees', () => {
    const instruments = instrumentsOf(...SYMBOLS)
    const mids = createMidGrid(SYMBOLS.length, START_MS + 86_400_000)
    const alone = new FeatureReplay(instruments, 5, {}, ONLY_M)
    const first = new FeatureReplay(instruments, 5, {}, ONLY_M, { mids })
    const second = new FeatureReplay(instruments, 5, {}, ONLY_M, { mids })
    let rows = 0
    for (const message of [...walks(20, 2000), ...mergedStreams(500, 300, 5)]) {
      const isFirst = SYMBOLS.indexOf(symbolOf(message)) < 2
      const row = (isFirst ? first : second).feed(message)
      const expected = alone.feed(message)
      expect(row?.values.slice(134, 143)).toEqual(expected?.values.slice(134, 143))
      if (row !== undefined) rows++
    }
    expect(rows).toBeGreaterThan(1000)
  })
})

it('the leader is the wanted symbol, else BTCUSDT, else the first', () => {
  expect(leaderAmong(['A', 'B'], 'B')).toBe(1)
  expect(leaderAmong(['A', 'BTCUSDT'], undefined)).toBe(1)
  expect(leaderAmong(['A', 'B'], undefined)).toBe(0)
  expect(leaderAmong(['A', 'B'], 'Z')).toBe(-1)
  expect(leaderAmong([], undefined)).toBe(-1)
})

it('the return over ten buckets is the log return of its two frozen mids', () => {
  const replay = new FeatureReplay(instrumentsOf('AAA', 'BBB'), 1, {}, ONLY_M)
  let last: ReplayedRow | undefined
  const mids = Array.from({ length: 40 }, (_, second) => 10_000 + ((second * 37) % 101))
  for (const [second, mid] of mids.entries()) {
    replay.feed(book('AAA', second, 10_000 + ((second * 53) % 97)))
    last = replay.feed(book('BBB', second + 0.5, mid))
  }
  const leader = (second: number) => 10_000 + ((second * 53) % 97)
  const own = bps(mids[38], mids[28])
  const beta = columnOf(last, 'beta_leader_60s')
  const expected = own - beta * bps(leader(38), leader(28))
  expect(columnOf(last, 'idio_ret_10s_bps')).toBeCloseTo(expected, 9)
})
