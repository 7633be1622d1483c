import { formatSteps } from '../../../core/decimal.ts'
import type { Instrument } from '../../../domain/instrument.ts'
import type { TimeInForce } from '../../../domain/journal.ts'
import type { ApprovedOrder } from '../../risk/risk-gate.ts'
import type { AmendTerms } from '../gateway.ts'
import type { Fields } from './wire-fields.ts'

const TIMES_IN_FORCE: Readonly<Record<TimeInForce, string>> = {
  ioc: 'IOC',
  gtc: 'GTC',
  post_only: 'PostOnly',
  fok: 'FOK',
}

/**
 * Always a limit order: one that is meant to take at once carries the worst price that the gate
 * allowed, which the exchange's own market orders do not. An order that opens takes its stop along,
 * so that the exchange guards the position when we cannot.
 */
export function createBody(order: ApprovedOrder, wireId: string): Fields {
  const { instrument, isReduceOnly, limitTicks, lots, side, stopTicks, timeInForce } = order
  const { lot, symbol, tick } = instrument
  const hasStop = !isReduceOnly && Number.isSafeInteger(stopTicks) && stopTicks > 0
  return {
    category: 'linear',
    symbol,
    side: side === 'buy' ? 'Buy' : 'Sell',
    orderType: 'Limit',
    qty: formatSteps(lots, lot),
    price: formatSteps(limitTicks, tick),
    timeInForce: TIMES_IN_FORCE[timeInForce],
    orderLinkId: wireId,
    positionIdx: 0,
    reduceOnly: isReduceOnly,
    ...(hasStop
      ? { stopLoss: formatSteps(stopTicks, tick), slTriggerBy: 'LastPrice', tpslMode: 'Full' }
      : {}),
  }
}

export function amendBody(instrument: Instrument, wireId: string, terms: AmendTerms): Fields {
  const { lot, symbol, tick } = instrument
  return {
    category: 'linear',
    symbol,
    orderLinkId: wireId,
    qty: formatSteps(terms.lots, lot),
    price: formatSteps(terms.limitTicks, tick),
  }
}

export function cancelBody(symbol: string, wireId: string): Fields {
  return { category: 'linear', symbol, orderLinkId: wireId }
}
