import { type Static, Type } from '@sinclair/typebox'
import { PNL_METHODS } from '../domain/pnl.ts'
import { BEFORE_FEES, count, orNull, shape, text, words } from './schemas.ts'

/** What has been won and lost since the first record of the journal, in quote currency. */
const money = (description: string) => Type.Number({ description })

const figures = {
  realized_pnl_quote: money(BEFORE_FEES),
  fees_quote: money('paid'),
  funding_quote: money('paid for holding; negative: received'),
  net_pnl_quote: money('realized less fees and funding'),
}

const unrealized = orNull.number('of what is open, at the current mids; null without a live book')

export const pnlMethod = words(
  PNL_METHODS,
  'how a partial close is counted: at average cost, or oldest lots first',
)

export const PnlSchema = shape({
  method: pnlMethod,
  total: shape({
    ...figures,
    unrealized_pnl_quote: unrealized,
    equity_quote: orNull.number('start money and everything since, open positions included'),
    peak_equity_quote: orNull.number('the highest of it; a resume after a drawdown begins anew'),
    drawdown_percent: orNull.number('fall of the equity from its peak'),
    max_drawdown_percent: orNull.number('the deepest such fall since the first record'),
  }),
  margin: Type.Union([
    shape({
      source: words(['model', 'exchange'], 'model: by leverage and notional (gateway paper)'),
      initial_quote: orNull.number('needed by positions'),
      orders_quote: orNull.number('needed by orders that open'),
      used_quote: orNull.number('both'),
      maintenance_quote: orNull.number('below it positions are liquidated'),
      free_quote: orNull.number('left for new orders'),
      leverage: orNull.number('notional of the positions over the equity'),
    }),
    Type.Null(),
  ]),
  symbols: Type.Array(
    shape({ symbol: text('at the exchange'), ...figures, unrealized_pnl_quote: unrealized }),
  ),
  strategies: Type.Array(
    shape({
      strategy: text('that opened the position; external: nobody here; other: not told apart'),
      fills: count('executions, those of others included'),
      ...figures,
    }),
  ),
  days: Type.Array(
    shape({
      date: text('UTC, by the time of the exchange'),
      fills: count('executions, those of others included'),
      ...figures,
    }),
    { description: 'days with an execution or a payment, newest first' },
  ),
})

export type PnlAnswer = Static<typeof PnlSchema>
