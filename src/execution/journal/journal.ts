import { join } from 'node:path'
import { JOURNAL_QUEUE_RECORDS_MAX, JOURNAL_SEGMENT_BYTES_MAX } from '../../constants.ts'
import type { Clock } from '../../core/clock.ts'
import { type FolderLock, type LockCode, lockFolder } from '../../core/folder-lock.ts'
import { type ScanEnd, scanRecords } from '../../core/record-file.ts'
import { fileStorage, type RecordStorage } from '../../core/record-storage.ts'
import { cutTornTail, RecordWriter } from '../../core/record-writer.ts'
import { type Failure, type Result, succeed } from '../../core/result.ts'
import { JOURNAL_KIND_JSON, JOURNAL_NAME, type JournalRecord } from '../../domain/journal.ts'
import { decodeJournalRecord, encodeJournalRecord } from '../../domain/journal-codec.ts'
import type { ResultCode } from '../../domain/result-codes.ts'

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
  close(): Promise<Result<void, ResultCode>>
}

export type JournalOptions = Readonly<{
  /** The data folder; the journal lies in its folder `journal`. */
  dataFolder: string
  clock: Clock
  onSync?: (records: number, durationUs: number) => void
  segmentBytesMax?: number
  queueRecordsMax?: number
  /** The file system and its lock when they are not said. */
  storage?: RecordStorage
  lock?: (folder: string) => Result<FolderLock, LockCode>
}>

export type OpenedJournal = Readonly<{ journal: Journal; end: ScanEnd }>

export function journalFolder(dataFolder: string): string {
  return join(dataFolder, 'journal')
}

/**
 * Takes the folder for this process, reads every record in order into `visit`, cuts off a torn tail
 * and begins a new segment under the next run number. Codes: data_folder_unwritable,
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
  return succeed({ journal: new FileJournal(run, writer.value, lock), end })
}

class FileJournal implements Journal {
  readonly run: number
  readonly #writer: RecordWriter
  readonly #lock: FolderLock

  constructor(run: number, writer: RecordWriter, lock: FolderLock) {
    this.run = run
    this.#writer = writer
    this.#lock = lock
  }

  append(record: JournalRecord): Result<number, ResultCode> {
    return this.#writer.append(JOURNAL_KIND_JSON, encodeJournalRecord(record))
  }

  flush(): Promise<Result<void, ResultCode>> {
    return this.#writer.flush()
  }

  async close(): Promise<Result<void, ResultCode>> {
    const closed = await this.#writer.close()
    this.#lock.release()
    return closed
  }
}
