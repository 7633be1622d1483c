import { formatSteps } from '../../../core/decimal.ts'
import type { Instrument } from '../../../domain/instrument.ts'
import type { TimeInForce } from '../../../domain/journal.ts'
import type { ApprovedAmend } from '../../risk/amend-gate.ts'
import type { ApprovedOrder } from '../../risk/risk-gate.ts'
import type { CloseTerms, PositionLevels } from '../gateway.ts'
import type { Fields } from './wire-fields.ts'

const TIMES_IN_FORCE: Readonly<Record<TimeInForce, string>> = {
  ioc: 'IOC',
  gtc: 'GTC',
  post_only: 'PostOnly',
  fok: 'FOK',
}

/**
 * A limit order: one that is meant to take at once carries the worst price that the gate allowed,
 * which the exchange's own market orders do not. Only what must be closed whatever it costs goes as
 * such a one, bounded by the exchange alone. An order that opens takes its stop and target along, so
 * that the exchange guards the position when we cannot.
 */
export function createBody(order: ApprovedOrder, wireId: string): Fields {
  const { instrument, isAtMarket, isReduceOnly, limitTicks, lots, side, timeInForce } = order
  const { lot, symbol, tick } = instrument
  return {
    category: 'linear',
    symbol,
    side: side === 'buy' ? 'Buy' : 'Sell',
    orderType: isAtMarket ? 'Market' : 'Limit',
    qty: formatSteps(lots, lot),
    ...(isAtMarket ? {} : { price: formatSteps(limitTicks, tick) }),
    timeInForce: TIMES_IN_FORCE[timeInForce],
    orderLinkId: wireId,
    positionIdx: 0,
    reduceOnly: isReduceOnly,
    ...(isReduceOnly ? {} : attachedLevels(order)),
  }
}

/** Whatever is open in a symbol of which no steps are known. */
export function closeBody(symbol: string, { qty, side }: CloseTerms, wireId: string): Fields {
  return {
    category: 'linear',
    symbol,
    side: side === 'buy' ? 'Buy' : 'Sell',
    orderType: 'Market',
    qty,
    orderLinkId: wireId,
    positionIdx: 0,
    reduceOnly: true,
    // A quantity of zero means all only together with it.
    ...(qty === '0' ? { closeOnTrigger: true } : {}),
  }
}

/**
 * A target between the touch and the limit of a taking order is refused with it, as that is
 * compared with the order's price: it is set when the position is open.
 */
function attachedLevels({ instrument, limitTicks, side, stopTicks, targetTicks }: ApprovedOrder) {
  const { tick } = instrument
  const direction = side === 'buy' ? 1 : -1
  const hasStop = isLevel(stopTicks)
  const hasTarget = isLevel(targetTicks) && direction * (targetTicks - limitTicks) > 0
  return {
    ...(hasStop ? { stopLoss: formatSteps(stopTicks, tick), slTriggerBy: 'LastPrice' } : {}),
    ...(hasTarget ? { takeProfit: formatSteps(targetTicks, tick), tpTriggerBy: 'LastPrice' } : {}),
    ...(hasStop || hasTarget ? { tpslMode: 'Full' } : {}),
  }
}

/** Both levels of the whole position; zero takes one away. */
export function levelsBody(instrument: Instrument, levels: PositionLevels): Fields {
  const { symbol, tick } = instrument
  const text = (ticks: number) => (isLevel(ticks) ? formatSteps(ticks, tick) : '0')
  return {
    category: 'linear',
    symbol,
    positionIdx: 0,
    tpslMode: 'Full',
    stopLoss: text(levels.stopTicks),
    takeProfit: text(levels.targetTicks),
    slTriggerBy: 'LastPrice',
    tpTriggerBy: 'LastPrice',
  }
}

function isLevel(ticks: number): boolean {
  return Number.isSafeInteger(ticks) && ticks > 0
}

/** Only what changes: the exchange wants the rest left out. */
export function amendBody(amend: ApprovedAmend, wireId: string): Fields {
  const { instrument, isPriceChanged, isSizeChanged, limitTicks, lots } = amend
  const { lot, symbol, tick } = instrument
  return {
    category: 'linear',
    symbol,
    orderLinkId: wireId,
    ...(isSizeChanged ? { qty: formatSteps(lots, lot) } : {}),
    ...(isPriceChanged ? { price: formatSteps(limitTicks, tick) } : {}),
  }
}

export function cancelBody(symbol: string, wireId: string): Fields {
  return { category: 'linear', symbol, orderLinkId: wireId }
}
