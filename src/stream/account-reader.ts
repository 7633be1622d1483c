import { PNL_METHODS } from '../domain/pnl.ts'
import { POSITION_STATES } from '../domain/trading.ts'
import { number, text, type WireRecord } from './frame-reader.ts'
import type { AccountFrame, DeskPosition } from './frame-types.ts'

/** Positions and the account, in the client library. */
export function readPosition(wire: WireRecord): DeskPosition {
  return {
    symbol: text(wire.symbol) ?? '',
    state: POSITION_STATES.find((one) => one === wire.state) ?? 'closed',
    size: text(wire.size),
    average_price: number(wire.average_price),
    pnl_method: PNL_METHODS.find((one) => one === wire.pnl_method) ?? 'average',
    realized_pnl_quote: number(wire.realized_pnl_quote),
    fees_quote: number(wire.fees_quote),
    funding_quote: number(wire.funding_quote),
    time_us: number(wire.time_us) ?? Number.NaN,
  }
}

export function readAccount(
  wire: WireRecord,
  base: Pick<AccountFrame, 'channel' | 'seq' | 'missed' | 'snapshot'>,
): AccountFrame {
  return {
    kind: 'account',
    ...base,
    time_us: number(wire.time_us) ?? Number.NaN,
    equity_quote: number(wire.equity_quote),
    peak_equity_quote: number(wire.peak_equity_quote),
    drawdown_percent: number(wire.drawdown_percent),
    max_drawdown_percent: number(wire.max_drawdown_percent),
    notional_quote: number(wire.notional_quote),
    margin_source: wire.margin_source === 'exchange' ? 'exchange' : 'model',
    margin_initial_quote: number(wire.margin_initial_quote),
    margin_orders_quote: number(wire.margin_orders_quote),
    margin_maintenance_quote: number(wire.margin_maintenance_quote),
    margin_free_quote: number(wire.margin_free_quote),
  }
}
