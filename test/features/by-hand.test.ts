import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { featuresCommand } from '../../src/cli/features.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/**
 * Recordings of a few lines whose features were worked out on paper from the text of the catalogue;
 * the working is beside them. Tick and lot are 1, so that ticks are prices and lots are sizes.
 */
type Levels = [price: string, size: string][]
type Features = Record<string, number | null>

const ENTRY = { tickSize: '1', qtyStep: '1', vpinBucketQty: '5', refNotional: '1', bandTicks: 9 }

afterEach(() => {
  vi.restoreAllMocks()
})

async function rowsOf(...messages: readonly object[]): Promise<Features[]> {
  return await rowsUnder('XUSDT', messages)
}

/** Two symbols are configured, of which XUSDT alone has messages. */
async function rowsUnder(leader: string, messages: readonly object[]): Promise<Features[]> {
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const folder = temporaryFolder()
  const [recording, instruments, out] = ['r.jsonl', 'i.json', 'o.jsonl'].map((n) => join(folder, n))
  writeFileSync(recording, messages.map((message) => JSON.stringify(message)).join('\n'))
  writeFileSync(instruments, JSON.stringify({ leader, symbols: { XUSDT: ENTRY, YUSDT: ENTRY } }))
  const words = [recording, '--instruments', instruments, '--out', out]
  await featuresCommand().parseAsync(words, { from: 'user' })
  const lines = readFileSync(out, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line).features)
}

function book(depth: number, type: string, cts: number, u: number, b: Levels, a: Levels, seq = u) {
  const data = { s: 'XUSDT', b, a, u, seq }
  return { topic: `orderbook.${depth}.XUSDT`, type, ts: cts + 1, data, cts }
}

function buy(T: number, v: string, p: string, seq: number, i = `${T}/${v}`) {
  const trade = { T, s: 'XUSDT', S: 'Buy', v, p, i, BT: false, seq }
  return { topic: 'publicTrade.XUSDT', type: 'snapshot', ts: T, data: [trade] }
}

describe('a snapshot in the middle', () => {
  it('drops the trades that it contains, and those ahead of it wait for their delta', async () => {
    const rows = await rowsOf(
      book(50, 'snapshot', 1000, 5, [['99', '10']], [['101', '10']], 10),
      buy(1010, '3', '101', 12),
      buy(1010, '2', '101', 15),
      // seq 13: the trade of seq 12 is in it, and leaves unmatched by anything.
      book(50, 'snapshot', 1020, 6, [['99', '10']], [['101', '7']], 13),
      // d = +2, f = 0: an add of 2.
      book(50, 'delta', 1030, 7, [], [['101', '9']], 14),
      // d = -2, f = 2: a fill of 2, neither add nor cancel.
      book(50, 'delta', 1040, 8, [], [['101', '7']], 15),
    )
    expect(rows).toHaveLength(4)
    const nothing = { add_ask_10s: 0, cancel_ask_10s: 0, fill_ask_10s: 0, fill_ratio_10s: null }
    expect(rows[1]).toMatchObject({ ...nothing, unmatched_share_10s: null, volume_10s: 5 })
    expect(rows[2]).toMatchObject({ ...nothing, add_ask_10s: 2 })
    const filled = { add_ask_10s: 2, cancel_ask_10s: 0, fill_ask_10s: 2, fill_ratio_10s: 1 }
    expect(rows[3]).toMatchObject({ ...filled, unmatched_share_10s: 0 })
  })
})

describe('a book message without seq', () => {
  it('contains the trades up to its own time', async () => {
    const { data, ...rest } = book(50, 'delta', 1500, 6, [], [['101', '4']])
    const withoutSeq = { ...rest, data: { ...data, seq: undefined } }
    const empty = book(50, 'delta', 0, 7, [], [])
    const later = { ...empty, cts: undefined, ts: 1501, data: { ...empty.data, seq: undefined } }
    const rows = await rowsOf(
      book(50, 'snapshot', 1000, 5, [['99', '10']], [['101', '10']]),
      buy(1500, '5', '101', 1),
      buy(1501, '4', '101', 1),
      withoutSeq, // d = -6, f = 5: a fill of 5 and a cancel of 1
      later, // its time is ts; d = 0, f = 4: taken and refilled
    )
    expect(rows[1]).toMatchObject({ fill_ask_10s: 5, cancel_ask_10s: 1, add_ask_10s: 0 })
    expect(rows[2]).toMatchObject({ fill_ask_10s: 9, cancel_ask_10s: 1, add_ask_10s: 4 })
  })
})

describe('effective time', () => {
  it('is that of the latest event, also for births and buckets', async () => {
    const rows = await rowsOf(
      buy(5000, '1', '101', 1),
      book(50, 'snapshot', 2000, 5, [['99', '10']], [['101', '10']]), // tau 5000
      book(50, 'delta', 4000, 6, [['98', '1']], []), // tau 5000
      book(50, 'delta', 5600, 7, [], []),
    )
    expect(rows[0]).toMatchObject({ ms_since_trade: 0, bbo_age_ms: 0, bid_age_depth_10: 0 })
    expect(rows[1]).toMatchObject({ ms_since_trade: 0, bbo_age_ms: 0, bid_age_depth_10: 0 })
    expect(rows[2]).toMatchObject({ ms_since_trade: 600, bbo_age_ms: 600 })
    // 10 + 1 lots, 600 ms old: 11*(1 - 2^(-600/5000)).
    expect(rows[2].bid_age_depth_10).toBeCloseTo(11 * (1 - 2 ** -0.12), 12)
  })

  it('is not moved by what is ignored, repeated or behind a gap', async () => {
    const rows = await rowsOf(
      book(50, 'delta', 9_000_000, 4, [['99', '1']], []), // before the first snapshot
      book(50, 'snapshot', 1000, 5, [['99', '10']], [['101', '10']]),
      book(50, 'delta', 8_000_000, 5, [['99', '1']], []), // a repeat
      book(50, 'delta', 1010, 6, [['99', '9']], []),
      book(50, 'delta', 7_000_000, 9, [['99', '1']], []), // a gap
      book(50, 'delta', 7_000_001, 10, [['99', '1']], []), // while there is no book
      buy(1020, '1', '101', 12),
      book(50, 'snapshot', 1030, 3, [['99', '8']], [['101', '10']], 13),
    )
    expect(rows.map(({ bbo_age_ms, bid_size_1 }) => [bbo_age_ms, bid_size_1])).toEqual([
      [0, 10],
      [10, 9],
      [30, 8],
    ])
    expect(rows[2]).toMatchObject({ ms_since_trade: 10, cancel_bid_10s: 1, ofi_event: 0 })
    // The trade came while there was no mid, so it has no spread.
    expect(rows[2].eff_spread_bps_60s).toBeNull()
  })
})

describe('a chain', () => {
  it('goes on after an empty restart, and ignores a used number with a newer seq', async () => {
    const rows = await rowsOf(
      book(50, 'snapshot', 1000, 5, [['99', '10']], [['101', '10']]),
      book(50, 'delta', 1010, 1, [], []), // a restart: the book is empty
      book(50, 'delta', 1020, 2, [['98', '4']], []),
      book(50, 'delta', 1030, 2, [['97', '1']], [], 50), // used
      book(50, 'delta', 1040, 3, [], [['100', '6']]),
    )
    expect(rows.map(({ best_bid, best_ask }) => [best_bid, best_ask])).toEqual([
      [99, 101],
      [null, null],
      [98, null],
      [98, 100],
    ])
    // The restart is no cancel; after it 4 and 6 lots were added.
    const flows = { add_bid_10s: 4, add_ask_10s: 6, cancel_bid_10s: 0, cancel_ask_10s: 0 }
    expect(rows[3]).toMatchObject(flows)
  })
})

describe('a leader', () => {
  // The mid goes up and down by a tick every second; 40 rows have 39 closed buckets, 38 returns.
  const messages = Array.from({ length: 40 }, (_, i) => {
    return book(
      50,
      'snapshot',
      1000 * i + 500,
      5 + i,
      [['99', '1']],
      [[`${101 + 2 * (i % 2)}`, '1']],
    )
  })

  it('correlates with itself', async () => {
    const last = (await rowsUnder('XUSDT', messages)).at(-1)
    expect(last?.corr_leader_60s).toBeCloseTo(1, 12)
    expect(last?.breadth_10s).toBe(0) // ten seconds are five whole swings
  })

  it('that is silent has no correlation with anybody, and no other takes its place', async () => {
    const last = (await rowsUnder('YUSDT', messages)).at(-1)
    expect(last).toMatchObject({ corr_leader_60s: null, beta_leader_60s: null, breadth_10s: 0 })
  })
})

describe('a book of two levels', () => {
  it('is cut after the whole message, and levels that scroll are neither added nor canceled', async () => {
    const rows = await rowsOf(
      book(
        2,
        'snapshot',
        1000,
        5,
        [
          ['10', '5'],
          ['9', '5'],
        ],
        [['20', '5']],
      ),
      // 11 comes before 10 goes: 9 must not fall out between. Add 1, cancel 5.
      book(
        2,
        'delta',
        1001,
        6,
        [
          ['11', '1'],
          ['10', '0'],
        ],
        [],
      ),
      // 12 pushes 9 out of view, unsaid: concealed. Add 2.
      book(2, 'delta', 1002, 7, [['12', '2']], []),
      // 12 goes, a cancel of 2; 9 lies behind 11, the worst before: revealed.
      book(
        2,
        'delta',
        1003,
        8,
        [
          ['12', '0'],
          ['9', '4'],
        ],
        [],
      ),
      // The last entry of a price holds: 4 to 6, an add of 2.
      book(
        2,
        'delta',
        1004,
        9,
        [
          ['9', '0'],
          ['9', '6'],
        ],
        [],
      ),
      // One level is left, so nothing hides what is gone: a cancel of 6.
      book(2, 'delta', 1005, 10, [['9', '0']], []),
    )
    const flows = rows.map(({ bid_depth_5, add_bid_10s, cancel_bid_10s }) => {
      return [bid_depth_5, add_bid_10s, cancel_bid_10s]
    })
    expect(flows).toEqual([
      [10, 0, 0],
      [6, 1, 5],
      [3, 3, 5],
      [5, 3, 7],
      [7, 5, 7],
      [1, 5, 13],
    ])
    // Entries of the messages: 2 + 1 + 2 + 2 + 1, and no trade.
    expect(rows[5].otr_60s).toBe(8)
    // 12 lived from 1002 to 1003; all others were there before, or still are: fewer than five.
    expect(rows[5].lvl_life_median_60s).toBeNull()
    // Newest lots first: 12's 2 lots rested 1 ms, and 9's last 2 rested 1 ms; its 4 are censored.
    expect(rows[5].rest_cancel_ms_60s).toBe(1)
  })
})

describe('a book that is even for ten seconds', () => {
  it('has no skewness of imbalance, whatever it was before', async () => {
    // imb_5 = 1/6, 2/5, 1/3 and 1/2, then 0.
    const rows = await rowsOf(
      book(50, 'snapshot', 1000, 5, [['99', '7']], [['101', '5']]),
      book(50, 'delta', 2000, 6, [], [['101', '3']]),
      book(50, 'delta', 3000, 7, [['99', '6']], []),
      book(50, 'delta', 4000, 8, [['99', '3']], [['101', '1']]),
      book(50, 'delta', 5000, 9, [], [['101', '3']]),
      book(50, 'delta', 6000, 10, [], []),
      book(50, 'delta', 14_000, 11, [], []),
    )
    // (4000, 14000]: three zeros, whose variance 0 is at most 1e-12 of their mean square 0.
    expect(rows[6].imb_5).toBe(0)
    expect(rows[6].imb_5_std_10s).toBe(0)
    expect(rows[6].imb_5_skew_10s).toBeNull()
    // Of six rows: 1/6, 2/5, 1/3, 1/2, 0, 0 in thirtieths 5, 12, 10, 15, 0, 0. Mean 7; deviations
    // -2, 5, 3, 8, -7, -7, squares 200, cubes -8 + 125 + 27 + 512 - 343 - 343 = -30.
    expect(rows[5].imb_5_skew_10s).toBeCloseTo(-5 / (200 / 6) ** 1.5, 12)
  })
})
