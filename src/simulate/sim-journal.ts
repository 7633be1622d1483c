import { type Result, succeed } from '../core/result.ts'
import type { JournalRecord } from '../domain/journal.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { Journal } from '../execution/journal/journal.ts'
import type { Life } from './life.ts'
import type { PlantedBug } from './planted-bugs.ts'

/** The real journal, with a point to die at before each record, and mistakes put in. */
export class SimJournal implements Journal {
  readonly run: number
  readonly #inner: Journal
  readonly #life: Life
  readonly #bugs: ReadonlySet<PlantedBug>
  #oldState: Uint8Array | undefined
  #appended = 0
  #flushed = 0

  constructor(inner: Journal, life: Life, bugs: ReadonlySet<PlantedBug>) {
    this.run = bugs.has('reuse_run_number') ? 1 : inner.run
    this.#inner = inner
    this.#life = life
    this.#bugs = bugs
  }

  /** What the state holds is on the disk too. */
  get isFlushed(): boolean {
    return this.#flushed === this.#appended
  }

  append(record: JournalRecord): Result<number, ResultCode> {
    if (!this.#life.pass('append')) return succeed(0)
    this.#appended++
    const appended = this.#inner.append(record)
    return this.#bugs.has('ignore_journal_failure') ? succeed(0) : appended
  }

  async flush(): Promise<Result<void, ResultCode>> {
    if (this.#bugs.has('send_before_flush')) {
      void this.#inner.flush()
      this.#flushed = this.#appended
      return succeed(undefined)
    }
    const appended = this.#appended
    const flushed = await this.#inner.flush()
    this.#flushed = appended
    return this.#bugs.has('ignore_journal_failure') ? succeed(undefined) : flushed
  }

  offerCheckpoint(encode: () => Uint8Array): void {
    if (!this.#life.isAlive) return
    if (!this.#bugs.has('checkpoint_old_state')) {
      this.#inner.offerCheckpoint?.(encode)
      return
    }
    const state = this.#oldState ?? encode()
    this.#oldState = encode()
    this.#inner.offerCheckpoint?.(() => state)
  }

  close(): Promise<Result<void, ResultCode>> {
    return this.#inner.close()
  }
}
