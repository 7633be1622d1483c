import { PROJECTION_AHEAD_READS_MAX, PROJECTION_BATCH_RECORDS_MAX } from '../constants.ts'
import { firstKeptSequence, type RecordFilePlace, RecordTailer } from '../core/record-file.ts'
import type { StoredRecord } from '../core/record-format.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { JOURNAL_KIND_JSON } from '../domain/journal.ts'
import { decodeJournalRecord } from '../domain/journal-codec.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { countConflicts } from './conflicts.ts'
import { type MigrationCode, migrate } from './migrations.ts'
import {
  applyRecords,
  clearProjection,
  NOTHING_APPLIED,
  type ProjectionOffset,
  readOffset,
  type SequencedRecord,
  writeOffset,
} from './projection.ts'
import type { SqlClient } from './sql-client.ts'

/**
 * Follows the execution journal and keeps the SQL projection of it. Rows and offset move in one
 * transaction, so that a crash at any point neither loses nor doubles a row: what was committed is
 * behind the offset, what was not will be read again.
 *
 * The checksum of the last record applied shows whether the journal still is the one that was
 * applied; a power cut may take back records that were read before they were durable. Then the
 * projection is made again. The checksum of the first record says whether it is the same journal at
 * all: the projection of another one is never overwritten. Where the first record was deleted
 * (journal retention), the runs that both tell of say so, and a projection that is made again begins
 * with the first record that is left.
 */
export type ProjectorCode = ResultCode | MigrationCode

/** Of one batch, in what is told. */
const CONFLICTS_SHOWN_MAX = 10

export type ProjectorStatus = Readonly<{ offset: number; lagRecords: number }>

export type ProjectorEvent = Readonly<{
  /** `conflict`: records that another record's row keeps out of SQL. */
  event: 'migrated' | 'rebuilding' | 'conflict'
  detail: string
}>

export class Projector {
  readonly #client: SqlClient
  readonly #place: RecordFilePlace
  readonly #note: (event: ProjectorEvent) => void
  #tailer: RecordTailer
  #ahead: RecordTailer
  #offset: ProjectionOffset
  /** The record after which reading began. */
  #start: number
  #isContinuous = false
  /** Records of a kind that later versions may write. */
  skipped = 0
  /** Records of all that was applied whose key the row of another record has. */
  conflicts: number

  private constructor(
    client: SqlClient,
    place: RecordFilePlace,
    offset: ProjectionOffset,
    conflicts: number,
    note: (event: ProjectorEvent) => void,
  ) {
    this.conflicts = conflicts
    this.#client = client
    this.#place = place
    this.#note = note
    this.#offset = offset
    this.#start = startOf(place, offset)
    this.#tailer = new RecordTailer(place, this.#start)
    this.#ahead = new RecordTailer(place, this.#start)
  }

  /** Brings the schema up to date and finds out where to go on. The client stays the caller's. */
  static async open(
    client: SqlClient,
    place: RecordFilePlace,
    note: (event: ProjectorEvent) => void = () => {},
  ): Promise<Result<Projector, ProjectorCode>> {
    const migrated = await migrate(client)
    if (!migrated.ok) return migrated
    for (const name of migrated.value) note({ event: 'migrated', detail: name })
    const offset = await readOffset(client, 'look')
    if (!offset.ok) return offset
    const conflicts = await countConflicts(client)
    if (!conflicts.ok) return conflicts
    return succeed(new Projector(client, place, offset.value, conflicts.value, note))
  }

  /**
   * Applies the next batch; answers how many records. 0: there is none yet. A failure leaves the
   * projection as it was, and the projector of no more use: open another.
   */
  async step(): Promise<Result<number, ProjectorCode>> {
    const known = await this.#checkContinuity()
    if (!known.ok) return known
    if (known.value === 'wait') return succeed(0)
    if (known.value === 'rewound') {
      const rebuilt = await this.rebuild('the journal lost records that were applied')
      if (!rebuilt.ok) return rebuilt
    }
    if (this.#offset.isAppliedAgain) {
      const again = await this.#applyAgain()
      if (!again.ok) return again
    }
    const read = this.#tailer.read(PROJECTION_BATCH_RECORDS_MAX)
    if (!read.ok) return read
    if (read.value.length === 0) return succeed(0)
    const applied = await this.#apply(read.value)
    return applied.ok ? succeed(read.value.length) : applied
  }

  /** Steps until nothing is left; answers how many records were applied. */
  async catchUp(): Promise<Result<number, ProjectorCode>> {
    let total = 0
    for (;;) {
      const stepped = await this.step()
      if (!stepped.ok) return stepped
      if (stepped.value === 0) return succeed(total)
      total += stepped.value
    }
  }

  /** Empties the projection; the next steps make it again from the first record. */
  async rebuild(reason: string): Promise<Result<void, ProjectorCode>> {
    this.#note({ event: 'rebuilding', detail: reason })
    const cleared = await this.#client.transaction(clearProjection)
    if (!cleared.ok) return cleared
    this.conflicts = 0
    this.#restart(NOTHING_APPLIED)
    return succeed(undefined)
  }

  /** Where it is, and how many records wait behind that. */
  status(): ProjectorStatus {
    const offset = this.#offset.sequence
    const from = Math.max(offset, this.#start)
    if (this.#ahead.sequence < offset) {
      this.#ahead.close()
      this.#ahead = new RecordTailer(this.#place, offset)
    }
    for (let reads = 0; reads < PROJECTION_AHEAD_READS_MAX; reads++) {
      const read = this.#ahead.read(PROJECTION_BATCH_RECORDS_MAX)
      // The step that comes next meets the same trouble and deals with it.
      if (!read.ok || read.value.length === 0) break
    }
    return { offset, lagRecords: this.#ahead.sequence - from }
  }

  close(): void {
    this.#tailer.close()
    this.#ahead.close()
  }

  /** Once, before the first batch: is the record at the offset still the one that was applied? */
  async #checkContinuity(): Promise<Result<'same' | 'rewound' | 'wait', ProjectorCode>> {
    const { sequence, recordChecksum, firstChecksum } = this.#offset
    if (this.#isContinuous || sequence === 0) return succeed('same')
    const kept = firstKeptSequence(this.#place)
    if (!kept.ok) return kept
    if (kept.value === 1) {
      const first = this.#recordAt(1)
      if (!first.ok) return first
      if (first.value === undefined) return succeed('wait')
      if (first.value.checksum !== firstChecksum) return this.#ofAnother()
    }
    const last = this.#recordAt(sequence)
    const isRewound = last.ok ? last.value === undefined : last.code === 'journal_rewound'
    if (!isRewound && !last.ok) return last
    if (isRewound || !last.ok || last.value?.checksum !== recordChecksum) {
      if (kept.value === 1 || (await this.#tellsOfRunAfter(kept.value))) return succeed('rewound')
      return this.#ofAnother()
    }
    this.#isContinuous = true
    return succeed('same')
  }

  #ofAnother(): Result<never, ProjectorCode> {
    const text = `${this.#client.name} holds the projection of another journal`
    return fail('projection_mismatch', `${text}: use another database, or drop schema bookflow`)
  }

  /** Whether a run that the projection has from `sequence` on begins so in the journal too. */
  async #tellsOfRunAfter(sequence: number): Promise<boolean> {
    const rows = await this.#client.query(
      `select journal_sequence, run, started_us from bookflow.runs where journal_sequence >= $1
      order by journal_sequence limit 1`,
      [sequence],
    )
    const row = rows.ok ? rows.value[0] : undefined
    if (row === undefined) return false
    const stored = this.#recordAt(Number(row.journal_sequence))
    if (!stored.ok || stored.value === undefined) return false
    const record = decodeJournalRecord(stored.value.payload)
    if (!record.ok || record.value.type !== 'run_started') return false
    const { run, time_us: timeUs } = record.value
    return run === Number(row.run) && timeUs === Number(row.started_us)
  }

  /** From the first record that is left, over the rows there are: every statement may run twice. */
  async #applyAgain(): Promise<Result<void, ProjectorCode>> {
    this.#note({ event: 'rebuilding', detail: 'a migration needs records of before it' })
    const moved = await this.#client.transaction((session) => writeOffset(session, NOTHING_APPLIED))
    if (!moved.ok) return moved
    this.#restart(NOTHING_APPLIED)
    return succeed(undefined)
  }

  #recordAt(sequence: number): Result<StoredRecord | undefined, ProjectorCode> {
    const tailer = new RecordTailer(this.#place, sequence - 1)
    const read = tailer.read(1)
    tailer.close()
    return read.ok ? succeed(read.value[0]) : read
  }

  async #apply(batch: readonly StoredRecord[]): Promise<Result<void, ProjectorCode>> {
    const records: SequencedRecord[] = []
    for (const { sequence, kind, payload } of batch) {
      if (kind !== JOURNAL_KIND_JSON) {
        this.skipped++
        continue
      }
      const record = decodeJournalRecord(payload)
      if (!record.ok) return fail(record.code, `record ${sequence}: ${record.message}`)
      records.push({ ...record.value, journal_sequence: sequence })
    }
    const before = this.#offset
    const last = batch[batch.length - 1]
    const after: ProjectionOffset = {
      sequence: last.sequence,
      recordChecksum: last.checksum,
      firstChecksum: before.sequence === 0 ? batch[0].checksum : before.firstChecksum,
      isAppliedAgain: false,
    }
    let conflicts: readonly number[] = []
    const committed = await this.#client.transaction<void, ProjectorCode>(async (session) => {
      const stored = await readOffset(session, 'lock')
      if (!stored.ok) return stored
      if (stored.value.sequence !== before.sequence) {
        return fail('projection_mismatch', 'another process moved the projection')
      }
      const applied = await applyRecords(session, records)
      if (!applied.ok) return applied
      conflicts = applied.value
      return writeOffset(session, after)
    })
    if (!committed.ok) return committed
    this.#noteConflicts(conflicts)
    this.#offset = after
    this.#isContinuous = true
    return succeed(undefined)
  }

  #noteConflicts(sequences: readonly number[]): void {
    if (sequences.length === 0) return
    this.conflicts += sequences.length
    const shown = sequences.slice(0, CONFLICTS_SHOWN_MAX).join(', ')
    const more = sequences.length > CONFLICTS_SHOWN_MAX ? ', ...' : ''
    const text = `${sequences.length} records whose key another record has: ${shown}${more}`
    this.#note({ event: 'conflict', detail: `${text} (bookflow.projection_conflicts)` })
  }

  #restart(offset: ProjectionOffset): void {
    this.close()
    this.#offset = offset
    this.#isContinuous = false
    this.#start = startOf(this.#place, offset)
    this.#tailer = new RecordTailer(this.#place, this.#start)
    this.#ahead = new RecordTailer(this.#place, this.#start)
  }
}

/** A projection of nothing begins with the first record that is left. */
function startOf(place: RecordFilePlace, { sequence }: ProjectionOffset): number {
  if (sequence > 0) return sequence
  const kept = firstKeptSequence(place)
  return kept.ok ? kept.value - 1 : 0
}
