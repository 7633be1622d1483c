import type { AmendTerms } from '../../src/execution/gateway/gateway.ts'
import { instrumentKey } from '../../src/execution/holding.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { createOrder, type Order } from '../../src/execution/order/order.ts'
import { createdRecord } from '../../src/execution/order/order-terms.ts'
import { type ApprovedAmend, checkAmend } from '../../src/execution/risk/amend-gate.ts'
import type { ApprovedOrder } from '../../src/execution/risk/risk-gate.ts'
import { CALM_FACTS } from './calm-facts.ts'
import { START_US } from './rig.ts'

/** The order as it rests. */
export function restingOrder(approved: ApprovedOrder): Order {
  const order = createOrder(
    createdRecord(approved, 1, START_US),
    instrumentKey(approved.instrument),
  )
  order.state = 'open'
  return order
}

/** A change of an order that rests, from the real gate with its limits wide open. */
export function approvedAmend(approved: ApprovedOrder, terms: AmendTerms): ApprovedAmend {
  const wide = 1e12
  const { limitTicks } = terms
  const limits = {
    ...DEFAULT_EXECUTION_OPTIONS.limits,
    positionNotionalQuoteMax: wide,
    orderNotionalQuoteMax: wide,
    totalNotionalQuoteMax: wide,
    priceBandBps: wide,
    riskPerTradeFractionMax: wide,
  }
  const checked = checkAmend(
    { ...DEFAULT_EXECUTION_OPTIONS, limits },
    {
      order: restingOrder(approved),
      instrument: { ...approved.instrument, maxOrderLots: wide },
      cause: 'command',
      ...terms,
      mayCut: false,
      askedUs: START_US,
    },
    {
      ...CALM_FACTS,
      book: {
        state: 'LIVE',
        ageMs: 0,
        bidTicks: limitTicks - 1,
        askTicks: limitTicks,
        crossing: [],
      },
    },
  )
  if (!checked.ok) throw new Error(checked.message)
  return checked.value
}
