import { basename } from 'node:path'
import { assert } from '../core/assert.ts'
import type { FolderLock, LockCode } from '../core/folder-lock.ts'
import type { RecordOutput, RecordStorage } from '../core/record-storage.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { JOURNAL_NAME } from '../domain/journal.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Death, Life } from './life.ts'
import type { Timeline } from './timeline.ts'

/** `isJournal`: not a checkpoint, whose loss nothing depends on. */
type SimFile = { bytes: Buffer; length: number; syncedLength: number; readonly isJournal: boolean }

const WRITE_US = 20
const SYNC_US_MIN = 100
const SYNC_US_MAX = 2_000
const SLOW_SYNC_US = 250_000

/**
 * A disk that keeps for certain only what was synced. A crash leaves of the rest what chance says:
 * none, some, all, or some with a flipped bit.
 */
export class SimDisk {
  /** Of bytes that have just become durable. */
  onDurable: (bytes: Buffer, from: number) => void = () => {}
  readonly #files = new Map<string, SimFile>()
  /** Since the power was lost: no sync of the folder has made it last. */
  readonly #removed = new Map<string, SimFile>()
  readonly #timeline: Timeline
  readonly #faults: FaultPlan
  #owner: Life | undefined
  #isFull = false

  constructor(timeline: Timeline, faults: FaultPlan) {
    this.#timeline = timeline
    this.#faults = faults
  }

  lock(life: Life): Result<FolderLock, LockCode> {
    if (this.#owner?.isAlive === true) return fail('data_folder_locked', 'another process has it')
    this.#owner = life
    return succeed({
      release: () => {
        if (this.#owner === life) this.#owner = undefined
      },
    })
  }

  /** Room is made again, as a person would. */
  mend(): void {
    this.#isFull = false
  }

  crash(death: Death): void {
    const faults = this.#faults
    for (const file of this.#files.values()) {
      const tail = file.length - file.syncedLength
      if (tail > 0 && death === 'power_lost') {
        if (faults.hits('tail_lost')) file.length = file.syncedLength + faults.below(tail + 1)
        const kept = file.length - file.syncedLength
        if (kept > 0 && faults.hits('tail_flipped')) {
          file.bytes[file.syncedLength + faults.below(kept)] ^= 1 << faults.below(8)
        }
      }
      file.syncedLength = file.length
    }
    if (death !== 'power_lost') return
    for (const [path, file] of this.#removed) {
      if (!this.#files.has(path) && faults.hits('removed_is_back')) this.#files.set(path, file)
    }
    this.#removed.clear()
  }

  /** The disk as one process sees it: nothing passes once that is dead. */
  session(life: Life): RecordStorage {
    return {
      list: () => [...this.#files.keys()].map((path) => basename(path)),
      read: (path) => {
        const file = this.#file(path)
        return Buffer.from(file.bytes.subarray(0, file.length))
      },
      create: (path, bytes) => {
        const isJournal = basename(path).startsWith(JOURNAL_NAME)
        if (!life.pass('create')) return
        assert(!this.#files.has(path), 'a new file has a new name')
        const { length } = bytes
        const file = { bytes: Buffer.from(bytes), length, syncedLength: length, isJournal }
        this.#files.set(path, file)
      },
      open: (path) => Promise.resolve(this.#output(this.#file(path), life)),
      persist: (path) => {
        if (!life.pass('persist')) return
        const file = this.#file(path)
        file.syncedLength = file.length
      },
      truncate: (path, bytes) => {
        if (!life.pass('truncate')) return
        const file = this.#file(path)
        file.length = bytes
        file.syncedLength = Math.min(file.syncedLength, bytes)
      },
      remove: (path) => {
        if (!life.pass('remove')) return
        this.#removed.set(path, this.#file(path))
        this.#files.delete(path)
      },
    }
  }

  #file(path: string): SimFile {
    const file = this.#files.get(path)
    assert(file !== undefined, 'a file that is read is there')
    return file
  }

  #output(file: SimFile, life: Life): RecordOutput {
    return {
      write: (buffer, from, length, at) => this.#write(file, life, buffer, from, length, at),
      sync: () => this.#sync(file, life),
      close: () => Promise.resolve(),
    }
  }

  #write(
    file: SimFile,
    life: Life,
    buffer: Buffer,
    from: number,
    length: number,
    at: number,
  ): Promise<number> {
    const faults = this.#faults
    if (!life.pass(file.isJournal ? 'write' : 'checkpoint')) {
      // Torn: what the dying process had handed over is there in part.
      this.#put(file, buffer.subarray(from, from + faults.below(length + 1)), at)
      return never()
    }
    if (this.#isFull || faults.hits('disk_full')) {
      this.#isFull = true
      life.hasDiskFailed ||= file.isJournal
      this.#put(file, buffer.subarray(from, from + faults.below(length)), at)
      return Promise.reject(new Error('ENOSPC: no space left on device'))
    }
    const written = faults.hits('write_short') ? 1 + faults.below(length) : length
    this.#put(file, buffer.subarray(from, from + written), at)
    return this.#later(WRITE_US, life, () => written)
  }

  #put(file: SimFile, bytes: Buffer, at: number): void {
    const end = at + bytes.length
    if (end > file.bytes.length) {
      const larger = Buffer.alloc(2 * end)
      file.bytes.copy(larger, 0, 0, file.length)
      file.bytes = larger
    }
    bytes.copy(file.bytes, at)
    file.length = Math.max(file.length, end)
  }

  #sync(file: SimFile, life: Life): Promise<void> {
    const faults = this.#faults
    if (!life.pass(file.isJournal ? 'sync' : 'checkpoint')) return never()
    const { length } = file
    if (faults.hits('sync_failed')) {
      life.hasDiskFailed ||= file.isJournal
      return Promise.reject(new Error('EIO: i/o error, fdatasync'))
    }
    const slowUs = faults.hits('sync_slow') ? SLOW_SYNC_US : 0
    const durationUs = slowUs + faults.between(SYNC_US_MIN, SYNC_US_MAX)
    return this.#later(durationUs, life, () => {
      const from = file.syncedLength
      file.syncedLength = Math.max(from, length)
      if (file.isJournal) this.onDurable(file.bytes.subarray(0, file.syncedLength), from)
    })
  }

  #later<T>(durationUs: number, life: Life, answer: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#timeline.after(durationUs, () => {
        if (life.isAlive) resolve(answer())
      })
    })
  }
}

/** What a dead process waits for. */
export function never(): Promise<never> {
  return new Promise(() => {})
}
