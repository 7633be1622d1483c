import { describe, expect, test } from 'vitest'
import * as layout from '../../src/memory/book-layout.ts'
import { BOOK_DOUBLES, BOOK_WORDS } from '../../src/memory/book-layout.ts'
import {
  beginBookWrite,
  endBookWrite,
  openBookView,
  writeState,
} from '../../src/memory/book-view.ts'
import { BroadcastReader, BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import { Counters } from '../../src/memory/counters.ts'
import * as intents from '../../src/memory/intent-record.ts'
import { createRecords, openRecordView, publishRecord } from '../../src/memory/record-view.ts'
import { createRing, RingReader, RingWriter } from '../../src/memory/ring.ts'
import { createRows, openRowView, publishRow } from '../../src/memory/row-view.ts'
import { SCORE_FIELDS } from '../../src/memory/score-record.ts'
import { SignalRunner } from '../../src/signal/runner.ts'
import { createStrategies, type StrategyChoice } from '../../src/signal/strategy-table.ts'
import { CALM, LONG, later, type Moment, NAMES, SHORT, testInstrument, viewOf } from './market.ts'

const DEPTH = 50
const SYMBOLS = 3
const SCALPER: StrategyChoice = { name: 'a', kind: 'order_book_scalper', enabled: true, params: {} }

class Shard {
  readonly books = layout.createBooks(SYMBOLS, DEPTH)
  readonly rows = createRows(SYMBOLS)
  readonly scores = createRecords('scores', SYMBOLS, SCORE_FIELDS)
  readonly counters = new Counters()
  readonly ring: SharedArrayBuffer
  readonly reader: RingReader
  readonly watcher: BroadcastReader
  readonly runner: SignalRunner
  rings = 0
  #rowNumber = 0

  constructor(choices: readonly StrategyChoice[] = [SCALPER], slots = 16) {
    const strategies = createStrategies(choices, NAMES)
    if (!strategies.ok) expect.unreachable(strategies.message)
    this.ring = createRing(slots, intents.INTENT_FIELDS)
    this.reader = new RingReader(this.ring)
    const signals = createBroadcast(64, intents.INTENT_FIELDS)
    this.watcher = new BroadcastReader(signals, 'oldest')
    this.runner = new SignalRunner({
      shard: 3,
      strategies: strategies.value,
      instruments: [0, 1, 2].map(testInstrument),
      owned: [2, 1],
      books: this.books,
      bookDepth: DEPTH,
      rows: this.rows,
      scores: this.scores,
      intents: new RingWriter(this.ring),
      signals: new BroadcastWriter(signals),
      counters: this.counters,
      ringDoorbell: () => void this.rings++,
    })
  }

  /** Publishes book, row and score of a symbol as a shard does, then decides. */
  see(instrument: number, moment: Moment): number {
    const view = viewOf(moment)
    this.#rowNumber++
    view.row.rowNumber = this.#rowNumber
    view.row.receiveUs = moment.nowUs - 500
    view.score[2] = this.#rowNumber
    publishRow(openRowView(this.rows, instrument), view.row)
    publishRecord(openRecordView(this.scores, 'scores', instrument, SCORE_FIELDS), view.score)
    this.#publishBook(instrument, moment)
    return this.runner.run(instrument, moment.nowUs)
  }

  #publishBook(instrument: number, moment: Moment): void {
    const book = openBookView(this.books, instrument, DEPTH)
    expect(book.words.length + book.doubles.length).toBe(BOOK_WORDS + BOOK_DOUBLES)
    beginBookWrite(book)
    writeState(book, 'LIVE', 'snapshot', moment.nowUs)
    book.doubles[layout.U] = 777
    book.words[layout.BID_COUNT] = 1
    book.words[layout.ASK_COUNT] = 1
    book.bidTicks[book.words[layout.BID_HEAD]] = moment.bidTicks
    book.askTicks[book.words[layout.ASK_HEAD]] = moment.askTicks
    endBookWrite(book)
  }

  /** Next record that execution would read. */
  take(): Float64Array | undefined {
    const at = this.reader.peek()
    if (at === -1) return undefined
    const record = this.reader.slots.slice(at, at + intents.INTENT_FIELDS)
    this.reader.release()
    return record
  }
}

describe('the runner', () => {
  test('pushes a whole intent, shows it to everyone and rings once', () => {
    const shard = new Shard()
    expect(shard.see(1, LONG)).toBe(1)
    const intent = shard.take()
    if (intent === undefined) expect.unreachable('an intent is in the ring')
    expect(intent[intents.INTENT_NUMBER]).toBe(1)
    expect(intent[intents.INTENT_SHARD]).toBe(3)
    expect(intent[intents.INTENT_INSTRUMENT]).toBe(1)
    expect(intent[intents.INTENT_STRATEGY]).toBe(0)
    expect(intent[intents.INTENT_ACTION]).toBe(intents.INTENT_ACTIONS.indexOf('enter_long'))
    expect(intent[intents.INTENT_U]).toBe(777)
    expect(intent[intents.INTENT_ROW_NUMBER]).toBe(1)
    expect(intent[intents.INTENT_CREATED_US]).toBe(LONG.nowUs)
    expect(intent[intents.INTENT_RECEIVE_US]).toBe(LONG.nowUs - 500)
    expect(intent[intents.INTENT_LIMIT_TICKS]).toBe(10_002)
    const shown = new Float64Array(intents.INTENT_FIELDS)
    expect(shard.watcher.next(shown)).toBe(true)
    expect(shown).toEqual(intent)
    expect(shard.rings).toBe(1)
    expect(shard.counters.get('signals')).toBe(1)
    expect(shard.counters.get('intents')).toBe(1)
  })

  test('asks for nothing in a calm market and does not ring', () => {
    const shard = new Shard()
    expect(shard.see(1, CALM)).toBe(0)
    expect(shard.take()).toBeUndefined()
    expect(shard.rings).toBe(0)
    expect(shard.counters.get('signals')).toBe(0)
  })

  test('keeps the state of each symbol and each strategy apart', () => {
    const strict = { ...SCALPER, name: 'b', params: { imbalance_min: 0.95 } }
    const shard = new Shard([strict, SCALPER, { ...SCALPER, name: 'c' }])
    expect(shard.see(1, LONG)).toBe(2)
    expect(shard.see(1, later(LONG, 1))).toBe(0) // latched
    expect(shard.see(2, later(SHORT, 2))).toBe(2)
    const seen: number[][] = []
    for (let one = shard.take(); one !== undefined; one = shard.take()) {
      seen.push([
        one[intents.INTENT_NUMBER],
        one[intents.INTENT_INSTRUMENT],
        one[intents.INTENT_STRATEGY],
      ])
    }
    expect(seen).toEqual([
      [1, 1, 1],
      [2, 1, 2],
      [3, 2, 1],
      [4, 2, 2],
    ])
    expect(shard.rings).toBe(2)
  })

  test('counts what the full ring refuses, still shows it, and goes on when there is room', () => {
    const shard = new Shard([{ ...SCALPER, params: { cool_down_ms: 0 } }], 2)
    for (let i = 0; i < 5; i++) {
      shard.see(1, later(CALM, 20 * i))
      shard.see(1, later(LONG, 20 * i + 10))
    }
    expect(shard.counters.get('signals')).toBe(5)
    expect(shard.counters.get('intents')).toBe(2)
    expect(shard.counters.get('intents_dropped')).toBe(3)
    expect(shard.rings).toBe(2)
    const shown = new Float64Array(intents.INTENT_FIELDS)
    let count = 0
    while (shard.watcher.next(shown)) count++
    expect(count).toBe(5)
    expect(shown[intents.INTENT_NUMBER]).toBe(5)
    expect(shard.take()?.[intents.INTENT_NUMBER]).toBe(1)
    shard.see(1, later(CALM, 200))
    expect(shard.see(1, later(LONG, 210))).toBe(1)
  })

  test('does not decide on a book, row or score in the middle of a write', () => {
    for (const open of [
      (shard: Shard) => openBookView(shard.books, 1, DEPTH).words,
      (shard: Shard) => openRowView(shard.rows, 1).words,
      (shard: Shard) => openRecordView(shard.scores, 'scores', 1, SCORE_FIELDS).words,
    ]) {
      const shard = new Shard()
      shard.see(1, CALM)
      const words = open(shard)
      Atomics.add(words, 0, 1)
      expect(shard.runner.run(1, LONG.nowUs)).toBe(0)
      Atomics.add(words, 0, 1)
      expect(shard.see(1, LONG)).toBe(1)
    }
  })
})
