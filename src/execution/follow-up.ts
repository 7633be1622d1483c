import { SETTLEMENTS_PER_POLL_MAX } from '../constants.ts'
import type { SettlementOutcome } from '../domain/journal-settlements.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { Gateway, QueryReply } from './gateway/gateway.ts'
import { type Intent, intentOf } from './intent.ts'
import type { Ledger } from './ledger.ts'
import type { FollowUpOptions } from './options.ts'
import type { Order } from './order/order.ts'
import type { OrderFlow } from './order-flow.ts'
import type { PartialEnd } from './partial-ends.ts'
import { notionalQuote } from './position.ts'

export type FollowUpParts = Readonly<{
  ledger: Ledger
  gateway: Gateway
  flow: OrderFlow
  /** Undefined: rests are settled and not followed. */
  options: FollowUpOptions | undefined
  /** Takes the intent through the one gate; answers why it was denied. */
  decide: (intent: Intent, nowUs: number) => ResultCode | undefined
  wake: () => void
}>

type Answer = Readonly<{ end: PartialEnd; reply: QueryReply }>

/** Ends that the market made. What a person, a limit or a fault ended is not taken up again. */
const FOLLOWED: readonly string[] = ['remainder_canceled', 'rested_too_long', 'expired']

/**
 * Settles entries that ended partially filled, and where it is configured asks once for the rest:
 *
 *   end -> still wanted? -> the exchange's word on what is filled -> the gate -> one more order
 *
 * The exchange is asked first, because a fill may be told after the end, and would be bought twice.
 * The order for a rest is of a decision that is named after the first, so the journal refuses a
 * second one for ever, over restarts too; it may never lead to another.
 */
export class FollowUps {
  readonly #parts: FollowUpParts
  /** Orders the exchange is being asked about; a part of those that wait. */
  readonly #asked = new Set<string>()
  #answers: Answer[] = []

  constructor(parts: FollowUpParts) {
    this.#parts = parts
  }

  get isIdle(): boolean {
    return this.#answers.length === 0
  }

  /** Looks at what has ended. A bounded part at a time: a journal of before may hold many. */
  poll(nowUs: number): void {
    const { gateway, ledger, wake } = this.#parts
    let settled = 0
    for (const end of ledger.state.partialEnds.waiting.values()) {
      if (settled === SETTLEMENTS_PER_POLL_MAX) return
      const order = ledger.state.orders.get(end.orderLinkId)
      const outcome = order === undefined ? undefined : this.#refusal(order, end, nowUs)
      if (order !== undefined && outcome !== undefined) {
        this.#settle(order, end, outcome, null, nowUs)
        settled++
      } else if (!this.#asked.has(end.orderLinkId)) {
        this.#asked.add(end.orderLinkId)
        void gateway.query(end.orderLinkId, nowUs).then((reply) => {
          this.#answers.push({ end, reply })
          wake()
        })
      }
    }
  }

  /** Takes what the exchange answered. Answers how much there was. */
  receive(nowUs: number): number {
    const answers = this.#answers.splice(0)
    for (const { end, reply } of answers) {
      this.#asked.delete(end.orderLinkId)
      this.#receive(end, reply, nowUs)
    }
    return answers.length
  }

  #receive(end: PartialEnd, reply: QueryReply, nowUs: number): void {
    const { flow, ledger } = this.#parts
    const { orders, partialEnds } = ledger.state
    const order = orders.get(end.orderLinkId)
    if (order === undefined) return
    if (reply.kind === 'found') {
      for (const execution of reply.order.executions) {
        if (order.execIds.has(execution.execId)) continue
        flow.countExecution(end.orderLinkId, execution, nowUs)
      }
    }
    if (!partialEnds.waiting.has(end.orderLinkId)) return
    const isProven =
      reply.kind === 'found' &&
      reply.order.state !== 'open' &&
      reply.order.filledLots === order.filledLots
    const outcome = isProven ? this.#refusal(order, end, nowUs) : 'unproven'
    if (outcome !== undefined) this.#settle(order, end, outcome, null, nowUs)
    else this.#follow(order, end, nowUs)
  }

  #follow(order: Order, end: PartialEnd, nowUs: number): void {
    const intent = this.#intent(order, nowUs)
    const code = intent === undefined ? 'instrument_unknown' : this.#parts.decide(intent, nowUs)
    if (code === undefined) this.#parts.ledger.counters.add('entries_followed')
    const outcome = code === undefined ? 'followed' : 'denied'
    this.#settle(order, end, outcome, code ?? null, nowUs)
  }

  /** Why the rest is not asked for; undefined: it may be. */
  #refusal(order: Order, end: PartialEnd, nowUs: number): SettlementOutcome | undefined {
    const { ledger, options } = this.#parts
    const { follows, intent_created_us: createdUs, side } = order.terms
    if (options === undefined) return 'off'
    if (follows !== undefined) return 'second'
    if (!FOLLOWED.includes(end.cause)) return 'ended_by_us'
    if (nowUs - createdUs > options.ageMsMax * 1000) return 'too_old'
    const { lots } = ledger.state.position(order.key)
    return (side === 'buy' ? lots > 0 : lots < 0) ? undefined : 'position_gone'
  }

  #intent(order: Order, nowUs: number): Intent | undefined {
    const { ledger, options } = this.#parts
    const { terms } = order
    const instrument = ledger.instrument(order.key)
    if (instrument === undefined || options === undefined) return undefined
    const lots = terms.lots - order.filledLots
    const reach = Math.floor((terms.limit_ticks * options.slippageBps) / 10_000)
    const limitTicks = terms.limit_ticks + (terms.side === 'buy' ? reach : -reach)
    // What a person has set since holds for the rest too.
    const plan = ledger.state.holdings.get(order.key)?.plan
    const isSet = plan !== undefined && plan.setUs >= terms.time_us
    return {
      ...intentOf(terms, instrument),
      ...(isSet ? { targetTicks: plan.targetTicks, stopTicks: plan.stopTicks } : {}),
      reason: 'follow_up',
      createdUs: nowUs,
      limitTicks,
      notionalQuote: notionalQuote(limitTicks, lots, instrument),
      follows: { orderLinkId: terms.order_link_id, decision: terms.decision },
    }
  }

  #settle(
    order: Order,
    { cause }: PartialEnd,
    outcome: SettlementOutcome,
    code: ResultCode | null,
    nowUs: number,
  ): void {
    const { ledger } = this.#parts
    const { category, lots, order_link_id, symbol, u } = order.terms
    const { filledLots } = order
    const left_lots = lots - filledLots
    ledger.counters.add('entries_settled')
    ledger.commitLazily({
      type: 'entry_settled',
      time_us: nowUs,
      run: ledger.run,
      order_link_id,
      symbol,
      category,
      wanted_lots: lots,
      filled_lots: filledLots,
      left_lots,
      cause,
      outcome,
      code,
    })
    const line = { trace: `${symbol}-${u}`, order_link_id, wanted_lots: lots, left_lots }
    ledger.log.info({ ...line, cause, outcome, code }, 'entry settled')
  }
}
