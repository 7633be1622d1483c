import type { StopChanged } from '../domain/journal-stops.ts'
import { instrumentKey } from './holding.ts'

/** Key of a flatten of every instrument. */
export const ALL_INSTRUMENTS = '*'

/** Kills and flattens that have not ended, as a fold of the journal: they outlive the process. */
export class StopFold {
  /** Undefined when there is none, or it was released. */
  kill: StopChanged | undefined
  /** By `flattenKey`; at most one an instrument, and one for all. */
  readonly flattening = new Map<string, StopChanged>()

  get isKilled(): boolean {
    return this.kill !== undefined
  }

  apply(record: StopChanged): void {
    if (record.stop === 'kill') {
      this.kill = record.phase === 'released' ? undefined : record
      return
    }
    const key = flattenKey(record)
    if (record.phase === 'ordered' || record.phase === 'stuck') this.flattening.set(key, record)
    else this.flattening.delete(key)
  }
}

export function flattenKey({ category, symbol }: StopChanged): string {
  if (symbol === null || category === null) return ALL_INSTRUMENTS
  return instrumentKey({ category, symbol })
}
