import { formatSteps, type Step } from '../core/decimal.ts'
import type { BookReason, BookState } from '../domain/book.ts'
import type { Instrument } from '../domain/instrument.ts'
import { type BookView, bookVersion, createBookCopy, readBook } from '../memory/book-view.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import {
  ageMs,
  BEFORE_FIRST,
  BodyCache,
  type DeskChannel,
  type FrameChoice,
  finiteOrNull,
  type Tick,
} from './desk-channel.ts'
import { bytesOf } from './feature-channel.ts'
import type { FrameFields, FrameVariant } from './frame-body.ts'

const READS_FAILED = counterIndex('stream_reads_failed')
const NOT_SHOWN = -1

/** The book of one symbol, copied at most once a tick for all depths that are asked for. */
export class BookSource {
  /** Messages applied, and changes to a state other than LIVE. */
  head = 0
  isReady = false
  readonly instrument: Instrument
  readonly book: ReturnType<typeof createBookCopy>
  readonly #view: BookView
  readonly #count: Float64Array
  #tick = NOT_SHOWN
  #versionSeen = NOT_SHOWN
  #messagesSeen = 0
  #shownState: BookState = 'NO_BOOK'
  #shownReason: BookReason = 'start'

  constructor(instrument: Instrument, view: BookView, counters: Counters) {
    this.instrument = instrument
    this.book = createBookCopy(view.depth)
    this.#view = view
    this.#count = counters.values
  }

  look(tick: Tick): void {
    if (tick.number === this.#tick) return
    this.#tick = tick.number
    const version = bookVersion(this.#view)
    if (version === this.#versionSeen) return
    const { book } = this
    if (!readBook(this.#view, book)) {
      this.#count[READS_FAILED]++
      this.#versionSeen = NOT_SHOWN
      this.isReady = false // what a failed copy left behind is nobody's book
      return
    }
    this.#versionSeen = version
    const last = this.#messagesSeen
    this.#messagesSeen = book.messages
    const messages = book.messages >= last ? book.messages - last : book.messages
    const isNewState = book.state !== this.#shownState || this.head === 0
    const isNewReason = book.state !== 'LIVE' && book.reason !== this.#shownReason
    if (book.state === 'LIVE') this.head += isNewState ? Math.max(1, messages) : messages
    else this.head += messages + (isNewState || isNewReason ? 1 : 0)
    this.#shownState = book.state
    this.#shownReason = book.reason
    this.isReady = true
  }
}

/**
 * `book.N.SYMBOL`: the best N levels of each side while LIVE; otherwise, once per change, the state
 * with its reason.
 */
export class BookChannel implements DeskChannel {
  readonly name: string
  readonly #source: BookSource
  readonly #depth: number
  readonly #cache = new BodyCache()

  constructor(source: BookSource, depth: number) {
    this.name = `book.${depth}.${source.instrument.symbol}`
    this.#source = source
    this.#depth = depth
  }

  get head(): number {
    return this.#source.head
  }

  get isReady(): boolean {
    return this.#source.isReady
  }

  look(tick: Tick): void {
    this.#source.look(tick)
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant, tick: Tick): void {
    out.isSnapshot = cursor === BEFORE_FIRST
    out.missed = out.isSnapshot ? 0 : this.head - cursor - 1
    const at = out.isSnapshot ? tick.number : 0
    // Floats would round prices, so books are doubles for everybody.
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    out.body = this.#cache.body(kind, this.head, at, () => this.#fields(kind, tick.nowUs))
  }

  #fields(variant: FrameVariant, nowUs: number): FrameFields {
    const { book, instrument } = this.#source
    const isKnown = book.messages > 0
    const fields = {
      channel: this.name,
      state: book.state,
      u: isKnown ? book.u : null,
      cts: isKnown ? book.ctsMs : null,
      exchange_seq: isKnown ? finiteOrNull(book.seq) : null,
      age_ms: ageMs(book.dataUs, nowUs),
    }
    if (book.state !== 'LIVE') return { ...fields, reason: book.reason, bids: null, asks: null }
    const { tick, lot } = instrument
    const side = variant === 'json' ? textLevels : binaryLevels
    const bidCount = Math.min(book.bidCount, this.#depth)
    const askCount = Math.min(book.askCount, this.#depth)
    return {
      ...fields,
      bids: side(book.bidTicks, book.bidLots, bidCount, tick, lot),
      asks: side(book.askTicks, book.askLots, askCount, tick, lot),
    }
  }
}

function textLevels(
  ticks: Float64Array,
  lots: Float64Array,
  count: number,
  tick: Step,
  lot: Step,
): [string, string][] {
  const levels: [string, string][] = []
  for (let i = 0; i < count; i++) {
    levels.push([formatSteps(ticks[i], tick), formatSteps(lots[i], lot)])
  }
  return levels
}

function binaryLevels(
  ticks: Float64Array,
  lots: Float64Array,
  count: number,
  tick: Step,
  lot: Step,
): FrameFields {
  return {
    prices: bytesOf(scale(ticks, count, tick)),
    sizes: bytesOf(scale(lots, count, lot)),
  }
}

/**
 * The double nearest to each decimal: an exact integer over an exact power of ten, rounded once.
 */
function scale(counts: Float64Array, count: number, step: Step): Float64Array {
  const values = new Float64Array(count)
  const divisor = 10 ** step.decimals
  for (let i = 0; i < count; i++) values[i] = (counts[i] * step.unitsPerStep) / divisor
  return values
}
