import { parseStepsText } from '../../core/decimal.ts'
import type { Instrument, InstrumentTable } from '../../domain/instrument.ts'
import type { TimeInForce } from '../../domain/journal.ts'
import type { OrderSide } from '../../domain/trading.ts'
import { type Fields, textIn } from '../../execution/gateway/bybit/wire-fields.ts'
import type { PositionLevels } from '../../execution/gateway/gateway.ts'
import { instrumentKey } from '../../execution/holding.ts'
import type { JournalMirror } from '../journal-mirror.ts'
import { START_TICKS } from '../market.ts'
import type { WireAmend, WireOrder } from '../sim-order.ts'

/** A request as it was read off the wire; ids of ours without the tag of their journal. */
export type BybitCall =
  | Readonly<{ kind: 'submit'; wire: WireOrder; wireId: string }>
  /** An order of which the exchange does not know a word. */
  | Readonly<{ kind: 'unreadable' }>
  /** NaN: it is to stay as it is. */
  | Readonly<{ kind: 'amend'; wire: WireAmend }>
  | Readonly<{ kind: 'cancel'; orderLinkId: string }>
  | Readonly<{ kind: 'set_levels'; key: string; levels: PositionLevels }>
  /** Cancel on disconnect. */
  | Readonly<{ kind: 'guard'; windowS: number }>
  | Readonly<{ kind: 'other' }>

const TIMES_IN_FORCE: ReadonlyMap<string, TimeInForce> = new Map([
  ['IOC', 'ioc'],
  ['GTC', 'gtc'],
  ['PostOnly', 'post_only'],
  ['FOK', 'fok'],
])

const SIDES: ReadonlyMap<string, OrderSide> = new Map([
  ['Buy', 'buy'],
  ['Sell', 'sell'],
])

/** `bf-RUN-NUMBER` of `bf-RUN-NUMBER-TAG`, `bfk-` of a kill too; what others made is left as it is. */
export function ownId(wireId: string): string {
  return wireId.replace(/^(bfk?-[^-]+-[^-]+)-[^-]+$/, '$1')
}

export function readCall(
  path: string,
  body: Fields,
  instruments: InstrumentTable,
  mirror: JournalMirror,
): BybitCall {
  if (path === '/v5/order/disconnected-cancel-all') return readGuard(body)
  const wireId = textIn(body, 'orderLinkId')
  const orderLinkId = ownId(wireId)
  const instrument = instruments.find(({ symbol }) => symbol === textIn(body, 'symbol'))
  if (instrument === undefined) return { kind: 'other' }
  switch (path) {
    case '/v5/order/create': {
      const isUnwatched = mirror.unwatched.has(orderLinkId)
      const limitTicks = isUnwatched ? START_TICKS : mirror.created.get(orderLinkId)?.limit_ticks
      const wire = readOrder(body, instrument, limitTicks)
      return wire === undefined ? { kind: 'unreadable' } : { kind: 'submit', wire, wireId }
    }
    case '/v5/order/amend': {
      const number = mirror.changes.get(orderLinkId)?.number ?? 0
      const limitTicks = steps(body, 'price', instrument.tick)
      const lots = steps(body, 'qty', instrument.lot)
      return { kind: 'amend', wire: { orderLinkId, number, limitTicks, lots } }
    }
    case '/v5/order/cancel':
      return { kind: 'cancel', orderLinkId }
    case '/v5/position/trading-stop': {
      const stopTicks = steps(body, 'stopLoss', instrument.tick) || Number.NaN
      const targetTicks = steps(body, 'takeProfit', instrument.tick) || Number.NaN
      return {
        kind: 'set_levels',
        key: instrumentKey(instrument),
        levels: { stopTicks, targetTicks },
      }
    }
    default:
      return { kind: 'other' }
  }
}

function readGuard({ product, timeWindow }: Fields): BybitCall {
  const windowS = Number(timeWindow)
  const isGuard = product === 'DERIVATIVES' && windowS >= 3 && windowS <= 300
  return isGuard ? { kind: 'guard', windowS } : { kind: 'other' }
}

/** `recordTicks`: an order at market carries no price; it is filled at the one of its record. */
function readOrder(
  body: Fields,
  instrument: Instrument,
  recordTicks = Number.NaN,
): WireOrder | undefined {
  const isAtMarket = textIn(body, 'orderType') === 'Market'
  const { index, lot, tick } = instrument
  const side = SIDES.get(textIn(body, 'side'))
  // At market it may be left out.
  const inForce = textIn(body, 'timeInForce') || (isAtMarket ? 'IOC' : '')
  const timeInForce = TIMES_IN_FORCE.get(inForce)
  const isKnown = isAtMarket || textIn(body, 'orderType') === 'Limit'
  if (!isKnown || side === undefined || timeInForce === undefined) return undefined
  return {
    orderLinkId: ownId(textIn(body, 'orderLinkId')),
    key: instrumentKey(instrument),
    instrument: index,
    side,
    lots: steps(body, 'qty', lot),
    limitTicks: isAtMarket ? recordTicks : steps(body, 'price', tick),
    timeInForce,
    isReduceOnly: body.reduceOnly === true,
    isAtMarket,
    stopTicks: steps(body, 'stopLoss', tick),
    targetTicks: steps(body, 'takeProfit', tick),
  }
}

/** NaN when the field is absent. */
function steps(body: Fields, name: string, step: Instrument['tick']): number {
  const text = textIn(body, name)
  return text === '' ? Number.NaN : parseStepsText(text, step)
}
