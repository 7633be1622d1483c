import { parseStepsText } from '../../src/core/decimal.ts'
import { fingerprintText } from '../../src/core/fingerprint.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import {
  type BookMessage,
  createBookMessage,
  createTradeMessage,
  type LevelList,
  type TradeMessage,
} from '../../src/domain/messages.ts'
import { FEATURE_GROUP_NAMES, type FeatureGroup } from '../../src/features/catalogue.ts'
import { CrossMarket, leaderAmong } from '../../src/features/cross-market.ts'
import { type FeatureCatalogueParameters, withDefaults } from '../../src/features/parameters.ts'
import { SymbolFeatures } from '../../src/features/symbol-features.ts'
import { Counters } from '../../src/memory/counters.ts'
import { MapBook } from './map-book.ts'
import {
  depthOf,
  isRawBook,
  type RawBook,
  type RawMessage,
  type RawTrade,
  type RawTrades,
  symbolOf,
} from './raw-message.ts'

export type ReplayedRow = Readonly<{
  symbol: string
  u: number
  cts: number
  tauMs: number
  values: readonly number[]
}>

type Stream = {
  instrument: Instrument
  features: SymbolFeatures
  book: MapBook
  lastU: number
  isLive: boolean
}

/** Drives SymbolFeatures with raw messages over a simple decoder, sequencer and book. */
export class FeatureReplay {
  readonly counters = new Counters()
  readonly #streams = new Map<string, Stream>()
  readonly #bookMessage = createBookMessage()
  readonly #tradeMessage = createTradeMessage()

  constructor(
    instruments: ReadonlyMap<string, Instrument>,
    depth: number,
    params: Partial<FeatureCatalogueParameters> = {},
    groups: ReadonlySet<FeatureGroup> = new Set(FEATURE_GROUP_NAMES),
    options: Readonly<{
      leader?: string | undefined
      mids?: SharedArrayBuffer
      quotes?: SharedArrayBuffer
      feesBps?: number
    }> = {},
  ) {
    const symbols = [...instruments.keys()]
    const { gridMs } = withDefaults(params)
    const leader = leaderAmong(symbols, options.leader)
    const market = new CrossMarket({ symbols: symbols.length, ...options, leader, gridMs })
    for (const [symbol, instrument] of instruments) {
      const features = new SymbolFeatures({
        instrument,
        depth,
        params,
        groups,
        place: { market, symbol: this.#streams.size },
        counters: this.counters,
      })
      const book = new MapBook(depth)
      this.#streams.set(symbol, { instrument, features, book, lastU: 0, isLive: false })
    }
  }

  featuresOf(symbol: string): SymbolFeatures | undefined {
    return this.#streams.get(symbol)?.features
  }

  /** The row of an accepted book message; undefined for everything else. */
  feed(message: RawMessage): ReplayedRow | undefined {
    const symbol = symbolOf(message)
    const stream = this.#streams.get(symbol)
    if (stream === undefined) return undefined
    if (!isRawBook(message)) {
      decodeTrades(message, stream.instrument, this.#tradeMessage)
      stream.features.onTrades(this.#tradeMessage)
      return undefined
    }
    if (depthOf(message) !== stream.book.depth) return undefined
    return this.#feedBook(symbol, stream, message)
  }

  #feedBook(symbol: string, stream: Stream, raw: RawBook): ReplayedRow | undefined {
    const { u } = raw.data
    const isSnapshot = raw.type === 'snapshot' || u === 1
    if (!isSnapshot) {
      if (!stream.isLive || u <= stream.lastU) return undefined
      if (u > stream.lastU + 1) {
        stream.isLive = false
        stream.features.onGap()
        return undefined
      }
    }
    stream.isLive = true
    stream.lastU = u
    const message = this.#bookMessage
    decodeBook(raw, stream.instrument, message)
    stream.book.apply(message, isSnapshot)
    stream.features.onBook(message, stream.book, isSnapshot)
    const { row } = stream.features
    return { symbol, u: row.u, cts: row.ctsMs, tauMs: row.tauMs, values: [...row.values] }
  }
}

function decodeBook(raw: RawBook, instrument: Instrument, out: BookMessage): void {
  out.isSnapshot = raw.type === 'snapshot'
  out.tsMs = raw.ts
  out.ctsMs = raw.cts ?? raw.ts
  out.u = raw.data.u
  out.seq = raw.data.seq ?? Number.NaN
  decodeLevels(raw.data.b, instrument, out.bids)
  decodeLevels(raw.data.a, instrument, out.asks)
}

function decodeLevels(
  levels: readonly [string, string][],
  instrument: Instrument,
  out: LevelList,
): void {
  out.count = levels.length
  levels.forEach(([price, size], at) => {
    out.ticks[at] = parseStepsText(price, instrument.tick)
    out.lots[at] = parseStepsText(size, instrument.lot)
  })
}

function decodeTrades(raw: RawTrades, instrument: Instrument, out: TradeMessage): void {
  out.tsMs = raw.ts
  out.count = raw.data.length
  raw.data.forEach((trade: RawTrade, at) => {
    out.timeMs[at] = trade.T
    out.ticks[at] = parseStepsText(trade.p, instrument.tick)
    out.lots[at] = parseStepsText(trade.v, instrument.lot)
    out.sign[at] = trade.S === 'Buy' ? 1 : -1
    out.isBlock[at] = trade.BT === true ? 1 : 0
    out.isRpi[at] = trade.RPI === true ? 1 : 0
    out.seq[at] = trade.seq ?? Number.NaN
    fingerprintText(trade.i, out.idLow, out.idHigh, at)
  })
}
