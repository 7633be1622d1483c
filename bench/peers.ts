import ccxt from 'ccxt'
import { OrderBookLevel, OrderBooksStore } from 'orderbooks'
import { type BookChange, normalizeBookChanges, normalizeTrades, OrderBook } from 'tardis-dev'
import { stateHash } from '../src/book/state-hash.ts'
import type { Tape } from './tape.ts'
import { fold } from './tape-player.ts'

/**
 * The libraries we are compared with, each on the way its own documentation shows from a message of
 * this exchange to a book:
 *
 *   ccxt        handleMessage of its exchange class: order books and cached trades
 *   tardis-dev  normalizers, then the OrderBook that its computables are built on. The normalizer is
 *               meant for the topic of 50 levels and reads the others just as well
 *   orderbooks  levels by OrderBookLevel into an OrderBooksStore; it has no trades
 *
 * None of them looks whether an update is missing. All begin with `JSON.parse` of the frame.
 */
export type Peer = Readonly<{
  name: string
  play: (frames: readonly Buffer[]) => void
  /** Best first, in quote and base currency. */
  levels: (symbol: string, isBid: boolean) => readonly (readonly [number, number])[]
}>

type Frame = Readonly<{
  topic: string
  type: string
  ts: number
  data: Readonly<{ s: string; b: [string, string][]; a: [string, string][] }>
}>

/** In the order of the targets. */
export function createPeers(tape: Tape): Peer[] {
  return [tardisPeer(), ccxtPeer(tape), orderbooksPeer(tape)]
}

/** Of all final books, as `TapePlayer.checksum`. The peers do not keep `u`: the tape knows it. */
export function peerChecksum(peer: Peer, tape: Tape): number {
  let checksum = 0
  for (const { kind, name, instrument } of tape.topics) {
    if (kind !== 'orderbook') continue
    const side = (isBid: boolean) => {
      const levels = peer.levels(instrument.symbol, isBid)
      const steps = (value: number, step: number) => Math.round(value / step)
      return {
        ticks: Float64Array.from(levels, ([price]) => steps(price, instrument.tick.value)),
        lots: Float64Array.from(levels, ([, size]) => steps(size, instrument.lot.value)),
        ...{ head: 0, count: levels.length },
      }
    }
    const start = `{"topic":"${name}"`
    const u = tape.frames.filter(
      (frame) => frame.toString('latin1', 0, start.length) === start,
    ).length
    checksum = fold(checksum, stateHash({ u, bids: side(true), asks: side(false) }))
  }
  return checksum >>> 0
}

function parse(frame: Buffer): Frame {
  return JSON.parse(frame.toString())
}

function tardisPeer(): Peer {
  const now = new Date()
  const books = new Map<string, OrderBook>()
  const bookChanges = normalizeBookChanges('bybit', now)
  const trades = normalizeTrades('bybit', now)
  let volume = 0
  const apply = (change: BookChange) => {
    let book = books.get(change.symbol)
    if (book === undefined) {
      book = new OrderBook()
      books.set(change.symbol, book)
    }
    book.update(change)
  }
  return {
    name: 'tardis-dev',
    play: (frames) => {
      for (const bytes of frames) {
        const frame = parse(bytes)
        if (trades.canHandle(frame)) {
          for (const trade of trades.map(frame, now) ?? []) volume += trade.amount
        } else for (const change of bookChanges.map(frame, now) ?? []) apply(change)
      }
    },
    levels: (symbol, isBid) => {
      const book = books.get(symbol)
      if (book === undefined || Number.isNaN(volume)) return []
      return Array.from(isBid ? book.bids() : book.asks(), ({ price, amount }) => [price, amount])
    },
  }
}

function ccxtPeer(tape: Tape): Peer {
  const exchange = new ccxt.pro.bybit()
  const unified = (symbol: string) => `${symbol.slice(0, -4)}/USDT:USDT`
  exchange.setMarkets(
    tape.topics
      .filter(({ kind }) => kind === 'orderbook')
      .map(({ instrument: { symbol } }) => ({
        ...{ id: symbol, symbol: unified(symbol), base: symbol.slice(0, -4), quote: 'USDT' },
        ...{ settle: 'USDT', type: 'swap', spot: false, swap: true, contract: true, linear: true },
      })),
  )
  const client = exchange.client('wss://stream.bybit.com/v5/public/linear')
  return {
    name: 'ccxt',
    play: (frames) => {
      for (const bytes of frames) exchange.handleMessage(client, parse(bytes))
    },
    levels: (symbol, isBid) => {
      const book = exchange.orderbooks[unified(symbol)]
      return Array.from<[number, number]>(isBid ? book.bids : book.asks)
    },
  }
}

function orderbooksPeer(tape: Tape): Peer {
  const depth = Math.max(...tape.topics.map((topic) => topic.depth))
  // Counts both sides; room above the depth, as its trimming is not by price.
  const store = new OrderBooksStore({ maxDepth: 4 * depth, checkTimestamps: false })
  const level = (symbol: string, side: 'Buy' | 'Sell') => (entry: readonly [string, string]) =>
    OrderBookLevel(symbol, Number(entry[0]), side, Number(entry[1]))
  return {
    name: 'orderbooks',
    play: (frames) => {
      for (const bytes of frames) {
        const { topic, type, ts, data } = parse(bytes)
        if (!topic.startsWith('orderbook.')) continue
        const { s: symbol, b, a } = data
        const levels = [...b.map(level(symbol, 'Buy')), ...a.map(level(symbol, 'Sell'))]
        if (type === 'snapshot') store.handleSnapshot(symbol, levels, ts)
        else {
          const gone = levels.filter((entry) => entry[3] === 0)
          const set = levels.filter((entry) => entry[3] !== 0)
          store.handleDelta(symbol, gone, set, [], ts)
        }
      }
    },
    levels: (symbol, isBid) => {
      const side = isBid ? 'Buy' : 'Sell'
      const levels = store
        .getBook(symbol)
        .getBookState()
        .filter((entry) => entry[2] === side)
      if (!isBid) levels.reverse()
      return levels.map((entry) => [entry[1], entry[3]])
    },
  }
}
