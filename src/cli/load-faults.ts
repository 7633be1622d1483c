import { Random } from '../core/random.ts'
import type { Engine } from '../threads/engine.ts'
import type { MockProcess } from './mock-process.ts'

export const FAULT_PLANS = ['none', 'standard'] as const
export type FaultPlan = (typeof FAULT_PLANS)[number]

const TOPIC_FAULTS = ['drop_delta', 'duplicate', 'restart'] as const

/**
 * What goes wrong during a load test. `standard`: every second a lost, a repeated or a restarted
 * chain of one topic and a few frames of garbage; a killed connection after a third of the run; a
 * killed shard at half.
 */
export class FaultRunner {
  readonly injected: Record<string, number> = {}
  readonly #engine: Engine
  readonly #mock: MockProcess
  readonly #plan: FaultPlan
  readonly #random: Random

  constructor(engine: Engine, mock: MockProcess, plan: FaultPlan, seed: number) {
    this.#engine = engine
    this.#mock = mock
    this.#plan = plan
    this.#random = new Random(seed)
  }

  async second(second: number, seconds: number): Promise<void> {
    if (this.#plan === 'none') return
    // The last seconds are calm, so that what was broken has time to mend and the end shows whether
    // it did.
    if (second >= seconds - 2) return
    await this.#inject({ kind: TOPIC_FAULTS[second % TOPIC_FAULTS.length], topic: this.#topic() })
    await this.#inject({ kind: 'garbage', count: 3 })
    if (second === Math.floor(seconds / 3))
      await this.#inject({ kind: 'kill_connection', count: 1 })
    if (second === Math.floor(seconds / 2)) {
      this.#engine.shards.kill(this.#random.below(this.#engine.memory.shards.length))
      this.#count('kill_shard')
    }
  }

  #topic(): string {
    const { config, instruments } = this.#engine
    const { symbol } = instruments[this.#random.below(instruments.length)]
    return `orderbook.${config.feed.depth}.${symbol}`
  }

  async #inject(
    fault: Readonly<{ kind: string } & Record<string, string | number>>,
  ): Promise<void> {
    if (await this.#mock.inject(fault)) this.#count(fault.kind)
  }

  #count(kind: string): void {
    this.injected[kind] = (this.injected[kind] ?? 0) + 1
  }
}
