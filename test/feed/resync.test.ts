import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bookTopics, createHarness, type Harness, ManualTime, turn, until } from './pool-harness.ts'
import { ScriptedExchange } from './scripted-exchange.ts'

let exchange: ScriptedExchange
let harness: Harness
let time: ManualTime

beforeEach(async () => {
  exchange = await ScriptedExchange.start()
  time = new ManualTime()
})

afterEach(async () => {
  await harness.pool.stop()
  await exchange.stop()
})

async function start(overrides: Parameters<typeof createHarness>[1]): Promise<Harness> {
  const started = createHarness(exchange, {
    ...time.ports,
    limits: { dataSilentMs: 0 },
    ...overrides,
  })
  started.pool.start()
  await until(() => started.subscribed.length >= overrides.topics.length)
  harness = started
  return started
}

describe('resync of a topic', () => {
  it('unsubscribes and subscribes that one topic, and its snapshot follows', async () => {
    const { pool, frames, subscribed, lost, counters } = await start({ topics: bookTopics(3, 2) })
    const before = frames.length
    pool.resync(2, 'gap')
    await until(() => frames.length > before)
    expect(exchange.requests('unsubscribe').map((r) => r.args)).toEqual([['orderbook.50.S001USDT']])
    expect(frames.slice(before).map((frame) => frame.text)).toEqual([
      '{"topic":"orderbook.50.S001USDT","type":"snapshot","data":{}}',
    ])
    await until(() => subscribed.length === 7)
    expect(subscribed[6]).toBe(2)
    expect(lost).toEqual([])
    expect(counters.get('resyncs_requested')).toBe(1)
    expect(counters.get('resyncs_delayed')).toBe(0)
  })

  it('subscribes only after the answer to the unsubscribe', async () => {
    exchange.script.ignores = (request) => request.op === 'unsubscribe'
    const { pool } = await start({ topics: bookTopics(1) })
    pool.resync(0, 'gap')
    await until(() => exchange.requests('unsubscribe').length === 1)
    await turn()
    expect(exchange.requests('subscribe')).toHaveLength(1)
    exchange.open[0].socket.send('{"topic":"orderbook.50.S000USDT"}')
    exchange.script.ignores = () => false
    await time.advance(7_000)
    await until(() => exchange.requests('subscribe').length === 2)
    expect(exchange.requests('unsubscribe')).toHaveLength(2)
  })

  it('stays within the bucket in a storm, and serves every topic once', async () => {
    const topics = bookTopics(100)
    const { pool, counters } = await start({
      topics,
      resync: { perSecond: 5, burst: 10, spacingMs: 1000 },
    })
    for (let storm = 0; storm < 3; storm++) {
      for (const topic of topics) pool.resync(topic.index, 'gap')
    }
    await until(() => exchange.requests('unsubscribe').length === 10)
    expect(pool.status().resyncsWaiting).toBe(90)
    expect(counters.get('resyncs_delayed')).toBe(90)
    for (let second = 1; second <= 18; second++) {
      await time.advance(1_000, 50)
      expect(exchange.requests('unsubscribe').length).toBeLessThanOrEqual(10 + 5 * second)
    }
    await time.advance(12_000, 50)
    await until(() => exchange.requests('unsubscribe').length === 100)
    const asked = exchange.requests('unsubscribe').map((request) => request.args?.[0])
    expect(new Set(asked).size).toBe(100)
    expect(counters.get('resyncs_requested')).toBe(100)
    expect(pool.status().resyncsWaiting).toBe(0)
  })

  it('leaves the least time between two resyncs of one topic, without holding up another', async () => {
    const { pool, subscribed } = await start({ topics: bookTopics(2) })
    pool.resync(0, 'gap')
    await until(() => subscribed.length === 3)
    pool.resync(0, 'gap')
    pool.resync(1, 'gap')
    await until(() => subscribed.length === 4)
    expect(subscribed[3]).toBe(1)
    await time.advance(900)
    expect(exchange.requests('unsubscribe')).toHaveLength(2)
    await time.advance(1_000)
    await until(() => subscribed.length === 5)
    expect(subscribed[4]).toBe(0)
  })

  it('waits for the answer when a snapshot was spoiled before its subscription was confirmed', async () => {
    const held: (() => void)[] = []
    exchange.script.ignores = (request, connection) => {
      if (request.op !== 'subscribe' || held.length > 0) return false
      connection.subscribed.add('orderbook.50.S000USDT')
      const { req_id } = request
      held.push(() =>
        connection.socket.send(
          JSON.stringify({ success: true, ret_msg: '', op: 'subscribe', req_id }),
        ),
      )
      connection.socket.send('{"topic":"orderbook.50.S000USDT","type":"snapshot"}')
      return true
    }
    harness = createHarness(exchange, { ...time.ports, topics: bookTopics(1) })
    const { pool, frames, subscribed } = harness
    pool.start()
    await until(() => frames.length === 1)
    pool.resync(0, 'gap')
    expect(pool.status().resyncsWaiting).toBe(1)
    held[0]()
    await until(() => subscribed.length === 1)
    await time.advance(1_600)
    await until(() => subscribed.length === 2)
    expect(exchange.requests('unsubscribe')).toHaveLength(1)
  })

  it('forgets what waits when the connection dies: the new subscription brings the snapshots', async () => {
    const { pool, subscribed, lost } = await start({
      topics: bookTopics(5),
      resync: { perSecond: 0.01, burst: 1 },
    })
    for (let topic = 0; topic < 5; topic++) pool.resync(topic, 'gap')
    expect(pool.status().resyncsWaiting).toBe(4)
    await until(() => subscribed.length === 6)
    exchange.open[0].socket.terminate()
    await until(() => lost.length === 1)
    expect(pool.status().resyncsWaiting).toBe(0)
    pool.resync(1, 'gap') // down: nothing to ask
    await time.advance(1_000)
    await until(() => subscribed.length === 11)
    expect(exchange.requests('unsubscribe')).toHaveLength(1)
  })

  it('does nothing for a topic it does not carry', async () => {
    const { pool, counters } = await start({ topics: bookTopics(1) })
    pool.resync(99, 'gap')
    await turn()
    expect(counters.get('resyncs_requested')).toBe(0)
    expect(exchange.requests('unsubscribe')).toHaveLength(0)
  })
})
