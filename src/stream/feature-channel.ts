import type { BookReason, BookState } from '../domain/book.ts'
import type { Instrument } from '../domain/instrument.ts'
import { type BookView, bookVersion, createBookCopy, readBook } from '../memory/book-view.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import { type RecordView, readRecord } from '../memory/record-view.ts'
import { createRowCopy, type RowView, readRow, rowNumber } from '../memory/row-view.ts'
import {
  SCORE_DOWN,
  SCORE_FIELDS,
  SCORE_ROW_NUMBER,
  SCORE_TIME_US,
  SCORE_UP,
} from '../memory/score-record.ts'
import {
  ageMs,
  BEFORE_FIRST,
  BodyCache,
  type DeskChannel,
  type FrameChoice,
  type Tick,
} from './desk-channel.ts'
import type { FrameFields, FrameVariant } from './frame-body.ts'

const READS_FAILED = counterIndex('stream_reads_failed')
const NOT_SHOWN = -1

/**
 * `features.SYMBOL`: the newest row while the book is LIVE; otherwise, once per change, the state with its reason.
 *
 * Updates count the rows (by their number) and the changes to a state other than LIVE. A row that
 * was computed before the book last became LIVE belongs to a chain that broke, and is not shown
 * again.
 */
export class FeatureChannel implements DeskChannel {
  readonly name: string
  head = 0
  readonly #book: BookView
  readonly #rowView: RowView
  readonly #scoreView: RecordView
  readonly #count: Float64Array
  readonly #cache = new BodyCache()
  readonly #state = createBookCopy(0)
  readonly #row = createRowCopy()
  readonly #score = new Float64Array(SCORE_FIELDS)
  #tick = NOT_SHOWN
  #bookVersionSeen = NOT_SHOWN
  #rowSeen = 0
  #shownState: BookState = 'NO_BOOK'
  #shownReason: BookReason = 'start'
  #hasShown = false
  #isWhole = false

  constructor(
    instrument: Instrument,
    views: Readonly<{ book: BookView; row: RowView; score: RecordView }>,
    counters: Counters,
  ) {
    this.name = `features.${instrument.symbol}`
    this.#book = views.book
    this.#rowView = views.row
    this.#scoreView = views.score
    this.#count = counters.values
  }

  get isReady(): boolean {
    return this.#hasShown && this.#isWhole
  }

  look(tick: Tick): void {
    if (tick.number === this.#tick) return
    this.#tick = tick.number
    const version = bookVersion(this.#book)
    const row = rowNumber(this.#rowView)
    if (version === this.#bookVersionSeen && row === this.#rowSeen) return
    // The row is read before the state: if that is LIVE afterwards, and since before the row, it is
    // the row's own.
    this.#isWhole = readRow(this.#rowView, this.#row) && readBook(this.#book, this.#state)
    if (!this.#isWhole) {
      this.#count[READS_FAILED]++
      this.#bookVersionSeen = NOT_SHOWN
      return
    }
    this.#bookVersionSeen = version
    if (this.#state.state === 'LIVE') this.#advanceLive()
    else this.#advanceState()
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant, tick: Tick): void {
    out.isSnapshot = cursor === BEFORE_FIRST
    out.missed = out.isSnapshot ? 0 : this.head - cursor - 1
    // A first frame is encoded in its own tick, because it says how old it is.
    const at = out.isSnapshot ? tick.number : 0
    out.body = this.#cache.body(variant, this.head, at, () => this.#fields(variant, tick.nowUs))
  }

  #advanceLive(): void {
    const row = this.#row
    if (row.rowNumber === 0 || row.publishUs < this.#state.stateSinceUs) {
      this.#bookVersionSeen = NOT_SHOWN // look again: the first row of this chain is on its way
      this.#hasShown &&= this.#shownState !== 'LIVE'
      return
    }
    const rows = this.#rowsSinceLast()
    const isBack = !this.#hasShown || this.#shownState !== 'LIVE'
    this.head += isBack ? Math.max(1, rows) : rows
    this.#shownState = 'LIVE'
    this.#hasShown = true
  }

  #advanceState(): void {
    const { state, reason } = this.#state
    this.head += this.#rowsSinceLast()
    if (this.#hasShown && state === this.#shownState && reason === this.#shownReason) return
    this.#shownState = state
    this.#shownReason = reason
    this.#hasShown = true
    this.head++
  }

  /** A number that went back is that of a worker that began anew. */
  #rowsSinceLast(): number {
    const last = this.#rowSeen
    const now = this.#row.rowNumber
    this.#rowSeen = now
    return now >= last ? now - last : now
  }

  #fields(variant: FrameVariant, nowUs: number): FrameFields {
    const row = this.#row
    if (this.#shownState !== 'LIVE') {
      const book = this.#state
      return {
        channel: this.name,
        state: this.#shownState,
        u: book.messages > 0 ? book.u : null,
        cts: book.messages > 0 ? book.ctsMs : null,
        reason: this.#shownReason,
        age_ms: ageMs(book.dataUs, nowUs),
        values: null,
      }
    }
    return {
      channel: this.name,
      state: 'LIVE',
      u: row.u,
      cts: row.ctsMs,
      row: row.rowNumber,
      age_ms: ageMs(row.receiveUs, nowUs),
      score: this.#scoreFields(nowUs),
      values: encodeValues(row.values, variant),
    }
  }

  #scoreFields(nowUs: number): FrameFields | null {
    const score = this.#score
    if (!readRecord(this.#scoreView, score)) {
      this.#count[READS_FAILED]++
      return null
    }
    if (!(score[SCORE_ROW_NUMBER] > 0)) return null
    return {
      up: score[SCORE_UP],
      down: score[SCORE_DOWN],
      row: score[SCORE_ROW_NUMBER],
      age_ms: ageMs(score[SCORE_TIME_US], nowUs),
    }
  }
}

/**
 * A JSON array (NaN becomes null), or the values as little-endian bytes, as every platform of Node
 * has them.
 */
function encodeValues(values: Float64Array, variant: FrameVariant): number[] | Uint8Array {
  if (variant === 'json') return Array.from(values)
  if (variant === 'msgpack_f64') return bytesOf(values)
  return bytesOf(new Float32Array(values))
}

export function bytesOf(values: Float64Array | Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
