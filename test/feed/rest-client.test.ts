import { Type } from '@sinclair/typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { REST_BODY_BYTES_MAX } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { fetchInstrumentRows, fetchServerTimeOffset } from '../../src/feed/bybit/rest-market.ts'
import { clock, createClient, RestExchange, sendEnvelope, sendResult } from './rest-exchange.ts'

const PATH = '/v5/market/thing'
const Thing = Type.Object({ list: Type.Array(Type.Object({ name: Type.String() })) })

let exchange: RestExchange

beforeEach(async () => {
  exchange = await RestExchange.start()
})

afterEach(async () => {
  await exchange.stop()
})

function get(overrides = {}) {
  return createClient(exchange.url, overrides).get(PATH, { category: 'linear' }, Thing)
}

describe('a REST request', () => {
  it('answers with the checked result', async () => {
    exchange.overrides.set(PATH, (_url, response) =>
      sendResult(response, { list: [{ name: 'a' }] }),
    )
    expect(await get()).toEqual({ ok: true, value: { list: [{ name: 'a' }] } })
    expect(exchange.requests[0].search).toBe('?category=linear')
  })

  it.each([
    [
      'a refusal, once, with the text of the exchange',
      { retCode: 10001, retMsg: 'params error: category' },
      'exchange_answer_invalid',
      `GET ${PATH}: refused with 10001 params error: category`,
      1,
    ],
    [
      'a rate limit, after all attempts',
      { retCode: 10006, retMsg: 'Too many visits' },
      'exchange_unreachable',
      `GET ${PATH}: refused with 10006 Too many visits (3 attempts)`,
      3,
    ],
    [
      'an unknown shape, with the place',
      { retCode: 0, result: { list: [{ name: 1 }] } },
      'exchange_answer_invalid',
      `GET ${PATH}: unexpected shape at result/list/0/name: Expected string`,
      1,
    ],
    [
      'something that is JSON but no answer of this exchange',
      { hello: 1 },
      'exchange_answer_invalid',
      `GET ${PATH}: no retCode in the answer, check exchange.rest_url`,
      1,
    ],
  ])('reports %s', async (_name, envelope, code, message, requests) => {
    exchange.overrides.set(PATH, (_url, response) => sendEnvelope(response, envelope))
    expect(await get()).toEqual({ ok: false, code, message })
    expect(exchange.requests).toHaveLength(requests)
  })

  it.each([429, 500, 502, 503])('tries again after HTTP %i', async (status) => {
    exchange.overrides.set(PATH, (_url, response) => {
      if (exchange.requests.length < 3) response.writeHead(status).end('busy')
      else sendResult(response, { list: [] })
    })
    expect((await get()).ok).toBe(true)
    expect(exchange.requests).toHaveLength(3)
  })

  it('tries again after a page of a proxy where JSON should be', async () => {
    exchange.overrides.set(PATH, (_url, response) => response.end('<html>Bad gateway</html>'))
    expect(await get()).toEqual({
      ok: false,
      code: 'exchange_unreachable',
      message: `GET ${PATH}: not JSON but "<html>Bad gateway</html>", check exchange.rest_url (3 attempts)`,
    })
    expect(exchange.requests).toHaveLength(3)
  })

  it('asks nothing more for ten minutes after HTTP 403', async () => {
    const time = new ManualClock(1e15)
    const client = createClient(exchange.url, { clock: time })
    exchange.overrides.set(PATH, (_url, response) => response.writeHead(403).end('forbidden'))
    const first = await client.get(PATH, {}, Thing)
    expect(first).toMatchObject({ code: 'exchange_unreachable' })
    time.advance(599e6)
    const second = await client.get(PATH, {}, Thing)
    expect(second).toMatchObject({ message: expect.stringContaining('wait 1 s') })
    expect(exchange.requests).toHaveLength(1)
    time.advance(1e6)
    exchange.overrides.set(PATH, (_url, response) => sendResult(response, { list: [] }))
    expect((await client.get(PATH, {}, Thing)).ok).toBe(true)
  })

  it('gives up a server that does not answer, and a body that never ends', async () => {
    exchange.overrides.set(PATH, (_url, response) => {
      if (exchange.requests.length % 2 === 1) return
      response.writeHead(200)
      response.write('{"retCode":')
    })
    expect(await get({ timeoutMs: 30, attemptsMax: 2 })).toEqual({
      ok: false,
      code: 'exchange_unreachable',
      message: `GET ${PATH}: no answer within 30 ms, check exchange.rest_url (2 attempts)`,
    })
  })

  it('refuses a body past its bound', async () => {
    exchange.overrides.set(PATH, (_url, response) => {
      response.end(Buffer.alloc(REST_BODY_BYTES_MAX + 1, 0x20))
    })
    const answer = await get({ attemptsMax: 1 })
    expect(answer).toMatchObject({ message: expect.stringContaining('more than 16777216 bytes') })
  })

  it('names the cause when nobody listens', async () => {
    const gone = await RestExchange.start()
    const { url } = gone
    await gone.stop()
    const answer = await createClient(url).get(PATH, {}, Thing)
    expect(answer).toMatchObject({
      code: 'exchange_unreachable',
      message: expect.stringMatching(/ECONNREFUSED.*check exchange.rest_url.*\(3 attempts\)/),
    })
  })

  it('ends at once when closed, in the request and in the wait before the next', async () => {
    const client = createClient(exchange.url, { backoff: { minMs: 60_000, maxMs: 60_000 } })
    const refused = new Promise<void>((resolve) => {
      exchange.overrides.set(PATH, (_url, response) => {
        response.writeHead(500).end()
        resolve()
      })
    })
    const answer = client.get(PATH, {}, Thing)
    await refused
    client.close()
    expect((await answer).ok).toBe(false)
    expect(await client.get(PATH, {}, Thing)).toMatchObject({
      message: expect.stringContaining('the client is closed'),
    })
  })
})

describe('paged lists', () => {
  it('stops when the cursor leads in a circle', async () => {
    exchange.overrides.set('/v5/market/instruments-info', (url, response) => {
      const cursor = url.searchParams.get('cursor') === 'b' ? 'a' : 'b'
      sendResult(response, { list: [], nextPageCursor: cursor })
    })
    const rows = await fetchInstrumentRows(createClient(exchange.url), 'linear')
    expect(rows).toMatchObject({ code: 'exchange_answer_invalid' })
    expect(exchange.requests).toHaveLength(20)
  })
})

describe('the clock of the exchange', () => {
  it('is judged at the midpoint of the shortest round trip', async () => {
    const time = new ManualClock(1_700_000_000_000_000)
    const roundTripsUs = [50_000, 8_000, 90_000]
    exchange.overrides.set('/v5/market/time', (_url, response) => {
      // The exchange is 2 s ahead and reads its clock half way.
      const roundTripUs = roundTripsUs[exchange.requests.length - 1]
      const serverUs = BigInt(time.nowUs() + roundTripUs / 2 + 2_000_000)
      time.advance(roundTripUs)
      const timeNano = `${serverUs}123`
      sendResult(response, { timeSecond: timeNano.slice(0, 10), timeNano })
    })
    const client = createClient(exchange.url, { clock: time })
    expect(await fetchServerTimeOffset(client, time)).toEqual({
      ok: true,
      value: { offsetUs: 2_000_000, roundTripUs: 8_000 },
    })
  })

  it('is not guessed when the exchange does not answer', async () => {
    const offset = await fetchServerTimeOffset(createClient(exchange.url), clock)
    expect(offset).toMatchObject({ ok: false, code: 'exchange_answer_invalid' })
  })
})
