import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { AgeDecay } from '../../src/features/age-decay.ts'
import { LOT_LARGE, LotPool } from '../../src/features/lot-pool.ts'
import { PriceCounts } from '../../src/features/price-counts.ts'
import { createLevelRecords } from '../../src/features/queue-record.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import { agrees } from '../reference/agreement.ts'
import { recordHistory } from '../reference/feature-history.ts'
import { FeatureReplay } from '../reference/feature-replay.ts'
import { QueueStream } from './queue-stream.ts'
import { featureOf, INSTRUMENT, SYMBOL } from './replay-cases.ts'

describe('counts by price', () => {
  it('are those of a map, whatever comes and goes', () => {
    const random = new Random(3)
    const counts = new PriceCounts()
    const plain = new Map<number, number>()
    for (let i = 0; i < 10_000; i++) {
      // Neighbors, and prices whose low 32 bits are the same.
      const ticks = 4_000_000 + random.below(200) + random.below(3) * 2 ** 32
      const before = plain.get(ticks) ?? 0
      const isAdd = random.below(2) === 0
      if (isAdd) counts.add(ticks)
      else counts.remove(ticks)
      const after = Math.max(0, before + (isAdd ? 1 : -1))
      if (after === 0) plain.delete(ticks)
      else plain.set(ticks, after)
      if (i % 50 > 0) continue
      expect(counts.size).toBe(plain.size)
      expect([...plain.keys()].map((price) => counts.count(price))).toEqual([...plain.values()])
      expect(counts.count(1)).toBe(0)
    }
  })
})

describe('ages', () => {
  it('decay as the plain power does, over days and jumps', () => {
    const random = new Random(11)
    const decay = new AgeDecay()
    const time = new StreamTime()
    time.tauMs = 1_767_225_600_123
    const births: { ms: number; growth: number }[] = []
    let error = 0
    for (let i = 0; i < 5000; i++) {
      time.tauMs += random.below(10) === 0 ? random.below(2_000_000) : random.below(5000)
      decay.advance(time)
      for (const birth of births) birth.growth *= decay.rescale
      births.push({ ms: time.tauMs, growth: decay.growth })
      if (births.length > 50) births.splice(random.below(50), 1)
      for (const { ms, growth } of births) {
        const plain = 2 ** (-(time.tauMs - ms) / 30_000)
        error = Math.max(error, Math.abs(decay.decay * growth - plain))
      }
    }
    expect(error).toBeLessThan(3e-15)
  })
})

describe('a pool of lots', () => {
  const time = new StreamTime()

  it('that is full joins the two oldest lots of the longest queue, and counts it', () => {
    const pool = new LotPool(createLevelRecords(2), 5000, 8)
    time.tauMs = 1000
    for (let i = 0; i < 6; i++) pool.append(0, 10, 0, time, i)
    pool.append(1, 5, LOT_LARGE, time, 6)
    expect(pool.merges).toBe(0)
    for (let i = 0; i < 4; i++) pool.append(1, 1, 0, time, 7 + i)
    expect(pool.merges).toBe(3)
    expect([pool.countOf(0), pool.countOf(1)]).toEqual([3, 5])
    // Nothing is lost: all 60 lots can still be filled, the joined ones without a resting time.
    time.tauMs = 1500
    pool.beginEvent()
    pool.fill(0, 60, time)
    expect(pool.countOf(0)).toBe(0)
    expect(pool.filled.lots).toBeLessThan(60)
    expect(pool.filled.lowLotsMs).toBe(500 * pool.filled.lots)
  })

  it('uses its places again', () => {
    const pool = new LotPool(createLevelRecords(4), 5000, 64)
    for (let round = 0; round < 1000; round++) {
      for (let i = 0; i < 60; i++) pool.append(i % 4, 3, 0, time, i)
      pool.beginEvent()
      pool.fill(0, 20, time)
      pool.cancel(1, 100, 44, time)
      for (let slot = 0; slot < 4; slot++) pool.drop(slot)
    }
    expect(pool.merges).toBe(0)
  })
})

describe('a long stream', () => {
  it('leaves ages and flows as exact as a short one', () => {
    const depth = 12
    const shape = { seed: 5, messages: 12_000, depth, pauseMsMax: 12_000 }
    const messages = new QueueStream(shape, INSTRUMENT).run()
    const history = recordHistory(messages, INSTRUMENT, depth)
    const replay = new FeatureReplay(new Map([[SYMBOL, INSTRUMENT]]), depth, {}, new Set(['J']))
    const flows = replay.featuresOf(SYMBOL)?.flows
    if (flows === undefined) expect.fail('the symbol is followed')
    const births = new Map<number, number>()
    const added: { tau: number; lots: number }[] = []
    let at = 0
    for (const message of messages) {
      const row = replay.feed(message)
      if (row === undefined) continue
      const { tau, bids, isSnapshot } = history.rows[at++]
      // A level keeps its birth while it is there in row after row.
      const old = new Map(isSnapshot ? [] : births)
      births.clear()
      for (const [ticks] of bids) births.set(ticks, old.get(ticks) ?? tau)
      added.push({ tau, lots: flows.bids.addTotalLots })
      if (at % 20 > 0) continue
      const ageDepth = bids.slice(0, 10).reduce((sum, [ticks, lots]) => {
        const ageMs = tau - (births.get(ticks) ?? Number.NaN)
        return sum + lots * (1 - 2 ** (-ageMs / 5000))
      }, 0)
      expect(agrees(featureOf(row, 'bid_age_depth_10'), ageDepth * 0.01)).toBe(true)
      const recent = added.slice(-3000).filter((add) => add.tau > tau - 10_000)
      const lots = recent.reduce((sum, add) => sum + add.lots, 0)
      expect(featureOf(row, 'add_bid_10s')).toBe(lots * 0.01)
    }
    expect(at).toBeGreaterThan(4000)
    expect(history.rows[at - 1].tau - history.rows[0].tau).toBeGreaterThan(3_600_000)
  })
})
