import { pino } from 'pino'
import {
  ALERT_RING_SLOTS,
  CANDLE_RING_SLOTS,
  FEATURE_COUNT,
  GAP_RING_SLOTS,
  SIGNAL_RING_SLOTS,
  TRADE_RING_SLOTS,
} from '../../src/constants.ts'
import type { Clock } from '../../src/core/clock.ts'
import { parseStep } from '../../src/core/decimal.ts'
import { systemTimers } from '../../src/core/timer.ts'
import { alertKindCode } from '../../src/domain/alerts.ts'
import {
  BOOK_REASONS,
  type BookReason,
  type BookState,
  bookReasonCode,
} from '../../src/domain/book.ts'
import { CANDLE_INTERVALS } from '../../src/domain/candles.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { ORDER_STATES, type OrderState } from '../../src/domain/trading.ts'
import * as alert from '../../src/memory/alert-record.ts'
import * as audit from '../../src/memory/audit-record.ts'
import * as layout from '../../src/memory/book-layout.ts'
import * as bookView from '../../src/memory/book-view.ts'
import { BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import * as candle from '../../src/memory/candle-record.ts'
import { createControlBlock } from '../../src/memory/control-block.ts'
import { createCounters } from '../../src/memory/counters.ts'
import * as gap from '../../src/memory/gap-record.ts'
import { INTENT_FIELDS } from '../../src/memory/intent-record.ts'
import { createRecords, openRecordView, publishRecord } from '../../src/memory/record-view.ts'
import { createRowCopy, createRows, openRowView, publishRow } from '../../src/memory/row-view.ts'
import { SCORE_FIELDS } from '../../src/memory/score-record.ts'
import { TRADE_FIELDS } from '../../src/memory/trade-record.ts'
import { DeskAccess } from '../../src/stream/desk-access.ts'
import { type DeskBuffers, openDeskMemory } from '../../src/stream/desk-memory.ts'
import { DeskStream } from '../../src/stream/desk-stream.ts'

/**
 * Shared memory as the engine would have it, with a hand to write it: the shards and execution of
 * these tests.
 */
export type DeskWorld = ReturnType<typeof createDeskWorld>

export type Level = readonly [ticks: number, lots: number]

export const AUDIT_SLOTS = 512

export function createDeskWorld(symbols: readonly string[], depth = 20, nowUs = () => 1_000_000) {
  const instruments = symbols.map((symbol, index) => createInstrument(symbol, index))
  const buffers: DeskBuffers = {
    books: layout.createBooks(symbols.length, depth),
    rows: createRows(symbols.length),
    scores: createRecords('scores', symbols.length, SCORE_FIELDS),
    trades: [createBroadcast(TRADE_RING_SLOTS, TRADE_FIELDS)],
    signals: [createBroadcast(SIGNAL_RING_SLOTS, INTENT_FIELDS)],
    gaps: [createBroadcast(GAP_RING_SLOTS, gap.GAP_FIELDS)],
    alerts: [createBroadcast(ALERT_RING_SLOTS, alert.ALERT_FIELDS)],
    candles: [createBroadcast(CANDLE_RING_SLOTS, candle.CANDLE_FIELDS)],
    candleIntervals: ['1s', '1m'],
    audit: createBroadcast(AUDIT_SLOTS, audit.AUDIT_FIELDS),
    counters: createCounters(),
    otherCounters: [createCounters()],
    control: createControlBlock(),
    instruments,
    depth,
    features: {
      hash: 'test-hash',
      names: Array.from({ length: FEATURE_COUNT }, (_, at) => `feature_${at}`),
      units: Array.from({ length: FEATURE_COUNT }, () => '-'),
      built: Array.from({ length: FEATURE_COUNT }, (_, at) => at < 43),
      groups: Array.from({ length: FEATURE_COUNT }, () => 'A'),
      groups_off: ['E'],
      docs: Array.from({ length: FEATURE_COUNT }, (_, at) => `Says ${at}.`),
      formulas: Array.from({ length: FEATURE_COUNT }, (_, at) => `f(${at})`),
      ranges: Array.from({ length: FEATURE_COUNT }, () => 'real'),
      missing_when: Array.from({ length: FEATURE_COUNT }, () => 'never'),
      sources: Array.from({ length: FEATURE_COUNT }, () => 'own definition'),
    },
  }
  const books = instruments.map((one) => bookView.openBookView(buffers.books, one.index, depth))
  const rows = instruments.map((one) => openRowView(buffers.rows, one.index))
  const trades = new BroadcastWriter(buffers.trades[0])
  const signals = new BroadcastWriter(buffers.signals[0])
  const gaps = new BroadcastWriter(buffers.gaps[0])
  const alerts = new BroadcastWriter(buffers.alerts[0])
  const candles = new BroadcastWriter(buffers.candles[0])
  const auditWriter = new BroadcastWriter(buffers.audit)
  const rowNumbers = symbols.map(() => 0)

  return {
    buffers,
    instruments,
    /** Applies a message to the book of a symbol, which becomes LIVE. */
    book(index: number, bids: readonly Level[], asks: readonly Level[]): void {
      const view = books[index]
      const wasLive = view.words[layout.STATE] === 2
      bookView.beginBookWrite(view)
      view.words[layout.BID_HEAD] = 3
      view.words[layout.BID_COUNT] = bids.length
      view.words[layout.ASK_HEAD] = 5
      view.words[layout.ASK_COUNT] = asks.length
      bids.forEach(([ticks, lots], at) => {
        view.bidTicks[3 + at] = ticks
        view.bidLots[3 + at] = lots
      })
      asks.forEach(([ticks, lots], at) => {
        view.askTicks[5 + at] = ticks
        view.askLots[5 + at] = lots
      })
      view.doubles[layout.U]++
      view.doubles[layout.SEQ] = 7000 + view.doubles[layout.U]
      view.doubles[layout.CTS_MS] = 1_700_000_000_000
      view.doubles[layout.DATA_US] = nowUs()
      view.doubles[layout.MESSAGES]++
      if (!wasLive) bookView.writeState(view, 'LIVE', 'snapshot', nowUs())
      bookView.endBookWrite(view)
    },
    state(index: number, state: BookState, reason: BookReason): void {
      bookView.publishBookState(books[index], state, reason, nowUs())
      if (books[index].words[layout.REASON] !== bookReasonCode(reason)) throw new Error('unseen')
    },
    /**
     * Publishes the next row; value 0 is `first`, value 1 NaN, the others their index and the row
     * number.
     */
    row(index: number, first: number, publishUs = nowUs()): number {
      const row = createRowCopy()
      row.rowNumber = ++rowNumbers[index]
      row.u = books[index].doubles[layout.U]
      row.ctsMs = 1_700_000_000_000 + row.rowNumber
      row.receiveUs = publishUs - 250
      row.publishUs = publishUs
      for (let at = 0; at < FEATURE_COUNT; at++) row.values[at] = at + row.rowNumber / 1000
      row.values[0] = first
      row.values[1] = Number.NaN
      publishRow(rows[index], row)
      return row.rowNumber
    },
    score(index: number, up: number, row: number): void {
      const view = openRecordView(buffers.scores, 'scores', index, SCORE_FIELDS)
      publishRecord(view, Float64Array.of(up, 1 - up, row, nowUs() - 2000, 0, 0, 0, 0))
    },
    trade(index: number, ticks: number, lots: number, sign: number, flags = 0): void {
      trades.publish(Float64Array.of(index, 1_700_000_000_500, ticks, lots, sign, 42, flags, 0))
    },
    /** A book was not seen for a while. */
    gap(index: number, durationMs: number): void {
      const record = new Float64Array(gap.GAP_FIELDS).fill(Number.NaN)
      record.set([index, 0, BOOK_REASONS.indexOf('gap')])
      record[gap.GAP_SINCE_US] = nowUs()
      record[gap.GAP_MS] = durationMs
      record[gap.GAP_DEPTH] = depth
      gaps.publish(record)
    },
    /** A wall was pulled at a price. */
    alert(index: number, number: number, ticks: number): void {
      const record = new Float64Array(alert.ALERT_FIELDS).fill(Number.NaN)
      record.set([number, index, alertKindCode('wall_pulled'), 1, nowUs() / 1000, 9, 3, ticks])
      record.set([0.9, 0.5, 1250, 0, 1250, 800, nowUs()], alert.ALERT_VALUE)
      alerts.publish(record)
    },
    /** A closed minute with a profile and one indicator. */
    candle(index: number, minute: number, closeTicks: number): void {
      const record = new Float64Array(candle.CANDLE_FIELDS).fill(Number.NaN)
      record.set([index, CANDLE_INTERVALS.indexOf('1m'), minute * 60_000, 10_000, 10_009, 9_990])
      record.set([closeTicks, 500, 200, 5_000_000, 7, 0, 0], candle.CANDLE_CLOSE)
      record.set([10_004.5, 10_009, 9_995, 2, nowUs(), 10_001], candle.CANDLE_POC)
      candles.publish(record)
    },
    signal(index: number, number: number): void {
      const record = new Float64Array(INTENT_FIELDS)
      record.set([number, 0, index, 0, 0, 1, 9, 3, nowUs(), nowUs() - 10, 10_005, 10_050])
      record.set([Number.NaN, 5000, 250.5, 0.81, 0.9], 12)
      signals.publish(record)
    },
    audit(fields: Readonly<Record<number, number>>): void {
      const record = new Float64Array(audit.AUDIT_FIELDS).fill(Number.NaN)
      for (const [at, value] of Object.entries(fields)) record[Number(at)] = value
      auditWriter.publish(record)
    },
  }
}

function createInstrument(symbol: string, index: number): Instrument {
  const tick = parseStep('0.10')
  const lot = parseStep('0.001')
  if (tick === undefined || lot === undefined) throw new Error('steps are decimal numbers')
  return {
    index,
    symbol,
    category: 'linear',
    tick,
    lot,
    minOrderLots: 1,
    maxOrderLots: 1_000_000,
    minNotionalQuote: 5,
    features: { bandTicks: 10, refNotionalQuote: '10000', vpinBucketBase: '1' },
  }
}

/** A stream on that memory whose loop the test turns by hand. */
export function createDeskStream(world: DeskWorld, clock: Clock): DeskStream {
  const access = DeskAccess.create('127.0.0.1', undefined)
  if (!access.ok) throw new Error(access.message)
  return new DeskStream({
    memory: openDeskMemory(world.buffers),
    access: access.value,
    clock,
    timers: systemTimers,
    log: pino({ level: 'silent' }),
    nameOrder: (run, number) => `${run}-${number}`,
    tickMs: 5,
    clientsMax: 8,
  })
}

export const ORDER = audit.AUDIT_KINDS.indexOf('order')
export const FILL = audit.AUDIT_KINDS.indexOf('fill')
export const POSITION = audit.AUDIT_KINDS.indexOf('position')
export const DENIED = audit.AUDIT_KINDS.indexOf('denied')

export function orderState(state: OrderState): number {
  return ORDER_STATES.indexOf(state)
}
