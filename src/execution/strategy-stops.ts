import { STOPPED_STRATEGIES_MAX } from '../constants.ts'
import type { CommandObeyed } from '../domain/journal-stops.ts'

/**
 * Strategies that a person stopped, by name, as a fold of the commands on record: they outlive the
 * process, and a strategy that leaves the configuration for a while. A strategy that does not trade
 * any more for other reasons is none of them.
 */
export class StrategyStops {
  /** Oldest first; bounded, and what leaves for it was stopped longest ago. */
  readonly #names = new Set<string>()

  note({ asked, code, command }: CommandObeyed): void {
    const name = asked?.strategy
    if (name === undefined || code !== 'ok') return
    if (command === 'start_strategy') this.#names.delete(name)
    if (command !== 'stop_strategy') return
    this.#names.add(name)
    for (const oldest of this.#names) {
      if (this.#names.size <= STOPPED_STRATEGIES_MAX) break
      this.#names.delete(oldest)
    }
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  save(): string[] {
    return [...this.#names]
  }

  restore(names: readonly string[]): void {
    for (const name of names) this.#names.add(name)
  }
}
