import { Book } from '../src/book/book.ts'
import { stateHash } from '../src/book/state-hash.ts'
import { Histogram } from '../src/core/histogram.ts'
import { SymbolFeatures } from '../src/features/symbol-features.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { Sequencer } from '../src/feed/sequencer.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { openBookView } from '../src/memory/book-view.ts'
import { Counters, counterIndex } from '../src/memory/counters.ts'
import { Pipeline } from '../src/threads/pipeline.ts'
import { type BenchCase, type BenchOptions, type BenchTable, measureRounds } from './table.ts'
import { makeDeepTape, makeMixedTape, type Tape } from './tape.ts'
import { fold } from './tape-player.ts'

/**
 * Frames through the pipeline of a shard on one thread, as they come from the socket: decoder,
 * sequencer, book, and the row of all 150 features of every book event. An operation is one
 * message. The first of each pair ends at the book. One message a millisecond of exchange time,
 * over 8 or 2 symbols.
 */
const SEED = 20_260_809
const MIXED = { smoke: 600, full: 40_000 }
const DEEP = { smoke: 60, full: 6000 }
const ROWS = counterIndex('rows')
const FALLBACKS = counterIndex('frames_fallback')
const GAPS = counterIndex('gaps')

export async function run(options: BenchOptions): Promise<BenchTable> {
  const size = options.smoke ? 'smoke' : 'full'
  const cases: BenchCase[] = []
  for (const tape of [makeMixedTape(SEED, MIXED[size]), makeDeepTape(SEED, DEEP[size])]) {
    const operations = tape.frames.length
    cases.push(
      { case: `${tape.name}, socket to book`, operations, run: () => play(tape, false) },
      { case: `${tape.name}, socket to the full row`, operations, run: () => play(tape, true) },
    )
  }
  const table = measureRounds('pipeline', cases, options)
  const rows = table.rows.map((row, i) => ({
    ...row,
    ratio: table.rows[i - (i % 2)].median_ns / row.median_ns,
  }))
  return { name: table.name, rows }
}

/** With features of its own each time: a stream that begins again is no stream to them. */
function play(tape: Tape, hasFeatures: boolean): number {
  const { topics, frames } = tape
  const counters = new Counters()
  const decoder = new BybitDecoder(counters)
  for (const topic of topics) decoder.addTopic(topic)
  const books = topics.map(({ depth }) =>
    depth === 0 ? undefined : new Book(openBookView(createBooks(1, depth), 0, depth), depth),
  )
  // The trades of an instrument and its book feed the same features.
  const bySymbol = new Map(
    topics
      .filter(({ depth }) => hasFeatures && depth > 0)
      .map(({ instrument, depth }) => [
        instrument.symbol,
        new SymbolFeatures({ instrument, depth }),
      ]),
  )
  const features = topics.map(({ instrument }) => bySymbol.get(instrument.symbol))
  const nothing = () => {}
  const pipeline = new Pipeline({
    ...{ decoder, topics, books, features, counters },
    sequencer: new Sequencer(topics.length),
    clock: { nowUs: () => 0 },
    socketToBook: new Histogram(),
    sink: {
      ...{ onRow: nothing, onTrades: nothing, onTicker: nothing, onControl: nothing },
      ...{ onData: nothing, onResync: nothing },
    },
  })
  for (const frame of frames) pipeline.onFrame(frame, 0, 0)
  const { values } = counters
  let checksum = values[ROWS] + values[GAPS] + values[FALLBACKS]
  for (const book of books) if (book !== undefined) checksum = fold(checksum, stateHash(book))
  for (const { row } of bySymbol.values()) {
    for (const value of row.values) {
      if (Number.isFinite(value)) checksum = fold(checksum, Math.round(value * 1e3))
    }
  }
  return checksum >>> 0
}
