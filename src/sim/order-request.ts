import { parseStepsText, type Step } from '../core/decimal.ts'
import { ASK, BID } from './matching-engine.ts'
import {
  type OrderTerms,
  TIMES_IN_FORCE,
  type TimeInForce,
  TRIGGER_SOURCES,
  type Trigger,
  type TriggerSource,
} from './private-order.ts'
import { isRefusal, type Refusal, refused } from './private-refusal.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** The body of an order request: from the client's JSON to checked terms in whole steps. */
export type Body = Readonly<Record<string, unknown>>

const LINK_ID = /^[A-Za-z0-9_-]{1,36}$/

/** A field as text; empty when absent. Undefined when it is neither text nor absent. */
export function textOf(body: Body, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : undefined
}

/** Numbers come as numbers or, from some clients, as text. */
export function wholeOf(body: Body, name: string, fallback: number): number | undefined {
  const value = body[name]
  if (value === undefined || value === null || value === '') return fallback
  const number = typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined
}

function flagOf(body: Body, name: string): boolean {
  return body[name] === true || body[name] === 'true'
}

/** Whole steps above zero; 0 when absent; undefined when it is no such number. */
export function stepsOf(body: Body, name: string, step: Step): number | undefined {
  const text = textOf(body, name)
  if (text === undefined) return undefined
  if (text === '') return 0
  const steps = parseStepsText(text, step)
  return steps >= 0 ? steps : undefined
}

function isTimeInForce(text: string): text is TimeInForce {
  return TIMES_IN_FORCE.some((known) => known === text)
}

export function triggerSource(text: string | undefined): TriggerSource | undefined {
  if (text === '') return 'LastPrice'
  return TRIGGER_SOURCES.find((known) => known === text)
}

/** The link id of a body, when it is one that the exchange takes. */
export function linkIdOf(body: Body): string | Refusal {
  const text = textOf(body, 'orderLinkId')
  if (text === '') return ''
  if (text === undefined || !LINK_ID.test(text)) return refused('parameters', 'orderLinkId invalid')
  return text
}

/** The terms of a new order; positions of the account do not matter yet. */
export function parseTerms(body: Body, market: SymbolMarket): OrderTerms | Refusal {
  const { instrument } = market
  const wrong = (name: string) => refused('parameters', `${name} invalid`)
  const side = body.side === 'Buy' ? BID : body.side === 'Sell' ? ASK : undefined
  if (side === undefined) return wrong('Side')
  if (body.orderType !== 'Limit' && body.orderType !== 'Market') return wrong('OrderType')
  const isMarket = body.orderType === 'Market'
  const lots = stepsOf(body, 'qty', instrument.lot)
  const closesOnTrigger = flagOf(body, 'closeOnTrigger')
  const isReduceOnly = flagOf(body, 'reduceOnly') || closesOnTrigger
  // Quantity zero closes the whole position, when the order may only reduce it.
  if (lots === undefined || textOf(body, 'qty') === '' || (lots === 0 && !isReduceOnly)) {
    return wrong('Qty')
  }
  const ticks = isMarket ? 0 : stepsOf(body, 'price', instrument.tick)
  if (ticks === undefined || (ticks === 0 && !isMarket)) return wrong('Price')
  const timeText = textOf(body, 'timeInForce')
  const timeInForce = isMarket ? 'IOC' : timeText === '' ? 'GTC' : timeText
  if (timeInForce === undefined || !isTimeInForce(timeInForce)) return wrong('timeInForce')
  if (wholeOf(body, 'positionIdx', 0) !== 0) {
    return refused('parameters', 'position idx not match position mode')
  }
  const orderLinkId = linkIdOf(body)
  if (typeof orderLinkId !== 'string') return orderLinkId
  const trigger = parseTrigger(body, market)
  if (trigger !== undefined && isRefusal(trigger)) return trigger
  const takeProfitTicks = stepsOf(body, 'takeProfit', instrument.tick)
  const stopLossTicks = stepsOf(body, 'stopLoss', instrument.tick)
  if (takeProfitTicks === undefined) return wrong('takeProfit')
  if (stopLossTicks === undefined) return wrong('stopLoss')
  const takeProfitBy = triggerSource(textOf(body, 'tpTriggerBy'))
  const stopLossBy = triggerSource(textOf(body, 'slTriggerBy'))
  if (takeProfitBy === undefined || stopLossBy === undefined) return wrong('TriggerBy')
  if (body.tpslMode === 'Partial') return refused('parameters', 'tpslMode Full only')
  return {
    ...{ orderLinkId, side, isMarket, ticks, lots, timeInForce, isReduceOnly, closesOnTrigger },
    ...{ trigger, takeProfitTicks, stopLossTicks, takeProfitBy, stopLossBy },
  }
}

function parseTrigger(body: Body, market: SymbolMarket): Trigger | undefined | Refusal {
  const ticks = stepsOf(body, 'triggerPrice', market.instrument.tick)
  if (ticks === undefined) return refused('parameters', 'triggerPrice invalid')
  if (ticks === 0) return undefined
  const direction = wholeOf(body, 'triggerDirection', 0)
  if (direction !== 1 && direction !== 2) {
    return refused('parameters', 'triggerDirection invalid')
  }
  const by = triggerSource(textOf(body, 'triggerBy'))
  if (by === undefined) return refused('parameters', 'TriggerBy invalid')
  return { ticks, direction, by }
}
