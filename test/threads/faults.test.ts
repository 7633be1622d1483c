import { describe, expect, it } from 'vitest'
import { COUNTERS, type CounterName } from '../../src/memory/counters.ts'
import { FAULT_KINDS, type FaultKind, faultTraits } from '../../src/sim/fault-kinds.ts'
import { FaultRig } from './fault-rig.ts'

const SYMBOL = 'ETHUSDT'
const OTHERS = ['BTCUSDT', 'SOLUSDT']

/** What the engine counts for a fault, beyond what it counts for any message. */
type Case = Readonly<{
  name: string
  counts: Partial<Record<CounterName, number>>
  resync?: string
}>

const gap = { gaps: 1, snapshots_applied: 1 }
const bad = { bad_data: 1, snapshots_applied: 1 }

// biome-ignore format: a table
const CASES: Readonly<Partial<Record<FaultKind, Case>>> = {
  drop_delta: { name: 'a gap of one', counts: gap, resync: 'gap' },
  drop_many: { name: 'a gap of many', counts: gap, resync: 'gap' },
  cut_message: { name: 'a message cut in the middle', counts: { ...gap, frames_malformed: 1 }, resync: 'gap' },
  duplicate: { name: 'a repeated message', counts: { messages_ignored: 1 } },
  late_repeat: { name: 'an older message that comes again', counts: { messages_ignored: 1 } },
  u_back: { name: 'a chain whose u goes back', counts: gap, resync: 'gap' },
  delta_before_snapshot: { name: 'a delta before the snapshot', counts: gap, resync: 'gap' },
  unknown_topic: { name: 'a delta of a symbol not subscribed', counts: { topic_unknown: 1 } },
  snapshot_mid_stream: { name: 'a snapshot inside the chain', counts: { snapshots_applied: 1 } },
  restart: { name: 'u = 1 with levels', counts: { snapshots_applied: 1 } },
  restart_empty: { name: 'u = 1 with empty sides', counts: { snapshots_applied: 2 } },
  delete_absent: { name: 'a delete of an absent level', counts: {} },
  price_twice: { name: 'one price twice in a message', counts: {} },
  unchanged_size: { name: 'a level with unchanged size', counts: {} },
  empty_sides: { name: 'a delta with empty sides', counts: {} },
  beyond_depth: { name: 'levels beyond the depth', counts: {} },
  wrong_symbol: { name: 'data.s that is not the topic', counts: bad, resync: 'bad_data' },
  off_tick: { name: 'a price that is no multiple of the tick', counts: bad, resync: 'bad_data' },
  key_order: { name: 'data before topic', counts: {} },
  quoted_ts: { name: 'a quoted ts', counts: {} },
  spaces: { name: 'spaces and line breaks', counts: {} },
  unknown_fields: { name: 'unknown fields', counts: {} },
  asks_first: { name: 'b after a', counts: {} },
  three_items: { name: 'levels of three items', counts: {} },
  more_decimals: { name: 'prices and sizes with eight decimals', counts: {} },
  huge_price: { name: 'a price of 10,000,000,000', counts: {} },
  huge_seq: { name: 'a seq near 2^53', counts: {} },
  large_frame: { name: 'a frame over 64 KB', counts: {} },
}

/** Counters that tell one kind of trouble from another. */
const WATCHED: readonly CounterName[] = [
  'gaps',
  'bad_data',
  'frames_malformed',
  'messages_ignored',
  'topic_unknown',
  'snapshots_applied',
]

function countsOf(rig: FaultRig): number[] {
  return WATCHED.map((name) => rig.counters.get(name))
}

describe('a fault of one book', () => {
  for (const kind of FAULT_KINDS) {
    const one = CASES[kind]
    if (one === undefined) continue
    const { effect } = faultTraits(kind)
    const isHarmless = effect === 'harmless'
    const outcome = isHarmless ? 'leaves every book LIVE and right' : 'quarantines that one topic'
    it(`${kind}, ${one.name}, ${outcome}`, () => {
      const rig = new FaultRig()
      rig.run(200)
      expect(rig.runUntilLive(1000)).toBe(0)
      const before = countsOf(rig)
      expect(rig.inject({ kind, topic: rig.topic(SYMBOL) }).ok).toBe(true)
      const others = OTHERS.map((symbol) => rig.book(symbol))
      let wasLost = false
      for (let step = 0; step < 80; step++) {
        rig.run(5)
        wasLost ||= rig.book(SYMBOL).state !== 'LIVE'
        for (const book of others) expect(book.state).toBe('LIVE')
      }
      expect(rig.log.since(0)).toMatchObject([{ kind, effect, topics: [rig.topic(SYMBOL)] }])
      expect(wasLost).toBe(!isHarmless)
      expect(rig.runUntilLive(1000)).toBe(0)
      expect(rig.wrong).toEqual([])
      expect(rig.compared).toBeGreaterThan(50)
      const asked = one.resync === undefined ? [] : [`${rig.topic(SYMBOL)} ${one.resync}`]
      expect(rig.resyncs).toEqual(asked)
      const moved = countsOf(rig).map((count, at) => count - before[at])
      for (const [at, name] of WATCHED.entries()) {
        const expected = one.counts[name] ?? 0
        // What comes between a gap and its snapshot is ignored too, however much it is.
        if (name === 'messages_ignored' && !isHarmless) continue
        // The market itself sends a snapshot where a delta would be too large.
        if (name === 'snapshots_applied') expect(moved[at]).toBeGreaterThanOrEqual(expected)
        else expect([name, moved[at]]).toEqual([name, expected])
      }
    })
  }

  it('tick_change, finer prices with u = 1, keeps the topic out until they end', () => {
    const rig = new FaultRig()
    rig.run(200)
    rig.inject({ kind: 'tick_change', topic: rig.topic(SYMBOL), ms: 500 })
    rig.run(300)
    expect(rig.book(SYMBOL).state).toBe('SYNCING')
    expect(rig.counters.get('bad_data')).toBeGreaterThan(1)
    for (const symbol of OTHERS) expect(rig.book(symbol).state).toBe('LIVE')
    rig.run(600)
    expect(rig.book(SYMBOL).state).toBe('LIVE')
    expect(rig.wrong).toEqual([])
    expect(new Set(rig.resyncs)).toEqual(new Set([`${rig.topic(SYMBOL)} bad_data`]))
  })

  it('is known for every kind that one book can have', () => {
    const kinds = FAULT_KINDS.filter((kind) => faultTraits(kind).target === 'book')
    const elsewhere = ['tick_change', 'silence']
    expect(kinds.filter((kind) => CASES[kind] === undefined)).toEqual(elsewhere)
    expect(WATCHED.every((name) => COUNTERS.includes(name))).toBe(true)
  })
})

describe('a fault of trades', () => {
  it.each([
    ['trades_1024', 'a message of 1,024 trades', 1000],
    ['trades_same_seq', 'two messages with one seq', 1],
    ['trade_overlap', 'trades that come again after a reconnect', 0],
    ['duplicate', 'a message that comes twice', 0],
  ] as const)('%s, %s, counts each trade once and touches no book', (kind, _name, newTrades) => {
    const calm = new FaultRig()
    const rig = new FaultRig()
    for (const one of [calm, rig]) one.run(200)
    rig.inject({ kind, topic: `publicTrade.${SYMBOL}` })
    for (const one of [calm, rig]) one.run(1000)
    expect(rig.log.since(0)).toHaveLength(1)
    const moved = (name: CounterName) => rig.counters.get(name) - calm.counters.get(name)
    expect(moved('bad_data')).toBe(0)
    const isRepeat = newTrades === 0
    expect(moved('trades_repeated') > 0).toBe(isRepeat)
    expect(moved('trades_counted')).toBeGreaterThanOrEqual(newTrades)
    expect(rig.resyncs).toEqual([])
    expect(rig.wrong).toEqual([])
  })
})
