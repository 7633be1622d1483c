import { Book } from '../book/book.ts'
import { DEPTH_MAX, RECORDED_TRADE_IDS_MAX } from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import { Histogram } from '../core/histogram.ts'
import { type Result, succeed } from '../core/result.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { BookMessage } from '../domain/messages.ts'
import type { FeatureGroup } from '../features/catalogue.ts'
import { CrossMarket, leaderAmong } from '../features/cross-market.ts'
import type { MarketPlace } from '../features/group-m.ts'
import { type FeatureCatalogueParameters, withDefaults } from '../features/parameters.ts'
import { SymbolFeatures } from '../features/symbol-features.ts'
import { BybitDecoder } from '../feed/bybit/decoder.ts'
import { parseTopicName, type Topic } from '../feed/bybit/topic.ts'
import { readCapture } from '../feed/capture-file.ts'
import { Sequencer } from '../feed/sequencer.ts'
import { createBooks } from '../memory/book-layout.ts'
import { type BookView, openBookView } from '../memory/book-view.ts'
import { Counters } from '../memory/counters.ts'
import { createVenueQuotes, VenueQuoteWriter } from '../memory/venue-quotes.ts'
import { FrameSource } from './capture-survey.ts'
import { Pipeline, type PipelineSink } from './pipeline.ts'
import { lineTimeMs, VenueCapture, type VenueCaptureOptions } from './venue-capture.ts'

/** One topic of a recording with the stages that ran over it. */
export type CaptureTopic = Readonly<{
  topic: Topic
  /** Undefined for a topic that is no book. */
  book: Book | undefined
  view: BookView | undefined
  features: SymbolFeatures | undefined
}>

export type CaptureRun = Readonly<{
  topics: readonly CaptureTopic[]
  counters: Counters
  /** Refused messages of each topic. */
  badDataByTopic: Float64Array
  frames: number
  /** Lines of the recordings that hold no frame, but for blank ones and the recorder's own. */
  skippedLines: number
}>

export type CaptureRunOptions = Readonly<{
  paths: readonly string[]
  /** Names of the topics to follow; others are skipped, as features.md 1.2 says. */
  topics: readonly string[]
  instruments: ReadonlyMap<string, Instrument>
  params: Partial<FeatureCatalogueParameters>
  /** What the other symbols are measured against; else BTCUSDT, else the first. */
  leader?: string | undefined
  /** Recordings of a second exchange, for the two features that compare with it. */
  venue?: VenueCaptureOptions & Readonly<{ feesBps: number }>
  /** Compute features; of a symbol with several books, on the first of them. */
  withFeatures: boolean
  /** Groups to compute for a symbol; all when left out, A to D always. */
  groupsOf?(symbol: string): ReadonlySet<FeatureGroup>
  binanceDepth: number
  onRow(topic: CaptureTopic, message: BookMessage): void
  /**
   * After each line of a file; a promise holds the reading up, for an output that cannot follow.
   */
  onLine(frames: number): Promise<void> | undefined
}>

/**
 * Runs recordings through decoder, sequencer, book and features: the same stages as the live
 * engine, without threads.
 */
export async function runCaptures(options: CaptureRunOptions): Promise<Result<CaptureRun>> {
  const counters = new Counters()
  const decoder = new BybitDecoder(counters)
  const places = options.withFeatures ? openPlaces(options, counters) : NO_PLACES
  const venue = openVenue(options, places)
  const topics = openTopics(options, places, counters)
  const sequencer = new Sequencer(Math.max(1, topics.length))
  for (const { topic } of topics) decoder.addTopic(topic)
  const badDataByTopic = new Float64Array(topics.length)
  const featuresByTopic = shareFeatures(topics, places, options, counters)
  const sink: PipelineSink = {
    onRow: (_instrument, message) => options.onRow(topics[message.topic], message),
    onTrades: () => {},
    onTicker: () => {},
    onControl: () => {},
    onData: () => {},
    // Nobody can be asked: the topic waits for the next snapshot of the recording.
    onResync: (topic, reason) => {
      if (reason === 'bad_data') badDataByTopic[topic]++
    },
  }
  const pipeline = new Pipeline({
    decoder,
    sequencer,
    topics: topics.map((one) => one.topic),
    books: topics.map((one) => one.book),
    features: featuresByTopic,
    counters,
    clock: systemClock,
    socketToBook: new Histogram(),
    isByCatalogue: true,
    sink,
  })
  const source = new FrameSource(options.binanceDepth)
  let frames = 0
  let skippedLines = 0
  for (const path of options.paths) {
    const read = await readCapture(path, (line) => {
      const ofLine = source.frames(line)
      const take = () => {
        for (const frame of ofLine) pipeline.onFrame(Buffer.from(frame), systemClock.nowUs(), 0)
        frames += ofLine.length
        return options.onLine(frames)
      }
      const busy = venue?.advance(lineTimeMs(line, ofLine))
      return busy === undefined ? take() : busy.then(take)
    })
    if (!read.ok) return read
    skippedLines += read.value.skipped
  }
  const finished = await venue?.finish()
  if (finished?.ok === false) return finished
  return succeed({ topics, counters, badDataByTopic, frames, skippedLines })
}

const NO_PLACES: ReadonlyMap<string, MarketPlace> = new Map()

/** The symbols of all topics in one market: trades move its clock even where there is no book. */
function openPlaces(options: CaptureRunOptions, counters: Counters): Map<string, MarketPlace> {
  const symbols = new Set<string>()
  for (const name of options.topics) {
    const parsed = parseTopicName(name)
    if (parsed === undefined || !options.instruments.has(parsed.symbol)) continue
    if (parsed.kind === 'orderbook' || parsed.kind === 'publicTrade') symbols.add(parsed.symbol)
  }
  if (symbols.size === 0) return new Map()
  const market = new CrossMarket({
    symbols: symbols.size,
    leader: leaderAmong([...symbols], options.leader),
    gridMs: withDefaults(options.params).gridMs,
    ...(options.venue !== undefined && {
      quotes: createVenueQuotes(symbols.size),
      feesBps: options.venue.feesBps,
    }),
    counters,
  })
  return new Map([...symbols].map((symbol, place) => [symbol, { market, symbol: place }]))
}

function openVenue(
  { venue }: CaptureRunOptions,
  places: ReadonlyMap<string, MarketPlace>,
): VenueCapture | undefined {
  if (venue === undefined) return undefined
  const writers = new Map<string, VenueQuoteWriter>()
  for (const [name, { market, symbol }] of places) {
    if (market.quotes !== undefined) writers.set(name, new VenueQuoteWriter(market.quotes, symbol))
  }
  return new VenueCapture(venue, writers)
}

function openTopics(
  options: CaptureRunOptions,
  places: ReadonlyMap<string, MarketPlace>,
  counters: Counters,
): CaptureTopic[] {
  const topics: CaptureTopic[] = []
  const withFeatures = new Set<string>()
  for (const name of options.topics) {
    const parsed = parseTopicName(name)
    const instrument = parsed === undefined ? undefined : options.instruments.get(parsed.symbol)
    if (parsed === undefined || instrument === undefined) continue
    const { kind, depth, symbol } = parsed
    const topic: Topic = { index: topics.length, name, kind, depth, instrument }
    if (kind !== 'orderbook' || depth < 1 || depth > DEPTH_MAX) {
      topics.push({ topic, book: undefined, view: undefined, features: undefined })
      continue
    }
    const view = openBookView(createBooks(1, depth), 0, depth)
    const isFirst = options.withFeatures && !withFeatures.has(symbol)
    if (isFirst) withFeatures.add(symbol)
    const features = isFirst
      ? openFeatures(options, instrument, depth, counters, placeOf(places, symbol))
      : undefined
    topics.push({ topic, book: new Book(view, depth), view, features })
  }
  return topics
}

/** A symbol's trades feed the features of its book; without one they still move the clock. */
function shareFeatures(
  topics: readonly CaptureTopic[],
  places: ReadonlyMap<string, MarketPlace>,
  options: CaptureRunOptions,
  counters: Counters,
): (SymbolFeatures | undefined)[] {
  const bySymbol = new Map<string, SymbolFeatures>()
  for (const { topic, features } of topics) {
    if (features !== undefined) bySymbol.set(topic.instrument.symbol, features)
  }
  return topics.map(({ topic, features }) => {
    if (topic.kind !== 'publicTrade') return features
    const { instrument } = topic
    const place = placeOf(places, instrument.symbol)
    const known = bySymbol.get(instrument.symbol)
    if (known !== undefined || place.place === undefined) return known
    const bookless = openFeatures(options, instrument, 1, counters, place)
    bySymbol.set(instrument.symbol, bookless)
    return bookless
  })
}

function openFeatures(
  { groupsOf, params }: CaptureRunOptions,
  instrument: Instrument,
  depth: number,
  counters: Counters,
  place: Readonly<{ place?: MarketPlace }>,
): SymbolFeatures {
  const groups = groupsOf === undefined ? {} : { groups: groupsOf(instrument.symbol) }
  const tradeIdsMax = RECORDED_TRADE_IDS_MAX
  return new SymbolFeatures({
    instrument,
    depth,
    params,
    tradeIdsMax,
    counters,
    ...groups,
    ...place,
  })
}

function placeOf(places: ReadonlyMap<string, MarketPlace>, symbol: string) {
  const place = places.get(symbol)
  return place === undefined ? {} : { place }
}
