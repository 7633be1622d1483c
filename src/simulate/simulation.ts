import type { FaultKind } from './fault-plan.ts'
import { History, type HistoryOutcome } from './history.ts'
import type { Violation } from './invariants.ts'
import type { PlantedBug } from './planted-bugs.ts'
import type { CheckpointCounts } from './sim-checkpoints.ts'
import { type GatewayChoice, gatewayAt } from './simulated-gateway.ts'

export type SimulationOptions = Readonly<{
  firstSeed: number
  seeds: number
  stepsMax: number
  bugs: readonly PlantedBug[]
  gateway: GatewayChoice
  /** Ends with the first violation. */
  isFirstOnly: boolean
  /** After each seed. */
  progress?: (done: number, violations: number) => void
  /** At once: a long run may be stopped before its end. */
  onFound?: (violation: FoundViolation) => void
}>

export type FoundViolation = Violation & Readonly<{ seed: number; replay: string }>

export type Verdict = Readonly<{
  ok: boolean
  seeds: number
  steps: number
  crashes: number
  faults_by_kind: Readonly<Record<string, number>>
  orders: number
  /** Changes of orders that were sent. */
  amends: number
  fills: number
  checkpoints: CheckpointCounts
  violations: number
  first_violation?: FoundViolation
  /** Equal for equal seeds and steps, whatever machine ran them. */
  trace_hash: string
}>

/** Runs one history a seed, one after the other, and sums them up. */
export async function simulate(options: SimulationOptions): Promise<Verdict> {
  const sum = new Sum(options)
  for (let i = 0; i < options.seeds; i++) {
    const seed = options.firstSeed + i
    const { stepsMax } = options
    const gateway = gatewayAt(options.gateway, seed)
    const bugs = new Set(options.bugs)
    sum.add(await new History({ seed, stepsMax, bugs, gateway }).run())
    options.progress?.(i + 1, sum.violations)
    if (options.isFirstOnly && sum.violations > 0) break
  }
  return sum.verdict()
}

/**
 * One short history, over and over, with a crash at each place where the process could die: every
 * request, every write and sync, every record, every turn.
 */
export async function simulateEachCrash(options: SimulationOptions): Promise<Verdict> {
  const sum = new Sum(options)
  const bugs = new Set(options.bugs)
  for (let i = 0; i < options.seeds; i++) {
    const seed = options.firstSeed + i
    const { stepsMax } = options
    const gateway = gatewayAt(options.gateway, seed)
    const common = { seed, stepsMax, bugs, gateway }
    const whole = await new History({ ...common, crashAt: 0 }).run()
    sum.add(whole)
    for (let crashAt = 1; crashAt <= whole.points; crashAt++) {
      sum.add(await new History({ ...common, crashAt }).run(), crashAt)
      options.progress?.(i + crashAt / whole.points, sum.violations)
      if (options.isFirstOnly && sum.violations > 0) return sum.verdict()
    }
  }
  return sum.verdict()
}

class Sum {
  violations = 0
  readonly #options: SimulationOptions
  readonly #faults = new Map<FaultKind, number>()
  #histories = 0
  #steps = 0
  #crashes = 0
  #orders = 0
  #amends = 0
  #fills = 0
  readonly #checkpoints = { written: 0, failed: 0, read: 0, refused: 0 }
  #first: FoundViolation | undefined
  #hash = 0

  constructor(options: SimulationOptions) {
    this.#options = options
  }

  add(outcome: HistoryOutcome, crashAt?: number): void {
    this.#histories++
    this.#steps += outcome.steps
    this.#crashes += outcome.crashes
    this.#orders += outcome.orders
    this.#amends += outcome.amends
    this.#fills += outcome.fills
    const { checkpoints } = outcome
    this.#checkpoints.written += checkpoints.written
    this.#checkpoints.failed += checkpoints.failed
    this.#checkpoints.read += checkpoints.read
    this.#checkpoints.refused += checkpoints.refused
    for (const [kind, times] of outcome.faults) {
      this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + times)
    }
    this.#hash = (Math.imul(this.#hash, 31) + Number.parseInt(outcome.hash, 16)) >>> 0
    if (outcome.violation === undefined) return
    this.violations++
    const { seed, violation } = outcome
    const found = { ...violation, seed, replay: this.#replay(seed, crashAt) }
    this.#first ??= found
    this.#options.onFound?.(found)
  }

  #replay(seed: number, crashAt: number | undefined): string {
    const { bugs, stepsMax } = this.#options
    const gateway = gatewayAt(this.#options.gateway, seed)
    const times = `--seed ${seed} --seeds 1 --steps ${stepsMax}`
    const parts = [`bookflow simulate ${times} --gateway ${gateway} --trace`]
    if (crashAt !== undefined) parts.push(`--crash-at ${crashAt}`)
    if (bugs.length > 0) parts.push(`--bugs ${bugs.join(',')}`)
    return parts.join(' ')
  }

  verdict(): Verdict {
    return {
      ok: this.violations === 0,
      seeds: this.#histories,
      steps: this.#steps,
      crashes: this.#crashes,
      faults_by_kind: Object.fromEntries([...this.#faults].sort(([a], [b]) => (a < b ? -1 : 1))),
      orders: this.#orders,
      amends: this.#amends,
      fills: this.#fills,
      checkpoints: this.#checkpoints,
      violations: this.violations,
      ...(this.#first === undefined ? {} : { first_violation: this.#first }),
      trace_hash: this.#hash.toString(16).padStart(8, '0'),
    }
  }
}
