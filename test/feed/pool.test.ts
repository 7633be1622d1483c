import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SUBSCRIBE_ATTEMPTS_MAX } from '../../src/constants.ts'
import { bookTopics, createHarness, type Harness, ManualTime, turn, until } from './pool-harness.ts'
import { ScriptedExchange } from './scripted-exchange.ts'

let exchange: ScriptedExchange
let harness: Harness | undefined

beforeEach(async () => {
  exchange = await ScriptedExchange.start()
})

afterEach(async () => {
  await harness?.pool.stop()
  harness = undefined
  await exchange.stop()
})

type Overrides = Parameters<typeof createHarness>[1]

async function startPool(overrides: Overrides): Promise<Harness> {
  const started = createHarness(exchange, overrides)
  harness = started
  started.pool.start()
  await until(() => started.subscribed.length >= overrides.topics.length)
  return started
}

function topicsOf(connection: number): string[] {
  return [...exchange.connections[connection].subscribed].sort()
}

/** Fast enough for a test, slow enough to be a wait. */
const QUICK = { backoff: { minMs: 5, maxMs: 20 } }

describe('a pool that connects', () => {
  it('spreads 25 symbols over 3 connections and keeps the topics of a symbol together', async () => {
    const topics = bookTopics(25, 3)
    const { counters, pool } = await startPool({ topics })
    expect(exchange.connections).toHaveLength(3)
    expect(exchange.connections[0].path).toBe('/v5/public/linear')
    for (const { symbol } of topics) {
      const carriers = exchange.connections.filter((c) => c.subscribed.has(`tickers.${symbol}`))
      expect(carriers).toHaveLength(1)
      expect(carriers[0].subscribed.has(`orderbook.50.${symbol}`)).toBe(true)
      expect(carriers[0].subscribed.has(`publicTrade.${symbol}`)).toBe(true)
    }
    const symbols = exchange.connections.map((c) => c.subscribed.size / 3)
    expect(Math.max(...symbols)).toBeLessThanOrEqual(10)
    expect(counters.get('connections_opened')).toBe(3)
    const status = pool.status()
    expect(status.connections.map((c) => c.state)).toEqual(['open', 'open', 'open'])
    expect(status.connections.map((c) => c.topics.subscribed).reduce((a, b) => a + b)).toBe(75)
  })

  it('asks for at most ten topics in a request', async () => {
    exchange.script.category = 'spot'
    await startPool({ topics: bookTopics(10, 5) })
    const sizes = exchange.requests('subscribe').map((request) => request.args?.length)
    expect(sizes).toEqual([10, 10, 10, 10, 10])
  })

  it('matches answers without an id to the oldest request', async () => {
    exchange.script.category = 'spot'
    exchange.script.badTopics.add('tickers.S001USDT')
    const topics = bookTopics(8, 3)
    const started = createHarness(exchange, { topics })
    harness = started
    started.pool.start()
    await until(() => started.subscribed.length >= topics.length - 1)
    expect(started.subscribed).not.toContain(5)
    expect(new Set(started.subscribed).size).toBe(23)
  })

  it('hands over frames of 64 KB and more, in one piece though they came in fragments', async () => {
    const { frames } = await startPool({ topics: bookTopics(1) })
    const before = frames.length
    const { socket } = exchange.carrier('orderbook.50.S000USDT')
    const text = `{"topic":"orderbook.50.S000USDT","data":"${'x'.repeat(200_000)}"}`
    for (let at = 0; at < text.length; at += 30_000) {
      socket.send(text.slice(at, at + 30_000), { fin: at + 30_000 >= text.length })
    }
    await until(() => frames.length > before)
    expect(frames[before].text).toBe(text)
  })

  it('cuts a connection whose frame passes the bound, and comes back', async () => {
    const { counters, lost, subscribed } = await startPool({ topics: bookTopics(1), limits: QUICK })
    exchange.carrier('orderbook.50.S000USDT').socket.send('x'.repeat((1 << 20) + 1))
    await until(() => subscribed.length === 2)
    expect(lost).toHaveLength(1)
    expect(lost[0].reason).toMatch(/max payload/i)
    expect(counters.get('connections_lost')).toBe(1)
  })
})

describe('a pool that loses connections', () => {
  it.each([1000, 1001, 1012])('loses exactly its own topics on close code %i', async (code) => {
    const { lost, subscribed, counters, log, pool } = await startPool({
      topics: bookTopics(20, 2),
      limits: QUICK,
    })
    const victim = exchange.carrier('publicTrade.S004USDT')
    const names = topicsOf(victim.number)
    victim.socket.close(code, 'maintenance')
    await until(() => subscribed.length === 40 + names.length)
    expect(lost).toHaveLength(1)
    const all = bookTopics(20, 2)
    expect(lost[0].topics.map((index) => all[index].name).sort()).toEqual(names)
    expect(lost[0].reason).toBe(`closed with ${code} maintenance`)
    expect(subscribed.slice(40).sort()).toEqual([...lost[0].topics].sort())
    expect(exchange.open).toHaveLength(2)
    expect(counters.get('connections_lost')).toBe(1)
    expect(counters.get('connections_opened')).toBe(3)
    expect(log.filter((line) => line.msg === 'connection lost')).toHaveLength(1)
    expect(pool.status().connections.map((c) => c.state)).toEqual(['open', 'open'])
  })

  it('survives a TCP reset in the middle of a frame without delivering half of it', async () => {
    const { frames, lost, subscribed } = await startPool({ topics: bookTopics(1), limits: QUICK })
    const before = frames.length
    const { tcp } = exchange.carrier('orderbook.50.S000USDT')
    // A text frame that promises 500 bytes and brings 8.
    tcp.write(Buffer.concat([Buffer.from([0x81, 126, 0x01, 0xf4]), Buffer.from('{"topic"')]))
    await turn()
    tcp.resetAndDestroy()
    await until(() => subscribed.length === 2)
    expect(lost).toHaveLength(1)
    expect(frames.slice(before).every((frame) => frame.text.endsWith('}'))).toBe(true)
  })

  it('keeps trying while the exchange refuses, and says why', async () => {
    exchange.script.refuseStatus = 503
    const topics = bookTopics(1)
    const started = createHarness(exchange, { topics, limits: QUICK })
    harness = started
    started.pool.start()
    await until(() => started.counters.get('connects_failed') >= 2)
    expect(started.lost).toEqual([])
    expect(started.pool.status().connections[0].lastReason).toBe('HTTP 503 instead of a WebSocket')
    exchange.script.refuseStatus = 0
    await until(() => started.subscribed.length === 1)
  })

  it('keeps trying a port where nobody listens', async () => {
    const other = await ScriptedExchange.start()
    const { url } = other
    await other.stop()
    const started = createHarness(exchange, { topics: bookTopics(1), limits: QUICK, url })
    harness = started
    started.pool.start()
    await until(() => started.counters.get('connects_failed') >= 2)
    expect(started.pool.status().connections[0].lastReason).toMatch(/ECONNREFUSED/)
  })

  it('reports an address that is no address instead of throwing', async () => {
    const started = createHarness(exchange, { topics: bookTopics(1), url: 'http//nowhere' })
    harness = started
    started.pool.start()
    await until(() => started.counters.get('connects_failed') >= 1)
    expect(started.pool.status().connections[0].lastReason).toMatch(/cannot connect to http/)
  })
})

describe('a pool and time', () => {
  async function startManual(overrides: Overrides): Promise<[Harness, ManualTime]> {
    const time = new ManualTime()
    const started = await startPool({ ...time.ports, ...overrides })
    return [started, time]
  }

  it('waits longer after each refused connect, up to the bound', async () => {
    exchange.script.refuseStatus = 500
    const time = new ManualTime()
    const started = createHarness(exchange, {
      ...time.ports,
      topics: bookTopics(1),
      limits: { backoff: { minMs: 100, maxMs: 2_000 } },
      connects: { perSecond: 10, burst: 1000 },
    })
    harness = started
    started.pool.start()
    for (let attempt = 1; attempt <= 12; attempt++) {
      await until(() => started.counters.get('connects_failed') >= attempt)
      await time.advance(2_000)
    }
    const waits = started.log.filter((l) => l.msg === 'connect failed').map((l) => Number(l.waitMs))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_000)
    expect(waits[0]).toBeLessThanOrEqual(200)
    expect(Math.max(...waits.slice(5))).toBeGreaterThan(800)
    expect(new Set(waits).size).toBeGreaterThan(8)
  })

  it('draws on the whole range of waits when told that it came too often', async () => {
    exchange.script.refuseStatus = 403
    const time = new ManualTime()
    const limits = { backoff: { minMs: 1, maxMs: 1_000_000 } }
    harness = createHarness(exchange, { ...time.ports, topics: bookTopics(1), limits })
    const { counters, log, pool } = harness
    pool.start()
    await until(() => counters.get('connects_failed') === 1)
    const line = log.find((entry) => entry.msg === 'connect failed')
    expect(Number(line?.waitMs)).toBeGreaterThan(1_000)
  })

  it('gives up a handshake that is never answered', async () => {
    exchange.script.isMute = true
    const time = new ManualTime()
    const started = createHarness(exchange, { ...time.ports, topics: bookTopics(1) })
    harness = started
    started.pool.start()
    await until(() => exchange.handshakes === 1)
    await time.advance(9_900)
    expect(started.pool.status().connections[0].state).toBe('connecting')
    await time.advance(200)
    expect(started.pool.status().connections[0].lastReason).toBe('no connection within 10000 ms')
    exchange.script.isMute = false
    await time.advance(2_000)
    await until(() => started.subscribed.length === 1)
  })

  it('pings every 20 seconds and measures the round trip', async () => {
    const [{ counters, pool }, time] = await startManual({ topics: bookTopics(1) })
    const { socket } = exchange.carrier('orderbook.50.S000USDT')
    for (let second = 0; second < 61; second++) {
      socket.send('{"topic":"orderbook.50.S000USDT"}')
      await time.advance(1_000, 500)
    }
    expect(exchange.requests('ping')).toHaveLength(3)
    await until(() => counters.get('pongs_received') === 3)
    expect(pool.status().connections[0].roundTripUs).toBeGreaterThanOrEqual(0)
    expect(exchange.connections).toHaveLength(1)
  })

  it('cuts a half-open socket within its bound of silence, pings and all', async () => {
    const [{ lost, log }, time] = await startManual({ topics: bookTopics(3) })
    exchange.script.ignores = (request) => request.op === 'ping'
    await time.advance(13_000)
    expect(exchange.requests('ping')).toHaveLength(1) // a sign of life was asked for before the regular ping
    expect(lost).toHaveLength(0)
    await time.advance(10_000)
    expect(lost).toEqual([{ topics: [0, 1, 2], reason: 'no byte for 20000 ms' }])
    expect(log.some((line) => line.msg === 'connection lost' && line.topics === 3)).toBe(true)
  })

  it('does not take pongs for market data', async () => {
    const [{ lost }, time] = await startManual({ topics: bookTopics(2) })
    await time.advance(59_000, 500)
    expect(lost).toHaveLength(0)
    expect(exchange.requests('ping').length).toBeGreaterThan(1)
    await time.advance(5_000, 500)
    expect(lost[0].reason).toBe('no market data for 60000 ms')
  })

  it('counts bytes of an unfinished frame as life', async () => {
    const [{ lost, frames }, time] = await startManual({ topics: bookTopics(1) })
    exchange.script.ignores = (request) => request.op === 'ping'
    const { tcp } = exchange.carrier('orderbook.50.S000USDT')
    const before = frames.length
    tcp.write(Buffer.from([0x81, 126, 0x01, 0xf4]))
    for (let second = 0; second < 40; second += 5) {
      tcp.write('{{{{{')
      await turn()
      await time.advance(5_000, 500)
    }
    expect(lost).toHaveLength(0)
    expect(frames).toHaveLength(before)
  })

  it('starts the backoff anew only after a stable connection with data', async () => {
    const [{ log, subscribed }, time] = await startManual({
      topics: bookTopics(1),
      limits: { backoff: { minMs: 100, maxMs: 60_000 }, dataSilentMs: 0 },
    })
    const attempts = () =>
      log.filter((line) => line.msg === 'connection lost').map((line) => line.attempt)
    for (let cut = 1; cut <= 3; cut++) {
      exchange.open[0].socket.terminate()
      await until(() => attempts().length === cut)
      await time.advance(2_000)
      await until(() => subscribed.length === cut + 1)
    }
    expect(attempts()).toEqual([1, 2, 3])
    await time.advance(31_000, 500)
    exchange.open[0].socket.terminate()
    await until(() => attempts().length === 4)
    expect(attempts()).toEqual([1, 2, 3, 1])
  })

  it('holds new connections to the limit when the exchange drops each at once', async () => {
    const [{ counters, subscribed, lost }, time] = await startManual({
      topics: bookTopics(1),
      limits: { backoff: { minMs: 1, maxMs: 1 } },
      connects: { perSecond: 0.1, burst: 3 },
    })
    for (let cut = 1; cut <= 3; cut++) {
      await until(() => exchange.open.length === 1 && subscribed.length === cut)
      exchange.open[0].socket.terminate()
      await until(() => lost.length === cut)
      await time.advance(100)
      if (cut < 3) await until(() => exchange.connections.length === cut + 1)
    }
    expect(exchange.connections).toHaveLength(3)
    expect(counters.get('connects_delayed')).toBeGreaterThanOrEqual(1)
    await time.advance(25_000, 500)
    await until(() => exchange.connections.length === 4)
  })

  it('stops with a close frame of 1000', async () => {
    const { pool, frames } = await startPool({ topics: bookTopics(12) })
    const before = frames.length
    const stopping = pool.stop()
    for (const { socket } of exchange.connections) socket.send('{"topic":"late"}')
    await stopping
    await pool.stop() // a second call is the same stop
    await until(() => exchange.connections.every((connection) => connection.closeCode === 1000))
    expect(frames).toHaveLength(before)
    expect(pool.status().connections.every(({ state }) => state === 'stopped')).toBe(true)
  })

  it('stops within its bound when the close frame is not answered', async () => {
    const [{ pool, lost }, time] = await startManual({ topics: bookTopics(1) })
    exchange.connections[0].tcp.pause() // reads nothing more, so it never answers
    let isStopped = false
    const stopping = pool.stop().then(() => {
      isStopped = true
    })
    await time.advance(900)
    expect(isStopped).toBe(false)
    await time.advance(200)
    await stopping
    expect(lost).toEqual([])
  })

  it('stops while it waits for the next attempt', async () => {
    exchange.script.refuseStatus = 500
    const started = createHarness(exchange, { topics: bookTopics(1) })
    harness = started
    started.pool.start()
    await until(() => started.counters.get('connects_failed') === 1)
    await started.pool.stop()
    const { handshakes } = exchange
    exchange.script.refuseStatus = 0
    await turn()
    expect(exchange.handshakes).toBe(handshakes)
  })
})

describe('a pool that subscribes', () => {
  it('subscribes the good topics of a refused request, and gives up the bad one after its attempts', async () => {
    exchange.script.badTopics.add('orderbook.50.S003USDT')
    const time = new ManualTime()
    const topics = bookTopics(5)
    const started = createHarness(exchange, { ...time.ports, topics })
    harness = started
    started.pool.start()
    await until(() => started.subscribed.length === 4)
    expect([...started.subscribed].sort()).toEqual([0, 1, 2, 4])
    await time.advance(50_000)
    expect(started.failed).toEqual([
      { topics: [3], text: 'error:handler not found,topic:orderbook.50.S003USDT' },
    ])
    expect(started.counters.get('subscribes_failed')).toBe(1)
    const tries = exchange.requests('subscribe').filter((r) => r.args?.includes(topics[3].name))
    expect(tries).toHaveLength(SUBSCRIBE_ATTEMPTS_MAX)
    const line = started.log.find((entry) => entry.msg === 'subscribe failed')
    expect(line).toMatchObject({ topic: topics[3].name, text: started.failed[0].text })
    // Listed again later: the look once a minute finds it.
    exchange.script.badTopics.clear()
    await time.advance(61_000, 500)
    await until(() => started.subscribed.includes(3))
  })

  it('asks again when a request is not answered though data flows', async () => {
    const time = new ManualTime()
    let ignored = 0
    exchange.script.ignores = (request) => request.op === 'subscribe' && ignored++ === 0
    const topics = bookTopics(15)
    const started = createHarness(exchange, { ...time.ports, topics, symbolsPerConnection: 20 })
    harness = started
    started.pool.start()
    await until(() => started.subscribed.length === 5)
    await time.advance(2_000)
    exchange.open[0].socket.send('{"topic":"orderbook.50.S014USDT"}')
    await time.advance(4_000)
    expect(started.counters.get('subscribes_retried')).toBe(10)
    await time.advance(2_000)
    await until(() => started.subscribed.length === 15)
    expect(started.lost).toEqual([])
  })

  it('takes "already subscribed" for a yes when an acknowledgement was lost', async () => {
    const time = new ManualTime()
    const topics = bookTopics(1)
    let isLost = false
    exchange.script.ignores = (request, connection) => {
      if (isLost || request.op !== 'subscribe') return false
      isLost = true
      connection.subscribed.add(topics[0].name)
      connection.socket.send('{"topic":"orderbook.50.S000USDT"}')
      return true
    }
    const started = createHarness(exchange, { ...time.ports, topics })
    harness = started
    started.pool.start()
    await until(() => started.frames.length === 1)
    await time.advance(1_000)
    exchange.open[0].socket.send('{"topic":"orderbook.50.S000USDT"}')
    await until(() => started.frames.length === 2)
    await time.advance(6_000)
    await until(() => started.subscribed.length === 1)
    expect(exchange.requests('unsubscribe')).toHaveLength(0)
  })

  it('replaces a connection that answers nothing and sends nothing', async () => {
    const time = new ManualTime()
    exchange.script.ignores = (_request, connection) => connection.number === 0
    const started = createHarness(exchange, { ...time.ports, topics: bookTopics(4) })
    harness = started
    started.pool.start()
    await until(() => exchange.requests('subscribe').length === 1)
    await time.advance(6_500)
    await until(() => started.subscribed.length === 4)
    expect(started.lost[0].reason).toMatch(/not answered/)
    expect(exchange.connections).toHaveLength(2)
  })
})
