// hot
import { INSTRUMENTS_MAX, STRATEGIES_MAX, STRATEGY_LEVELS } from '../constants.ts'
import { assert } from '../core/assert.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import { type BookView, createBookCopy, openBookView, readBook } from '../memory/book-view.ts'
import type { BroadcastWriter } from '../memory/broadcast.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import * as intents from '../memory/intent-record.ts'
import { openRecordView, type RecordView, readRecord } from '../memory/record-view.ts'
import type { RingWriter } from '../memory/ring.ts'
import { createRowCopy, openRowView, type RowView, readRow } from '../memory/row-view.ts'
import { SCORE_FIELDS } from '../memory/score-record.ts'
import type { MarketView } from './strategy.ts'
import type { PlacedStrategy } from './strategy-table.ts'

const SIGNALS = counterIndex('signals')
const INTENTS = counterIndex('intents')
const INTENTS_DROPPED = counterIndex('intents_dropped')
const INTENTS_WITHHELD = counterIndex('intents_withheld')
const NO_ALERTS = new Float64Array(0)
const NO_CANDLES = new Float64Array(0)

export type SignalRunnerOptions = Readonly<{
  shard: number
  strategies: readonly PlacedStrategy[]
  /** The engine's whole table. */
  instruments: InstrumentTable
  /** Engine-wide indexes of the instruments this shard owns. */
  owned: readonly number[]
  books: SharedArrayBuffer
  bookDepth: number
  rows: SharedArrayBuffer
  scores: SharedArrayBuffer
  /** To execution. */
  intents: RingWriter
  /** To everyone who watches. */
  signals: BroadcastWriter
  counters: Counters
  /** Latest alerts of a symbol (MarketView.alerts); undefined: none are kept. */
  alertsOf?: (instrument: number) => Float64Array | undefined
  /** Latest candles of a symbol (MarketView.candles); undefined: none are made. */
  candlesOf?: (instrument: number) => Float64Array | undefined
  /** Execution was given up: signals are shown and go no further. Undefined: never. */
  isWithheld?: () => boolean
  /** Wakes execution; called once after a symbol that pushed an intent. */
  ringDoorbell: () => void
}>

/**
 * Shows each configured strategy the latest row, score and book of a symbol and sends on what it
 * asks for. Every signal goes to the broadcast; the ring to execution never waits: what does not
 * fit is counted and the moment has passed.
 */
export class SignalRunner {
  readonly #options: SignalRunnerOptions
  readonly #counters: Float64Array
  readonly #slots: Int32Array
  readonly #bookViews: readonly BookView[]
  readonly #rowViews: readonly RowView[]
  readonly #scoreViews: readonly RecordView[]
  /** Of every strategy and owned symbol: strategy by strategy, symbol by symbol. */
  readonly #state: Float64Array
  readonly #stateAt: Int32Array
  readonly #view: MarketView
  readonly #intent = new Float64Array(intents.INTENT_FIELDS)
  #intentNumber = 0

  constructor(options: SignalRunnerOptions) {
    const { instruments, owned, strategies, books, rows, scores } = options
    assert(strategies.length <= STRATEGIES_MAX, 'no more strategies than the bound')
    assert(owned.length > 0, 'a shard owns an instrument')
    this.#options = options
    this.#counters = options.counters.values
    this.#slots = new Int32Array(INSTRUMENTS_MAX).fill(-1)
    for (let slot = 0; slot < owned.length; slot++) this.#slots[owned[slot]] = slot
    this.#bookViews = owned.map((index) => openBookView(books, index, options.bookDepth))
    this.#rowViews = owned.map((index) => openRowView(rows, index))
    this.#scoreViews = owned.map((index) => openRecordView(scores, 'scores', index, SCORE_FIELDS))
    this.#stateAt = new Int32Array(strategies.length)
    let stateLength = 0
    for (let i = 0; i < strategies.length; i++) {
      this.#stateAt[i] = stateLength
      stateLength += strategies[i].strategy.stateLength * owned.length
    }
    this.#state = new Float64Array(stateLength)
    this.#view = {
      nowUs: 0.5, // a double from the start
      instrument: instruments[owned[0]],
      row: createRowCopy(),
      score: new Float64Array(SCORE_FIELDS),
      book: createBookCopy(Math.min(STRATEGY_LEVELS, options.bookDepth)),
      alerts: NO_ALERTS,
      candles: NO_CANDLES,
    }
  }

  /**
   * Decides for one owned symbol, once after each of its scores. Returns the intents pushed. A row,
   * score or book whose writer was busy at every attempt gives no decision.
   */
  run(instrument: number, nowUs: number): number {
    const slot = this.#slots[instrument]
    assert(slot >= 0, 'a shard decides for its own instruments only')
    const view = this.#view
    if (!readRow(this.#rowViews[slot], view.row)) return 0
    if (!readRecord(this.#scoreViews[slot], view.score)) return 0
    if (!readBook(this.#bookViews[slot], view.book)) return 0
    view.nowUs = nowUs
    view.instrument = this.#options.instruments[instrument]
    view.alerts = this.#options.alertsOf?.(instrument) ?? NO_ALERTS
    view.candles = this.#options.candlesOf?.(instrument) ?? NO_CANDLES
    const strategies = this.#options.strategies
    let pushed = 0
    for (let i = 0; i < strategies.length; i++) {
      const placed = strategies[i]
      const stateAt = this.#stateAt[i] + slot * placed.strategy.stateLength
      this.#intent.fill(Number.NaN)
      if (!placed.strategy.decide(view, this.#state, stateAt, this.#intent)) continue
      pushed += this.#send(placed.index, instrument)
    }
    if (pushed > 0) this.#options.ringDoorbell()
    return pushed
  }

  #send(strategy: number, instrument: number): number {
    const intent = this.#intent
    const row = this.#view.row
    this.#intentNumber++
    intent[intents.INTENT_NUMBER] = this.#intentNumber
    intent[intents.INTENT_SHARD] = this.#options.shard
    intent[intents.INTENT_INSTRUMENT] = instrument
    intent[intents.INTENT_STRATEGY] = strategy
    intent[intents.INTENT_U] = row.u
    intent[intents.INTENT_ROW_NUMBER] = row.rowNumber
    intent[intents.INTENT_CREATED_US] = this.#view.nowUs
    intent[intents.INTENT_RECEIVE_US] = row.receiveUs
    this.#counters[SIGNALS]++
    this.#options.signals.publish(intent)
    if (this.#options.isWithheld?.() === true) {
      this.#counters[INTENTS_WITHHELD]++
      return 0
    }
    if (this.#options.intents.push(intent)) {
      this.#counters[INTENTS]++
      return 1
    }
    this.#counters[INTENTS_DROPPED]++
    return 0
  }
}
