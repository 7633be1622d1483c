import { join } from 'node:path'
import { JOURNAL_QUEUE_RECORDS_MAX, JOURNAL_SEGMENT_BYTES_MAX, VERSION } from '../../constants.ts'
import type { Clock } from '../../core/clock.ts'
import { type FolderLock, type LockCode, lockFolder } from '../../core/folder-lock.ts'
import { type ScanEnd, scanRecords } from '../../core/record-file.ts'
import { listSegments } from '../../core/record-folder.ts'
import { fileStorage, type RecordStorage } from '../../core/record-storage.ts'
import { cutTornTail, RecordWriter } from '../../core/record-writer.ts'
import { type Failure, type Result, succeed } from '../../core/result.ts'
import { JOURNAL_KIND_JSON, JOURNAL_NAME, type JournalRecord } from '../../domain/journal.ts'
import { decodeJournalRecord, encodeJournalRecord } from '../../domain/journal-codec.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import {
  type Checkpoint,
  checkpointFile,
  listCheckpoints,
  readCheckpoint,
} from './checkpoint-file.ts'
import { type CheckpointEvent, Checkpointer } from './checkpointer.ts'

/**
 * Where the actor writes what it did. Nothing leaves the process before `flush` has said that it is
 * durable.
 */
export type Journal = {
  /** Number of this run, one more than that of the last journaled one. */
  readonly run: number
  /** Queues a record; durable only after the next `flush`. */
  append(record: JournalRecord): Result<number, ResultCode>
  /** Resolves when everything appended so far is durable, or cannot become so. */
  flush(): Promise<Result<void, ResultCode>>
  /**
   * After a flush: `encode` answers the state that the durable records amount to, and is called when
   * it is time for a checkpoint. A journal without checkpoints does not have it.
   */
  offerCheckpoint?(encode: () => Uint8Array): void
  close(): Promise<Result<void, ResultCode>>
}

export type JournalOptions = Readonly<{
  /** The data folder; the journal lies in its folder `journal`. */
  dataFolder: string
  clock: Clock
  onSync?: (records: number, durationUs: number) => void
  segmentBytesMax?: number
  queueRecordsMax?: number
  /** Without it every record is read, and no checkpoint is written. */
  checkpoints?: CheckpointUse
  /** The file system and its lock when they are not said. */
  storage?: RecordStorage
  lock?: (folder: string) => Result<FolderLock, LockCode>
}>

export type CheckpointUse = Readonly<{
  /** Takes over a state of `offerCheckpoint`, or answers why it cannot, having changed nothing. */
  restore: (state: Uint8Array) => string | undefined
  onEvent: (event: CheckpointEvent) => void
  recordsMin?: number
}>

export type OpenedJournal = Readonly<{
  journal: Journal
  end: ScanEnd
  /** Where reading began; undefined: at the first record. */
  checkpoint: Readonly<{ file: string; sequence: number }> | undefined
  /** Newer ones that were of no use, and why. */
  checkpointsRefused: readonly string[]
}>

export function journalFolder(dataFolder: string): string {
  return join(dataFolder, 'journal')
}

/**
 * Takes the folder for this process, reads the newest checkpoint that is whole, and every record
 * after it in order into `visit`, cuts off a torn tail and begins a new segment under the next run
 * number. Codes: data_folder_unwritable,
 * data_folder_locked, journal_corrupt (file and offset in the message), input_unreadable.
 */
export async function openJournal(
  options: JournalOptions,
  visit: (record: JournalRecord) => Failure<ResultCode> | undefined,
): Promise<Result<OpenedJournal, ResultCode>> {
  const folder = journalFolder(options.dataFolder)
  const lock = (options.lock ?? lockFolder)(folder)
  if (!lock.ok) return lock
  const opened = await openLocked(options, folder, lock.value, visit)
  if (!opened.ok) lock.value.release()
  return opened
}

async function openLocked(
  options: JournalOptions,
  folder: string,
  lock: FolderLock,
  visit: (record: JournalRecord) => Failure<ResultCode> | undefined,
): Promise<Result<OpenedJournal, ResultCode>> {
  const place = { folder, name: JOURNAL_NAME }
  const storage = options.storage ?? fileStorage
  const found = findCheckpoint(folder, storage, options.checkpoints)
  const scanned = scanRecords<ResultCode>(
    place,
    (stored) => {
      const record = decodeJournalRecord(stored.payload)
      const refusal = record.ok ? visit(record.value) : record
      if (refusal === undefined) return undefined
      const where = `${folder}: record ${stored.sequence} of run ${stored.run}`
      return { ...refusal, message: `${where}: ${refusal.message}` }
    },
    storage,
    found.checkpoint?.mark,
  )
  if (!scanned.ok) return scanned
  const end = scanned.value
  if (end.torn !== undefined) {
    const cut = cutTornTail(end.torn, storage)
    if (!cut.ok) return cut
  }
  const run = end.lastRun + 1
  const writer = await RecordWriter.open(
    {
      place,
      run,
      segmentBytesMax: options.segmentBytesMax ?? JOURNAL_SEGMENT_BYTES_MAX,
      queueRecordsMax: options.queueRecordsMax ?? JOURNAL_QUEUE_RECORDS_MAX,
      clock: options.clock,
      storage,
      ...(options.onSync === undefined ? {} : { onSync: options.onSync }),
    },
    end,
  )
  if (!writer.ok) return writer
  const checkpointer =
    options.checkpoints === undefined
      ? undefined
      : new Checkpointer({
          ...options.checkpoints,
          ...place,
          run,
          storage,
          last: found.checkpoint?.mark,
        })
  const { checkpoint, refused } = found
  return succeed({
    journal: new FileJournal(run, writer.value, lock, checkpointer),
    end,
    checkpoint:
      checkpoint === undefined
        ? undefined
        : { file: checkpoint.file, sequence: checkpoint.mark.sequence },
    checkpointsRefused: refused,
  })
}

type Found = Readonly<{ checkpoint: Checkpoint | undefined; refused: readonly string[] }>

/** The newest checkpoint whose state could be taken over. */
function findCheckpoint(
  folder: string,
  storage: RecordStorage,
  use: CheckpointUse | undefined,
): Found {
  const refused: string[] = []
  if (use === undefined) return { checkpoint: undefined, refused }
  for (const segment of listCheckpoints(folder, storage).toReversed()) {
    const read = readCheckpoint(folder, segment, VERSION, storage)
    const reason = read.ok ? use.restore(read.value.state) : read.message
    if (read.ok && reason === undefined) return { checkpoint: read.value, refused }
    refused.push(`${checkpointFile(folder, segment)}: ${reason}`)
  }
  // Without its first segment the journal alone gives no state: a checkpoint of another version,
  // whose shape is ours, is then better than none.
  const segments = listSegments({ folder, name: JOURNAL_NAME }, storage)
  if (!segments.ok || (segments.value[0] ?? 1) === 1) return { checkpoint: undefined, refused }
  for (const segment of listCheckpoints(folder, storage).toReversed()) {
    const read = readCheckpoint(folder, segment, undefined, storage)
    if (read.ok && use.restore(read.value.state) === undefined) {
      return { checkpoint: read.value, refused }
    }
  }
  return { checkpoint: undefined, refused }
}

class FileJournal implements Journal {
  readonly run: number
  readonly #writer: RecordWriter
  readonly #lock: FolderLock
  readonly #checkpointer: Checkpointer | undefined

  constructor(
    run: number,
    writer: RecordWriter,
    lock: FolderLock,
    checkpointer: Checkpointer | undefined,
  ) {
    this.run = run
    this.#writer = writer
    this.#lock = lock
    this.#checkpointer = checkpointer
  }

  append(record: JournalRecord): Result<number, ResultCode> {
    return this.#writer.append(JOURNAL_KIND_JSON, encodeJournalRecord(record))
  }

  flush(): Promise<Result<void, ResultCode>> {
    return this.#writer.flush()
  }

  offerCheckpoint(encode: () => Uint8Array): void {
    const { mark } = this.#writer
    if (mark !== undefined) this.#checkpointer?.offer(mark, encode)
  }

  async close(): Promise<Result<void, ResultCode>> {
    await this.#checkpointer?.idle()
    const closed = await this.#writer.close()
    this.#lock.release()
    return closed
  }
}
