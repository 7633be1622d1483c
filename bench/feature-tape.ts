import { Book } from '../src/book/book.ts'
import type { FeatureGroup } from '../src/features/catalogue.ts'
import { SymbolFeatures } from '../src/features/symbol-features.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { FRAME_BOOK, FRAME_TRADE } from '../src/feed/bybit/frame-kind.ts'
import { Sequencer, VERDICT_SNAPSHOT } from '../src/feed/sequencer.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { openBookView } from '../src/memory/book-view.ts'
import { Counters } from '../src/memory/counters.ts'
import type { Tape } from './tape.ts'
import { fold } from './tape-player.ts'

/** Of the calls of features in the second half of a tape, each timed by itself. */
export type FeatureTimes = Readonly<{ meanNs: number; p99Ns: number; checksum: number }>

/** Frames of a tape are a millisecond apart; in twice the time the windows of 60 s fill. */
const STRETCH = 2

/** Plays a tape through decoder, sequencer and book, and times what the features take of it. */
export class FeatureTape {
  readonly #tape: Tape
  readonly #timesMs: Float64Array

  constructor(tape: Tape) {
    this.#tape = tape
    this.#timesMs = new Float64Array(tape.frames.length - (tape.frames.length >> 1))
  }

  /** Begins anew with features that know nothing. Groups A to D are always on. */
  play(groups: ReadonlySet<FeatureGroup>): FeatureTimes {
    const { topics, frames } = this.#tape
    const decoder = new BybitDecoder(new Counters())
    for (const topic of topics) decoder.addTopic(topic)
    const sequencer = new Sequencer(topics.length)
    const books = topics.map(({ depth }) => {
      const levels = Math.max(1, depth)
      return new Book(openBookView(createBooks(1, levels), 0, levels), levels)
    })
    const features = featuresOf(this.#tape, groups)
    const times = this.#timesMs
    const from = frames.length - times.length
    let checksum = 0
    for (let i = 0; i < frames.length; i++) {
      const kind = decoder.decode(frames[i])
      let startMs = 0
      if (kind === FRAME_BOOK) {
        const message = decoder.book
        message.ctsMs *= STRETCH
        const isSnapshot = sequencer.check(message) === VERDICT_SNAPSHOT
        const book = books[message.topic]
        if (isSnapshot) book.applySnapshot(message, 1)
        else book.applyDelta(message, 1)
        const one = features[message.topic]
        startMs = performance.now()
        one.onBook(message, book, isSnapshot)
        if (i >= from) times[i - from] = performance.now() - startMs
        checksum = fold(checksum, rowChecksum(one.row.values))
      } else if (kind === FRAME_TRADE) {
        const message = decoder.trade
        for (let at = 0; at < message.count; at++) message.timeMs[at] *= STRETCH
        const one = features[message.topic]
        startMs = performance.now()
        one.onTrades(message)
        if (i >= from) times[i - from] = performance.now() - startMs
      }
    }
    return { ...summarize(times), checksum: checksum >>> 0 }
  }
}

/** By topic: the trades of an instrument and its book feed the same. */
function featuresOf(tape: Tape, groups: ReadonlySet<FeatureGroup>): SymbolFeatures[] {
  const bySymbol = new Map(
    tape.topics
      .filter(({ kind }) => kind === 'orderbook')
      .map(({ instrument, depth }) => [
        instrument.symbol,
        new SymbolFeatures({ instrument, depth, groups }),
      ]),
  )
  return tape.topics.map(({ instrument, name }) => {
    const features = bySymbol.get(instrument.symbol)
    if (features === undefined) throw new Error(`trades without a book: ${name}`)
    return features
  })
}

function summarize(timesMs: Float64Array): Readonly<{ meanNs: number; p99Ns: number }> {
  const sorted = timesMs.toSorted()
  const sum = sorted.reduce((total, ms) => total + ms, 0)
  const p99 = sorted[Math.floor(0.99 * (sorted.length - 1))]
  return { meanNs: (1e6 * sum) / sorted.length, p99Ns: 1e6 * p99 }
}

function rowChecksum(values: Float64Array): number {
  let sum = 0
  for (const value of values) if (Number.isFinite(value)) sum += Math.round(value * 1e3)
  return sum
}
