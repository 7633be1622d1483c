import type { Random } from '../core/random.ts'
import { scanRecords } from '../core/record-file.ts'
import type { RecordStorage } from '../core/record-storage.ts'
import { JOURNAL_NAME } from '../domain/journal.ts'
import { decodeJournalRecord } from '../domain/journal-codec.ts'
import { ExecutionState } from '../execution/execution-state.ts'
import {
  type CheckpointUse,
  journalFolder,
  type OpenedJournal,
} from '../execution/journal/journal.ts'
import { foldInto } from '../execution/recovery.ts'
import { encodeState, restoreState } from '../execution/saved-state.ts'
import type { Trace } from './trace.ts'

export type CheckpointCounts = Readonly<{
  written: number
  /** Could not be written: trading goes on. */
  failed: number
  /** Starts from one. */
  read: number
  /** Torn, damaged or half written, and passed over at a start. */
  refused: number
}>

/** In two histories of three the engine writes checkpoints, at distances of its own. */
const HISTORIES_WITH = 2
const HISTORIES_OF = 3
const RECORDS_MIN = 5
const RECORDS_MAX = 120

/** Checkpoints of one history: how often there are any, and whether each is worth its journal. */
export class SimCheckpoints {
  readonly #recordsMin: number | undefined
  readonly #trace: Trace
  readonly #counts = { written: 0, failed: 0, read: 0, refused: 0 }

  constructor(random: Random, trace: Trace) {
    const isUsed = random.below(HISTORIES_OF) < HISTORIES_WITH
    const distance = RECORDS_MIN + random.below(RECORDS_MAX - RECORDS_MIN)
    this.#recordsMin = isUsed ? distance : undefined
    this.#trace = trace
  }

  get counts(): CheckpointCounts {
    return this.#counts
  }

  /** For one start; undefined: this engine knows none. */
  use(state: ExecutionState): CheckpointUse | undefined {
    const recordsMin = this.#recordsMin
    if (recordsMin === undefined) return undefined
    return {
      recordsMin,
      restore: (bytes) => restoreState(bytes, state),
      onEvent: ({ event, sequence }) => {
        this.#counts[event]++
        this.#trace.add('checkpoint', `${event} at ${sequence}`)
      },
    }
  }

  /** Answers what is wrong with a start from a checkpoint; the whole journal is there to tell. */
  look(opened: OpenedJournal, state: ExecutionState, storage: RecordStorage): string | undefined {
    const { checkpoint, checkpointsRefused } = opened
    this.#counts.refused += checkpointsRefused.length
    for (const refusal of checkpointsRefused) this.#trace.add('checkpoint', `refused: ${refusal}`)
    if (checkpoint === undefined) return undefined
    this.#counts.read++
    this.#trace.add('checkpoint', `read at ${checkpoint.sequence}`)
    const whole = new ExecutionState()
    const fold = foldInto(whole)
    const scanned = scanRecords(
      { folder: journalFolder('sim'), name: JOURNAL_NAME },
      ({ payload }) => {
        const record = decodeJournalRecord(payload)
        return record.ok ? fold(record.value) : record
      },
      storage,
    )
    if (!scanned.ok) return `the journal cannot be read from its first record: ${scanned.message}`
    const isEqual = Buffer.from(encodeState(state)).equals(encodeState(whole))
    return isEqual ? undefined : `the start from record ${checkpoint.sequence} has another state`
  }
}
