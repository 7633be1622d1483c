/**
 * Best bid and ask of one symbol, from Binance's stream `<symbol>@bookTicker` under the envelope of
 * combined streams, `{"stream":...,"data":...}`. A quote stands for itself: it has no chain, only a
 * number `u` that grows.
 */
export type BookTicker = {
  /** As Binance writes it, in capitals. */
  symbol: string
  u: number
  /** In quote currency; NaN for a side that is empty. */
  bid: number
  ask: number
  /** Of the matching engine, in ms; NaN on spot, where the stream has no time. */
  timeMs: number
}

export type BookTickerKind = 'quote' | 'answer' | 'malformed'

export function createBookTicker(): BookTicker {
  return { symbol: '', u: 0.5, bid: Number.NaN, ask: Number.NaN, timeMs: Number.NaN }
}

/** Fills `out` when the frame is a quote; answers to our requests and all else leave it alone. */
export function readBookTicker(text: string, out: BookTicker): BookTickerKind {
  const frame = parse(text)
  if (!isObject(frame)) return 'malformed'
  const quote = isObject(frame.data) ? frame.data : undefined
  if (quote === undefined) return 'id' in frame || 'error' in frame ? 'answer' : 'malformed'
  const { s: symbol, u, b, B, a, A, T } = quote
  if (typeof symbol !== 'string' || typeof u !== 'number' || !Number.isSafeInteger(u)) {
    return 'malformed'
  }
  const bid = priceOf(b, B)
  const ask = priceOf(a, A)
  if (bid === undefined || ask === undefined) return 'malformed'
  if (T !== undefined && !(typeof T === 'number' && T > 0)) return 'malformed'
  out.symbol = symbol
  out.u = u
  out.bid = bid
  out.ask = ask
  out.timeMs = typeof T === 'number' ? T : Number.NaN
  return 'quote'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** NaN where nothing is offered; undefined for what is no price or no size. */
function priceOf(price: unknown, size: unknown): number | undefined {
  if (typeof price !== 'string' || typeof size !== 'string') return undefined
  if (!DECIMAL.test(price) || !DECIMAL.test(size)) return undefined
  const value = Number(price)
  return value > 0 && Number(size) > 0 ? value : Number.NaN
}

const DECIMAL = /^\d{1,20}(\.\d{1,20})?$/

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
