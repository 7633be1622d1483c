import type { Instrument } from '../../domain/instrument.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import { notionalQuote } from '../position.ts'
import { type Breach, type Look, stopDistanceTicks } from './rules.ts'

/**
 * A limit that cuts the size of an entry instead of denying it: `used + cost(lots) <= limit`. What
 * is left is denied when it is less than the smallest order.
 */
type Cap = Readonly<{
  code: ResultCode
  limit: (look: Look) => number
  used: (look: Look) => number
  /** Of so many lots, in the unit of the limit; grows with them. */
  cost: (look: Look, lots: number) => number
}>

const nothing = () => 0
const notional = ({ intent, worstTicks }: Look, lots: number) =>
  notionalQuote(worstTicks, lots, intent.instrument)
const countLots = (_look: Look, lots: number) => lots

export const CAPS: readonly Cap[] = [
  { code: 'order_too_small', limit: wantedQuote, used: nothing, cost: notional },
  {
    code: 'notional_limit',
    limit: ({ limits }) => limits.orderNotionalQuoteMax,
    used: nothing,
    cost: notional,
  },
  {
    code: 'position_limit',
    limit: ({ limits }) => limits.positionNotionalQuoteMax,
    used: ({ facts }) => facts.exposure.symbolQuote,
    cost: notional,
  },
  {
    code: 'total_exposure_limit',
    limit: ({ limits }) => limits.totalNotionalQuoteMax,
    used: ({ facts }) => facts.exposure.totalQuote,
    cost: notional,
  },
  {
    code: 'leverage_limit',
    limit: ({ facts, limits }) => share(limits.leverageMax, facts.equityQuote),
    used: ({ facts }) => facts.exposure.totalQuote,
    cost: notional,
  },
  {
    code: 'risk_per_trade',
    limit: ({ facts, limits }) => share(limits.riskPerTradeFractionMax, facts.equityQuote),
    used: nothing,
    cost: riskQuote,
  },
  {
    code: 'risk_total',
    limit: ({ facts, limits }) => share(limits.riskTotalFractionMax, facts.equityQuote),
    used: ({ facts }) => facts.riskQuote,
    cost: riskQuote,
  },
  {
    code: 'turnover_limit',
    limit: ({ limits }) => limits.turnover5mQuoteMax,
    used: ({ facts }) => facts.turnoverRecentQuote,
    cost: notional,
  },
  { code: 'book_share', limit: bookLots, used: nothing, cost: countLots },
  {
    code: 'order_too_large',
    limit: ({ intent }) => intent.instrument.maxOrderLots,
    used: nothing,
    cost: countLots,
  },
]

export type OrderSize =
  | Readonly<{ lots: number; refusal?: undefined }>
  | Readonly<{ lots: 0; refusal: ResultCode; breach: Breach }>

/**
 * The largest number of lots within what is wanted and every cap; zero, with the cap that bound it
 * most, when that is less than the smallest order.
 */
export function sizeEntry(look: Look): OrderSize {
  const smallest = smallestLots(look)
  const isRest = look.intent.follows !== undefined
  let lots = Number.POSITIVE_INFINITY
  let bound = CAPS[0]
  for (const cap of CAPS) {
    const most =
      cap.code === 'order_too_small' && look.sizing.mode === 'minimum' && !isRest
        ? smallest
        : lotsWithin(cap, look)
    if (most >= lots) continue
    lots = most
    bound = cap
  }
  if (lots >= smallest) return { lots }
  const actual = bound.used(look) + bound.cost(look, smallest)
  const limit = bound.limit(look)
  // Of what is wanted, the exchange's smallest order is the limit.
  const breach =
    bound.code === 'order_too_small' ? { limit: actual, actual: limit } : { limit, actual }
  return { lots: 0, refusal: bound.code, breach }
}

/** So that taking one lot away still changes the number, and its cost. */
const LOTS_MAX = 2 ** 50

/**
 * Rounded down, and checked in the arithmetic that the limits are checked in: division may round up
 * by one. A figure that is not known leaves no room.
 */
export function lotsWithin(cap: Cap, look: Look): number {
  const limit = cap.limit(look)
  if (limit === Number.POSITIVE_INFINITY) return limit
  const room = limit - cap.used(look)
  let lots = Math.min(LOTS_MAX, Math.floor(room / cap.cost(look, 1)))
  if (!(lots > 0)) return 0
  while (lots > 0 && cap.cost(look, lots) > room) lots--
  return lots
}

/** What the exchange takes and the configuration wants at least, at the limit price. */
function smallestLots({ intent, limits }: Look): number {
  const { instrument, limitTicks } = intent
  const quote = Math.max(instrument.minNotionalQuote, limits.orderNotionalQuoteMin)
  let lots = Math.max(1, instrument.minOrderLots, lotsAt(quote, limitTicks, instrument))
  while (notionalQuote(limitTicks, lots, instrument) < quote) lots++
  return lots
}

function lotsAt(quote: number, ticks: number, instrument: Instrument): number {
  return Math.floor(quote / notionalQuote(ticks, 1, instrument))
}

function wantedQuote({ facts, intent, sizing }: Look): number {
  // The first order had its size; the rest of it is known.
  if (intent.follows !== undefined) return intent.notionalQuote
  switch (sizing.mode) {
    case 'percent':
      return sizing.equityFraction * facts.equityQuote
    case 'fixed':
      return sizing.fixedQuote
    case 'by_confidence': {
      // None at an even chance, all of it at certainty.
      const confidence = 2 * intent.probability - 1
      return intent.notionalQuote * Math.min(1, Math.max(0, confidence))
    }
    case 'minimum': // its lots are known without
    case 'strategy':
      return intent.notionalQuote
  }
}

/** Infinity, which is off, of anything is off. */
function share(fraction: number, quote: number): number {
  return fraction === Number.POSITIVE_INFINITY ? fraction : fraction * quote
}

/** Lost at the stop; without a stop all of it. A short one that fills best has furthest to go. */
function riskQuote(look: Look, lots: number): number {
  const { intent, worstTicks } = look
  const distance = stopDistanceTicks(intent)
  return notionalQuote(distance > 0 ? distance : worstTicks, lots, intent.instrument)
}

/** An order that takes nothing now has no share of the book. */
function bookLots({ facts, isTaking, limits }: Look): number {
  let lots = 0
  for (const level of facts.book.crossing) lots += level.lots
  if (!isTaking || lots === 0) return Number.POSITIVE_INFINITY
  return share(limits.bookShareMax, lots)
}
