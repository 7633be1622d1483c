import type { CaptureLine } from '../capture-file.ts'
import { FullBookSide, type LevelText } from './full-book.ts'

/**
 * Recorded Binance streams (spot, USD-M, COIN-M) as Bybit-shaped frames, so that the same stages
 * run over them. Diffs are spliced onto the REST snapshot by Binance's own rules (spot: U =
 * previous u + 1; futures: pu = previous u); the book is kept whole and told as a window of the
 * best levels, with a chain of `u` of our own. A hole in Binance's chain becomes a hole in ours, so
 * the sequencer sees it. There is no sequence shared with trades: `seq` is left out.
 */
type Diff = Readonly<{
  symbol: string
  eventMs: number
  matchMs: number
  first: number
  last: number
  previous: number | undefined
  bids: readonly LevelText[]
  asks: readonly LevelText[]
}>

type Snapshot = Readonly<{
  last: number
  ms: number
  bids: readonly LevelText[]
  asks: readonly LevelText[]
}>

const WAITING_DIFFS_MAX = 10_000

class BinanceBook {
  readonly bids: FullBookSide
  readonly asks: FullBookSide
  waiting: Diff[] = []
  /** Binance's id of the last diff applied; undefined before the snapshot. */
  last: number | undefined
  isFirstAfterSnapshot = false
  u = 0

  constructor(depth: number) {
    this.bids = new FullBookSide('bid', depth)
    this.asks = new FullBookSide('ask', depth)
  }
}

export class BinanceTranslator {
  /** Diffs dropped because no snapshot came in time. */
  dropped = 0
  readonly #depth: number
  readonly #books = new Map<string, BinanceBook>()
  /** Came before any message said which symbol the recording is about. */
  #orphan: Readonly<{ line: CaptureLine; value: object }> | undefined

  constructor(depth: number) {
    this.#depth = depth
  }

  /** Diffs that still wait for the snapshot they belong to. */
  get waiting(): number {
    let waiting = this.dropped
    for (const book of this.#books.values()) waiting += book.waiting.length
    return waiting
  }

  /** Frames in Bybit's form; undefined when the value is not one of Binance's. */
  translate(line: CaptureLine, value: object): string[] | undefined {
    const event = 'data' in value && 'stream' in value && isObject(value.data) ? value.data : value
    if ('lastUpdateId' in event) return this.#onSnapshot(line, event)
    if (!('e' in event)) return undefined
    if (event.e === 'depthUpdate') return this.#onDiff(event)
    if (event.e === 'trade' || event.e === 'aggTrade') return tradeFrames(event)
    return 's' in event ? [] : undefined // bookTicker and others: Binance's, not needed
  }

  #onSnapshot(line: CaptureLine, value: object): string[] {
    const symbol = this.#symbolOf(line)
    const snapshot = parseSnapshot(value, line.receiveMs)
    if (symbol === undefined && this.#books.size === 0) this.#orphan = { line, value }
    if (symbol === undefined || snapshot === undefined) return []
    const book = this.#book(symbol)
    book.bids.clear()
    book.asks.clear()
    for (const [price, size] of snapshot.bids) book.bids.set(price, size)
    for (const [price, size] of snapshot.asks) book.asks.set(price, size)
    book.last = snapshot.last
    book.isFirstAfterSnapshot = true
    book.u++
    const times = { ts: snapshot.ms, cts: snapshot.ms }
    const frames = [this.#bookFrame(symbol, book, 'snapshot', times)]
    const waiting = book.waiting
    book.waiting = []
    for (const diff of waiting) frames.push(...this.#apply(book, diff))
    return frames
  }

  /**
   * A recorded REST answer does not name its symbol: it is in the URL, or it is the only book of
   * the file.
   */
  #symbolOf(line: CaptureLine): string | undefined {
    const fromUrl = /[?&]symbol=([A-Z0-9_]+)/i.exec(line.url)?.[1]
    if (fromUrl !== undefined) return fromUrl.toUpperCase()
    const names = [...this.#books.keys()]
    return names.length === 1 ? names[0] : undefined
  }

  #book(symbol: string): BinanceBook {
    const known = this.#books.get(symbol)
    if (known !== undefined) return known
    const book = new BinanceBook(this.#depth)
    this.#books.set(symbol, book)
    return book
  }

  #onDiff(event: object): string[] {
    const diff = parseDiff(event)
    if (diff === undefined) return []
    const book = this.#book(diff.symbol)
    const orphan = this.#orphan
    this.#orphan = undefined
    const frames = orphan === undefined ? [] : this.#onSnapshot(orphan.line, orphan.value)
    if (frames.length > 0) return [...frames, ...this.#apply(book, diff)]
    if (book.last !== undefined) return this.#apply(book, diff)
    if (book.waiting.length < WAITING_DIFFS_MAX) book.waiting.push(diff)
    else this.dropped++
    return []
  }

  #apply(book: BinanceBook, diff: Diff): string[] {
    const last = book.last ?? 0
    if (diff.last < last || (diff.previous === undefined && diff.last === last)) return []
    const isChained = book.isFirstAfterSnapshot
      ? diff.first <= last + 1
      : diff.previous === undefined
        ? diff.first === last + 1
        : diff.previous === last
    book.isFirstAfterSnapshot = false
    book.last = diff.last
    for (const [price, size] of diff.bids) book.bids.set(price, size)
    for (const [price, size] of diff.asks) book.asks.set(price, size)
    book.u += isChained ? 1 : 2
    const times = { ts: diff.eventMs, cts: diff.matchMs }
    return [this.#bookFrame(diff.symbol, book, 'delta', times)]
  }

  #bookFrame(
    symbol: string,
    book: BinanceBook,
    type: 'snapshot' | 'delta',
    times: { ts: number; cts: number },
  ): string {
    const b = book.bids.takeWindowChanges()
    const a = book.asks.takeWindowChanges()
    const data = { s: symbol, b, a, u: book.u === 1 && type === 'delta' ? 2 : book.u }
    return JSON.stringify({ topic: `orderbook.${this.#depth}.${symbol}`, type, ...times, data })
  }
}

function tradeFrames(event: object): string[] {
  if (!('s' in event) || !('T' in event) || !('p' in event) || !('q' in event)) return []
  if (!('m' in event)) return []
  if ('X' in event && event.X !== 'MARKET') return [] // insurance fund and the like: not in the book
  const id = 't' in event ? event.t : 'a' in event ? event.a : undefined
  if (id === undefined || event.p === '0') return []
  const trade = {
    T: event.T,
    s: event.s,
    S: event.m === true ? 'Sell' : 'Buy', // m: the buyer was the maker
    v: event.q,
    p: event.p,
    i: String(id),
    BT: false,
  }
  const ts = 'E' in event ? event.E : event.T
  return [
    JSON.stringify({
      topic: `publicTrade.${String(event.s)}`,
      type: 'snapshot',
      ts,
      data: [trade],
    }),
  ]
}

function parseDiff(event: object): Diff | undefined {
  if (!('s' in event) || typeof event.s !== 'string') return undefined
  const bids = 'b' in event ? parseLevels(event.b) : undefined
  const asks = 'a' in event ? parseLevels(event.a) : undefined
  const eventMs = numberOf(event, 'E')
  const first = numberOf(event, 'U')
  const last = numberOf(event, 'u')
  if (bids === undefined || asks === undefined) return undefined
  if (eventMs === undefined || first === undefined || last === undefined) return undefined
  const matchMs = numberOf(event, 'T') ?? eventMs
  const previous = numberOf(event, 'pu')
  return { symbol: event.s, eventMs, matchMs, first, last, previous, bids, asks }
}

function parseSnapshot(value: object, receiveMs: number): Snapshot | undefined {
  const bids = 'bids' in value ? parseLevels(value.bids) : undefined
  const asks = 'asks' in value ? parseLevels(value.asks) : undefined
  const last = numberOf(value, 'lastUpdateId')
  if (bids === undefined || asks === undefined || last === undefined) return undefined
  const ms = numberOf(value, 'T') ?? numberOf(value, 'E') ?? Math.floor(receiveMs)
  return { last, ms: Number.isFinite(ms) ? ms : 0, bids, asks }
}

function parseLevels(value: unknown): LevelText[] | undefined {
  if (!Array.isArray(value)) return undefined
  const levels: LevelText[] = []
  for (const level of value) {
    if (!Array.isArray(level)) return undefined
    const [price, size] = level
    if (typeof price !== 'string' || typeof size !== 'string') return undefined
    levels.push([price, size])
  }
  return levels
}

function numberOf(value: object, name: string): number | undefined {
  const found: unknown = Object.entries(value).find(([key]) => key === name)?.[1]
  return typeof found === 'number' ? found : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
