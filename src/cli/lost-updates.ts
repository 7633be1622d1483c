import { BroadcastReader } from '../memory/broadcast.ts'
import { GAP_FIELDS, type GapFacts, readGap } from '../memory/gap-record.ts'
import type { FaultEntry } from '../sim/fault-log.ts'
import type { Engine } from '../threads/engine.ts'
import type { OpenFault } from './fault-account.ts'
import type { LineAccount } from './line-account.ts'

export type LostCount = Readonly<{
  lost: number
  lostOnBothLines: number
  open: readonly OpenFault[]
}>

/** Of a topic that is carried twice. */
const LINES = 2

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
   * Book updates that the mock sent and the engine never applied: in a gap that no fault of the
   * mock's own in that interval explains. What went by while the mock had broken both lines of a
   * topic stands apart, as no engine can have that.
   */
  count(faults: readonly FaultEntry[], lines: LineAccount): LostCount {
    this.collect()
    const open: OpenFault[] = []
    let lost = 0
    let lostOnBothLines = 0
    for (const gap of this.#gaps) {
      const updates = gap.updates_lost ?? 0
      if (updates === 0 || !isOurs(gap, faults)) continue
      const { since_us, topic } = gap
      const isDark = lines.brokenLines(topic, since_us, since_us + gap.ms * 1000) >= LINES
      if (isDark) lostOnBothLines += updates
      else {
        lost += updates
        const at_ms = Math.round(since_us / 1000)
        open.push({ what: 'gap', kind: gap.reason, topic, u: gap.u_from ?? 0, at_ms })
      }
    }
    return { lost, lostOnBothLines, open }
  }
}

/** Updates of a shard that was killed, or that came spoiled, are faults of another kind. */
function isOurs(gap: GapFacts, faults: readonly FaultEntry[]): boolean {
  if (gap.reason === 'connection_lost') return true
  return (gap.reason === 'gap' || gap.reason === 'snapshot') && !isExplained(gap, faults)
}

function isExplained({ topic, u_from, u_to }: GapFacts, faults: readonly FaultEntry[]): boolean {
  if (u_from === null || u_to === null) return false
  return faults.some(({ topics, u }) => topics.includes(topic) && u > u_from && u <= u_to)
}
