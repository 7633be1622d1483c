import type { Random } from '../core/random.ts'
import type { Result } from '../core/result.ts'
import { type Fault, type FaultCounts, FaultInjector } from './fault-injection.ts'
import { type FaultEntry, FaultLog } from './fault-log.ts'
import { FaultPlanRunner, type PlannedFault } from './fault-plan.ts'
import type { MarketSource } from './market-source.ts'
import type { PublicSession } from './public-session.ts'

export type FaultControlOptions = Readonly<{
  source: MarketSource
  sessions: ReadonlySet<PublicSession>
  random: Random
  nowUs: () => number
}>

/** All that goes wrong on purpose: single faults, the plan, and the record of both. */
export class FaultControl {
  readonly #options: FaultControlOptions
  readonly #log = new FaultLog()
  readonly #injector: FaultInjector
  #plan: FaultPlanRunner | undefined

  constructor(options: FaultControlOptions) {
    const { random } = options
    this.#options = options
    this.#injector = new FaultInjector({ ...options, random: random.fork(1), log: this.#log })
  }

  get counts(): FaultCounts {
    return { ...this.#injector.counts }
  }

  inject(fault: Fault): Result<number, 'bad_request'> {
    return this.#injector.inject(fault)
  }

  since(id: number): readonly FaultEntry[] {
    return this.#log.since(id)
  }

  /** Begins a plan in place of the one before; an empty one ends it. */
  setPlan(faults: readonly PlannedFault[]): void {
    const { random, sessions } = this.#options
    const ports = {
      random: random.fork(2),
      inject: (fault: Fault) => this.#injector.inject(fault),
      activeTopics: () => [...sessions].flatMap((session) => session.activeTopics()),
    }
    this.#plan = faults.length === 0 ? undefined : new FaultPlanRunner(faults, ports, this.#now())
  }

  /** A few times a second. */
  step(): void {
    this.#plan?.step(this.#now())
  }

  #now(): { us: number; published: number } {
    const { nowUs, source } = this.#options
    return { us: nowUs(), published: source.totals.published }
  }
}
