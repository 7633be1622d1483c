import { SymbolAlerts } from '../src/alerts/symbol-alerts.ts'
import { Book } from '../src/book/book.ts'
import { systemClock } from '../src/core/clock.ts'
import { formatSteps } from '../src/core/decimal.ts'
import { Histogram } from '../src/core/histogram.ts'
import { ALERT_KINDS, type AlertKind, alertSettings } from '../src/domain/alerts.ts'
import type { Instrument } from '../src/domain/instrument.ts'
import { FEATURE_NAMES } from '../src/features/registry.ts'
import { SymbolFeatures } from '../src/features/symbol-features.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import type { Topic } from '../src/feed/bybit/topic.ts'
import { Sequencer } from '../src/feed/sequencer.ts'
import { Staleness } from '../src/feed/staleness.ts'
import { type AlertFacts, readAlert } from '../src/memory/alert-record.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { openBookView } from '../src/memory/book-view.ts'
import { Counters } from '../src/memory/counters.ts'
import { EpisodeDirector, type PlannedEpisode } from '../src/sim/episode-director.ts'
import type { EpisodeTruth } from '../src/sim/episode-stage.ts'
import { type ListedInstrument, listInstruments } from '../src/sim/instruments.ts'
import { MockMarket } from '../src/sim/mock-market.ts'
import { Pipeline } from '../src/threads/pipeline.ts'

/**
 * The mock's market with planted episodes, through decoder, book, features and alerts in virtual
 * time, without sockets; and what was found of what was planted.
 */
export type EpisodeRunOptions = Readonly<{
  symbols: readonly string[]
  seconds: number
  seed: number
  plan: readonly PlannedEpisode[]
  /** Messages a second and symbol. */
  rate?: number
}>

export type RaisedAlert = Pick<AlertFacts, 'kind' | 'symbol' | 'side' | 'price' | 'value'> &
  Readonly<{ timeMs: number; sign: number }>

export type EpisodeRun = Readonly<{
  truths: readonly EpisodeTruth[]
  raised: readonly RaisedAlert[]
  rows: number
  startMs: number
}>

const START_US = 1_786_310_800_000_000
const DEPTH = 50
const STALE_MS = 2000
const STEP_US = 20_000
const RATE = 60

export function runEpisodes(options: EpisodeRunOptions): EpisodeRun {
  const { plan, seconds, seed, symbols } = options
  const listed = listInstruments('linear', symbols)
  const instruments = symbols.map((symbol, index) => instrumentOf(listed, symbol, index))
  const raised: RaisedAlert[] = []
  let nowUs = START_US
  const alerts = instruments.map(({ index }) => {
    const sink = (record: Float64Array) => raised.push(shortly(record, instruments, nowUs))
    const settings = alertSettings()
    return new SymbolAlerts({ instrument: index, featureNames: FEATURE_NAMES, settings, sink })
  })
  const stages = openStages(instruments)
  const staleness = new Staleness(stages.topics.length, {
    onStale: (topic) => {
      const { index } = stages.topics[topic].instrument
      alerts[index].onDown('no_data', STALE_MS, nowUs)
    },
    onRecovered: () => {},
  })
  for (const { index, kind } of stages.topics) {
    if (kind !== 'orderbook') continue
    staleness.setBound(index, STALE_MS)
    staleness.watch(index, START_US)
  }
  let rows = 0
  const pipeline = new Pipeline({
    ...stages,
    clock: systemClock,
    socketToBook: new Histogram(),
    sink: {
      onRow: (instrument, message) => {
        rows++
        const { features } = stages
        const own = features[message.topic]
        const book = stages.books[message.topic]
        if (own === undefined || book === undefined) return
        alerts[instrument].onRow(own.row, book, own.flows, message.isSnapshot, nowUs)
      },
      onTrades: () => {},
      onTicker: () => {},
      onControl: () => {},
      onData: (topic) => staleness.note(topic, nowUs),
      onResync: () => {},
    },
  })
  const rate = (options.rate ?? RATE) * symbols.length
  const market = new MockMarket({ symbols, seed, rate, startUs: START_US })
  const director = new EpisodeDirector(plan, 'linear', START_US)
  market.plant(director)
  const receiver = {
    receive(bytes: Uint8Array, from: number, to: number) {
      const short = bytes[from + 1] & 127
      const header = short === 126 ? 4 : short === 127 ? 10 : 2
      pipeline.onFrame(Buffer.from(bytes.subarray(from + header, to)), nowUs, 0)
    },
  }
  for (const { name } of stages.topics) market.subscribe('linear', name, receiver)
  for (let step = 1; step * STEP_US <= seconds * 1e6; step++) {
    nowUs = START_US + step * STEP_US
    market.advance(nowUs, Number.MAX_SAFE_INTEGER)
    if (step % 5 === 0) staleness.check(nowUs)
  }
  return { truths: director.truths, raised, rows, startMs: START_US / 1000 }
}

function openStages(instruments: readonly Instrument[]) {
  const counters = new Counters()
  const decoder = new BybitDecoder(counters)
  const topics: Topic[] = []
  const books: (Book | undefined)[] = []
  const features: (SymbolFeatures | undefined)[] = []
  const memory = createBooks(instruments.length, DEPTH)
  for (const instrument of instruments) {
    const { index, symbol } = instrument
    const own = new SymbolFeatures({ instrument, depth: DEPTH, counters })
    for (const kind of ['publicTrade', 'orderbook'] as const) {
      const isBook = kind === 'orderbook'
      const name = isBook ? `orderbook.${DEPTH}.${symbol}` : `publicTrade.${symbol}`
      topics.push({ index: topics.length, name, kind, depth: isBook ? DEPTH : 0, instrument })
      books.push(isBook ? new Book(openBookView(memory, index, DEPTH), DEPTH) : undefined)
      features.push(own)
    }
  }
  for (const topic of topics) decoder.addTopic(topic)
  return { decoder, sequencer: new Sequencer(topics.length), topics, books, features, counters }
}

/** Volume buckets of about fifteen quotes of the crowd. */
const BUCKET_QUOTE = 15 * 10_000

function instrumentOf(
  listed: readonly ListedInstrument[],
  symbol: string,
  index: number,
): Instrument {
  const own = listed.find((one) => one.symbol === symbol) ?? listed[0]
  const price = own.startTicks * own.tick.value
  const bucketLots = Math.max(1, Math.round(BUCKET_QUOTE / price / own.lot.value))
  return {
    index,
    symbol: own.symbol,
    category: 'linear',
    tick: own.tick,
    lot: own.lot,
    minOrderLots: 1,
    maxOrderLots: 1e12,
    minNotionalQuote: 5,
    features: {
      bandTicks: 20,
      refNotionalQuote: '10000',
      vpinBucketBase: formatSteps(bucketLots, own.lot),
    },
  }
}

function shortly(
  record: Float64Array,
  instruments: readonly Instrument[],
  nowUs: number,
): RaisedAlert {
  const { kind, price, side, symbol, value } = readAlert(record, instruments)
  const sign = side === null ? 0 : side === 'bid' ? 1 : -1
  return { kind, price, side, symbol, value, sign, timeMs: nowUs / 1000 }
}

/** What became of one kind. Hours are hours of market, over all symbols. */
export type KindVerdict = Readonly<{
  kind: AlertKind
  planted: number
  hits: number
  misses: number
  /** Raised while an episode of the symbol ran or its market came to rest, but not as planted. */
  beside: number
  /** Raised where nothing was planted. */
  false_alarms: number
  false_alarms_per_hour: number
  /** From the moment it was planted to the alert. */
  delay_ms_median: number | null
}>

/** An episode shakes its market for so long; what shows meanwhile may be true. */
const SHAKEN_MS = 60_000

export function judge(run: EpisodeRun, symbolHours: number): KindVerdict[] {
  const used = new Set<RaisedAlert>()
  const delays = new Map<AlertKind, number[]>()
  const hits = new Map<AlertKind, number>()
  for (const truth of run.truths) {
    const found = run.raised.find((one) => !used.has(one) && isOf(one, truth))
    if (found === undefined) continue
    used.add(found)
    hits.set(truth.kind, (hits.get(truth.kind) ?? 0) + 1)
    delays.set(truth.kind, [...(delays.get(truth.kind) ?? []), found.timeMs - truth.fromMs])
  }
  const isShaken = (one: RaisedAlert) =>
    run.truths.some(
      ({ fromMs, symbol, untilMs }) =>
        symbol === one.symbol && one.timeMs >= fromMs && one.timeMs <= untilMs + SHAKEN_MS,
    )
  return ALERT_KINDS.map((kind) => {
    const planted = run.truths.filter((truth) => truth.kind === kind).length
    const others = run.raised.filter((one) => one.kind === kind && !used.has(one))
    const beside = others.filter(isShaken).length
    const sorted = (delays.get(kind) ?? []).sort((a, b) => a - b)
    const falseAlarms = others.length - beside
    return {
      kind,
      planted,
      hits: hits.get(kind) ?? 0,
      misses: planted - (hits.get(kind) ?? 0),
      beside,
      false_alarms: falseAlarms,
      false_alarms_per_hour: falseAlarms / symbolHours,
      delay_ms_median: sorted.length === 0 ? null : sorted[(sorted.length - 1) >> 1],
    }
  })
}

function isOf(alert: RaisedAlert, truth: EpisodeTruth): boolean {
  if (alert.kind !== truth.kind || alert.symbol !== truth.symbol) return false
  if (alert.sign !== truth.side) return false
  return alert.timeMs >= truth.fromMs && alert.timeMs <= truth.untilMs
}
