import { BroadcastReader } from '../memory/broadcast.ts'
import { GAP_FIELDS, type GapFacts, readGap } from '../memory/gap-record.ts'
import type { FaultEntry } from '../sim/fault-log.ts'
import type { Engine } from '../threads/engine.ts'

/** Gaps of an engine under test beside the faults of its mock exchange, from its creation on. */
export class LostUpdates {
  readonly #engine: Engine
  readonly #readers: readonly BroadcastReader[]
  readonly #record = new Float64Array(GAP_FIELDS)
  readonly #gaps: GapFacts[] = []

  constructor(engine: Engine) {
    this.#engine = engine
    this.#readers = engine.memory.shards.map((shard) => new BroadcastReader(shard.gaps, 'now'))
  }

  collect(): void {
    for (const reader of this.#readers) {
      while (reader.next(this.#record)) {
        this.#gaps.push(readGap(this.#record, this.#engine.instruments))
      }
    }
  }

  /**
   * Book updates that the mock sent and no connection delivered: lost with a connection, or in a
   * gap that no fault of the mock's own in that interval explains.
   */
  count(faults: readonly FaultEntry[]): number {
    this.collect()
    let lost = 0
    for (const gap of this.#gaps) {
      const isOurs =
        gap.reason === 'connection_lost' || (gap.reason === 'gap' && !isExplained(gap, faults))
      if (isOurs) lost += gap.updates_lost ?? 0
    }
    return lost
  }
}

function isExplained({ topic, u_from, u_to }: GapFacts, faults: readonly FaultEntry[]): boolean {
  if (u_from === null || u_to === null) return false
  return faults.some(({ topics, u }) => topics.includes(topic) && u > u_from && u <= u_to)
}
