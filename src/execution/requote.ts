import type { BookCopy } from '../memory/book-view.ts'
import type { Order } from './order/order.ts'

/**
 * Where an entry that rests belongs when the best price of its own side has moved away from it by
 * so many ticks: at that price, which takes nothing. Undefined: where it is. Nothing is known of a
 * book that is not LIVE.
 */
export function requoteTicks(
  { state, terms }: Order,
  book: BookCopy | undefined,
  awayTicks: number,
): number | undefined {
  const rests = terms.time_in_force === 'gtc' || terms.time_in_force === 'post_only'
  if (state !== 'open' || terms.reduce_only || !rests || book?.state !== 'LIVE') return undefined
  const isBuy = terms.side === 'buy'
  if ((isBuy ? book.bidCount : book.askCount) === 0) return undefined
  const touchTicks = isBuy ? book.bidTicks[0] : book.askTicks[0]
  const movedTicks = isBuy ? touchTicks - terms.limit_ticks : terms.limit_ticks - touchTicks
  return movedTicks >= awayTicks ? touchTicks : undefined
}
