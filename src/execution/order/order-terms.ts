import type { OrderCreated } from '../../domain/journal.ts'
import { decisionOf } from '../intent.ts'
import type { ApprovedOrder } from '../risk/risk-gate.ts'

/**
 * What the journal keeps of an approved order and the intent behind it, before the order may leave.
 */
export function createdRecord(approved: ApprovedOrder, run: number, nowUs: number): OrderCreated {
  const { intent, instrument } = approved
  return {
    type: 'order_created',
    time_us: nowUs,
    run,
    number: approved.number,
    order_link_id: approved.orderLinkId,
    symbol: instrument.symbol,
    category: instrument.category,
    side: approved.side,
    order_type: approved.orderType,
    time_in_force: approved.timeInForce,
    reduce_only: approved.isReduceOnly,
    limit_ticks: approved.limitTicks,
    lots: approved.lots,
    ...(approved.isAtMarket ? { at_market: true } : {}),
    target_ticks: finiteOrNull(intent.targetTicks),
    stop_ticks: finiteOrNull(intent.stopTicks),
    hold_ms_max: intent.holdMsMax,
    shard: intent.shard,
    intent_number: intent.number,
    decision: decisionOf(intent, run),
    ...(intent.follows === undefined ? {} : { follows: intent.follows.orderLinkId }),
    strategy: intent.strategy,
    reason: intent.reason,
    u: finiteOrNull(intent.u) ?? 0,
    row_number: finiteOrNull(intent.rowNumber) ?? 0,
    intent_created_us: intent.createdUs,
    receive_us: finiteOrNull(intent.receiveUs) ?? 0,
    imbalance: finiteOrNull(intent.imbalance),
    probability: finiteOrNull(intent.probability),
  }
}

/** JSON has no NaN. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
