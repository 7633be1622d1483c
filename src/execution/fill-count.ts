import type { Execution } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import type { Order } from './order/order.ts'
import { fillFields } from './settlement.ts'

/** `refused`: it says something that cannot be, so that no record can be made of it. */
export type FillCounting = 'counted' | 'repeated' | 'refused'

/**
 * Counts one execution, once, by its execId: journal, position and order quantity. A fill is real
 * whatever the order's state is, so the state is not asked here.
 */
export function countFill(
  ledger: Ledger,
  order: Order,
  execution: Execution,
  nowUs: number,
): FillCounting {
  const { terms } = order
  const { execIds } = ledger.state.account
  if (order.execIds.has(execution.execId) || execIds.has(execution.execId)) {
    ledger.counters.add('fills_repeated')
    return 'repeated'
  }
  const holding = ledger.state.holdings.get(order.key)
  if (holding === undefined) return refuse(ledger)
  const { ticks, lots } = execution
  const { lots: lotsBefore } = holding.position
  const fields = fillFields(holding, execution, terms.side)
  const isCounted = ledger.commit({
    type: 'fill',
    time_us: nowUs,
    run: ledger.run,
    exec_number: execution.execNumber,
    order_link_id: terms.order_link_id,
    symbol: terms.symbol,
    category: terms.category,
    ...fields,
  })
  if (!isCounted) return refuse(ledger)
  ledger.counters.add('fills')
  countPosition(ledger, lotsBefore, fields.position_lots_after)
  ledger.log.info(
    {
      trace: `${terms.symbol}-${terms.u}`,
      order_link_id: terms.order_link_id,
      exec_id: execution.execId,
      ticks,
      lots,
    },
    'fill',
  )
  return 'counted'
}

function refuse({ counters }: Ledger): FillCounting {
  counters.add('fills_refused')
  return 'refused'
}

function countPosition({ counters, state }: Ledger, before: number, after: number): void {
  const isTurned = before * after < 0
  if (after !== 0 && (before === 0 || isTurned)) counters.add('positions_opened')
  if (before !== 0 && (after === 0 || isTurned)) counters.add('positions_closed')
  if (before !== 0 && (after === 0 || isTurned) && state.risk.lastTripQuote > 0)
    counters.add('positions_won')
}
