import { join } from 'node:path'
import { assert } from './assert.ts'
import type { Clock } from './clock.ts'
import type { RecordFilePlace, RecordMark, ScanEnd } from './record-file.ts'
import {
  checksumAt,
  encodeRecord,
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
} from './record-format.ts'
import { fileStorage, type RecordOutput, type RecordStorage } from './record-storage.ts'
import { fail, messageOf, type Result, succeed } from './result.ts'

/**
 * The one writer of a record file. `append` queues; `flush` resolves when everything queued before
 * it is durable. All records queued while a sync runs share the next one (group commit). After a
 * failed write or sync nothing more is accepted: the kernel may have dropped the pages, so a second
 * sync that succeeds would prove nothing.
 */
export type RecordWriterOptions = Readonly<{
  place: RecordFilePlace
  run: number
  /** A segment that has grown past this is closed and the next begun. */
  segmentBytesMax: number
  /** Records that may wait for a sync. */
  queueRecordsMax: number
  clock: Clock
  /** The file system when it is not said. */
  storage?: RecordStorage
  /** After each sync: records made durable by it, and how long write and sync took. */
  onSync?: (records: number, durationUs: number) => void
}>

export type WriteCode = 'data_folder_unwritable' | 'journal_unavailable'

type Queued = Readonly<{ sequence: number; kind: number; payload: Uint8Array }>
type Waiter = Readonly<{ sequence: number; resolve: (result: Result<void, WriteCode>) => void }>

/** Cuts off what a crash tore. A segment without a whole header is removed. */
export function cutTornTail(
  torn: NonNullable<ScanEnd['torn']>,
  storage: RecordStorage = fileStorage,
): Result<void, 'data_folder_unwritable'> {
  try {
    if (torn.offset === 0) storage.remove(torn.file)
    else storage.truncate(torn.file, torn.offset)
    return succeed(undefined)
  } catch (error) {
    return fail('data_folder_unwritable', `cannot cut ${torn.file}: ${messageOf(error)}`)
  }
}

export class RecordWriter {
  readonly #options: RecordWriterOptions
  #file: RecordOutput
  #segment: number
  #bytes = SEGMENT_HEADER_BYTES
  #sequence: number
  #durable: number
  #checksum = 0
  #queue: Queued[] = []
  #waiters: Waiter[] = []
  #isWriting = false
  #failure = ''
  #buffer = Buffer.allocUnsafe(64 * 1024)

  private constructor(options: RecordWriterOptions, end: ScanEnd, file: RecordOutput) {
    this.#options = options
    this.#file = file
    this.#segment = end.lastSegment + 1
    this.#sequence = end.lastSequence
    this.#durable = end.lastSequence
  }

  /**
   * Begins the segment after `end`, which a scan of the same place just answered, its torn tail cut
   * off.
   */
  static async open(
    options: RecordWriterOptions,
    end: ScanEnd,
  ): Promise<Result<RecordWriter, 'data_folder_unwritable'>> {
    const persisted = persistLast(options, end)
    if (!persisted.ok) return persisted
    const file = await createSegment(options, end.lastSegment + 1, end.lastSequence + 1)
    return file.ok ? succeed(new RecordWriter(options, end, file.value)) : file
  }

  get sequence(): number {
    return this.#sequence
  }

  /**
   * The last record, when it is durable and of this writer, so that its segment is known; else
   * undefined.
   */
  get mark(): RecordMark | undefined {
    if (this.#isWriting || this.#durable !== this.#sequence) return undefined
    if (this.#bytes === SEGMENT_HEADER_BYTES) return undefined
    return { sequence: this.#durable, checksum: this.#checksum, segment: this.#segment }
  }

  /** Queues one record and answers its sequence. `payload` must not change afterwards. */
  append(kind: number, payload: Uint8Array): Result<number, WriteCode> {
    if (this.#failure !== '') return fail('journal_unavailable', this.#failure)
    if (this.#queue.length >= this.#options.queueRecordsMax) {
      return fail('journal_unavailable', 'too many records wait for their sync')
    }
    this.#sequence++
    this.#queue.push({ sequence: this.#sequence, kind, payload })
    return succeed(this.#sequence)
  }

  /** Resolves when every record appended so far is durable, or cannot become so. */
  flush(): Promise<Result<void, WriteCode>> {
    if (this.#failure !== '') return Promise.resolve(fail('journal_unavailable', this.#failure))
    if (this.#durable === this.#sequence) return Promise.resolve(succeed(undefined))
    return new Promise((resolve) => {
      this.#waiters.push({ sequence: this.#sequence, resolve })
      if (!this.#isWriting) void this.#write()
    })
  }

  async close(): Promise<Result<void, WriteCode>> {
    const flushed = await this.flush()
    try {
      await this.#file.close()
    } catch (error) {
      return fail('data_folder_unwritable', messageOf(error))
    }
    return flushed
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#queue.length > 0 && this.#waiters.length > 0 && this.#failure === '') {
      const batch = this.#queue
      this.#queue = []
      await this.#writeBatch(batch)
      this.#answer()
    }
    this.#isWriting = false
  }

  async #writeBatch(batch: readonly Queued[]): Promise<void> {
    const length = this.#encode(batch)
    const startUs = this.#options.clock.nowUs()
    try {
      if (this.#bytes + length > this.#options.segmentBytesMax)
        await this.#rotate(batch[0].sequence)
      if (this.#failure !== '') return
      for (let at = 0; at < length; ) {
        const bytesWritten = await this.#file.write(this.#buffer, at, length - at, this.#bytes)
        assert(bytesWritten > 0, 'a write to a file writes something or fails')
        at += bytesWritten
        this.#bytes += bytesWritten
      }
      await this.#file.sync()
    } catch (error) {
      this.#failure = `the journal cannot be written: ${messageOf(error)}`
      return
    }
    this.#durable = batch[batch.length - 1].sequence
    const lastBytes = RECORD_HEADER_BYTES + batch[batch.length - 1].payload.length
    this.#checksum = checksumAt(this.#buffer, length - lastBytes)
    this.#options.onSync?.(batch.length, this.#options.clock.nowUs() - startUs)
  }

  #encode(batch: readonly Queued[]): number {
    let bytes = 0
    for (const record of batch) bytes += RECORD_HEADER_BYTES + record.payload.length
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(2 * bytes)
    let at = 0
    for (const [place, { sequence, kind, payload }] of batch.entries()) {
      at = encodeRecord(this.#buffer, at, { sequence, kind, place, payload })
    }
    return at
  }

  async #rotate(firstSequence: number): Promise<void> {
    if (this.#bytes === SEGMENT_HEADER_BYTES) return // one batch larger than a segment
    const next = await createSegment(this.#options, this.#segment + 1, firstSequence)
    if (!next.ok) {
      this.#failure = next.message
      return
    }
    await this.#file.close()
    this.#file = next.value
    this.#segment++
    this.#bytes = SEGMENT_HEADER_BYTES
  }

  #answer(): void {
    const waiting: Waiter[] = []
    for (const waiter of this.#waiters) {
      if (this.#failure !== '') waiter.resolve(fail('journal_unavailable', this.#failure))
      else if (waiter.sequence <= this.#durable) waiter.resolve(succeed(undefined))
      else waiting.push(waiter)
    }
    this.#waiters = waiting
  }
}

/**
 * What the last run wrote and never synced was read from memory by the scan, and nothing may build
 * on it before it is durable.
 */
function persistLast(
  { place, storage = fileStorage }: RecordWriterOptions,
  end: ScanEnd,
): Result<void, 'data_folder_unwritable'> {
  if (end.lastSegment === 0) return succeed(undefined)
  const path = join(place.folder, segmentFileName(place.name, end.lastSegment))
  try {
    storage.persist(path)
    return succeed(undefined)
  } catch (error) {
    return fail('data_folder_unwritable', `cannot write ${path} again: ${messageOf(error)}`)
  }
}

/** A new segment is durable, name and all, before its first record is written. */
async function createSegment(
  options: RecordWriterOptions,
  segment: number,
  firstSequence: number,
): Promise<Result<RecordOutput, 'data_folder_unwritable'>> {
  const { place, run, storage = fileStorage } = options
  const path = join(place.folder, segmentFileName(place.name, segment))
  try {
    storage.create(path, encodeSegmentHeader({ firstSequence, segment, run }))
    return succeed(await storage.open(path))
  } catch (error) {
    return fail('data_folder_unwritable', `cannot create ${path}: ${messageOf(error)}`)
  }
}
