import { formatSteps } from '../core/decimal.ts'
import type { Category } from '../domain/instrument.ts'
import { bestLevels } from './book-journal.ts'
import { isInterval } from './candle-series.ts'
import type { ListedInstrument } from './instruments.ts'
import { QUOTE_COIN } from './instruments.ts'
import { candleTexts, trimmed } from './kline-topic.ts'
import { BID } from './matching-engine.ts'
import type { MockMarket } from './mock-market.ts'
import { linearTicker, spotTicker, spotTouch } from './ticker-topic.ts'

/**
 * The public market endpoints of the REST API, `/v5/market/...`: from a path and its parameters to
 * the answer's body. A wrong parameter is retCode 10001 with HTTP status 200, as the exchange does
 * it.
 */
const PARAMETER_ERROR = 10_001
const RECENT_TRADES_SPOT_MAX = 60
const PAGE_MAX = 1000

/** Where instruments come from; `market` is absent when a capture is replayed. */
export type RestSources = Readonly<{
  listed: Readonly<Record<Category, readonly ListedInstrument[]>>
  market: MockMarket | undefined
}>

type Reply = Readonly<{ retCode: number; retMsg: string; result: unknown }>
type Endpoint = (sources: RestSources, query: URLSearchParams, nowUs: number) => Reply

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ['/v5/market/time', serverTime],
  ['/v5/market/instruments-info', instrumentsInfo],
  ['/v5/market/orderbook', orderBook],
  ['/v5/market/recent-trade', recentTrades],
  ['/v5/market/kline', kline],
  ['/v5/market/tickers', tickers],
])

/** The body of the answer; undefined when there is no such endpoint. */
export function restAnswer(
  sources: RestSources,
  path: string,
  query: URLSearchParams,
  nowUs: number,
): string | undefined {
  const endpoint = ENDPOINTS.get(path)
  if (endpoint === undefined) return undefined
  const reply = endpoint(sources, query, nowUs)
  return JSON.stringify({ ...reply, retExtInfo: {}, time: Math.floor(nowUs / 1000) })
}

function ok(result: unknown): Reply {
  return { retCode: 0, retMsg: 'OK', result }
}

function refuse(text: string): Reply {
  return { retCode: PARAMETER_ERROR, retMsg: `params error: ${text}`, result: {} }
}

function serverTime(_sources: RestSources, _query: URLSearchParams, nowUs: number): Reply {
  const timeSecond = String(Math.floor(nowUs / 1e6))
  return ok({ timeSecond, timeNano: `${Math.floor(nowUs)}000` })
}

function categoryOf(query: URLSearchParams): Category | 'empty' | undefined {
  const category = query.get('category')
  if (category === 'linear' || category === 'spot') return category
  return category === 'inverse' || category === 'option' ? 'empty' : undefined
}

/** A whole number within bounds; the fallback when absent; undefined when it is not one. */
function wholeNumber(
  query: URLSearchParams,
  name: string,
  bounds: { fallback: number; min: number; max: number },
): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return bounds.fallback
  if (!/^\d{1,15}$/.test(text)) return undefined
  const value = Number(text)
  return value >= bounds.min && value <= bounds.max ? value : undefined
}

function instrumentsInfo({ listed }: RestSources, query: URLSearchParams): Reply {
  const category = categoryOf(query)
  if (category === undefined) return refuse('category invalid')
  const limit = wholeNumber(query, 'limit', { fallback: 500, min: 1, max: PAGE_MAX })
  if (limit === undefined) return refuse('limit invalid')
  const named = query.get('category')
  if (category === 'empty') return ok({ category: named, list: [], nextPageCursor: '' })
  const symbol = query.get('symbol')
  const baseCoin = query.get('baseCoin')
  const status = query.get('status')
  const wanted = listed[category].filter(
    (instrument) =>
      (symbol === null || instrument.symbol === symbol) &&
      (baseCoin === null || instrument.baseCoin === baseCoin) &&
      (status === null || status === 'Trading'),
  )
  if (symbol !== null && wanted.length === 0) return refuse('symbol invalid')
  // Spot is not paged: all of it, whatever the limit says.
  if (category === 'spot') return ok({ category, list: wanted.map(spotInfo) })
  const cursor = query.get('cursor')
  const from = cursor === null || cursor === '' ? 0 : cursorPosition(cursor)
  if (from === undefined || from > wanted.length) return refuse('cursor invalid')
  const page = wanted.slice(from, from + limit)
  const next = from + limit < wanted.length ? `first%3D${from + limit}` : ''
  return ok({ category, list: page.map(linearInfo), nextPageCursor: next })
}

/** A cursor comes back as we sent it, or decoded once more by the client's URL code. */
function cursorPosition(cursor: string): number | undefined {
  const match = /^first(?:=|%3D)(\d{1,6})$/.exec(cursor)
  return match === null ? undefined : Number(match[1])
}

function linearInfo(instrument: ListedInstrument) {
  const { symbol, baseCoin, tick, lot, maxOrderQty, maxMarketQty, maxLeverage, rank } = instrument
  return {
    symbol,
    contractType: 'LinearPerpetual',
    status: 'Trading',
    baseCoin,
    quoteCoin: QUOTE_COIN,
    launchTime: String(1_584_230_400_000 + rank * 1_555_200_000),
    deliveryTime: '0',
    deliveryFeeRate: '',
    priceScale: String(decimalsOf(tick.text)),
    leverageFilter: { minLeverage: '1', maxLeverage, leverageStep: '0.01' },
    priceFilter: {
      minPrice: tick.text,
      maxPrice: formatSteps(19_999_998, tick),
      tickSize: tick.text,
    },
    lotSizeFilter: {
      maxOrderQty,
      minOrderQty: lot.text,
      qtyStep: lot.text,
      postOnlyMaxOrderQty: maxOrderQty,
      maxMktOrderQty: maxMarketQty,
      minNotionalValue: '5',
    },
    unifiedMarginTrade: true,
    fundingInterval: instrument.fundingIntervalMinutes,
    settleCoin: QUOTE_COIN,
    copyTrading: 'none',
    upperFundingRate: '0.005',
    lowerFundingRate: '-0.005',
    isPreListing: false,
    preListingInfo: null,
    riskParameters: { priceLimitRatioX: '0.05', priceLimitRatioY: '0.1' },
    displayName: '',
    symbolType: '',
  }
}

function spotInfo(instrument: ListedInstrument) {
  const { symbol, baseCoin, tick, lot, maxOrderQty, maxMarketQty } = instrument
  return {
    symbol,
    baseCoin,
    quoteCoin: QUOTE_COIN,
    innovation: '0',
    status: 'Trading',
    marginTrading: 'utaOnly',
    stTag: '0',
    lotSizeFilter: {
      basePrecision: lot.text,
      quotePrecision: '0.0000001',
      minOrderQty: lot.text,
      maxOrderQty,
      minOrderAmt: '5',
      maxOrderAmt: '4000000',
      maxLimitOrderQty: maxOrderQty,
      maxMarketOrderQty: maxMarketQty,
      postOnlyMaxLimitOrderSize: maxOrderQty,
    },
    priceFilter: { tickSize: tick.text },
    riskParameters: { priceLimitRatioX: '0.005', priceLimitRatioY: '0.01' },
    symbolType: '',
  }
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.')
  return point === -1 ? 0 : text.length - point - 1
}

/** The market that a request names, or the refusal to send. */
function marketOf({ market }: RestSources, query: URLSearchParams) {
  const category = categoryOf(query)
  if (category === undefined) return { refusal: refuse('category invalid') }
  const symbol = query.get('symbol') ?? ''
  const found = category === 'empty' ? undefined : market?.market(category, symbol)
  if (found === undefined) return { refusal: refuse(`symbol invalid ${symbol}`) }
  return { found }
}

function orderBook(sources: RestSources, query: URLSearchParams, nowUs: number): Reply {
  const { found, refusal } = marketOf(sources, query)
  if (found === undefined) return refusal
  const { instrument } = found
  const isSpot = instrument.category === 'spot'
  const limit = wholeNumber(query, 'limit', { fallback: isSpot ? 1 : 25, min: 1, max: 1000 })
  if (limit === undefined) return refuse('limit invalid')
  // The numbers belong to the stream of 1000 levels: what it last published, or would publish now.
  const book = found.bookOf(1000)
  if (book === undefined) return refuse('symbol invalid')
  if (!book.channel.isActive()) book.refresh()
  const place = book.placeOf(book.u)
  const levels =
    place === undefined ? undefined : found.engine.journal.bookAt(place.position, limit)
  const { bids, asks } = levels ?? {
    bids: bestLevels(found.engine.bids, limit),
    asks: bestLevels(found.engine.asks, limit),
  }
  const text = (side: { ticks: number[]; lots: number[] }) =>
    side.ticks.map((ticks, i) => {
      const price = formatSteps(ticks, instrument.tick)
      const size = formatSteps(side.lots[i], instrument.lot)
      return isSpot ? [trimmed(price), trimmed(size)] : [price, size]
    })
  const head = { s: instrument.symbol, b: text(bids), a: text(asks) }
  return ok({ ...head, ts: Math.floor(nowUs / 1000), u: book.u, seq: book.seq, cts: book.ctsMs })
}

function recentTrades(sources: RestSources, query: URLSearchParams): Reply {
  const { found, refusal } = marketOf(sources, query)
  if (found === undefined) return refusal
  const { instrument, trades } = found
  const isSpot = instrument.category === 'spot'
  const max = isSpot ? RECENT_TRADES_SPOT_MAX : PAGE_MAX
  const limit = wholeNumber(query, 'limit', { fallback: isSpot ? max : 500, min: 1, max })
  if (limit === undefined) return refuse('limit invalid')
  const list = []
  for (let n = trades.count - 1; n >= Math.max(0, trades.count - limit); n--) {
    const at = n % trades.ticks.length
    const price = formatSteps(trades.ticks[at], instrument.tick)
    const size = formatSteps(trades.lots[at], instrument.lot)
    list.push({
      execId: trades.idOf(n),
      symbol: instrument.symbol,
      price: isSpot ? trimmed(price) : price,
      size: isSpot ? trimmed(size) : size,
      side: trades.sides[at] === BID ? 'Buy' : 'Sell',
      time: String(trades.timeMs[at]),
      isBlockTrade: trades.isBlock[at] === 1,
      isRPITrade: trades.isRpi[at] === 1,
      seq: String(trades.seq[at]),
    })
  }
  return ok({ category: instrument.category, list })
}

function kline(sources: RestSources, query: URLSearchParams, nowUs: number): Reply {
  // The exchange takes linear when no category is given here.
  if (query.get('category') === null) query.set('category', 'linear')
  const { found, refusal } = marketOf(sources, query)
  if (found === undefined) return refusal
  const interval = query.get('interval') ?? ''
  if (!isInterval(interval)) return refuse('interval invalid')
  const limit = wholeNumber(query, 'limit', { fallback: 200, min: 1, max: 1000 })
  const nowMs = Math.floor(nowUs / 1000)
  const times = { min: 0, max: Number.MAX_SAFE_INTEGER }
  const startMs = wholeNumber(query, 'start', { fallback: 0, ...times })
  const endMs = wholeNumber(query, 'end', { fallback: nowMs, ...times })
  if (limit === undefined) return refuse('limit invalid')
  if (startMs === undefined || endMs === undefined || startMs > endMs) return refuse('time invalid')
  const { instrument, candles } = found
  candles.roll(nowMs)
  const list = candles.recent(interval, startMs, endMs, limit).map((candle) => {
    const texts = candleTexts(candle, instrument)
    const { open, high, low, close, volume, turnover } = texts
    return [String(candle.startMs), open, high, low, close, volume, turnover]
  })
  return ok({ symbol: instrument.symbol, category: instrument.category, list })
}

function tickers(sources: RestSources, query: URLSearchParams, nowUs: number): Reply {
  const category = categoryOf(query)
  if (category === undefined) return refuse('category invalid')
  if (category === 'empty') return ok({ category: query.get('category'), list: [] })
  const symbol = query.get('symbol')
  const wanted = sources.listed[category].filter((i) => symbol === null || i.symbol === symbol)
  if (symbol !== null && wanted.length === 0) return refuse(`symbol invalid ${symbol}`)
  const nowMs = Math.floor(nowUs / 1000)
  const list = []
  for (const instrument of wanted) {
    const market = sources.market?.market(category, instrument.symbol)
    if (market === undefined) continue
    market.candles.roll(nowMs)
    const from = market.tickerSources()
    if (category === 'spot') list.push({ ...spotTicker(from), ...spotTouch(from) })
    else list.push(linearTicker(from, nowMs))
  }
  return ok({ category, list })
}
