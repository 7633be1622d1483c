import type { OrderSide } from '../../domain/trading.ts'
import type { BookCopy } from '../../memory/book-view.ts'
import { instrumentKey } from '../holding.ts'
import type { ApprovedOrder } from '../risk/risk-gate.ts'
import type { Execution, RemoteOrder, RemoteOrderState } from './gateway.ts'
import type { QueuePosition } from './queue-position.ts'

/** An order at the paper exchange. */
export type PaperOrder = {
  readonly approved: ApprovedOrder
  limitTicks: number
  lots: number
  state: RemoteOrderState
  filledLots: number
  executions: Execution[]
  isResting: boolean
  /** Of a resting order; a new one when it lost its place. */
  queue: QueuePosition
}

export function leavesOf(order: PaperOrder): number {
  return order.lots - order.filledLots
}

/** An order that would trade at once; unknown while the book is not LIVE, and then it is taken so. */
export function wouldTake(
  side: OrderSide,
  limitTicks: number,
  book: BookCopy | undefined,
): boolean {
  if (book === undefined || book.state !== 'LIVE') return true
  return side === 'buy'
    ? book.askCount > 0 && book.askTicks[0] <= limitTicks
    : book.bidCount > 0 && book.bidTicks[0] >= limitTicks
}

/**
 * What the book shows at a price of the order's own side: undefined beyond the last level shown, 0
 * between levels and before the best.
 */
export function shownLots(
  side: OrderSide,
  limitTicks: number,
  book: BookCopy | undefined,
): number | undefined {
  if (book === undefined || book.state !== 'LIVE') return undefined
  const isBuy = side === 'buy'
  const ticks = isBuy ? book.bidTicks : book.askTicks
  const lots = isBuy ? book.bidLots : book.askLots
  const count = isBuy ? book.bidCount : book.askCount
  for (let i = 0; i < count; i++) {
    if (ticks[i] === limitTicks) return lots[i]
    if (isBuy ? ticks[i] < limitTicks : ticks[i] > limitTicks) return 0
  }
  return undefined
}

export function remoteOrder(order: PaperOrder): RemoteOrder {
  return {
    orderLinkId: order.approved.orderLinkId,
    orderId: '',
    key: instrumentKey(order.approved.instrument),
    state: order.state,
    limitTicks: order.limitTicks,
    lots: order.lots,
    filledLots: order.filledLots,
    executions: [...order.executions],
  }
}
