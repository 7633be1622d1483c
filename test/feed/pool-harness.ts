import { pino } from 'pino'
import { type Clock, ManualClock, systemClock } from '../../src/core/clock.ts'
import { Random } from '../../src/core/random.ts'
import { ManualTimers, systemTimers, type Timers } from '../../src/core/timer.ts'
import { FeedPool, type FeedPoolOptions, type PoolTopic } from '../../src/feed/pool.ts'
import { Counters } from '../../src/memory/counters.ts'
import type { ScriptedExchange } from './scripted-exchange.ts'

export type LogLine = { level: number; msg: string; [key: string]: unknown }

/** A pool with everything it says written down; answers are passed back as a shard does. */
export type Harness = {
  pool: FeedPool
  counters: Counters
  frames: { text: string; connection: number; receiveUs: number }[]
  lost: { topics: readonly number[]; reason: string }[]
  subscribed: number[]
  failed: { topics: readonly number[]; text: string }[]
  log: LogLine[]
}

export function bookTopics(symbols: number, perSymbol = 1): PoolTopic[] {
  const kinds = ['orderbook.50', 'publicTrade', 'tickers', 'orderbook.1', 'kline.1']
  const topics: PoolTopic[] = []
  for (let s = 0; s < symbols; s++) {
    const symbol = `S${String(s).padStart(3, '0')}USDT`
    for (const kind of kinds.slice(0, perSymbol)) {
      topics.push({ index: topics.length, name: `${kind}.${symbol}`, symbol })
    }
  }
  return topics
}

type Overrides = Partial<FeedPoolOptions> & { topics: readonly PoolTopic[] }

export function createHarness(exchange: ScriptedExchange, overrides: Overrides): Harness {
  const log: LogLine[] = []
  const harness: Omit<Harness, 'pool'> = {
    counters: new Counters(),
    frames: [],
    lost: [],
    subscribed: [],
    failed: [],
    log,
  }
  const write = (line: string) => {
    log.push(JSON.parse(line) as LogLine)
  }
  const pool = new FeedPool({
    url: exchange.url,
    clock: systemClock,
    timers: systemTimers,
    random: new Random(7),
    counters: harness.counters,
    log: pino({ level: 'debug' }, { write }),
    onFrame(bytes, receiveUs, connection) {
      const text = Buffer.from(bytes).toString()
      const message = text.startsWith('{"success"') ? JSON.parse(text) : undefined
      if (message === undefined) harness.frames.push({ text, connection, receiveUs })
      else {
        const { op, success, ret_msg, req_id } = message
        pool.onControl(connection, { op, success, retMsg: ret_msg, reqId: req_id ?? '' })
      }
    },
    onTopicsLost: (topics, reason) => harness.lost.push({ topics, reason }),
    onTopicsSubscribed: (topics) => harness.subscribed.push(...topics),
    onTopicsFailed: (topics, text) => harness.failed.push({ topics, text }),
    ...overrides,
  })
  return { ...harness, pool }
}

/**
 * Clock and timers that move together, in small steps, with turns of the event loop for the sockets
 * in between.
 */
export class ManualTime {
  readonly clock: ManualClock = new ManualClock(1_700_000_000_000_000)
  readonly timers: ManualTimers = new ManualTimers()

  get ports(): { clock: Clock; timers: Timers } {
    return { clock: this.clock, timers: this.timers }
  }

  async advance(durationMs: number, stepMs = 100): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
      this.clock.advance(stepMs * 1000)
      this.timers.advance(stepMs)
      await turn()
    }
  }
}

/** Lets what is on its way through the loopback arrive. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

const LOOKS_MAX = 5_000

/**
 * Looks until the condition holds. A condition that never holds fails the test by name instead of
 * hanging it.
 */
export async function until(condition: () => boolean): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`never true: ${condition}`)
}
