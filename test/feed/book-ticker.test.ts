import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { Random } from '../../src/core/random.ts'
import { pause, systemTimers } from '../../src/core/timer.ts'
import { createBookTicker, readBookTicker } from '../../src/feed/binance/book-ticker.ts'
import { BookTickerFeed } from '../../src/feed/binance/book-ticker-feed.ts'
import { CONNECTION_LIMITS_DEFAULT } from '../../src/feed/connection-limits.ts'
import { Counters } from '../../src/memory/counters.ts'
import { readRecord } from '../../src/memory/record-view.ts'
import {
  createVenueQuotes,
  openVenueQuote,
  VENUE_ASK,
  VENUE_BID,
  VENUE_FIELDS,
  VENUE_TIME_MS,
  VenueQuoteWriter,
} from '../../src/memory/venue-quotes.ts'
import { startMockExchange } from '../../src/sim/mock-exchange.ts'

const log = createLogger('test', 'silent')
const running: { stop(): unknown }[] = []

afterEach(async () => {
  for (const part of running.splice(0)) await part.stop()
})

function frame(data: object): string {
  return JSON.stringify({ stream: 'btcusdt@bookTicker', data })
}

const QUOTE = { u: 5, s: 'BTCUSDT', b: '100.5', B: '2', a: '100.6', A: '3', T: 1_700_000_000_001 }

/** A server of the form of Binance's, that sends what the test says. */
async function scriptedServer() {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http })
  const clients: WebSocket[] = []
  const paths: string[] = []
  const heard: string[] = []
  sockets.on('connection', (client, request) => {
    clients.push(client)
    paths.push(request.url ?? '')
    client.on('message', (data) => heard.push(data.toString()))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const stop = () => {
    for (const client of clients) client.terminate()
    http.close()
  }
  running.push({ stop })
  const { port } = http.address() as AddressInfo
  return { clients, paths, heard, url: `ws://127.0.0.1:${port}` }
}

function follow(url: string, symbols: readonly string[], limits: object = {}) {
  const quotes = createVenueQuotes(symbols.length)
  const counters = new Counters()
  const feed = new BookTickerFeed({
    url,
    writers: new Map(symbols.map((symbol, i) => [symbol, new VenueQuoteWriter(quotes, i)])),
    limits: { ...CONNECTION_LIMITS_DEFAULT, backoff: { minMs: 5, maxMs: 20 }, ...limits },
    ...{ clock: systemClock, timers: systemTimers, random: new Random(1), counters, log },
  })
  running.unshift(feed)
  feed.start()
  const read = (at = 0) => {
    const fields = new Float64Array(VENUE_FIELDS)
    readRecord(openVenueQuote(quotes, at), fields)
    return { bid: fields[VENUE_BID], ask: fields[VENUE_ASK], timeMs: fields[VENUE_TIME_MS] }
  }
  return { counters, feed, read }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isTrue(); i++) await pause(systemTimers, 5)
  expect(isTrue()).toBe(true)
}

describe('a best quote of Binance', () => {
  it('is read from the envelope of combined streams', () => {
    const out = createBookTicker()
    expect(readBookTicker(frame(QUOTE), out)).toBe('quote')
    expect(out).toEqual({ symbol: 'BTCUSDT', u: 5, bid: 100.5, ask: 100.6, timeMs: QUOTE.T })
  })

  it('has no time on spot and no price on a side that is empty', () => {
    const out = createBookTicker()
    const { T: _, ...spot } = QUOTE
    expect(readBookTicker(frame({ ...spot, b: '0.00', B: '0.00' }), out)).toBe('quote')
    expect(out.bid).toBeNaN()
    expect(out.timeMs).toBeNaN()
    expect(out.ask).toBe(100.6)
  })

  it('is told from an answer and from what is neither', () => {
    const out = createBookTicker()
    expect(readBookTicker('{"result":null,"id":3}', out)).toBe('answer')
    expect(readBookTicker('{"error":{"code":2,"msg":"no"},"id":3}', out)).toBe('answer')
    const bad = ['', '[]', 'null', '{"data":1}', '{"stream":"x","data":{}}', frame(QUOTE).slice(1)]
    for (const text of bad) expect(readBookTicker(text, out), text).toBe('malformed')
    for (const b of ['1e5', '-1', 'NaN', '', ' 1', 5]) {
      expect(readBookTicker(frame({ ...QUOTE, b }), out), String(b)).toBe('malformed')
    }
    expect(out.symbol).toBe('')
  })

  it('never makes the reader fail, whatever the bytes', () => {
    const out = createBookTicker()
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(['malformed', 'answer']).toContain(readBookTicker(text, out))
      }),
    )
  })
})

describe('the feed of a second exchange', () => {
  it('names its streams in the address and publishes what comes', async () => {
    const server = await scriptedServer()
    const { counters, read } = follow(server.url, ['BTCUSDT', '1000SHIBUSDT'])
    await until(() => server.clients.length === 1)
    expect(server.paths).toEqual(['/stream?streams=btcusdt@bookTicker/1000shibusdt@bookTicker'])
    server.clients[0].send(frame(QUOTE))
    await until(() => counters.get('venue_quotes') === 1)
    expect(read(0)).toEqual({ bid: 100.5, ask: 100.6, timeMs: QUOTE.T })
    expect(read(1).bid).toBeNaN()
  })

  it('drops quotes older than the latest and counts frames that say nothing', async () => {
    const server = await scriptedServer()
    const { counters, read } = follow(server.url, ['BTCUSDT'])
    await until(() => server.clients.length === 1)
    for (const text of [
      frame(QUOTE),
      frame({ ...QUOTE, u: 4, b: '90' }),
      frame(QUOTE),
      frame({ ...QUOTE, s: 'ETHUSDT' }),
      'nonsense',
      frame({ ...QUOTE, u: 6, b: '100.4' }),
    ]) {
      server.clients[0].send(text)
    }
    await until(() => counters.get('venue_quotes') === 2)
    expect(counters.get('venue_quotes_old')).toBe(2)
    expect(counters.get('venue_frames_malformed')).toBe(2)
    expect(read().bid).toBe(100.4)
  })

  it('withdraws its quotes when the connection ends, and comes back with any u', async () => {
    const server = await scriptedServer()
    const { counters, read } = follow(server.url, ['BTCUSDT'])
    await until(() => server.clients.length === 1)
    server.clients[0].send(frame(QUOTE))
    await until(() => read().bid === 100.5)
    server.clients[0].terminate()
    await until(() => Number.isNaN(read().bid) && server.clients.length === 2)
    expect(counters.get('venue_connections_lost')).toBe(1)
    server.clients[1].send(frame({ ...QUOTE, u: 1, b: '99' }))
    await until(() => read().bid === 99)
    expect(counters.get('venue_connections_opened')).toBe(2)
  })

  it('asks a silent connection for a sign of life and replaces it without one', async () => {
    const server = await scriptedServer()
    const { counters } = follow(server.url, ['BTCUSDT'], { silentMs: 80, pingPeriodMs: 20 })
    await until(() => server.clients.length >= 2)
    expect(server.heard[0]).toBe('{"method":"LIST_SUBSCRIPTIONS","id":1}')
    expect(counters.get('venue_connections_lost')).toBeGreaterThan(0)
  })

  it('tries again when nobody listens, and says nothing after its stop', async () => {
    const { counters, feed } = follow('ws://127.0.0.1:1', ['BTCUSDT'])
    await until(() => counters.get('venue_connects_failed') >= 3)
    feed.stop()
    const failed = counters.get('venue_connects_failed')
    await pause(systemTimers, 60)
    expect(counters.get('venue_connects_failed')).toBe(failed)
  })

  it('follows the mock within its basis', async () => {
    const symbols = ['BTCUSDT', 'ETHUSDT']
    const mock = await startMockExchange({
      ...{ host: '127.0.0.1', port: 0, symbols, rate: 500, seed: 4 },
      ...{ clock: systemClock, timers: systemTimers, log },
    })
    if (!mock.ok) return expect.unreachable(mock.message)
    running.push(mock.value)
    const url = `ws://127.0.0.1:${mock.value.port}/binance`
    const { counters, read } = follow(url, [...symbols, 'UNLISTEDUSDT'])
    await until(() => read(0).bid > 0 && read(1).bid > 0)
    for (const at of [0, 1]) {
      expect(read(at).ask).toBeGreaterThan(read(at).bid)
      expect(Math.abs(read(at).timeMs - Date.now())).toBeLessThan(60_000)
    }
    expect(read(2).bid).toBeNaN()
    expect(counters.get('venue_frames_malformed')).toBe(0)
  })
})
