import type { RemoteExecution } from './gateway/gateway.ts'
import { namesOf } from './holding.ts'
import type { Ledger } from './ledger.ts'
import { fillFields } from './settlement.ts'

/**
 * Counts an execution on the account that belongs to no order we know; once, by its execId. False:
 * it was counted before, or its instrument is not configured and nothing of ours is open in it, so
 * that it is not ours to count.
 */
export function countExternalFill(
  ledger: Ledger,
  execution: RemoteExecution,
  nowUs: number,
): boolean {
  const { execId, key, lots, orderLinkId, side } = execution
  const holding = ledger.state.holdings.get(key)
  const named = namesOf(key)
  if (ledger.state.account.execIds.has(execId)) return false
  if (holding === undefined || named === undefined || !Number.isSafeInteger(lots)) {
    ledger.counters.add('executions_unwatched')
    return false
  }
  const isCounted = ledger.commit({
    type: 'external_fill',
    time_us: nowUs,
    run: ledger.run,
    order_link_id: orderLinkId,
    ...named,
    ...fillFields(holding, execution, side),
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
  const holding = ledger.state.holdings.get(funding.key)
  const named = namesOf(funding.key)
  if (holding === undefined || named === undefined) return false
  // Of a position that is not ours.
  if (ledger.instrument(funding.key) === undefined && holding.position.lots === 0) return false
  if (ledger.state.account.execIds.has(funding.execId)) return false
  const isCounted = ledger.commit({
    type: 'funding',
    time_us: nowUs,
    run: ledger.run,
    exec_id: funding.execId,
    ...named,
    fee_quote: funding.feeQuote,
    exchange_time_us: funding.timeUs,
  })
  if (isCounted) ledger.auditPosition(funding.key, nowUs)
  return isCounted
}
