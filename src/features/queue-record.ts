// hot
import { packedFloats } from '../core/packed-arrays.ts'

/**
 * What is known of a visible level and of a lot in its queue, each in one record of 8 doubles, which
 * is one line of the caches: an event changes few levels and few lots, and everything of each. What
 * is an index or flags is read with `| 0`: V8 keeps it as a double otherwise, and converts it at each
 * use.
 */
export const LEVEL_LOTS = 0
export const LEVEL_BIRTH_MS = 1
/** Seen in a snapshot or revealed (1): older than its birth says. */
export const LEVEL_IS_CENSORED = 2
/** Events of the window that made its price the best. */
export const LEVEL_TOUCHES = 3
/** Its lots: first and last of the list, or NO_LOT, and how many. */
export const LEVEL_OLDEST = 4
export const LEVEL_NEWEST = 5
export const LEVEL_LOT_COUNT = 6

export const LOT_OLDER = 0
/** Unused lots are linked through this field. */
export const LOT_NEWER = 1
export const LOT_FIRST_LOTS = 2
export const LOT_LEFT_LOTS = 3
export const LOT_BIRTH_MS = 4
/** Stream position of the message that added it. */
export const LOT_POSITION = 5
export const LOT_FLAGS = 6

export const RECORD_FIELDS = 8

export const NO_LOT = -1

/** Levels without lots, by slot. */
export function createLevelRecords(slots: number): Float64Array {
  const records = packedFloats(slots * RECORD_FIELDS)
  for (let slot = 0; slot < slots; slot++) {
    records[slot * RECORD_FIELDS + LEVEL_OLDEST] = NO_LOT
    records[slot * RECORD_FIELDS + LEVEL_NEWEST] = NO_LOT
  }
  return records
}
