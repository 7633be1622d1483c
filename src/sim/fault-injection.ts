import type { Random } from '../core/random.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Category } from '../domain/instrument.ts'
import { isRecord } from './capture-reader.ts'
import { CHANNEL_FAULTS_MAX } from './channel.ts'
import {
  FAULT_KINDS,
  FAULT_MS,
  type FaultKind,
  type FaultTarget,
  faultKind,
  faultTraits,
} from './fault-kinds.ts'
import type { FaultLog } from './fault-log.ts'
import type { MarketSource } from './market-source.ts'
import type { PublicSession } from './public-session.ts'
import { topicFault } from './topic-faults.ts'

/** Faults of the exchange or the line, asked for by a test or a plan. */
export type Fault = Readonly<{
  kind: FaultKind
  topic?: string
  category?: Category
  count?: number
  ms?: number
}>

const COUNT_MAX = 10_000
const MS_MAX = 3_600_000

/** Frames that a decoder must survive: cut, nested wrongly, foreign, empty. */
const GARBAGE = [
  '{"topic":"orderbook.50.NOSUCHUSDT","type":"delta","ts":1,"data":{"s":"NOSUCHUSDT","b":[["1',
  '{"topic":"orderbook.50.NOSUCHUSDT","type":"delta","ts":1,"data":{"s":"NOSUCHUSDT","b":[]}}',
  'not json at all',
  '{}',
  '[]',
  '',
  '{"topic":"publicTrade.NOSUCHUSDT","type":"snapshot","ts":1,"data":[{"T":1}]}',
]

export type FaultCounts = Record<FaultKind, number>

function zeroCounts(): FaultCounts {
  const counts: Partial<FaultCounts> = {}
  for (const kind of FAULT_KINDS) counts[kind] = 0
  return isComplete(counts) ? counts : zeroCounts()
}

function isComplete(counts: Partial<FaultCounts>): counts is FaultCounts {
  return FAULT_KINDS.every((kind) => counts[kind] !== undefined)
}

export type FaultInjectorOptions = Readonly<{
  source: MarketSource
  sessions: ReadonlySet<PublicSession>
  random: Random
  log: FaultLog
  /** Of the log; the market may lag behind it. */
  nowUs: () => number
}>

export class FaultInjector {
  /** Faults that took place. */
  readonly counts: FaultCounts = zeroCounts()
  readonly #options: FaultInjectorOptions

  constructor(options: FaultInjectorOptions) {
    this.#options = options
  }

  /**
   * Does it, or lets it wait for the next message it can be made of, and says how many; refuses a
   * fault that has nothing to act on.
   */
  inject(fault: Fault): Result<number, 'bad_request'> {
    const { target } = faultTraits(fault.kind)
    return target === 'connection' ? this.#onConnections(fault) : this.#onTopic(fault, target)
  }

  #onTopic(fault: Fault, target: FaultTarget): Result<number, 'bad_request'> {
    const { source } = this.#options
    const { kind } = fault
    const category = fault.category ?? 'linear'
    const topic = fault.topic ?? ''
    const channel = source.channelOf(category, topic)
    if (channel === undefined) return fail('bad_request', `no topic ${category} ${topic}`)
    if (kind === 'restart') {
      if (!source.restart(category, topic)) {
        return fail('bad_request', `${topic} cannot restart`)
      }
      this.#note(kind, [topic], 1)
      return succeed(1)
    }
    if (kind === 'silence') {
      channel.silentUntilUs = source.nowUs + millisecondsOf(fault) * 1000
      this.#note(kind, [topic], 0)
      return succeed(1)
    }
    if (target === 'book' && channel.book === undefined) {
      return fail('bad_request', `${kind} is made of an order book, not of ${topic}`)
    }
    if (target === 'trade' && !topic.startsWith('publicTrade.')) {
      return fail('bad_request', `${kind} is made of trades, not of ${topic}`)
    }
    const count = fault.count ?? 1
    if (channel.faults.length + count > CHANNEL_FAULTS_MAX) {
      return fail('bad_request', `${topic} has ${CHANNEL_FAULTS_MAX} faults waiting`)
    }
    const untilUs = source.nowUs + millisecondsOf(fault) * 1000
    for (let i = 0; i < count; i++) {
      channel.faults.push(
        topicFault({
          kind,
          book: channel.book,
          untilUs,
          nowUs: () => source.nowUs,
          onDone: (u) => this.#note(kind, [topic], u),
        }),
      )
    }
    return succeed(count)
  }

  #onConnections(fault: Fault): Result<number, 'bad_request'> {
    const { random, sessions } = this.#options
    const isOnce = faultTraits(fault.kind).effect === 'line'
    const nowUs = this.#options.nowUs()
    const all = [...sessions].filter(({ connection, isObserver }) => {
      // A line is broken once, so that its loss tells which fault did it.
      const isBroken = isOnce && connection.dataFromUs > nowUs
      return !connection.isClosed && !connection.holdsAll && !isBroken && !isObserver
    })
    const wanted = fault.count ?? 1
    const count = isOnce ? Math.min(wanted, all.length) : wanted
    if (all.length === 0) return fail('bad_request', `no connection for ${fault.kind}`)
    for (let i = 0; i < count; i++) {
      const at = random.below(all.length)
      this.#breakLine(fault, all[at])
      if (isOnce) all.splice(at, 1)
    }
    return succeed(count)
  }

  #breakLine(fault: Fault, session: PublicSession): void {
    const { kind } = fault
    const { connection } = session
    const { nowUs, random } = this.#options
    const topics = session.activeTopics().map(({ topic }) => topic)
    this.#note(kind, topics, 0)
    if (kind === 'garbage') {
      connection.sendText(GARBAGE[random.below(GARBAGE.length)])
      connection.flush()
    } else if (kind === 'fragments') connection.fragmentsPending++
    else if (kind === 'no_pong') session.pongsFromUs = nowUs() + millisecondsOf(fault) * 1000
    else if (kind === 'refuse_subscribe') session.refusalsPending++
    else if (kind === 'no_data') connection.dataFromUs = nowUs() + millisecondsOf(fault) * 1000
    else if (kind === 'half_open') connection.holdsAll = true
    else if (kind === 'close_1000') connection.close(1000)
    else if (kind === 'close_1001') connection.close(1001)
    else if (kind === 'reset_mid_frame') connection.reset()
    else connection.cut()
  }

  #note(kind: FaultKind, topics: readonly string[], u: number): void {
    const { log, nowUs } = this.#options
    this.counts[kind]++
    log.add({ kind, effect: faultTraits(kind).effect, topics, u, at_us: nowUs() })
  }
}

function millisecondsOf(fault: Fault): number {
  return fault.ms ?? FAULT_MS[fault.kind] ?? 0
}

/** A fault from the body of a request, or the part of a plan that says what to do. */
export function parseFault(value: unknown): Result<Fault, 'bad_request'> {
  const parsed = parseFaultTerms(value)
  if (!parsed.ok) return parsed
  const { kind, topic, ms } = parsed.value
  const isPerTopic = faultTraits(kind).target !== 'connection'
  if (isPerTopic && topic === undefined) return fail('bad_request', `${kind} needs a topic`)
  if (kind === 'silence' && ms === undefined) return fail('bad_request', 'silence needs ms')
  return parsed
}

/** Kind, and whatever else is given; a plan chooses the rest itself. */
export function parseFaultTerms(value: unknown): Result<Fault, 'bad_request'> {
  if (!isRecord(value)) return fail('bad_request', 'a fault is an object with a kind')
  const kind = faultKind(value.kind)
  if (kind === undefined) return fail('bad_request', `kind is one of ${FAULT_KINDS.join(', ')}`)
  const { topic, category, count, ms } = value
  if (topic !== undefined && typeof topic !== 'string') {
    return fail('bad_request', `${kind}: topic is a name such as orderbook.50.BTCUSDT`)
  }
  if (category !== undefined && category !== 'linear' && category !== 'spot') {
    return fail('bad_request', 'category is linear or spot')
  }
  if (count !== undefined && !isWhole(count, COUNT_MAX)) {
    return fail('bad_request', `count is a whole number from 1 to ${COUNT_MAX}`)
  }
  if (ms !== undefined && !isWhole(ms, MS_MAX)) {
    return fail('bad_request', `ms is a whole number from 1 to ${MS_MAX}`)
  }
  return succeed({
    kind,
    ...(topic === undefined ? {} : { topic }),
    ...(category === undefined ? {} : { category }),
    ...(typeof count === 'number' ? { count } : {}),
    ...(typeof ms === 'number' ? { ms } : {}),
  })
}

function isWhole(value: unknown, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max
}
