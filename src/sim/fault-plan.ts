import type { Random } from '../core/random.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Category } from '../domain/instrument.ts'
import { isRecord } from './capture-reader.ts'
import { type Fault, parseFaultTerms } from './fault-injection.ts'
import { faultTraits } from './fault-kinds.ts'

/**
 * What goes wrong, and when: at a time after the plan began, or so often in a million published
 * messages. Topics are drawn among those that somebody is subscribed to, unless they are named.
 */
export type PlannedFault = Fault &
  Readonly<{
    /** Milliseconds after the plan began; then `count` at once. */
    at_ms?: number
    /** Without `at_ms`; `count` bounds how many in all. */
    per_million?: number
    symbols?: readonly string[]
  }>

export const PLAN_FAULTS_MAX = 1000
const AT_MS_MAX = 86_400_000
const PER_MILLION_MAX = 1_000_000
/** Of one kind and step; what a burst of messages earned beyond is not made up for. */
const PER_STEP_MAX = 16

export type ActiveTopic = Readonly<{ category: Category; topic: string }>

export type FaultPlanPorts = Readonly<{
  random: Random
  inject(fault: Fault): Result<number, 'bad_request'>
  activeTopics(): readonly ActiveTopic[]
}>

/** Carries a plan out, step by step. */
export class FaultPlanRunner {
  readonly #faults: readonly PlannedFault[]
  readonly #ports: FaultPlanPorts
  readonly #beganUs: number
  readonly #done: number[]
  /** Faults earned by messages and not yet made. */
  readonly #owed: number[]
  #published: number

  constructor(
    faults: readonly PlannedFault[],
    ports: FaultPlanPorts,
    now: Readonly<{ us: number; published: number }>,
  ) {
    this.#faults = faults
    this.#ports = ports
    this.#beganUs = now.us
    this.#published = now.published
    this.#done = faults.map(() => 0)
    // Each kind begins within half of its mean distance, so that short runs meet the rare ones.
    this.#owed = faults.map(() => 0.5 + 0.5 * ports.random.float())
  }

  step(now: Readonly<{ us: number; published: number }>): void {
    const messages = now.published - this.#published
    this.#published = now.published
    const topics = this.#ports.activeTopics()
    if (topics.length === 0) return
    for (const [at, fault] of this.#faults.entries()) {
      if (fault.at_ms !== undefined) {
        const isDue = now.us - this.#beganUs >= fault.at_ms * 1000
        if (isDue && this.#done[at] === 0) this.#make(at, topics, fault.count ?? 1)
        continue
      }
      this.#owed[at] += (messages * (fault.per_million ?? 0)) / 1e6
      const left = (fault.count ?? Number.POSITIVE_INFINITY) - this.#done[at]
      const due = Math.min(Math.floor(this.#owed[at]), left, PER_STEP_MAX)
      this.#owed[at] -= Math.floor(this.#owed[at])
      for (let i = 0; i < due; i++) this.#make(at, topics, 1)
    }
  }

  #make(at: number, topics: readonly ActiveTopic[], count: number): void {
    const fault = this.#faults[at]
    const { kind, ms } = fault
    const chosen = this.#choose(fault, topics)
    const wanted = { kind, count, ...(ms === undefined ? {} : { ms }), ...chosen }
    // What finds nothing to act on now is tried again at the next step.
    if (this.#ports.inject(wanted).ok) this.#done[at] += count
    else if (fault.at_ms === undefined) this.#owed[at] += 1
  }

  #choose(fault: PlannedFault, topics: readonly ActiveTopic[]): Partial<ActiveTopic> {
    const { target } = faultTraits(fault.kind)
    if (target === 'connection') return {}
    if (fault.topic !== undefined) {
      return { topic: fault.topic, category: fault.category ?? 'linear' }
    }
    const fitting = topics.filter(({ topic }) => {
      // Level 1 knows no deltas; most faults of a book are made of one.
      if (target === 'trade') return topic.startsWith('publicTrade.')
      return topic.startsWith('orderbook.') && !topic.startsWith('orderbook.1.')
    })
    const symbols = fault.symbols
    const named =
      symbols === undefined
        ? fitting
        : fitting.filter(({ topic }) => symbols.includes(topic.slice(topic.lastIndexOf('.') + 1)))
    return named.length === 0 ? {} : named[this.#ports.random.below(named.length)]
  }
}

/** A plan from a file or the body of a request: a list, or `{faults: [...]}`. */
export function parsePlan(value: unknown): Result<readonly PlannedFault[], 'bad_request'> {
  const list = isRecord(value) ? value.faults : value
  if (!Array.isArray(list))
    return fail('bad_request', 'a plan is a list of {kind, at_ms or per_million}')
  if (list.length > PLAN_FAULTS_MAX) {
    return fail('bad_request', `a plan has at most ${PLAN_FAULTS_MAX} entries`)
  }
  const faults: PlannedFault[] = []
  for (const [at, entry] of list.entries()) {
    const parsed = parsePlanned(entry)
    if (!parsed.ok) return fail('bad_request', `entry ${at + 1} of the plan: ${parsed.message}`)
    faults.push(parsed.value)
  }
  return succeed(faults)
}

const KEYS = new Set([
  'kind',
  'topic',
  'category',
  'count',
  'ms',
  'at_ms',
  'per_million',
  'symbols',
])

function parsePlanned(value: unknown): Result<PlannedFault, 'bad_request'> {
  const fault = parseFaultTerms(value)
  if (!fault.ok || !isRecord(value)) return fault
  const unknown = Object.keys(value).find((key) => !KEYS.has(key))
  if (unknown !== undefined) {
    return fail('bad_request', `${unknown} is not one of ${[...KEYS].join(', ')}`)
  }
  const { at_ms, per_million, symbols } = value
  if ((at_ms === undefined) === (per_million === undefined)) {
    return fail('bad_request', 'either at_ms or per_million')
  }
  if (at_ms !== undefined && !isNumber(at_ms, AT_MS_MAX)) {
    return fail('bad_request', `at_ms is from 0 to ${AT_MS_MAX}`)
  }
  if (per_million !== undefined && !isNumber(per_million, PER_MILLION_MAX)) {
    return fail('bad_request', `per_million is from 0 to ${PER_MILLION_MAX}`)
  }
  if (symbols !== undefined && !isNames(symbols)) {
    return fail('bad_request', 'symbols is a list of names')
  }
  return succeed({
    ...fault.value,
    ...(at_ms === undefined ? {} : { at_ms }),
    ...(per_million === undefined ? {} : { per_million }),
    ...(symbols === undefined ? {} : { symbols }),
  })
}

function isNumber(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}
