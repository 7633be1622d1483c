import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { REST_PAGES_MAX } from '../../constants.ts'
import type { Clock } from '../../core/clock.ts'
import { fail, type Result, succeed } from '../../core/result.ts'
import type { Category } from '../../domain/instrument.ts'
import type { RestClient, RestFailureCode } from './rest-client.ts'

/**
 * What is used of the market endpoints; fields beyond are let through and ignored. Numbers are
 * decimal text, "" where the exchange has nothing to say; they are judged when an instrument is
 * made, so that one odd row does not spoil the rest.
 */
const Text = Type.Optional(Type.String())

export const InstrumentRow = Type.Object({
  symbol: Type.String({ minLength: 1, maxLength: 64 }),
  status: Type.String(),
  contractType: Type.Optional(Type.String()),
  quoteCoin: Type.String(),
  priceFilter: Type.Object({ tickSize: Text }),
  lotSizeFilter: Type.Object({
    qtyStep: Text, // linear
    basePrecision: Text, // spot
    minOrderQty: Text,
    maxOrderQty: Text,
    maxMktOrderQty: Text,
    maxMarketOrderQty: Text, // spot
    maxLimitOrderQty: Text, // spot, where maxOrderQty is on its way out
    minNotionalValue: Text, // linear
    minOrderAmt: Text, // spot
  }),
})
export type InstrumentRow = Static<typeof InstrumentRow>

export const TickerRow = Type.Object({
  symbol: Type.String(),
  lastPrice: Text,
  turnover24h: Text,
  volume24h: Text,
  /** Of the base coin in US dollars; spot only, and not for every coin. */
  usdIndexPrice: Text,
})
export type TickerRow = Static<typeof TickerRow>

const ServerTime = Type.Object({
  timeSecond: Type.String({ pattern: '^\\d{9,11}$' }),
  timeNano: Type.String({ pattern: '^\\d{18,20}$' }),
})

const PAGE_LIMIT = '1000'

/** All instruments of a category, page by page. */
export function fetchInstrumentRows(
  client: RestClient,
  category: Category,
): Promise<Result<InstrumentRow[], RestFailureCode>> {
  return fetchPages(client, '/v5/market/instruments-info', category, InstrumentRow)
}

/** Last price, turnover and volume of 24 hours of every instrument of a category. */
export async function fetchTickers(
  client: RestClient,
  category: Category,
): Promise<Result<TickerRow[], RestFailureCode>> {
  const page = Type.Object({ list: Type.Array(TickerRow) })
  const answer = await client.get('/v5/market/tickers', { category }, page)
  return answer.ok ? succeed(answer.value.list) : answer
}

export type ServerTimeOffset = Readonly<{
  /** Exchange time minus ours, in microseconds, known to within half the round trip. */
  offsetUs: number
  roundTripUs: number
}>

/** Of several samples the one with the shortest round trip, judged at its midpoint. */
export async function fetchServerTimeOffset(
  client: RestClient,
  clock: Clock,
  samples = 3,
): Promise<Result<ServerTimeOffset, RestFailureCode>> {
  let best: ServerTimeOffset | undefined
  for (let sample = 0; sample < Math.max(1, samples); sample++) {
    const sendUs = clock.nowUs()
    const answer = await client.get('/v5/market/time', {}, ServerTime)
    if (!answer.ok) return answer
    const roundTripUs = clock.nowUs() - sendUs
    // Nanoseconds since 1970 pass 2^53.
    const serverUs = Number(BigInt(answer.value.timeNano) / 1000n)
    const offsetUs = serverUs - (sendUs + roundTripUs / 2)
    if (best === undefined || roundTripUs < best.roundTripUs) best = { offsetUs, roundTripUs }
  }
  return succeed(best ?? { offsetUs: 0, roundTripUs: 0 })
}

async function fetchPages<Row extends TSchema>(
  client: RestClient,
  path: string,
  category: Category,
  row: Row,
): Promise<Result<Static<Row>[], RestFailureCode>> {
  const schema = Type.Object({
    list: Type.Array(row),
    nextPageCursor: Type.Optional(Type.String()),
  })
  const rows: Static<Row>[] = []
  let cursor = ''
  for (let page = 0; page < REST_PAGES_MAX; page++) {
    const query = { category, limit: PAGE_LIMIT, ...(cursor === '' ? {} : { cursor }) }
    const answer = await client.get(path, query, schema)
    if (!answer.ok) return answer
    rows.push(...answer.value.list)
    const next = answer.value.nextPageCursor ?? ''
    if (next === '' || next === cursor) return succeed(rows)
    cursor = next
  }
  const message = `GET ${path}: more than ${REST_PAGES_MAX} pages, the cursor leads nowhere`
  return fail('exchange_answer_invalid', message)
}
