import type { Execution } from './gateway/gateway.ts'
import { averageQuote } from './holding.ts'
import type { Ledger } from './ledger.ts'
import type { Order } from './order/order.ts'
import { fifoQuoteAfter, positionAfter } from './settlement.ts'

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
  const { ticks, lots, feeQuote } = execution
  const fill = { side: terms.side, ticks, lots, fee_quote: feeQuote }
  const position = positionAfter(holding, fill)
  const { lots: lotsBefore } = holding.position
  const isCounted = ledger.commit({
    type: 'fill',
    time_us: nowUs,
    run: ledger.run,
    exec_id: execution.execId,
    exec_number: execution.execNumber,
    order_link_id: terms.order_link_id,
    symbol: terms.symbol,
    category: terms.category,
    side: terms.side,
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
  if (!isCounted) return refuse(ledger)
  ledger.counters.add('fills')
  countPosition(ledger, lotsBefore, position.lots)
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
