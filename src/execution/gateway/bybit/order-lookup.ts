import type { Execution, QueryReply } from '../gateway.ts'
import type { AccountLists } from './account-lists.ts'
import type { AccountMarket } from './account-market.ts'
import { byTime } from './execution-rows.ts'
import { type OrderRow, remoteOrder } from './order-rows.ts'

/** How old an order may be that no list has, for its executions to be found; in one window. */
const UNLISTED_MS_MAX = 6 * 24 * 3600 * 1000
/** An order may be stamped after its first fill: the two come from different clocks. */
const EARLY_MS = 60_000

export type WantedOrder = Readonly<{
  orderLinkId: string
  /** The same as the exchange knows it. */
  wireId: string
  /** Undefined for an order of an earlier run. */
  symbol: string | undefined
}>

/**
 * One order, found by our id: among the open ones, the recently closed, the history, the
 * executions. `not_found` is said only when all four say so, as the history lags and the recent ones
 * are forgotten when the exchange restarts. A call that failed makes the answer `unknown`, and so
 * does an order that filled more than its executions tell. The first two lists want to know the
 * symbol or the coin beside the id.
 */
export async function lookUpOrder(
  lists: AccountLists,
  market: AccountMarket,
  { orderLinkId, symbol, wireId }: WantedOrder,
  exchangeMs: number,
): Promise<QueryReply> {
  const named = { orderLinkId: wireId }
  const isWanted = (row: Readonly<{ orderLinkId: string }>) => row.orderLinkId === orderLinkId
  const scopes =
    symbol === undefined ? market.settleCoins.map((settleCoin) => ({ settleCoin })) : [{ symbol }]
  let found: OrderRow | undefined
  let timeMs = Number.NaN // of the first list: what the others say is of later
  for (const openOnly of [0, 1]) {
    for (const scope of scopes) {
      if (found !== undefined) break
      const read = await lists.orderRows('/v5/order/realtime', { ...named, ...scope, openOnly })
      if (!read.ok) return { kind: 'unknown', message: read.message }
      found = read.value.rows.find(isWanted)
      if (Number.isNaN(timeMs)) timeMs = read.value.timeMs
    }
  }
  if (Number.isNaN(timeMs)) return { kind: 'unknown', message: 'an answer without its time' }
  if (found === undefined) {
    const read = await lists.orderRows('/v5/order/history', named)
    if (!read.ok) return { kind: 'unknown', message: read.message }
    found = read.value.rows.find(isWanted)
  }
  const sinceMs = found === undefined ? exchangeMs - UNLISTED_MS_MAX : found.createdMs - EARLY_MS
  const read = await lists.executionRows(named, sinceMs)
  if (!read.ok) return { kind: 'unknown', message: read.message }
  const rows = read.value
    .filter(({ execution }) => execution.kind === 'trade' && isWanted(execution))
    .sort(byTime)
  const executions: Execution[] = [
    ...new Map(rows.map(({ execution }) => [execution.execId, execution])).values(),
  ]
  const exchangeUs = timeMs * 1000
  const executedLots = executions.reduce((sum, { lots }) => sum + lots, 0)
  if (found === undefined) {
    if (rows.length === 0) return { kind: 'not_found', exchangeUs }
    return { kind: 'unknown', message: 'it has executions, and no list has it yet' }
  }
  if (executedLots < found.filledLots) {
    return { kind: 'unknown', message: 'its executions are not listed yet' }
  }
  return { kind: 'found', order: remoteOrder(found, market, executions), exchangeUs }
}
