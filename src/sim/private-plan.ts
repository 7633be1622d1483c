import type { Random } from '../core/random.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { isRecord } from './capture-reader.ts'
import {
  isPrivateFault,
  type PrivateFault,
  type PrivateFaultKind,
  type PrivateFaults,
  parsePrivateFault,
} from './private-faults.ts'

/**
 * Faults of the private side by plan: at a time after it began, or so often in a million published
 * messages of market data, which is the clock of the other faults too.
 */
export type PlannedPrivateFault = PrivateFault &
  Readonly<{ at_ms: number | undefined; per_million: number }>

const PER_STEP_MAX = 16
const AT_MS_MAX = 86_400_000
const PER_MILLION_MAX = 1_000_000

/** In a million messages; at 2,000 messages a second 100 is one in five seconds. */
// biome-ignore format: a table
const HOSTILE: Readonly<Partial<Record<PrivateFaultKind, readonly [perMillion: number, ms: number]>>> = {
  request_lost: [60, 0], ack_lost: [60, 0], ack_late: [60, 400], fill_before_ack: [60, 500],
  error_10016: [60, 0], busy_429: [40, 0], html_body: [40, 0], slow_body: [40, 300],
  skew_10002: [20, 0], limit_10006: [40, 0], storm_403: [4, 1500], history_late: [20, 2000],
  trade_10019: [10, 1000], trade_10429: [20, 0],
  duplicate_filled: [60, 0], execution_twice: [60, 0], executions_late: [60, 0],
  private_disconnect: [12, 0], private_silence: [6, 3000], auth_refused: [6, 0], auth_late: [12, 800],
}

export const PRIVATE_HOSTILE: readonly PlannedPrivateFault[] = Object.entries(HOSTILE).flatMap(
  ([kind, [per_million, ms]]) => {
    const fault = parsePrivateFault({ kind, ...(ms === 0 ? {} : { ms }) })
    return fault.ok ? [{ ...fault.value, at_ms: undefined, per_million }] : []
  },
)

export class PrivatePlanRunner {
  readonly #plan: readonly PlannedPrivateFault[]
  readonly #faults: PrivateFaults
  readonly #beganUs: number
  readonly #owed: number[]
  readonly #isDone: boolean[]
  #published: number

  constructor(
    plan: readonly PlannedPrivateFault[],
    faults: PrivateFaults,
    random: Random,
    now: Readonly<{ us: number; published: number }>,
  ) {
    this.#plan = plan
    this.#faults = faults
    this.#beganUs = now.us
    this.#published = now.published
    this.#owed = plan.map(() => 0.5 + 0.5 * random.float())
    this.#isDone = plan.map(() => false)
  }

  step(now: Readonly<{ us: number; published: number }>): void {
    const messages = now.published - this.#published
    this.#published = now.published
    for (const [at, { kind, count, ms, at_ms, per_million }] of this.#plan.entries()) {
      if (at_ms !== undefined) {
        if (this.#isDone[at] || now.us - this.#beganUs < at_ms * 1000) continue
        this.#isDone[at] = true
        this.#faults.inject({ kind, count, ms })
        continue
      }
      this.#owed[at] += (messages * per_million) / 1e6
      const due = Math.min(PER_STEP_MAX, Math.floor(this.#owed[at]))
      this.#owed[at] -= Math.floor(this.#owed[at])
      // What nobody has met yet is not heaped up for the first who comes.
      if (due > 0 && !this.#faults.isArmed(kind)) this.#faults.inject({ kind, count: due, ms })
    }
  }
}

/** The entries of a plan that are of the private side, and those that are not. */
export function splitPlan(value: unknown): Readonly<{ privately: unknown[]; others: unknown }> {
  const list = isRecord(value) ? value.faults : value
  if (!Array.isArray(list)) return { privately: [], others: value }
  const others = list.filter((entry) => !isPrivateFault(entry))
  return { privately: list.filter(isPrivateFault), others }
}

export function parsePrivatePlan(
  entries: readonly unknown[],
): Result<readonly PlannedPrivateFault[], 'bad_request'> {
  const plan: PlannedPrivateFault[] = []
  for (const entry of entries) {
    const fault = parsePrivateFault(entry)
    if (!fault.ok) return fault
    const { at_ms, per_million } = isRecord(entry) ? entry : {}
    if ((at_ms === undefined) === (per_million === undefined)) {
      return fail('bad_request', `${fault.value.kind}: either at_ms or per_million`)
    }
    if (!isNumber(at_ms ?? 0, AT_MS_MAX) || !isNumber(per_million ?? 0, PER_MILLION_MAX)) {
      return fail('bad_request', `${fault.value.kind}: at_ms or per_million is out of range`)
    }
    plan.push({
      ...fault.value,
      at_ms: typeof at_ms === 'number' ? at_ms : undefined,
      per_million: typeof per_million === 'number' ? per_million : 0,
    })
  }
  return succeed(plan)
}

function isNumber(value: unknown, max: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= max
}
