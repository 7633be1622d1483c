import { type Body, stepsOf, textOf } from './order-request.ts'
import type { OrderTerms, PrivateOrder } from './private-order.ts'
import { type Refusal, refused } from './private-refusal.ts'

export type AmendedTerms = Pick<
  OrderTerms,
  'ticks' | 'lots' | 'trigger' | 'takeProfitTicks' | 'stopLossTicks'
>

/** The order's terms with what the request changes; a request that changes nothing is refused. */
export function amendedTerms(body: Body, order: PrivateOrder): AmendedTerms | Refusal {
  const { tick, lot } = order.market.instrument
  const wrong = (name: string) => refused('parameters', `${name} invalid`)
  const lots = stepsOf(body, 'qty', lot)
  if (lots === undefined) return wrong('Qty')
  if (lots !== 0 && lots <= order.filledLots) return wrong('Qty')
  const ticks = stepsOf(body, 'price', tick)
  if (ticks === undefined) return wrong('Price')
  const triggerTicks = stepsOf(body, 'triggerPrice', tick)
  if (triggerTicks === undefined || (triggerTicks !== 0 && order.status !== 'Untriggered')) {
    return wrong('triggerPrice')
  }
  const takeProfitTicks = stepsOf(body, 'takeProfit', tick)
  const stopLossTicks = stepsOf(body, 'stopLoss', tick)
  if (takeProfitTicks === undefined) return wrong('takeProfit')
  if (stopLossTicks === undefined) return wrong('stopLoss')
  const { trigger } = order
  const terms: AmendedTerms = {
    lots: lots === 0 ? order.lots : lots,
    ticks: ticks === 0 ? order.ticks : ticks,
    trigger:
      trigger === undefined || triggerTicks === 0 ? trigger : { ...trigger, ticks: triggerTicks },
    // A zero takes the stop away; nothing leaves it.
    takeProfitTicks: textOf(body, 'takeProfit') === '' ? order.takeProfitTicks : takeProfitTicks,
    stopLossTicks: textOf(body, 'stopLoss') === '' ? order.stopLossTicks : stopLossTicks,
  }
  const isSame =
    terms.lots === order.lots &&
    terms.ticks === order.ticks &&
    terms.trigger?.ticks === trigger?.ticks &&
    terms.takeProfitTicks === order.takeProfitTicks &&
    terms.stopLossTicks === order.stopLossTicks
  return isSame ? refused('parameters', 'The order remains unchanged') : terms
}
