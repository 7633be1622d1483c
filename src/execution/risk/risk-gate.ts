import { fail, type Result, succeed } from '../../core/result.ts'
import type { BookState } from '../../domain/book.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { OrderType, TimeInForce } from '../../domain/journal.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { OrderSide, TradingState } from '../../domain/trading.ts'
import type { Intent } from '../intent.ts'
import type { ExecutionOptions } from '../options.ts'
import { formatOrderLinkId } from '../order/order-link-id.ts'
import { type Exposure, sizeEntry } from './order-size.ts'

/** The state of the world that one decision is made on, gathered by the actor. */
export type RiskFacts = Readonly<{
  nowUs: number
  run: number
  /** Number that the order gets if it is approved. */
  orderNumber: number
  tradingState: TradingState
  isKilled: boolean
  isJournalAvailable: boolean
  /** Our record of the account agrees with the exchange's. */
  isRecovered: boolean
  isBreakerOpen: boolean
  /** An order was made of the same decision before, in this run or an earlier one. */
  isDecisionKnown: boolean
  /** A flatten of this symbol has not ended yet. */
  isFlattening: boolean
  book: BookFacts
  /** Signed. */
  positionLots: number
  /** An order of this symbol is not finished. */
  hasOrderInFlight: boolean
  ordersOpen: number
  /** Symbols with a position or an opening order, and whether this is one of them. */
  symbolsOpen: number
  isSymbolOpen: boolean
  exposure: Exposure
  /** Lost since the start of the UTC day; negative after a gain. */
  dayLossQuote: number
  dayLossQuoteMax: number
  /**
   * False while the price of an open position is not known, so that the loss of the day is not
   * either.
   */
  isEquityKnown: boolean
}>

export type BookFacts = Readonly<{
  state: BookState
  ageMs: number
  /** Best prices; NaN when the side is empty or the book is not LIVE. */
  bidTicks: number
  askTicks: number
}>

type OrderTerms = Readonly<{
  intent: Intent
  number: number
  orderLinkId: string
  side: OrderSide
  orderType: OrderType
  timeInForce: TimeInForce
  isReduceOnly: boolean
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
  readonly limitTicks: number
  readonly lots: number

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
    this.limitTicks = terms.limitTicks
    this.lots = terms.lots
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

type Rule = Readonly<{
  code: ResultCode
  text: string
  denies: (facts: RiskFacts, intent: Intent, options: ExecutionOptions) => boolean
}>

/** For every order. The first rule that denies names the reason. */
const RULES: readonly Rule[] = [
  {
    code: 'kill_latch',
    text: 'the kill latch is set: nothing leaves until the process is started again',
    denies: (facts) => facts.isKilled,
  },
  {
    code: 'journal_unavailable',
    text: 'the journal cannot be written',
    denies: (facts) => !facts.isJournalAvailable,
  },
  {
    code: 'intent_too_old',
    text: 'the intent waited longer than intent_age_ms_max',
    denies: (facts, intent, { limits }) =>
      !(facts.nowUs - intent.createdUs <= limits.intentAgeMsMax * 1000),
  },
  {
    code: 'duplicate_intent',
    text: 'an order was made of this decision before',
    denies: (facts) => facts.isDecisionKnown,
  },
  {
    code: 'order_in_flight',
    text: 'an order of this symbol is not finished',
    denies: (facts) => facts.hasOrderInFlight,
  },
  {
    code: 'open_orders_limit',
    text: 'too many open orders',
    denies: (facts, _intent, { limits }) => facts.ordersOpen >= limits.ordersOpenMax,
  },
]

/**
 * For orders that open or enlarge a position. Closing passes all of these: it stays possible in
 * every state but killed.
 */
const ENTRY_RULES: readonly Rule[] = [
  {
    code: 'recovering',
    text: 'our record of the account does not agree with that of the exchange yet',
    denies: (facts) => !facts.isRecovered,
  },
  {
    code: 'halted',
    text: 'trading is halted',
    denies: (facts) => facts.tradingState === 'halted',
  },
  {
    code: 'reduce_only',
    text: 'trading is reduce-only',
    denies: (facts) => facts.tradingState !== 'active',
  },
  {
    code: 'flattening',
    text: 'the symbol is being flattened',
    denies: (facts) => facts.isFlattening,
  },
  {
    code: 'book_not_live',
    text: 'the book is not LIVE, or that of an open position is not',
    denies: (facts) =>
      facts.book.state !== 'LIVE' || !facts.isEquityKnown || !hasBothSides(facts.book),
  },
  {
    code: 'daily_loss',
    text: 'the loss of the day has reached its limit',
    denies: (facts) => !(facts.dayLossQuote < facts.dayLossQuoteMax),
  },
  {
    code: 'breaker_open',
    text: 'the gateway failed too often: its breaker is open',
    denies: (facts) => facts.isBreakerOpen,
  },
  {
    code: 'book_too_old',
    text: 'the book is older than book_age_ms_max',
    denies: (facts, _intent, { limits }) => !(facts.book.ageMs <= limits.bookAgeMsMax),
  },
  {
    code: 'would_flip',
    text: 'a position of the other side is open: close it first',
    denies: (facts, intent) =>
      intent.action === 'enter_long' ? facts.positionLots < 0 : facts.positionLots > 0,
  },
  {
    code: 'open_symbols_limit',
    text: 'open_symbols_max symbols are open',
    denies: (facts, _intent, { limits }) =>
      !facts.isSymbolOpen && facts.symbolsOpen >= limits.openSymbolsMax,
  },
  {
    code: 'price_band',
    text: 'the limit price is too far from the mid',
    denies: (facts, intent, { limits }) => {
      const mid = (facts.book.bidTicks + facts.book.askTicks) / 2
      return !(Math.abs(intent.limitTicks - mid) * 10_000 <= mid * limits.priceBandBps)
    },
  },
]

function hasBothSides(book: BookFacts): boolean {
  return book.bidTicks > 0 && book.askTicks > 0
}

/** The one gate before every order. */
export class RiskGate {
  readonly #options: ExecutionOptions

  constructor(options: ExecutionOptions) {
    this.#options = options
  }

  check(intent: Intent, facts: RiskFacts): Result<ApprovedOrder, ResultCode> {
    const denial = this.#deniedBy(RULES, intent, facts)
    if (denial !== undefined) return fail(denial.code, denial.text)
    return intent.action === 'exit'
      ? this.#checkExit(intent, facts)
      : this.#checkEntry(intent, facts)
  }

  #deniedBy(rules: readonly Rule[], intent: Intent, facts: RiskFacts): Rule | undefined {
    return rules.find((rule) => rule.denies(facts, intent, this.#options))
  }

  #checkExit(intent: Intent, facts: RiskFacts): Result<ApprovedOrder, ResultCode> {
    if (facts.positionLots === 0) return fail('nothing_to_reduce', 'no position is open')
    // Minimum size and notional do not apply: a remainder below them could never be closed.
    const lots = Math.min(Math.abs(facts.positionLots), intent.instrument.maxOrderLots)
    return this.#approve(intent, facts, {
      side: facts.positionLots > 0 ? 'sell' : 'buy',
      orderType: 'limit',
      timeInForce: 'ioc',
      isReduceOnly: true,
      lots,
    })
  }

  #checkEntry(intent: Intent, facts: RiskFacts): Result<ApprovedOrder, ResultCode> {
    const denial = this.#deniedBy(ENTRY_RULES, intent, facts)
    if (denial !== undefined) return fail(denial.code, denial.text)
    const isBuy = intent.action === 'enter_long'
    const size = sizeEntry(
      {
        instrument: intent.instrument,
        // A sell may fill above its limit, where the bids are.
        worstTicks: isBuy ? intent.limitTicks : Math.max(intent.limitTicks, facts.book.askTicks),
        limitTicks: intent.limitTicks,
        wantedQuote: intent.notionalQuote,
        exposure: facts.exposure,
      },
      this.#options.limits,
    )
    if (size.refusal !== undefined) {
      return fail(size.refusal, 'what the limits leave is less than the smallest order')
    }
    return this.#approve(intent, facts, {
      side: isBuy ? 'buy' : 'sell',
      orderType: 'limit',
      timeInForce: this.#options.entryTimeInForce,
      isReduceOnly: false,
      lots: size.lots,
    })
  }

  #approve(
    intent: Intent,
    facts: RiskFacts,
    terms: Pick<OrderTerms, 'side' | 'orderType' | 'timeInForce' | 'isReduceOnly' | 'lots'>,
  ): Result<ApprovedOrder, ResultCode> {
    const { run, orderNumber: number } = facts
    const orderLinkId = formatOrderLinkId({ run, number })
    const { limitTicks } = intent
    return succeed(approve({ ...terms, intent, number, orderLinkId, limitTicks }))
  }
}
