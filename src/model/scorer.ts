// hot
import { INSTRUMENTS_MAX, SCORE_BATCH_ROWS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { type Result, succeed } from '../core/result.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import {
  openRecordView,
  publishRecord,
  type RecordView,
  recoverRecord,
} from '../memory/record-view.ts'
import { createRowCopy, openRowView, type RowView, readRow } from '../memory/row-view.ts'
import {
  SCORE_DOWN,
  SCORE_FIELDS,
  SCORE_ROW_NUMBER,
  SCORE_TIME_US,
  SCORE_UP,
} from '../memory/score-record.ts'
import type { Model } from './manifest.ts'
import { BARRED, type ModelSession, type NativeGuard, openOnnxSession } from './onnx-session.ts'
import { testModel } from './self-test.ts'

const SCORE_BATCHES = counterIndex('score_batches')
const SCORES = counterIndex('scores')
const SCORE_ERRORS = counterIndex('score_errors')
const ROWS_UNSCORED = counterIndex('rows_unscored')

/** The part of a logger that the scorer uses. */
export type ScorerLog = Readonly<{
  error: (fields: object, text: string) => void
  info: (fields: object, text: string) => void
}>

export type ScorerOptions = Readonly<{
  model: Model
  /**
   * Engine-wide indexes of the instruments this scorer owns; it is the only writer of their scores.
   */
  instruments: readonly number[]
  rows: SharedArrayBuffer
  scores: SharedArrayBuffer
  counters: Counters
  logger: ScorerLog
  /** Needed in a thread that another one may end; without it nothing stands in the way. */
  guard?: NativeGuard
}>

const NO_GUARD: NativeGuard = { enter: () => true, leave: () => {} }

/**
 * Loads the model into its own single-threaded session and proves it with the self test of its
 * manifest. One scorer a shard worker. Refusal: model_invalid.
 */
export async function openScorer(options: ScorerOptions): Promise<Result<Scorer, 'model_invalid'>> {
  const { model, instruments, guard = NO_GUARD } = options
  const { onnx, manifest } = model
  const rowsMax = Math.max(1, Math.min(SCORE_BATCH_ROWS_MAX, instruments.length))
  const place = `${model.folder}/${manifest.onnx.file}`
  const session = await openOnnxSession({ place, onnx, manifest, rowsMax, guard })
  if (!session.ok) return session
  const tested = await testModel(place, session.value, manifest, rowsMax)
  if (!tested.ok) {
    await session.value.release()
    return tested
  }
  return succeed(new Scorer(session.value, options, rowsMax))
}

/**
 * Scores the latest row of every symbol that changed since its last batch. No score is better than
 * a wrong one: what fails leaves the old score in place, whose row number and time show its age.
 */
export class Scorer {
  /**
   * Instrument indexes of the last batch, in the order they were marked; the first `scoredCount`
   * count.
   */
  readonly scored: Int32Array
  /** Socket time of the rows of the last batch, for the latency of the caller's choice. */
  readonly scoredReceiveUs: Float64Array
  scoredCount = 0

  readonly #session: ModelSession
  readonly #counters: Float64Array
  readonly #logger: ScorerLog
  readonly #inputIndexes: Int32Array
  readonly #requiredIndexes: Int32Array
  readonly #outputColumns: number
  readonly #upColumn: number
  readonly #downColumn: number
  readonly #rowsMax: number

  readonly #instruments: Int32Array
  /** Position in `#instruments` by instrument index; -1: not ours. */
  readonly #slots: Int32Array
  readonly #rowViews: readonly RowView[]
  readonly #scoreViews: readonly RecordView[]

  /** Slots that changed, oldest first: a ring with room for every slot once. */
  readonly #queue: Int32Array
  readonly #isQueued: Uint8Array
  #queueHead = 0
  #queueCount = 0

  /** Slots of the batch under way, and what is written beside their scores. */
  readonly #batch: Int32Array
  readonly #batchRowNumbers: Float64Array
  readonly #batchReceiveUs: Float64Array
  readonly #row = createRowCopy()
  readonly #record = new Float64Array(SCORE_FIELDS)
  #run: Promise<boolean> = Promise.resolve(true)
  #isRunning = false
  #isFailing = false
  #isClosed = false

  constructor(session: ModelSession, options: ScorerOptions, rowsMax: number) {
    const { model, instruments, rows, scores } = options
    assert(instruments.length <= INSTRUMENTS_MAX, 'a scorer has at most all instruments')
    this.#session = session
    this.#counters = options.counters.values
    this.#logger = options.logger
    this.#inputIndexes = model.inputIndexes
    this.#requiredIndexes = model.requiredIndexes
    this.#outputColumns = model.manifest.output.columns
    this.#upColumn = model.manifest.output.up
    this.#downColumn = model.manifest.output.down
    this.#rowsMax = rowsMax
    this.#instruments = Int32Array.from(instruments)
    this.#slots = new Int32Array(INSTRUMENTS_MAX).fill(-1)
    for (let slot = 0; slot < instruments.length; slot++) this.#slots[instruments[slot]] = slot
    this.#rowViews = instruments.map((index) => openRowView(rows, index))
    this.#scoreViews = instruments.map((index) =>
      openRecordView(scores, 'scores', index, SCORE_FIELDS),
    )
    for (const view of this.#scoreViews) recoverRecord(view)
    const count = Math.max(1, instruments.length)
    this.#queue = new Int32Array(count)
    this.#isQueued = new Uint8Array(count)
    this.#batch = new Int32Array(rowsMax)
    this.#batchRowNumbers = new Float64Array(rowsMax)
    this.#batchReceiveUs = new Float64Array(rowsMax)
    this.scored = new Int32Array(rowsMax)
    this.scoredReceiveUs = new Float64Array(rowsMax)
  }

  /** The symbol has a new row. Many marks before a batch are one. */
  markChanged(instrument: number): void {
    const slot = this.#slots[instrument]
    assert(slot >= 0, 'a scorer is told of its own instruments only')
    if (this.#isQueued[slot] === 1) return
    this.#isQueued[slot] = 1
    this.#enqueue(slot)
  }

  /** Symbols that wait for a batch. */
  pendingCount(): number {
    return this.#queueCount
  }

  /**
   * Runs one batch over the symbols that changed, oldest mark first, at most SCORE_BATCH_ROWS_MAX
   * of them; resolves to the number of scores written. `nowUs` is their time, so their age counts
   * from before the run. While a batch is under way another call resolves to 0 at once and loses
   * nothing: the marks stay.
   */
  async scoreChanged(nowUs: number): Promise<number> {
    if (this.#isRunning || this.#isClosed || this.#queueCount === 0) return 0
    this.scoredCount = 0
    const rows = this.#collect()
    if (rows === 0) return 0
    this.#isRunning = true
    this.#run = this.#session.run(rows)
    const isScored = await this.#run
    this.#isRunning = false
    if (this.#isClosed) return 0
    this.#counters[SCORE_BATCHES]++
    if (!isScored) {
      this.#fail(rows)
      return 0
    }
    if (this.#isFailing) this.#recover()
    return this.#publish(rows, nowUs)
  }

  /** After a batch under way, if any, has ended; no score is written afterwards. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#run
    await this.#session.release()
  }

  #enqueue(slot: number): void {
    const queue = this.#queue
    let at = this.#queueHead + this.#queueCount
    if (at >= queue.length) at -= queue.length
    queue[at] = slot
    this.#queueCount++
  }

  /** Takes slots from the queue and copies their inputs; returns the rows of the batch. */
  #collect(): number {
    const queue = this.#queue
    let waiting = this.#queueCount
    let rows = 0
    while (waiting > 0 && rows < this.#rowsMax) {
      waiting--
      const slot = queue[this.#queueHead]
      this.#queueHead = this.#queueHead + 1 === queue.length ? 0 : this.#queueHead + 1
      this.#queueCount--
      if (!readRow(this.#rowViews[slot], this.#row)) {
        this.#enqueue(slot) // the writer was busy: it is still marked and comes with the next batch
        continue
      }
      this.#isQueued[slot] = 0
      if (this.#row.rowNumber < 1) continue // taken back by a worker that restarted
      if (!this.#copyInputs(rows)) {
        this.#counters[ROWS_UNSCORED]++
        continue
      }
      this.#batch[rows] = slot
      this.#batchRowNumbers[rows] = this.#row.rowNumber
      this.#batchReceiveUs[rows] = this.#row.receiveUs
      rows++
    }
    return rows
  }

  /** False: a feature without which there is no score is NaN. */
  #copyInputs(row: number): boolean {
    const values = this.#row.values
    const required = this.#requiredIndexes
    for (let i = 0; i < required.length; i++) if (Number.isNaN(values[required[i]])) return false
    const indexes = this.#inputIndexes
    const input = this.#session.input
    const columns = indexes.length
    const start = row * columns
    for (let column = 0; column < columns; column++) {
      input[start + column] = values[indexes[column]]
    }
    return true
  }

  #publish(rows: number, nowUs: number): number {
    const output = this.#session.output
    const record = this.#record
    let count = 0
    for (let row = 0; row < rows; row++) {
      const up = output[row * this.#outputColumns + this.#upColumn]
      const down = output[row * this.#outputColumns + this.#downColumn]
      if (!(up >= 0 && up <= 1 && down >= 0 && down <= 1)) {
        this.#counters[SCORE_ERRORS]++ // not a probability: the old score stays
        continue
      }
      const slot = this.#batch[row]
      record[SCORE_UP] = up
      record[SCORE_DOWN] = down
      record[SCORE_ROW_NUMBER] = this.#batchRowNumbers[row]
      record[SCORE_TIME_US] = nowUs
      publishRecord(this.#scoreViews[slot], record)
      this.scored[count] = this.#instruments[slot]
      this.scoredReceiveUs[count] = this.#batchReceiveUs[row]
      count++
    }
    this.scoredCount = count
    this.#counters[SCORES] += count
    return count
  }

  /**
   * The symbols are not marked again: their next row is, and a model that always fails must not
   * spin.
   */
  #fail(rows: number): void {
    this.#counters[SCORE_ERRORS] += rows
    if (this.#isFailing) return
    this.#isFailing = true // one line a burst of failures
    const { failure: reason } = this.#session
    const level = reason === BARRED ? 'info' : 'error'
    this.#logger[level]({ reason, rows }, 'scoring fails; scores grow old')
  }

  #recover(): void {
    this.#isFailing = false
    this.#logger.info({ batches: this.#counters[SCORE_BATCHES] }, 'scoring works again')
  }
}
