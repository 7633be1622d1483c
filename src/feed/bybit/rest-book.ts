import { type Static, Type } from '@sinclair/typebox'
import { parseStepsText, type Step } from '../../core/decimal.ts'
import { fail, type Result, succeed } from '../../core/result.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { RestClient, RestFailureCode } from './rest-client.ts'

const Levels = Type.Array(Type.Array(Type.String(), { minItems: 2 }), { maxItems: 1000 })

const OrderBook = Type.Object({
  s: Type.String(),
  b: Levels,
  a: Levels,
  seq: Type.Integer({ minimum: 0 }),
})
type OrderBook = Static<typeof OrderBook>

/** Levels best first, in ticks and lots. */
export type RestBook = Readonly<{
  /**
   * Comparable with the streams of all depths. The answer's `u` belongs to the stream of 1000
   * levels and is not.
   */
  seq: number
  bidCount: number
  askCount: number
  bidTicks: readonly number[]
  bidLots: readonly number[]
  askTicks: readonly number[]
  askLots: readonly number[]
}>

/** The book of an instrument, at most `depth` levels a side (1 to 1000). */
export async function fetchOrderBook(
  client: RestClient,
  instrument: Instrument,
  depth: number,
): Promise<Result<RestBook, RestFailureCode>> {
  const { category, symbol } = instrument
  const query = { category, symbol, limit: String(depth) }
  const answer = await client.get('/v5/market/orderbook', query, OrderBook)
  return answer.ok ? readOrderBook(answer.value, instrument) : answer
}

function readOrderBook(
  { a, b, s, seq }: OrderBook,
  { lot, symbol, tick }: Instrument,
): Result<RestBook, RestFailureCode> {
  const bidTicks = countSteps(b, 0, tick)
  const bidLots = countSteps(b, 1, lot)
  const askTicks = countSteps(a, 0, tick)
  const askLots = countSteps(a, 1, lot)
  const isExact = [bidTicks, bidLots, askTicks, askLots].every((side) => side.every((n) => n >= 0))
  if (s !== symbol || !isExact) {
    const why = s !== symbol ? `about ${s}` : 'a price or size is no multiple of its step'
    return fail('exchange_answer_invalid', `GET /v5/market/orderbook of ${symbol}: ${why}`)
  }
  const counts = { bidCount: b.length, askCount: a.length }
  return succeed({ seq, ...counts, bidTicks, bidLots, askTicks, askLots })
}

/** Negative where the text is no multiple of the step. */
function countSteps(levels: readonly (readonly string[])[], at: number, step: Step): number[] {
  return levels.map((level) => parseStepsText(level[at], step))
}
