import { type Failure, type Success, succeed } from '../../core/result.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { OrderType, TimeInForce } from '../../domain/journal.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { OrderSide } from '../../domain/trading.ts'
import type { Intent } from '../intent.ts'
import type { ExecutionOptions } from '../options.ts'
import { formatOrderLinkId } from '../order/order-link-id.ts'
import type { RiskFacts } from './facts.ts'
import { type Breach, type Look, RULES, type Rule } from './rules.ts'
import { sizeEntry } from './size-caps.ts'

type OrderTerms = Readonly<{
  intent: Intent
  number: number
  orderLinkId: string
  side: OrderSide
  orderType: OrderType
  timeInForce: TimeInForce
  isReduceOnly: boolean
  isAtMarket: boolean
  limitTicks: number
  lots: number
}>

let approve: (terms: OrderTerms) => ApprovedOrder

/**
 * An order that the gate let through: the only thing a gateway accepts. Nothing outside this file
 * can make one. The constructor is private, and the private field keeps an object of the same shape
 * from passing as one.
 */
export class ApprovedOrder {
  readonly #isApproved: true
  readonly intent: Intent
  readonly instrument: Instrument
  readonly number: number
  readonly orderLinkId: string
  readonly side: OrderSide
  readonly orderType: OrderType
  readonly timeInForce: TimeInForce
  readonly isReduceOnly: boolean
  /** Without a price: of what closes alone, and of it only where a limit could keep it open. */
  readonly isAtMarket: boolean
  readonly limitTicks: number
  readonly lots: number
  /**
   * Of an order that opens: levels that a live exchange keeps with the position, so that a dead
   * process leaves no naked one. NaN: none.
   */
  readonly stopTicks: number
  readonly targetTicks: number

  private constructor(terms: OrderTerms) {
    this.#isApproved = true
    this.intent = terms.intent
    this.instrument = terms.intent.instrument
    this.number = terms.number
    this.orderLinkId = terms.orderLinkId
    this.side = terms.side
    this.orderType = terms.orderType
    this.timeInForce = terms.timeInForce
    this.isReduceOnly = terms.isReduceOnly
    this.isAtMarket = terms.isAtMarket
    this.limitTicks = terms.limitTicks
    this.lots = terms.lots
    this.stopTicks = terms.isReduceOnly ? Number.NaN : terms.intent.stopTicks
    this.targetTicks = terms.isReduceOnly ? Number.NaN : terms.intent.targetTicks
    Object.freeze(this)
  }

  /** For a gateway that wants to be sure at run time too. */
  static isGenuine(value: object): value is ApprovedOrder {
    return #isApproved in value && value.#isApproved
  }

  static {
    approve = (terms) => new ApprovedOrder(terms)
  }
}

/** Why no order was made of an intent: the rule, what it allows, and what was found. */
export type Denial = Failure<ResultCode> & Breach

export type Checked = Success<ApprovedOrder> | Denial

/**
 * The one gate before every order: the rules of rules.ts in their order, then the size. It knows
 * nothing but what it is given, so the same intent and facts have the same answer.
 */
export class RiskGate {
  readonly #options: ExecutionOptions

  constructor(options: ExecutionOptions) {
    this.#options = options
  }

  check(intent: Intent, facts: RiskFacts): Checked {
    const look = this.#look(intent, facts)
    const denial = deniedBy('every', look, 0)
    if (denial !== undefined) return denial
    return intent.action === 'exit' ? this.#checkExit(intent, facts) : this.#checkEntry(look)
  }

  #look(intent: Intent, facts: RiskFacts): Look {
    const { limits, sizing } = this.#options
    const { limitTicks } = intent
    return {
      intent,
      facts,
      limits,
      sizing,
      isTaking: entryTimeInForce(this.#options) !== 'post_only',
      // A sell may fill above its limit, where the bids are.
      worstTicks:
        intent.action === 'enter_long' ? limitTicks : Math.max(limitTicks, facts.book.askTicks),
    }
  }

  #checkExit(intent: Intent, facts: RiskFacts): Checked {
    if (facts.positionLots === 0) {
      const message = 'no position is open'
      return { ok: false, code: 'nothing_to_reduce', message, limit: null, actual: null }
    }
    // Minimum size and notional do not apply: a remainder below them could never be closed.
    const { exitLots = Number.POSITIVE_INFINITY, instrument, isAtMarket = false } = intent
    const { maxOrderLots, maxMarketLots = maxOrderLots } = instrument
    const lotsMax = isAtMarket ? Math.min(maxOrderLots, maxMarketLots) : maxOrderLots
    const lots = Math.min(Math.abs(facts.positionLots), exitLots, lotsMax)
    return this.#approve(intent, facts, {
      side: facts.positionLots > 0 ? 'sell' : 'buy',
      orderType: isAtMarket ? 'market' : this.#options.exits.orderType,
      timeInForce: 'ioc',
      isReduceOnly: true,
      isAtMarket,
      lots,
    })
  }

  #checkEntry(look: Look): Checked {
    const denial = deniedBy('entry', look, 0)
    if (denial !== undefined) return denial
    const size = sizeEntry(look)
    if (size.refusal !== undefined) {
      return deny(size.refusal, 'what is left is less than the smallest order', size.breach)
    }
    const sizedDenial = deniedBy('sized', look, size.lots)
    if (sizedDenial !== undefined) return sizedDenial
    return this.#approve(look.intent, look.facts, {
      side: look.intent.action === 'enter_long' ? 'buy' : 'sell',
      orderType: this.#options.entryOrderType,
      timeInForce: entryTimeInForce(this.#options),
      isReduceOnly: false,
      isAtMarket: false,
      lots: size.lots,
    })
  }

  #approve(
    intent: Intent,
    facts: RiskFacts,
    terms: Omit<OrderTerms, 'intent' | 'number' | 'orderLinkId' | 'limitTicks'>,
  ): Checked {
    const { run, orderNumber: number } = facts
    const orderLinkId = formatOrderLinkId({ run, number })
    const { limitTicks } = intent
    return succeed(approve({ ...terms, intent, number, orderLinkId, limitTicks }))
  }
}

/** A market order never rests: it takes what the slippage cap allows, or all of it or nothing. */
function entryTimeInForce(options: ExecutionOptions): TimeInForce {
  const { entryOrderType, entryTimeInForce: wanted } = options
  return entryOrderType === 'market' && wanted !== 'fok' ? 'ioc' : wanted
}

function deniedBy(when: Rule['when'], look: Look, lots: number): Denial | undefined {
  for (const rule of RULES) {
    if (rule.when !== when) continue
    const breach = rule.check(look, lots)
    if (breach !== undefined) return deny(rule.code, rule.text, breach)
  }
  return undefined
}

export function deny(code: ResultCode, text: string, breach: Breach): Denial {
  const { actual, limit } = breach
  const figures = limit === null ? '' : ` (limit ${rounded(limit)}, found ${rounded(actual)})`
  return { ok: false, code, message: text + figures, ...breach }
}

function rounded(figure: number | null): string {
  return figure === null ? 'none' : String(Number(figure.toPrecision(6)))
}
