import type { ResultCode } from '../domain/result-codes.ts'
import { countExternalFill, countFunding } from './external-count.ts'
import type { RemoteExecution } from './gateway/gateway.ts'
import { namesOf } from './holding.ts'
import type { AccountAction } from './reconcile/account-check.ts'
import type { TruthParts } from './truth.ts'

type Adoption = Extract<AccountAction, { type: 'external_order' }>
type Adjustment = Extract<AccountAction, { type: 'adjust' }>

/** Does what a check of the account asks for (reconcile/account-check.ts). */
export class AccountActions {
  /** Executions that were missing here, over all checks. */
  executionsFound = 0
  readonly #parts: TruthParts
  /** Whether the account agreed before: only then is a difference a surprise. */
  #wasHealthy = false
  /** Positions that differ, and since when they differ by the same; one an instrument at most. */
  readonly #suspects = new Map<string, { lots: number; sinceUs: number }>()

  constructor(parts: TruthParts) {
    this.#parts = parts
  }

  take(
    isPositions: boolean,
    actions: readonly AccountAction[],
    wasHealthy: boolean,
    nowUs: number,
  ): void {
    this.#wasHealthy = wasHealthy
    const meant = isPositions ? this.#lasting(actions, nowUs) : actions
    for (const action of meant) this.#act(action, nowUs)
  }

  /** An execution of somebody else, as the exchange told it at once. */
  countExternal(execution: RemoteExecution, wasHealthy: boolean, nowUs: number): void {
    this.#wasHealthy = wasHealthy
    this.#act({ type: 'external_fill', execution }, nowUs)
  }

  #act(action: AccountAction, nowUs: number): void {
    const { flow, ledger } = this.#parts
    switch (action.type) {
      case 'count':
        this.executionsFound++
        flow.countExecution(action.orderLinkId, action.execution, nowUs)
        return
      case 'external_fill':
        this.executionsFound++
        if (countExternalFill(ledger, action.execution, nowUs)) {
          // A stop of the position did what it is there for.
          if (action.execution.isPositionStop === true) ledger.counters.add('fills_position_stop')
          else this.#mismatch('external_fill', nowUs)
        }
        return
      case 'funding':
        countFunding(ledger, action.execution, nowUs)
        return
      case 'query':
        flow.lookUp(action.orderLinkId, nowUs)
        return
      case 'cancel_stray':
        this.#cancelStray(action.orderLinkId, nowUs)
        return
      case 'external_order':
        this.#adopt(action, nowUs)
        return
      case 'adjust':
        this.#adjust(action, nowUs)
    }
  }

  /** One that is remembered is canceled like any other, journal first. */
  #cancelStray(orderLinkId: string, nowUs: number): void {
    const { flow, gateway, ledger } = this.#parts
    const order = ledger.state.orders.get(orderLinkId)
    ledger.counters.add('orders_stray')
    if (order === undefined) {
      ledger.log.error({ order_link_id: orderLinkId }, 'no journal knows it: canceled')
      void gateway.cancel(orderLinkId, nowUs)
      return
    }
    const { reason, state } = order
    const line = { order_link_id: orderLinkId, state, reason }
    ledger.log.error(line, 'an order that had ended is open at the exchange: canceled')
    flow.cancelStray(order, nowUs)
    this.#mismatch('order_stray', nowUs)
  }

  #adopt({ order }: Adoption, nowUs: number): void {
    const { ledger } = this.#parts
    const named = namesOf(order.key)
    if (named === undefined) return
    ledger.counters.add('orders_external')
    ledger.log.warn({ order_id: order.orderId, instrument: order.key }, 'order of somebody else')
    ledger.commitLazily({
      type: 'external_order',
      time_us: nowUs,
      run: ledger.run,
      order_id: order.orderId,
      order_link_id: order.orderLinkId,
      ...named,
      limit_ticks: order.limitTicks,
      lots: order.lots,
    })
  }

  #adjust(action: Adjustment, nowUs: number): void {
    const { ledger } = this.#parts
    const { averagePrice, key, lotsAfter, lotsBefore } = action
    const holding = ledger.state.holdings.get(key)
    const named = namesOf(key)
    if (holding === undefined || named === undefined) return
    ledger.counters.add('positions_adjusted')
    ledger.log.error({ instrument: key, from: lotsBefore, to: lotsAfter }, 'position taken over')
    ledger.commit({
      type: 'position_adjusted',
      time_us: nowUs,
      run: ledger.run,
      ...named,
      lots_before: lotsBefore,
      lots_after: lotsAfter,
      average_ticks: lotsAfter === 0 ? 0 : averagePrice / holding.steps.tick.value,
    })
    ledger.auditPosition(key, nowUs)
    this.#mismatch('position_mismatch', nowUs)
  }

  /** The first agreement takes over what was there; what differs later is told, and may halt. */
  #mismatch(code: ResultCode, nowUs: number): void {
    const { halt, ledger, options } = this.#parts
    ledger.counters.add('reconcile_mismatches')
    if (this.#wasHealthy && options.onMismatch === 'halt') halt(code, nowUs)
  }

  /** Positions that have differed by the same for the quiet time. */
  #lasting(actions: readonly AccountAction[], nowUs: number): AccountAction[] {
    const lasting: AccountAction[] = []
    const seen = new Set<string>()
    for (const action of actions) {
      if (action.type !== 'adjust') continue
      const { key, lotsAfter } = action
      seen.add(key)
      const suspect = this.#suspects.get(key)
      if (suspect === undefined || suspect.lots !== lotsAfter) {
        this.#suspects.set(key, { lots: lotsAfter, sinceUs: nowUs })
      } else if (nowUs - suspect.sinceUs >= this.#parts.options.quietMs * 1000) {
        lasting.push(action)
        seen.delete(key)
      }
    }
    for (const key of this.#suspects.keys()) if (!seen.has(key)) this.#suspects.delete(key)
    return lasting
  }
}
