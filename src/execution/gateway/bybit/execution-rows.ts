import type { RemoteExecution } from '../gateway.ts'
import { type AccountMarket, stepsIn } from './account-market.ts'
import type { LinkIds } from './link-ids.ts'
import { isPositionStop } from './order-rows.ts'
import { type Fields, numberIn, textIn } from './wire-fields.ts'

export type ExecutionRow = Readonly<{
  owner: 'us' | 'sibling' | 'other'
  execution: RemoteExecution
  /** Of the order, in lots; NaN where it is not told. */
  orderLots: number
  symbol: string
  seq: number
}>

/** Executions that move a position by a trade, whoever asked for it. */
const TRADES: ReadonlySet<string> = new Set([
  'Trade',
  'AdlTrade',
  'BustTrade',
  'BlockTrade',
  'MovePosition',
])
/** Payments on a position, whose quantity is the position and not a change of it. */
const PAYMENTS: ReadonlySet<string> = new Set(['Settle', 'SessionSettlePnL'])

/**
 * One execution of the stream or a list; undefined when a field is missing, or when one of ours is
 * not in whole steps. One of an instrument that is not configured has no ticks and lots: NaN.
 */
export function readExecutionRow(
  fields: Fields,
  ids: LinkIds,
  market: AccountMarket,
): ExecutionRow | undefined {
  const [execId, symbol] = [textIn(fields, 'execId'), textIn(fields, 'symbol')]
  const execType = textIn(fields, 'execType')
  const side = textIn(fields, 'side')
  const timeUs = numberIn(fields, 'execTime') * 1000
  const feeQuote = numberIn(fields, 'execFee')
  if (execId === '' || symbol === '' || !Number.isFinite(timeUs)) return undefined
  const { owner, orderLinkId } = ids.fromWire(textIn(fields, 'orderLinkId'))
  const steps = market.steps(symbol, owner === 'us')
  const kind = TRADES.has(execType) ? 'trade' : execType === 'Funding' ? 'funding' : 'other'
  const ticks = stepsIn(textIn(fields, 'execPrice'), steps?.tick)
  const lots = stepsIn(textIn(fields, 'execQty'), steps?.lot)
  const isWhole = Number.isFinite(ticks + lots)
  if (kind === 'trade' && side !== 'Buy' && side !== 'Sell') return undefined
  if (kind === 'trade' && steps !== undefined && !isWhole) return undefined
  const execution: RemoteExecution = {
    ...{ orderLinkId, execId, execNumber: null, ticks },
    lots: PAYMENTS.has(execType) ? 0 : lots,
    feeQuote: Number.isFinite(feeQuote) ? feeQuote : 0,
    isMaker: fields.isMaker === true || fields.isMaker === 'true',
    timeUs,
    key: market.key(symbol),
    side: side === 'Sell' ? 'sell' : 'buy',
    kind,
    ...(owner === 'other' && isPositionStop(fields) ? { isPositionStop: true } : {}),
  }
  const orderLots = stepsIn(textIn(fields, 'orderQty'), steps?.lot)
  return { owner, execution, orderLots, symbol, seq: numberIn(fields, 'seq') }
}

/** Oldest first; those of one millisecond by the exchange's own order. */
export function byTime(a: ExecutionRow, b: ExecutionRow): number {
  return a.execution.timeUs - b.execution.timeUs || a.seq - b.seq || 0
}
