import type { ExternalFillRecorded, FillRecorded } from '../domain/journal.ts'
import type { OrderSide } from '../domain/trading.ts'
import type { Execution } from './gateway/gateway.ts'
import { averageQuote, type Holding } from './holding.ts'
import type { PnlFold } from './pnl-fold.ts'
import { afterFill, type Position } from './position.ts'

type AnyFill = FillRecorded | ExternalFillRecorded
type FillTerms = Pick<AnyFill, 'side' | 'ticks' | 'lots' | 'fee_quote'>

/** The position that a fill leaves, at average cost. */
export function positionAfter({ position, steps }: Holding, record: FillTerms): Position {
  const { fee_quote: feeQuote, lots, side, ticks } = record
  return afterFill(position, { side, ticks, lots, feeQuote }, steps)
}

/** What a record of an execution has of it, and of the position that it leaves. */
export function fillFields(holding: Holding, execution: Execution, side: OrderSide) {
  const { execId, feeQuote, isMaker, lots, ticks, timeUs } = execution
  const { fifo, steps } = holding
  const terms = { side, ticks, lots, fee_quote: feeQuote }
  const position = positionAfter(holding, terms)
  return {
    exec_id: execId,
    ...terms,
    is_maker: isMaker,
    exchange_time_us: timeUs,
    position_lots_after: position.lots,
    average_price_after: averageQuote({ ...holding, position }),
    realized_pnl_quote_after: position.realizedQuote,
    fees_quote_after: position.feesQuote,
    realized_pnl_fifo_quote_after: fifo.realizedQuote + fifo.gainQuote(terms, steps),
  }
}

/** Counts a fill that leaves `position` into the holding and into the profit of day and strategy. */
export function settle(
  pnl: PnlFold,
  key: string,
  holding: Holding,
  record: AnyFill,
  position: Position,
): void {
  const { fifo, position: before, steps } = holding
  const fifoQuote = fifo.gainQuote(record, steps)
  fifo.fill(record, steps)
  holding.position = position
  const isOurs = record.type === 'fill'
  const change = {
    averageQuote: position.realizedQuote - before.realizedQuote,
    fifoQuote,
    feesQuote: record.fee_quote,
    fundingQuote: 0,
    fills: 1,
  }
  const lots = { lotsBefore: before.lots, lotsAfter: position.lots, isOurs }
  pnl.moved(key, lots, change, record.exchange_time_us)
}
