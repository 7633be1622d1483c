import type { FaultEffect, FaultKind } from './fault-kinds.ts'

/** One fault that took place. Faults that still wait for their message are not here. */
export type FaultEntry = Readonly<{
  /** From 0, without holes. */
  id: number
  kind: FaultKind
  effect: FaultEffect
  /** Topics that may feel it: one, or all of a connection. */
  topics: readonly string[]
  /** Update id that the exchange would have sent or sent; 0 where it is about none. */
  u: number
  /** When, microseconds since the epoch. */
  at_us: number
}>

const ENTRIES_MAX = 65_536

/** The latest faults, in order. */
export class FaultLog {
  /** Entries that had to make room. */
  forgotten = 0
  readonly #entries: FaultEntry[] = []
  #next = 0

  add(entry: Omit<FaultEntry, 'id'>): void {
    this.#entries.push({ id: this.#next++, ...entry })
    if (this.#entries.length > ENTRIES_MAX) {
      this.#entries.shift()
      this.forgotten++
    }
  }

  /** Entries from an id on. */
  since(id: number): readonly FaultEntry[] {
    const first = this.#entries[0]?.id ?? 0
    return this.#entries.slice(Math.max(0, id - first))
  }
}
