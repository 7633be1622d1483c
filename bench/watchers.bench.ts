import { createAlertRow } from '../src/alerts/alert-row.ts'
import { SymbolAlerts } from '../src/alerts/symbol-alerts.ts'
import { Book } from '../src/book/book.ts'
import { SymbolCandles } from '../src/candles/symbol-candles.ts'
import { alertSettings } from '../src/domain/alerts.ts'
import { CANDLE_INTERVALS } from '../src/domain/candles.ts'
import type { BookMessage, TradeMessage } from '../src/domain/messages.ts'
import { FEATURE_NAMES } from '../src/features/registry.ts'
import { SymbolFeatures } from '../src/features/symbol-features.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { FRAME_BOOK, FRAME_TRADE } from '../src/feed/bybit/frame-kind.ts'
import { Sequencer, VERDICT_SNAPSHOT } from '../src/feed/sequencer.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { openBookView } from '../src/memory/book-view.ts'
import { BroadcastWriter, createBroadcast } from '../src/memory/broadcast.ts'
import { Counters } from '../src/memory/counters.ts'
import { TRADE_FIELDS } from '../src/memory/trade-record.ts'
import { TradeBoard } from '../src/threads/trade-board.ts'
import { threadNs } from './cpu-clock.ts'
import { type BenchOptions, type BenchTable, sampleRow } from './table.ts'
import { makeTradedTape, type Tape } from './tape.ts'
import { fold } from './tape-player.ts'

/**
 * What watches the rows and the trades, beside the row itself: frames through decoder, book and the
 * row of all features, and the same again with several copies of one watcher, each with a state of
 * its own. The difference over the copies is what one costs. An operation is one row; trades come
 * between, and count for the rows. A median may lie below zero where the machine is busy.
 */
const SEED = 20_260_809
const MESSAGES = { smoke: 500, full: 48_000 }
const ROUNDS = { smoke: 1, full: 9 }
const COPIES = 8
const DEPTH = 50
/** Frames of a tape are a millisecond apart, over eight symbols. */
const STRETCH = 2
const TRADE_SLOTS = 4096
/** A shard has one for all its symbols. */
const ROW = createAlertRow()

/** One copy of a watcher of one symbol. */
type Watcher = Readonly<{
  onRow: (message: BookMessage, book: Book, features: SymbolFeatures, isSnapshot: boolean) => void
  onTrades: (message: TradeMessage) => void
  /** What it computed. */
  checksum: () => number
}>

type Pass = Readonly<{ ns: number; rows: number; checksum: number }>

const CASES: readonly Readonly<{ case: string; open: (() => Watcher) | undefined }>[] = [
  { case: 'frame to the full row', open: undefined },
  { case: 'alerts', open: openAlerts },
  { case: 'candles', open: openCandles },
  { case: 'trades for the desk', open: openTrades },
]

export async function run(options: BenchOptions): Promise<BenchTable> {
  const size = options.smoke ? 'smoke' : 'full'
  const tape = makeTradedTape(SEED, MESSAGES[size], DEPTH)
  const samples: number[][] = CASES.map(() => [])
  const checksums: number[] = CASES.map(() => 0)
  // Once to warm up, then each case once a round: a busy moment of the machine meets all.
  for (let round = -1; round < ROUNDS[size]; round++) {
    const passes = CASES.map(({ open }) => play(tape, open))
    if (round < 0) continue
    for (let i = 0; i < passes.length; i++) {
      const { checksum, ns, rows } = passes[i]
      samples[i].push(i === 0 ? ns / rows : (ns - passes[0].ns) / rows / COPIES)
      checksums[i] = checksum
    }
  }
  const rows = CASES.map((one, i) => sampleRow(one.case, samples[i], checksums[i]))
  const whole = rows[0].median_ns
  return {
    name: 'watchers',
    ratio_of: 'share of the row',
    rows: rows.map((row) => ({ ...row, ratio: row.median_ns / whole })),
  }
}

/** Begins anew: a stream that begins again is no stream to what watches it. */
function play(tape: Tape, open: (() => Watcher) | undefined): Pass {
  const { topics, frames } = tape
  const decoder = new BybitDecoder(new Counters())
  for (const topic of topics) decoder.addTopic(topic)
  const sequencer = new Sequencer(topics.length)
  const symbols = topics
    .filter(({ depth }) => depth > 0)
    .map(({ depth, instrument }) => ({
      symbol: instrument.symbol,
      book: new Book(openBookView(createBooks(1, depth), 0, depth), depth),
      features: new SymbolFeatures({ instrument, depth }),
      watchers: open === undefined ? [] : Array.from({ length: COPIES }, open),
    }))
  const byTopic = topics.map(({ instrument }) => {
    const at = symbols.findIndex(({ symbol }) => symbol === instrument.symbol)
    return symbols[at]
  })
  let rows = 0
  const fromNs = threadNs()
  for (let i = 0; i < frames.length; i++) {
    const kind = decoder.decode(frames[i])
    if (kind === FRAME_BOOK) {
      const message = decoder.book
      message.ctsMs *= STRETCH
      const { book, features, watchers } = byTopic[message.topic]
      const isSnapshot = sequencer.check(message) === VERDICT_SNAPSHOT
      if (isSnapshot) book.applySnapshot(message, 1)
      else book.applyDelta(message, 1)
      features.onBook(message, book, isSnapshot)
      rows++
      for (let k = 0; k < watchers.length; k++) {
        watchers[k].onRow(message, book, features, isSnapshot)
      }
    } else if (kind === FRAME_TRADE) {
      const message = decoder.trade
      message.tsMs *= STRETCH
      for (let at = 0; at < message.count; at++) message.timeMs[at] *= STRETCH
      const { features, watchers } = byTopic[message.topic]
      features.onTrades(message)
      for (let k = 0; k < watchers.length; k++) watchers[k].onTrades(message)
    }
  }
  const ns = threadNs() - fromNs
  let checksum = rows
  for (const { features, watchers } of symbols) {
    checksum = fold(checksum, features.row.rowNumber)
    for (const watcher of watchers) checksum = fold(checksum, watcher.checksum())
  }
  return { ns, rows, checksum: checksum >>> 0 }
}

function openAlerts(): Watcher {
  let sum = 0
  const sink = (record: Float64Array) => {
    for (let i = 0; i < record.length; i++) if (Number.isFinite(record[i])) sum += record[i]
  }
  const settings = alertSettings()
  const options = { instrument: 0, featureNames: FEATURE_NAMES, settings, sink, row: ROW }
  const alerts = new SymbolAlerts(options)
  return {
    onRow: (_message, book, features, isSnapshot) =>
      alerts.onRow(features.row, book, features.flows, isSnapshot, 0),
    onTrades: () => {},
    checksum: () => sum % 2 ** 31,
  }
}

function openCandles(): Watcher {
  let sum = 0
  const sink = (record: Float64Array) => {
    for (let i = 0; i < record.length; i++) if (Number.isFinite(record[i])) sum += record[i]
  }
  const candles = new SymbolCandles({
    instrument: 0,
    settings: { intervals: CANDLE_INTERVALS, hasIndicators: true, profileCandles: 100 },
    profileBinTicks: 1,
    counters: new Counters(),
    sink,
  })
  return {
    onRow: (message) => candles.advance(message.ctsMs),
    onTrades: (message) => {
      for (let i = 0; i < message.count; i++) candles.onTrade(message, i)
      candles.endBatch()
    },
    checksum: () => sum % 2 ** 31,
  }
}

function openTrades(): Watcher {
  let count = 0
  const writer = new BroadcastWriter(createBroadcast(TRADE_SLOTS, TRADE_FIELDS))
  const board = new TradeBoard(writer, [0])
  return {
    onRow: () => {},
    onTrades: (message) => {
      board.publish(0, message)
      count += message.count
    },
    checksum: () => count,
  }
}
