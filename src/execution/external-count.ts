import type { RemoteExecution } from './gateway/gateway.ts'
import { averageQuote } from './holding.ts'
import type { Ledger } from './ledger.ts'
import { fifoQuoteAfter, positionAfter } from './settlement.ts'

/**
 * Counts an execution on the account that belongs to no order we know; once, by its execId. False:
 * it was counted before, or its instrument is not configured, so that it is not ours to count.
 */
export function countExternalFill(
  ledger: Ledger,
  execution: RemoteExecution,
  nowUs: number,
): boolean {
  const { execId, feeQuote, key, lots, orderLinkId, side, ticks } = execution
  const holding = ledger.state.holdings.get(key)
  const instrument = ledger.instrument(key)
  if (ledger.state.account.execIds.has(execId)) return false
  if (holding === undefined || instrument === undefined || !Number.isSafeInteger(lots)) {
    ledger.counters.add('executions_unwatched')
    return false
  }
  const fill = { side, ticks, lots, fee_quote: feeQuote }
  const position = positionAfter(holding, fill)
  const isCounted = ledger.commit({
    type: 'external_fill',
    time_us: nowUs,
    run: ledger.run,
    exec_id: execId,
    order_link_id: orderLinkId,
    symbol: instrument.symbol,
    category: instrument.category,
    side,
    ticks,
    lots,
    fee_quote: feeQuote,
    is_maker: execution.isMaker,
    exchange_time_us: execution.timeUs,
    position_lots_after: position.lots,
    average_price_after: averageQuote({ ...holding, position }),
    realized_pnl_quote_after: position.realizedQuote,
    fees_quote_after: position.feesQuote,
    realized_pnl_fifo_quote_after: fifoQuoteAfter(holding, fill),
  })
  if (!isCounted) return false
  ledger.counters.add('fills_external')
  ledger.auditPosition(key, nowUs)
  const line = { exec_id: execId, instrument: key, lots }
  if (execution.isPositionStop === true)
    ledger.log.info(line, 'stop of a position, at the exchange')
  else ledger.log.error(line, 'execution of somebody else')
  return true
}

/** Counts what was paid or received for holding a position, once. */
export function countFunding(
  ledger: Ledger,
  funding: Readonly<{ execId: string; key: string; feeQuote: number; timeUs: number }>,
  nowUs: number,
): boolean {
  const instrument = ledger.instrument(funding.key)
  if (instrument === undefined || !ledger.state.holdings.has(funding.key)) return false
  if (ledger.state.account.execIds.has(funding.execId)) return false
  const isCounted = ledger.commit({
    type: 'funding',
    time_us: nowUs,
    run: ledger.run,
    exec_id: funding.execId,
    symbol: instrument.symbol,
    category: instrument.category,
    fee_quote: funding.feeQuote,
    exchange_time_us: funding.timeUs,
  })
  if (isCounted) ledger.auditPosition(funding.key, nowUs)
  return isCounted
}
