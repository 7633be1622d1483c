import { AMENDS_PER_ORDER_MAX } from '../../constants.ts'
import { type Success, succeed } from '../../core/result.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { AmendCause } from '../../domain/journal.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import { INTENT_REASONS } from '../../memory/intent-record.ts'
import { type Intent, intentOf } from '../intent.ts'
import type { ExecutionOptions } from '../options.ts'
import type { Order } from '../order/order.ts'
import { notionalQuote } from '../position.ts'
import type { RiskFacts } from './facts.ts'
import { type Denial, deny } from './risk-gate.ts'
import { type Breach, type Look, RULES } from './rules.ts'
import { CAPS, lotsWithin } from './size-caps.ts'

/** A change of an order of ours that somebody wants. */
export type AmendAsk = Readonly<{
  order: Order
  instrument: Instrument
  cause: Exclude<AmendCause, 'exchange'>
  limitTicks: number
  /** The whole size, what is filled included. */
  lots: number
  /** A size beyond the limits is cut to what they allow, instead of refused. */
  mayCut: boolean
  askedUs: number
}>

type Terms = Omit<AmendAsk, 'mayCut' | 'askedUs'>

let approve: (terms: Terms) => ApprovedAmend

/** A change that the gate let through: as with orders, a gateway takes nothing else. */
export class ApprovedAmend {
  readonly #isApproved: true
  readonly orderLinkId: string
  readonly instrument: Instrument
  readonly cause: AmendAsk['cause']
  readonly isReduceOnly: boolean
  readonly limitTicks: number
  readonly lots: number
  readonly isPriceChanged: boolean
  readonly isSizeChanged: boolean
  /** It makes more possible than the order did: larger, or nearer to the market. */
  readonly isWider: boolean

  private constructor({ cause, instrument, limitTicks, lots, order }: Terms) {
    this.#isApproved = true
    this.orderLinkId = order.terms.order_link_id
    this.instrument = instrument
    this.cause = cause
    this.isReduceOnly = order.terms.reduce_only
    this.limitTicks = limitTicks
    this.lots = lots
    this.isPriceChanged = limitTicks !== order.terms.limit_ticks
    this.isSizeChanged = lots !== order.terms.lots
    this.isWider = isWider(order, limitTicks, lots)
    Object.freeze(this)
  }

  /** For a gateway that wants to be sure at run time too. */
  static isGenuine(value: object): value is ApprovedAmend {
    return #isApproved in value && value.#isApproved
  }

  static {
    approve = (terms) => new ApprovedAmend(terms)
  }
}

/** Rules of rules.ts for every change, whatever it does. */
const EVERY: ReadonlySet<ResultCode> = new Set(['journal_unavailable', 'intent_too_old'])

/** Those for another price of an order that opens. */
const PRICED: ReadonlySet<ResultCode> = new Set([
  'price_band',
  'stop_invalid',
  'protective_stop_missing',
  'reward_risk',
])

/**
 * Those for a change that makes more possible. Missing are the rules about another order: the
 * decision was made and counted when this one was.
 */
const WIDER: ReadonlySet<ResultCode> = new Set([
  'kill_latch',
  'instance_lock',
  'recovering',
  'halted',
  'reduce_only',
  'risk_off',
  'strategy_stopped',
  'flattening',
  'exit_due',
  'clock_unknown',
  'clock_drift',
  'book_not_live',
  'daily_loss',
  'max_drawdown',
  'loss_streak',
  'breaker_open',
  'book_too_old',
  'would_flip',
  'order_rate',
  'spread_cap',
])

/** Caps that look at the order as a whole; the others look at what may still fill of it. */
const WHOLE: ReadonlySet<ResultCode> = new Set([
  'notional_limit',
  'risk_per_trade',
  'order_too_large',
])

/**
 * The gate before every change of an order. What makes an order smaller, or takes it away from the
 * market, stays possible when nothing may be opened, as long as it is not worth more by it; what
 * makes more possible passes the rules and caps of a new order, in which the order itself is not
 * counted as open. `facts` are gathered for `amendIntent` and without the order.
 */
export function checkAmend(
  options: ExecutionOptions,
  ask: AmendAsk,
  facts: RiskFacts,
): Success<ApprovedAmend> | Denial {
  const { order, limitTicks } = ask
  const look = lookOf(options, ask, facts)
  const refused = notAmendable(ask) ?? deniedBy(EVERY, look, ask.lots)
  if (refused !== undefined) return refused
  if (order.terms.reduce_only) return succeed(approve(ask))
  const wider = isWider(order, limitTicks, ask.lots)
  const codes = new Set<ResultCode>([
    ...(wider ? WIDER : []),
    ...(limitTicks === order.terms.limit_ticks ? [] : PRICED),
  ])
  const denied = deniedBy(codes, look, ask.lots)
  if (denied !== undefined) return denied
  if (!wider && !isDearer(ask)) return succeed(approve(ask))
  const room = roomFor(look, order.filledLots)
  const lots = Math.min(ask.lots, room.lots)
  const isCut = lots < ask.lots
  if (isCut && (!ask.mayCut || isTooSmall({ ...ask, lots }))) {
    const cost = room.cap.cost(look, ask.lots - room.filledLots)
    const breach = { limit: room.cap.limit(look), actual: room.cap.used(look) + cost }
    return deny(room.cap.code, 'the change passes a limit of size', breach)
  }
  const isSame = limitTicks === order.terms.limit_ticks && lots === order.terms.lots
  if (isSame) return deny('amend_unchanged', 'nothing of it is left by the limits', NO_FIGURES)
  const slipped = deniedBy(SLIPPAGE, look, lots - order.filledLots)
  return slipped ?? succeed(approve({ ...ask, lots }))
}

const SLIPPAGE: ReadonlySet<ResultCode> = new Set(['slippage_cap'])
const NO_FIGURES: Breach = { limit: null, actual: null }

/** The order as it would be, as an intent that the rules can look at. */
export function amendIntent({ askedUs, instrument, limitTicks, order }: AmendAsk): Intent {
  const { terms } = order
  return {
    ...intentOf(terms, instrument),
    reason: INTENT_REASONS.find((reason) => reason === terms.reason) ?? INTENT_REASONS[0],
    createdUs: askedUs,
    limitTicks,
    notionalQuote: Number.POSITIVE_INFINITY,
  }
}

function lookOf(options: ExecutionOptions, ask: AmendAsk, facts: RiskFacts): Look {
  const { limitTicks, order } = ask
  const { limits, sizing } = options
  return {
    intent: amendIntent(ask),
    facts,
    limits,
    sizing,
    isTaking: order.terms.time_in_force !== 'post_only',
    worstTicks: order.terms.side === 'buy' ? limitTicks : Math.max(limitTicks, facts.book.askTicks),
  }
}

function isWider({ terms }: Order, limitTicks: number, lots: number): boolean {
  if (terms.reduce_only) return false
  const towardTicks =
    terms.side === 'buy' ? limitTicks - terms.limit_ticks : terms.limit_ticks - limitTicks
  return towardTicks > 0 || lots > terms.lots
}

/** An order to sell that moves away from the market is worth more: the caps count money. */
function isDearer({ limitTicks, lots, order }: AmendAsk): boolean {
  const { filledLots, terms } = order
  return limitTicks * (lots - filledLots) > terms.limit_ticks * (terms.lots - filledLots)
}

/** Whether it is a change at all, of an order that can be changed, to one that the exchange takes. */
function notAmendable(ask: AmendAsk): Denial | undefined {
  const { instrument, limitTicks, lots, order } = ask
  const { terms } = order
  const rests = terms.time_in_force === 'gtc' || terms.time_in_force === 'post_only'
  if (!rests || order.state !== 'open') {
    return deny(
      'order_not_amendable',
      `the order is ${order.state}, ${terms.time_in_force}`,
      NO_FIGURES,
    )
  }
  const isWhole = Number.isSafeInteger(limitTicks) && Number.isSafeInteger(lots) && limitTicks > 0
  if (!isWhole) return deny('bad_request', 'price and size are whole steps', NO_FIGURES)
  if (limitTicks === terms.limit_ticks && lots === terms.lots) {
    return deny('amend_unchanged', 'the order has these terms already', NO_FIGURES)
  }
  if (order.amends >= AMENDS_PER_ORDER_MAX) {
    const breach = { limit: AMENDS_PER_ORDER_MAX, actual: order.amends }
    return deny('amends_limit', 'the order was changed too often', breach)
  }
  if (isTooSmall(ask)) {
    const breach = { limit: order.filledLots + 1, actual: lots }
    return deny('order_too_small', 'less than is filled or than the exchange takes', breach)
  }
  if (lots <= instrument.maxOrderLots) return undefined
  const breach = { limit: instrument.maxOrderLots, actual: lots }
  return deny('order_too_large', 'more than the exchange takes', breach)
}

/** The exchange refuses a size that leaves nothing, and one below its smallest order. */
function isTooSmall({ instrument, limitTicks, lots, order }: AmendAsk): boolean {
  const quote = notionalQuote(limitTicks, lots, instrument)
  return (
    lots <= order.filledLots ||
    lots < instrument.minOrderLots ||
    quote < instrument.minNotionalQuote
  )
}

type Room = Readonly<{ lots: number; cap: (typeof CAPS)[number]; filledLots: number }>

/** The largest whole size within every cap, and the cap that binds it. */
function roomFor(look: Look, filledLots: number): Room {
  let room: Room = { lots: Number.POSITIVE_INFINITY, cap: CAPS[0], filledLots: 0 }
  for (const cap of CAPS) {
    // What a strategy once wanted binds a person no more.
    if (cap.code === 'order_too_small') continue
    const filled = WHOLE.has(cap.code) ? 0 : filledLots
    const lots = lotsWithin(cap, look) + filled
    if (lots < room.lots) room = { lots, cap, filledLots: filled }
  }
  return room
}

function deniedBy(codes: ReadonlySet<ResultCode>, look: Look, lots: number): Denial | undefined {
  for (const rule of RULES) {
    if (!codes.has(rule.code)) continue
    const breach = rule.check(look, lots)
    if (breach !== undefined) return deny(rule.code, rule.text, breach)
  }
  return undefined
}
