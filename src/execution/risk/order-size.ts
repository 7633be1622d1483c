import type { Instrument } from '../../domain/instrument.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { RiskLimits } from '../options.ts'
import { notionalQuote } from '../position.ts'

/**
 * Exposure in quote currency before the order: what is held, and what could be if all open orders
 * filled.
 */
export type Exposure = Readonly<{ symbolQuote: number; totalQuote: number }>

export type SizeRequest = Readonly<{
  instrument: Instrument
  /** Highest price the order may fill at, so that no fill can pass a limit. */
  worstTicks: number
  limitTicks: number
  wantedQuote: number
  exposure: Exposure
}>

export type OrderSize = Readonly<{ lots: number; refusal?: ResultCode }>

/**
 * The largest number of lots within what is wanted and every limit; zero, with the limit that bound
 * it, when that is less than the exchange's minimum.
 */
export function sizeEntry(request: SizeRequest, limits: RiskLimits): OrderSize {
  const { instrument, worstTicks, limitTicks, wantedQuote, exposure } = request
  let room = wantedQuote
  let refusal: ResultCode = 'order_too_small'
  const bind = (roomQuote: number, code: ResultCode) => {
    if (roomQuote < room) {
      room = roomQuote
      refusal = code
    }
  }
  bind(limits.orderNotionalQuoteMax, 'notional_limit')
  bind(limits.positionNotionalQuoteMax - exposure.symbolQuote, 'position_limit')
  bind(limits.totalNotionalQuoteMax - exposure.totalQuote, 'total_exposure_limit')
  if (!(room > 0)) return { lots: 0, refusal }
  const lots = Math.min(lotsWithin(room, worstTicks, instrument), instrument.maxOrderLots)
  const isLargeEnough =
    lots >= Math.max(1, instrument.minOrderLots) &&
    notionalQuote(limitTicks, lots, instrument) >= instrument.minNotionalQuote
  return isLargeEnough ? { lots } : { lots: 0, refusal }
}

/**
 * Rounded down, and checked in the arithmetic that the limits are checked in: division may round up
 * by one.
 */
function lotsWithin(roomQuote: number, ticks: number, instrument: Instrument): number {
  let lots = Math.floor(roomQuote / notionalQuote(ticks, 1, instrument))
  while (lots > 0 && notionalQuote(ticks, lots, instrument) > roomQuote) lots--
  return lots
}
