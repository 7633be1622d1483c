import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { INSTRUMENT } from '../../bench/market-frames.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { Random } from '../../src/core/random.ts'
import { systemTimers } from '../../src/core/timer.ts'
import { Counters } from '../../src/memory/counters.ts'
import { createEngineMemory } from '../../src/threads/engine-memory.ts'
import type { ShardTask } from '../../src/threads/shard-task.ts'
import { warmUp } from '../../src/threads/warm-up.ts'
import { WarmUpFrames } from '../../src/threads/warm-up-frames.ts'

const DEPTH = 50

function taskOf(isScoring: boolean, depths: readonly number[] = [DEPTH]): ShardTask {
  return {
    shard: 1,
    instruments: [INSTRUMENT, { ...INSTRUMENT, index: 1, symbol: 'ETHUSDT' }],
    owned: [1],
    rates: new Map(),
    memory: createEngineMemory(2, 2, ...depths),
    feed: {
      url: 'ws://127.0.0.1:1',
      restUrl: 'http://127.0.0.1:1',
      redundancy: 1,
      rotateAfterMs: 0,
      depth: DEPTH,
      depths,
      kinds: ['publicTrade', 'orderbook', 'tickers'],
      symbolsPerConnection: 10,
      pingPeriodMs: 20_000,
      backoffMsMin: 100,
      backoffMsMax: 1000,
      bookStaleMs: 10_000,
      tickerStaleMs: 10_000,
      resyncsPerSecond: 10,
      resyncBurst: 10,
    },
    params: {},
    groups: ['A', 'B', 'C', 'D'],
    cross: { leader: 0, feesBps: 10 },
    venue: undefined,
    candles: undefined,
    alerts: undefined,
    model: { folder: 'models/scalper-v1', enabled: isScoring, batchPeriodMs: 5 },
    strategies: [],
    seed: 1,
    logLevel: 'silent',
    port: new MessageChannel().port1,
  }
}

describe('a shard that warms up', () => {
  const ports = {
    clock: systemClock,
    timers: systemTimers,
    log: createLogger('test', 'silent'),
  }

  it('takes every made-up frame through book, features and model, and touches nothing that is shared', async () => {
    const task = taskOf(true)
    const before = task.memory.shards.map(({ counters }) => counters.slice(0))
    const result = await warmUp(task, ports)
    expect(result.refused).toBe(0)
    expect(result.frames).toBeGreaterThan(100)
    expect(result.rows).toBeGreaterThan(result.frames * 0.5)
    expect(result.scores).toBeGreaterThan(0)
    expect(task.memory.shards.map(({ counters }) => new Counters(counters).get('rows'))).toEqual([
      0, 0,
    ])
    expect(task.memory.shards.map(({ counters }) => counters.slice(0))).toEqual(before)
  })

  it('does so without a model, too', async () => {
    const { refused, rows, scores } = await warmUp(taskOf(false), ports)
    expect(refused).toBe(0)
    expect(rows).toBeGreaterThan(100)
    expect(scores).toBe(0)
  })

  it('does so where depths are fused', async () => {
    const { frames, refused } = await warmUp(taskOf(false, [1, DEPTH, 200]), ports)
    expect(frames).toBeGreaterThan(100)
    expect(refused).toBe(0)
  })

  it('makes the same frames of the same seed', () => {
    const frames = (seed: number) => {
      const market = new WarmUpFrames(INSTRUMENT, DEPTH, new Random(seed))
      return Array.from({ length: 200 }, () => market.next().toString()).join('\n')
    }
    expect(frames(1)).toBe(frames(1))
    expect(frames(1)).not.toBe(frames(2))
  })
})
