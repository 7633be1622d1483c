import { Random } from '../core/random.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { Category } from '../domain/instrument.ts'
import { FAULT_KINDS, type Fault, type FaultKind } from './fault-injection.ts'
import { FAULT_MEAN_SECONDS, type FaultProfile } from './fault-profiles.ts'

/** Throws the dice for each kind of fault of a profile, ten times a second. */
const PERIOD_MS = 100
const GARBAGE_FRAMES_MAX = 5
const SILENCE_MS_MIN = 2000
const SILENCE_MS_MAX = 20_000

export type FaultPlanOptions = Readonly<{
  profile: FaultProfile
  seed: number
  timers: Timers
  mock: Readonly<{
    inject(fault: Fault): unknown
    /** Topics that somebody is subscribed to. */
    activeTopics(): { category: Category; topic: string }[]
  }>
}>

/** Answers the function that ends it. */
export function startFaultPlan(options: FaultPlanOptions): CancelTimer {
  const means = FAULT_MEAN_SECONDS[options.profile]
  const random = new Random(options.seed ^ 0x165667b1)
  return options.timers.every(PERIOD_MS, () => {
    for (const kind of FAULT_KINDS) {
      const mean = means[kind]
      if (mean === undefined || random.float() >= PERIOD_MS / 1000 / mean) continue
      const fault = chooseFault(kind, options.mock.activeTopics(), random)
      if (fault !== undefined) options.mock.inject(fault)
    }
  })
}

function chooseFault(
  kind: FaultKind,
  topics: readonly { category: Category; topic: string }[],
  random: Random,
): Fault | undefined {
  if (kind === 'kill_connection') return { kind, count: 1 }
  if (kind === 'garbage') return { kind, count: 1 + random.below(GARBAGE_FRAMES_MAX) }
  const books = topics.filter(({ topic }) => topic.startsWith('orderbook.'))
  if (books.length === 0) return undefined
  const { category, topic } = books[random.below(books.length)]
  if (kind !== 'silence') return { kind, category, topic }
  return {
    kind,
    category,
    topic,
    ms: SILENCE_MS_MIN + random.below(SILENCE_MS_MAX - SILENCE_MS_MIN),
  }
}
