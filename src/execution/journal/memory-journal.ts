import { JOURNAL_QUEUE_RECORDS_MAX } from '../../constants.ts'
import { fail, type Result, succeed } from '../../core/result.ts'
import type { JournalRecord } from '../../domain/journal.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { Journal } from './journal.ts'

/**
 * A journal for backtests and simulations, which end with their process: durable as soon as
 * flushed, and listed.
 */
export class MemoryJournal implements Journal {
  readonly run: number
  /** What was flushed; a simulated crash keeps these and loses the rest. */
  readonly records: JournalRecord[]
  #queued: JournalRecord[] = []

  constructor(run: number, records: readonly JournalRecord[] = []) {
    this.run = run
    this.records = [...records]
  }

  append(record: JournalRecord): Result<number, ResultCode> {
    if (this.#queued.length >= JOURNAL_QUEUE_RECORDS_MAX) {
      return fail('journal_unavailable', 'too many records wait for their flush')
    }
    this.#queued.push(record)
    return succeed(this.records.length + this.#queued.length)
  }

  flush(): Promise<Result<void, ResultCode>> {
    for (const record of this.#queued) this.records.push(record)
    this.#queued = []
    return Promise.resolve(succeed(undefined))
  }

  close(): Promise<Result<void, ResultCode>> {
    return this.flush()
  }
}
