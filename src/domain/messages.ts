import { MESSAGE_LEVELS_MAX, TRADES_PER_MESSAGE_MAX } from '../constants.ts'

/**
 * Decoded market data, in structures that one decoder owns and refills: a reader must be done with
 * a message before the next frame is decoded. Prices are ticks, sizes lots, times integer
 * milliseconds of the exchange.
 */
export type LevelList = {
  count: number
  readonly ticks: Float64Array
  readonly lots: Float64Array
}

export type BookMessage = {
  /** Index of the topic in the decoder's table of topics. */
  topic: number
  isSnapshot: boolean
  tsMs: number
  /** Matching-engine time; equals `tsMs` where the exchange sent none. */
  ctsMs: number
  u: number
  /** Cross sequence; NaN where the exchange sent none. */
  seq: number
  readonly bids: LevelList
  readonly asks: LevelList
}

/** One trade; the aggressor's side is `sign`: +1 the taker bought, -1 the taker sold. */
export type TradeMessage = {
  topic: number
  tsMs: number
  count: number
  readonly timeMs: Float64Array
  readonly ticks: Float64Array
  readonly lots: Float64Array
  readonly sign: Int8Array
  readonly isBlock: Uint8Array
  readonly isRpi: Uint8Array
  /** Cross sequence; NaN where the exchange sent none. */
  readonly seq: Float64Array
  /** Fingerprint of the trade's id (core/fingerprint.ts); both 0 for an empty id. */
  readonly idLow: Int32Array
  readonly idHigh: Int32Array
}

export function createLevelList(): LevelList {
  return {
    count: 0,
    ticks: new Float64Array(MESSAGE_LEVELS_MAX),
    lots: new Float64Array(MESSAGE_LEVELS_MAX),
  }
}

export function createBookMessage(): BookMessage {
  return {
    topic: 0,
    isSnapshot: false,
    tsMs: 0.5, // a double from the start: milliseconds do not fit a small integer
    ctsMs: 0.5,
    u: 0.5,
    seq: Number.NaN,
    bids: createLevelList(),
    asks: createLevelList(),
  }
}

export function createTradeMessage(): TradeMessage {
  const n = TRADES_PER_MESSAGE_MAX
  return {
    topic: 0,
    tsMs: 0.5,
    count: 0,
    timeMs: new Float64Array(n),
    ticks: new Float64Array(n),
    lots: new Float64Array(n),
    sign: new Int8Array(n),
    isBlock: new Uint8Array(n),
    isRpi: new Uint8Array(n),
    seq: new Float64Array(n),
    idLow: new Int32Array(n),
    idHigh: new Int32Array(n),
  }
}

/** What a ticker frame said; NaN where it said nothing, which on a delta means unchanged. */
export type TickerMessage = {
  topic: number
  /** False: a delta, to be laid over what is known. */
  isSnapshot: boolean
  tsMs: number
  /** Prices in quote currency, the funding rate as a fraction of one interval. */
  lastPrice: number
  markPrice: number
  indexPrice: number
  fundingRate: number
  /** In base currency. */
  openInterest: number
  /** In quote currency. */
  turnover24h: number
}

export function createTickerMessage(): TickerMessage {
  return {
    topic: 0,
    isSnapshot: false,
    tsMs: 0.5,
    lastPrice: Number.NaN,
    markPrice: Number.NaN,
    indexPrice: Number.NaN,
    fundingRate: Number.NaN,
    openInterest: Number.NaN,
    turnover24h: Number.NaN,
  }
}
