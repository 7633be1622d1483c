import type { OrderWanted } from '../control/ports.ts'
import { parseStepsText } from '../core/decimal.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { parseOrderLinkId } from '../execution/order/order-link-id.ts'
import type { OrderFields } from './commands.ts'
import type { TradingFold } from './trading-fold.ts'

/** One order as a person names it, with price and size in steps. */
export function orderFields(
  { orderLinkId, price, size }: OrderWanted,
  trading: TradingFold,
  instruments: InstrumentTable,
): Result<OrderFields, ResultCode> {
  const id = parseOrderLinkId(orderLinkId)
  if (id === undefined) return fail('bad_request', 'order_link_id: none of ours, as bf-1-1')
  trading.update()
  const order = trading.orders.get(orderLinkId)
  const instrument = instruments[order?.instrument ?? Number.NaN]
  if (order === undefined || instrument === undefined) {
    return fail('not_found', `order_link_id: no order ${orderLinkId}; see /api/v1/orders`)
  }
  const { lot, symbol, tick } = instrument
  const limitTicks = price === undefined ? Number.NaN : parseStepsText(price, tick)
  const lots = size === undefined ? Number.NaN : parseStepsText(size, lot)
  if (limitTicks <= 0) {
    return fail('bad_request', `price: ${symbol} has prices in steps of ${tick.text}`)
  }
  if (lots <= 0) return fail('bad_request', `size: ${symbol} has sizes in steps of ${lot.text}`)
  return succeed({ orderRun: id.run, orderNumber: id.number, limitTicks, lots })
}
