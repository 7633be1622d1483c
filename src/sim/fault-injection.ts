import type { Random } from '../core/random.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Category } from '../domain/instrument.ts'
import { isRecord } from './capture-reader.ts'
import type { MarketSource } from './market-source.ts'
import type { PublicSession } from './public-session.ts'

/** Faults of the exchange or the line, asked for by a test and done at once. */
export const FAULT_KINDS = [
  'drop_delta', // the next message of a topic is lost, its `u` is not given again
  'duplicate', // the next message of a topic is sent twice
  'garbage', // frames that are no messages
  'kill_connection', // the line breaks without a close frame
  'silence', // a topic says nothing for `ms`, then goes on where it was
  'restart', // the next message of a book is a snapshot with u = 1
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export type Fault = Readonly<{
  kind: FaultKind
  topic?: string
  category?: Category
  count?: number
  ms?: number
}>

const COUNT_MAX = 10_000
const SILENCE_MS_MAX = 3_600_000

/** Frames that a decoder must survive: cut, nested wrongly, foreign, empty. */
const GARBAGE = [
  '{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[["1',
  '{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":"x","data":{"s":"BTCUSDT","b":[["-1","a"]]}}',
  '{"topic":"orderbook.50.NOSUCHUSDT","type":"delta","ts":1,"data":{"s":"NOSUCHUSDT","b":[]}}',
  'not json at all',
  '{}',
  '[]',
  '',
  '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":1,"s":"BTCUSDT"}]}',
]

export type FaultCounts = Record<FaultKind, number>

export class FaultInjector {
  readonly counts: FaultCounts = {
    drop_delta: 0,
    duplicate: 0,
    garbage: 0,
    kill_connection: 0,
    silence: 0,
    restart: 0,
  }
  readonly #source: MarketSource
  readonly #sessions: ReadonlySet<PublicSession>
  readonly #random: Random

  constructor(source: MarketSource, sessions: ReadonlySet<PublicSession>, random: Random) {
    this.#source = source
    this.#sessions = sessions
    this.#random = random
  }

  /** Does it, and says how often; refuses a fault that has nothing to act on. */
  inject(fault: Fault): Result<number, 'bad_request'> {
    const done = this.#done(fault)
    if (done.ok) this.counts[fault.kind] += done.value
    return done
  }

  #done(fault: Fault): Result<number, 'bad_request'> {
    if (fault.kind === 'garbage') return this.#sendGarbage(fault.count ?? 1)
    if (fault.kind === 'kill_connection') return this.#killConnections(fault.count ?? 1)
    const category = fault.category ?? 'linear'
    const topic = fault.topic ?? ''
    const channel = this.#source.channelOf(category, topic)
    if (channel === undefined) return fail('bad_request', `no topic ${category} ${topic}`)
    if (fault.kind === 'restart') {
      const isBook = this.#source.restart(category, topic)
      return isBook ? succeed(1) : fail('bad_request', `${topic} cannot restart`)
    }
    if (fault.kind === 'silence')
      channel.silentUntilUs = this.#source.nowUs + (fault.ms ?? 0) * 1000
    else if (fault.kind === 'drop_delta') channel.dropsPending++
    else channel.duplicatesPending++
    return succeed(1)
  }

  #sendGarbage(count: number): Result<number, 'bad_request'> {
    const sessions = [...this.#sessions]
    if (sessions.length === 0) return fail('bad_request', 'no connection to send garbage to')
    for (let i = 0; i < count; i++) {
      const session = sessions[this.#random.below(sessions.length)]
      session.connection.sendText(GARBAGE[this.#random.below(GARBAGE.length)])
      session.connection.flush()
    }
    return succeed(count)
  }

  #killConnections(count: number): Result<number, 'bad_request'> {
    const sessions = [...this.#sessions]
    const kills = Math.min(count, sessions.length)
    for (let i = 0; i < kills; i++) {
      const at = this.#random.below(sessions.length)
      sessions.splice(at, 1)[0].connection.cut()
    }
    return kills > 0 ? succeed(kills) : fail('bad_request', 'no connection to kill')
  }
}

/** A fault from the body of a request. */
export function parseFault(value: unknown): Result<Fault, 'bad_request'> {
  if (!isRecord(value)) return fail('bad_request', 'a fault is an object with a kind')
  const kind = FAULT_KINDS.find((known) => known === value.kind)
  if (kind === undefined) return fail('bad_request', `kind is one of ${FAULT_KINDS.join(', ')}`)
  const { topic, category, count, ms } = value
  const isPerTopic = kind !== 'garbage' && kind !== 'kill_connection'
  if (isPerTopic && typeof topic !== 'string') return fail('bad_request', `${kind} needs a topic`)
  if (category !== undefined && category !== 'linear' && category !== 'spot') {
    return fail('bad_request', 'category is linear or spot')
  }
  if (count !== undefined && !isWhole(count, COUNT_MAX)) {
    return fail('bad_request', `count is a whole number from 1 to ${COUNT_MAX}`)
  }
  if ((kind === 'silence' || ms !== undefined) && !isWhole(ms, SILENCE_MS_MAX)) {
    return fail('bad_request', `ms is a whole number from 1 to ${SILENCE_MS_MAX}`)
  }
  return succeed({
    kind,
    ...(typeof topic === 'string' ? { topic } : {}),
    ...(category === undefined ? {} : { category }),
    ...(typeof count === 'number' ? { count } : {}),
    ...(typeof ms === 'number' ? { ms } : {}),
  })
}

function isWhole(value: unknown, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max
}
