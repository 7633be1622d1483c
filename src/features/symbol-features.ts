// hot
import { FEATURE_COUNT } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { EMPTY_BOOK, type ReadableBook } from '../domain/book.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { BookMessage, TradeMessage } from '../domain/messages.ts'
import { Counters, counterIndex } from '../memory/counters.ts'
import { createRowCopy, type RowCopy } from '../memory/row-view.ts'
import { BookFlow } from './book-flow.ts'
import { BookSummary } from './book-summary.ts'
import { BucketGrid } from './bucket-grid.ts'
import { FEATURE_GROUP_NAMES, type FeatureGroup } from './catalogue.ts'
import { CrossMarket } from './cross-market.ts'
import { FeatureGroups } from './feature-groups.ts'
import { type BookFlows, FlowAttribution, FlowWorkspace } from './flow-attribution.ts'
import { TopFeatures } from './group-a.ts'
import { ShapeFeatures } from './group-b.ts'
import { ImbalanceFeatures } from './group-c.ts'
import { writeBookFlow, writeTradeFlow } from './group-d.ts'
import type { MarketPlace } from './group-m.ts'
import { HawkesIntensity } from './hawkes.ts'
import { MidLog } from './mid-log.ts'
import { overflowTally } from './overflow-tally.ts'
import { type FeatureCatalogueParameters, withDefaults } from './parameters.ts'
import type { RowState, TradeState } from './row-state.ts'
import { StreamTime } from './stream-time.ts'
import { TradeFlow } from './trade-flow.ts'
import { TradeIds } from './trade-ids.ts'

const TRADES_COUNTED = counterIndex('trades_counted')
const TRADES_REPEATED = counterIndex('trades_repeated')
const TRADES_BLOCK = counterIndex('trades_block')
const TRADES_OVERFLOWED = counterIndex('trades_overflowed')
const WINDOW_OVERFLOWS = counterIndex('window_overflows')

const ALL_GROUPS: ReadonlySet<FeatureGroup> = new Set(FEATURE_GROUP_NAMES)

export type SymbolFeaturesOptions = Readonly<{
  instrument: Instrument
  /** Levels a side of the book topic. */
  depth: number
  params?: Partial<FeatureCatalogueParameters>
  /** Groups to compute; all when left out. A to D are always on, the others build on them. */
  groups?: ReadonlySet<FeatureGroup>
  /** Where it stands among the other symbols; a market of its own when left out. */
  place?: MarketPlace
  /** Trade ids remembered to drop repeats, a power of two; as many as a live engine's if left out. */
  tradeIdsMax?: number
  /** Counters of the thread; private ones when left out. */
  counters?: Counters
  /** Shared by the symbols of the thread; one of its own when left out. */
  workspace?: FlowWorkspace
}>

/**
 * All features of one symbol, from its accepted messages in stream order: trades as they come, each
 * accepted book message after the book took it, each gap. After `onBook` the row is complete but
 * for its receive and publish times.
 *
 *   trades --> ids --> trade log, Hawkes, pending pool --\
 *   book ----> clock, grid, flows, groups A to D, E to N -> row
 *
 * Everything depends on the effective time of the stream (features.md 1.2), nothing on a local
 * clock.
 */
export class SymbolFeatures {
  readonly row: RowCopy = createRowCopy()
  /** What the latest book event added, canceled and filled; good until the next of the thread. */
  readonly flows: BookFlows
  readonly mids: MidLog
  readonly grid: BucketGrid
  readonly #step: number
  readonly #count: Float64Array
  readonly #attribution: FlowAttribution
  readonly #summary = new BookSummary()
  readonly #top: TopFeatures
  readonly #shape: ShapeFeatures
  readonly #imbalance = new ImbalanceFeatures()
  readonly #bookFlow = new BookFlow()
  readonly #tradeFlow = new TradeFlow()
  readonly #hawkes: HawkesIntensity
  readonly #ids: TradeIds
  readonly #groups: FeatureGroups
  readonly #rowState: RowState
  readonly #trade: TradeState
  readonly #time = new StreamTime()
  /** Counts the messages of the symbol; all trades of one share it. */
  #streamPosition = 0
  #poolOverflows = 0

  constructor(options: SymbolFeaturesOptions) {
    const { instrument, depth, counters } = options
    assert(depth >= 1, 'a book has at least one level')
    const params = withDefaults(options.params ?? {})
    this.#step = instrument.lot.value
    this.#ids = new TradeIds(options.tradeIdsMax)
    this.#count = (counters ?? new Counters()).values
    this.#attribution = new FlowAttribution(depth, options.workspace ?? new FlowWorkspace())
    this.flows = this.#attribution.flows
    this.mids = new MidLog(params.markoutMs)
    this.grid = new BucketGrid(params.gridMs)
    this.#top = new TopFeatures(instrument.tick.value, this.#step)
    this.#shape = new ShapeFeatures(this.#step, instrument.features.bandTicks)
    this.#hawkes = new HawkesIntensity(
      params.hawkesMu,
      params.hawkesSelf,
      params.hawkesCross,
      params.hawkesBeta,
    )
    const place = options.place ?? alone(params.gridMs)
    const setup = { instrument, depth, params, place }
    this.#groups = new FeatureGroups(setup, options.groups ?? ALL_GROUPS)
    const shared = { time: this.#time, mids: this.mids, grid: this.grid }
    this.#trade = { ...shared, sign: 0, lots: 0, ticks: 0, streamPosition: 0 }
    this.#rowState = {
      ...shared,
      summary: this.#summary,
      flows: this.flows,
      book: EMPTY_BOOK,
      isSnapshot: false,
      entries: 0,
      ofiLots: 0,
      streamPosition: 0,
    }
    this.row.values.fill(Number.NaN)
  }

  /** Effective time in ms; -Infinity before the first event. */
  get tauMs(): number {
    return this.#time.tauMs
  }

  onTrades(message: TradeMessage): void {
    const overflows = overflowTally.count
    this.#streamPosition++
    for (let i = 0; i < message.count; i++) {
      if (message.isBlock[i] === 1) {
        this.#count[TRADES_BLOCK]++
        continue
      }
      if (!this.#ids.add(message.idLow[i], message.idHigh[i])) {
        this.#count[TRADES_REPEATED]++
        continue
      }
      this.#addTrade(message, i)
    }
    this.#countOverflows(overflows)
  }

  /** `book` is the state after the message, with the changes it made. */
  onBook(message: BookMessage, book: ReadableBook, isSnapshot: boolean): void {
    const overflows = overflowTally.count
    this.#streamPosition++
    this.#moveClock(message.ctsMs)
    const time = this.#time
    if (isSnapshot) this.#attribution.applySnapshot(message, book)
    else this.#attribution.applyDelta(message, book)
    const summary = this.#summary
    summary.read(book, isSnapshot)
    this.mids.append(time, summary.mid)
    const values = this.row.values
    const shape = this.#shape
    this.#top.update(values, summary, time)
    shape.update(values, book, summary, isSnapshot)
    this.#imbalance.update(values, book, summary, shape.bidBandLots, shape.askBandLots)
    this.#bookFlow.update(book, time, isSnapshot, summary)
    writeBookFlow(values, this.#bookFlow, this.#step)
    writeTradeFlow(values, this.#tradeFlow, this.#hawkes, time, this.#step)
    const row = this.#rowState
    row.book = book
    row.isSnapshot = isSnapshot
    row.entries = message.bids.count + message.asks.count
    row.ofiLots = this.#bookFlow.eventLots
    row.streamPosition = this.#streamPosition
    this.#groups.update(values, row)
    settle(values)
    this.#sign(message)
    this.#countOverflows(overflows)
  }

  /**
   * The sequencer lost the chain: there is no mid until the next snapshot, and deltas do not come
   * here until then.
   */
  onGap(): void {
    this.#streamPosition++
    // A symbol that never had an event has no time to put the gap at, and no mid to lose.
    if (this.#time.tauMs === Number.NEGATIVE_INFINITY) return
    this.mids.append(this.#time, Number.NaN)
    this.#groups.onGap()
  }

  #addTrade(message: TradeMessage, i: number): void {
    const timeMs = message.timeMs[i]
    const ticks = message.ticks[i]
    const sign = message.sign[i]
    const lots = message.lots[i]
    this.#moveClock(timeMs)
    const time = this.#time
    this.#tradeFlow.addTrade(time, sign, lots, ticks, this.mids.current, this.#streamPosition)
    this.#hawkes.addTrade(time, sign)
    const trade = this.#trade
    trade.sign = sign
    trade.lots = lots
    trade.ticks = ticks
    trade.streamPosition = this.#streamPosition
    this.#groups.addTrade(trade)
    // An RPI quote is not in the public book, so no delta will ever show it.
    if (message.isRpi[i] === 0 && lots > 0) {
      this.#attribution.pending.add(message, i)
    }
    this.#count[TRADES_COUNTED]++
  }

  /** Closes grid buckets with the state before the event. */
  #moveClock(ownMs: number): void {
    if (ownMs > this.#time.tauMs) this.#time.tauMs = ownMs
    this.grid.advance(this.#time, this.mids.current)
  }

  #sign(message: BookMessage): void {
    const row = this.row
    row.rowNumber++
    row.u = message.u
    row.seq = message.seq
    row.ctsMs = message.ctsMs
    row.tauMs = this.#time.tauMs
  }

  /** `before`: of the thread, when the message came. */
  #countOverflows(before: number): void {
    if (overflowTally.count !== before) {
      this.#count[WINDOW_OVERFLOWS] += overflowTally.count - before
    }
    const poolOverflows = this.#attribution.pending.overflows
    if (poolOverflows !== this.#poolOverflows) {
      this.#count[TRADES_OVERFLOWED] += poolOverflows - this.#poolOverflows
      this.#poolOverflows = poolOverflows
    }
  }
}

/** A market with one symbol, which leads itself. */
function alone(gridMs: number): MarketPlace {
  return { market: new CrossMarket({ symbols: 1, leader: 0, gridMs }), symbol: 0 }
}

/**
 * What leaves is finite or NaN, and zero has no sign. A finite number less itself is 0, which also
 * makes -0 to 0; anything else less itself is NaN. Two at a time, without a branch: half the time.
 */
function settle(values: Float64Array): void {
  let i = 0
  for (; i + 1 < FEATURE_COUNT; i += 2) {
    const value = values[i]
    const next = values[i + 1]
    values[i] = value + (value - value)
    values[i + 1] = next + (next - next)
  }
  for (; i < FEATURE_COUNT; i++) values[i] += values[i] - values[i]
}
