import type { ExternalFillRecorded, FillRecorded } from '../domain/journal.ts'
import type { Holding } from './holding.ts'
import type { PnlFold } from './pnl-fold.ts'
import { afterFill, type Position } from './position.ts'

type AnyFill = FillRecorded | ExternalFillRecorded
type FillTerms = Pick<AnyFill, 'side' | 'ticks' | 'lots' | 'fee_quote'>

/** The position that a fill leaves, at average cost. */
export function positionAfter({ position, steps }: Holding, record: FillTerms): Position {
  const { fee_quote: feeQuote, lots, side, ticks } = record
  return afterFill(position, { side, ticks, lots, feeQuote }, steps)
}

/** What the oldest lots first have won after a fill. */
export function fifoQuoteAfter({ fifo, steps }: Holding, record: FillTerms): number {
  return fifo.realizedQuote + fifo.gainQuote(record, steps)
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
