import { type Static, Type } from '@sinclair/typebox'
import { RECENT_TRADES_MAX } from '../../constants.ts'
import { parseStepsText } from '../../core/decimal.ts'
import { type Result, succeed } from '../../core/result.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { RestClient, RestFailureCode } from './rest-client.ts'

const Row = Type.Object({
  execId: Type.String({ minLength: 1, maxLength: 64 }),
  price: Type.String(),
  size: Type.String(),
  side: Type.Union([Type.Literal('Buy'), Type.Literal('Sell')]),
  time: Type.String({ pattern: '^\\d{12,14}$' }),
  isBlockTrade: Type.Boolean(),
  isRPITrade: Type.Optional(Type.Boolean()),
  seq: Type.Optional(Type.String({ pattern: '^\\d{1,16}$' })),
})
const Page = Type.Object({ list: Type.Array(Row, { maxItems: RECENT_TRADES_MAX }) })

/** A trade as the REST side tells it; `seq` NaN where the exchange sent none. */
export type RecentTrade = Readonly<{
  id: string
  ticks: number
  lots: number
  /** +1 the taker bought, -1 the taker sold. */
  sign: 1 | -1
  timeMs: number
  isBlock: boolean
  isRpi: boolean
  seq: number
}>

/** The exchange keeps fewer trades of spot at hand. */
const SPOT_TRADES_MAX = 60

/** Trades of one answer; one that is full may not reach back to what is looked for. */
export function recentTradesMax({ category }: Instrument): number {
  return category === 'spot' ? SPOT_TRADES_MAX : RECENT_TRADES_MAX
}

/**
 * The latest public trades of an instrument, oldest first; as many as the exchange gives. Rows
 * whose price or size is no multiple of the instrument's steps are left out.
 */
export async function fetchRecentTrades(
  client: RestClient,
  instrument: Instrument,
): Promise<Result<RecentTrade[], RestFailureCode>> {
  const { category, symbol } = instrument
  const query = { category, symbol, limit: String(recentTradesMax(instrument)) }
  const answer = await client.get('/v5/market/recent-trade', query, Page)
  if (!answer.ok) return answer
  return succeed(answer.value.list.flatMap((row) => tradeOf(row, instrument)).reverse())
}

function tradeOf(row: Static<typeof Row>, { tick, lot }: Instrument): RecentTrade[] {
  const ticks = parseStepsText(row.price, tick)
  const lots = parseStepsText(row.size, lot)
  if (ticks <= 0 || lots <= 0) return [] // negative: what is wrong with the text
  return [
    {
      id: row.execId,
      ticks,
      lots,
      sign: row.side === 'Buy' ? 1 : -1,
      timeMs: Number(row.time),
      isBlock: row.isBlockTrade,
      isRpi: row.isRPITrade ?? false,
      seq: row.seq === undefined ? Number.NaN : Number(row.seq),
    },
  ]
}
