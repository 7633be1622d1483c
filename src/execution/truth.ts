import type { ResultCode } from '../domain/result-codes.ts'
import { AccountActions } from './account-actions.ts'
import { countFunding } from './external-count.ts'
import type { Account, Gateway } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import type { ReconcileOptions } from './options.ts'
import type { AccountEvent, OrderFlow } from './order-flow.ts'
import {
  type AccountAction,
  checkExecutions,
  checkOpenOrders,
  checkPositions,
} from './reconcile/account-check.ts'

export type TruthParts = Readonly<{
  ledger: Ledger
  gateway: Gateway
  flow: OrderFlow
  options: ReconcileOptions
  halt: (code: ResultCode, nowUs: number) => void
  /** An answer has come while the actor may sleep. */
  wake: () => void
}>

/** Executions of the latest minute are asked for again: the list of an exchange may lag. */
const OVERLAP_US = 60_000_000
const ROUND_US_MIN = 1_000_000
const ROUND_US_MAX = 60_000_000

type Step = 'executions' | 'open_orders' | 'positions'

/** What one look brought; undefined: the call failed, which says nothing about the account. */
type Answer = Readonly<{ step: Step; actions: readonly AccountAction[] | undefined }>

/**
 * Whether our record of the account is the exchange's, and the work to make it so. Nothing may be
 * opened before the first agreement, and again after each loss of the private side:
 *
 *   link up -> executions -> open orders -> positions -> nothing left to do -> healthy
 *                 ^----------------------------------------- something was --+
 *
 * While healthy the same looks go on, ever so often. An exchange without an account of its own has
 * nothing to compare, and is healthy at once.
 */
export class Truth {
  readonly #parts: TruthParts
  readonly #account: Account | undefined
  #isLinkUp: boolean
  #isHealthy: boolean
  #step: Step | undefined
  #answers: Answer[] = []
  /** Actions of the round that is under way, and whether one of its calls failed. */
  #actionsInRound = 0
  #hasFailed = false
  #rounds = 0
  #backoffUs = ROUND_US_MIN
  #nextOrdersUs = 0
  #nextPositionsUs = 0
  /** The next round looks a day back. */
  #isFull = true
  readonly #actions: AccountActions

  constructor(parts: TruthParts) {
    this.#parts = parts
    this.#account = parts.gateway.account
    this.#actions = new AccountActions(parts)
    this.#isLinkUp = this.#account === undefined
    this.#isHealthy = this.#account === undefined
  }

  /** Orders that open or enlarge a position are possible. */
  get isHealthy(): boolean {
    return this.#isHealthy
  }

  /** Rounds since the private side came up, for those who wait. */
  get rounds(): number {
    return this.#rounds
  }

  onAccount(event: AccountEvent, nowUs: number): void {
    if (event.type === 'link') this.#onLink(event.isUp, nowUs)
    else if (event.type === 'funding') countFunding(this.#parts.ledger, event, nowUs)
    else this.#actions.countExternal(event.execution, this.#isHealthy, nowUs)
  }

  #onLink(isUp: boolean, nowUs: number): void {
    const { ledger } = this.#parts
    ledger.log.warn({ is_up: isUp }, 'private side of the exchange')
    this.#isLinkUp = isUp
    this.#isHealthy = false
    this.#rounds = 0
    this.#isFull = true
    this.#backoffUs = ROUND_US_MIN
    this.#nextOrdersUs = nowUs
    this.#nextPositionsUs = nowUs
  }

  /** Asked for by a person: a whole day is compared. */
  request(nowUs: number): void {
    this.#isFull = true
    this.#nextOrdersUs = nowUs
    this.#nextPositionsUs = nowUs
  }

  /** Starts what is due. */
  poll(nowUs: number): void {
    if (this.#account === undefined || !this.#isLinkUp || this.#step !== undefined) return
    if (nowUs < Math.min(this.#nextOrdersUs, this.#nextPositionsUs)) return
    this.#actionsInRound = 0
    this.#hasFailed = false
    this.#rounds++
    this.#look('executions', nowUs)
  }

  /** Does what came back. Answers how much there was. */
  receive(nowUs: number): number {
    const answers = this.#answers.splice(0)
    for (const answer of answers) this.#take(answer, nowUs)
    return answers.length
  }

  #look(step: Step, nowUs: number): void {
    const account = this.#account
    if (account === undefined) return
    this.#step = step
    void this.#ask(account, step, nowUs).then((actions) => {
      this.#answers.push({ step, actions })
      this.#parts.wake()
    })
  }

  async #ask(
    account: Account,
    step: Step,
    nowUs: number,
  ): Promise<readonly AccountAction[] | undefined> {
    const { state } = this.#parts.ledger
    const known = new Set(state.orders.keys())
    if (step === 'executions') {
      const reply = await account.executions(this.#sinceUs(nowUs), nowUs)
      if (reply.kind === 'unknown') return this.#failed(step, reply.message)
      // What happened before the first run is in the positions that were taken over then.
      const executions = reply.executions.filter(({ timeUs }) => timeUs >= state.firstStartUs)
      return checkExecutions(state.account.execIds, known, executions)
    }
    const quiet = { nowUs, quietUs: this.#quietUs }
    if (step === 'open_orders') {
      const reply = await this.#parts.gateway.openOrders(nowUs)
      if (reply.kind === 'unknown') return this.#failed(step, reply.message)
      const local = [...state.unfinished.values()].map((order) => ({
        orderLinkId: order.terms.order_link_id,
        key: order.key,
        state: order.state,
        filledLots: order.filledLots,
        updatedUs: order.updatedUs,
      }))
      const external = state.account.externalOrders
      return checkOpenOrders(local, known, external, reply.orders, quiet)
    }
    const reply = await account.positions(nowUs)
    if (reply.kind === 'unknown') return this.#failed(step, reply.message)
    const busy = new Set([...state.unfinished.values()].map((order) => order.key))
    const local = [...state.holdings].map(([key, { movedUs, position }]) => ({
      key,
      lots: position.lots,
      movedUs,
      hasUnfinished: busy.has(key),
    }))
    return checkPositions(local, reply.positions, quiet)
  }

  #take({ step, actions }: Answer, nowUs: number): void {
    // The line was lost meanwhile: what it said is old.
    if (!this.#isLinkUp) {
      this.#step = undefined
      return
    }
    if (actions === undefined) this.#hasFailed = true
    else {
      this.#actionsInRound += actions.length
      this.#actions.take(step === 'positions', actions, this.#isHealthy, nowUs)
    }
    if (step === 'executions') this.#look('open_orders', nowUs)
    else if (step === 'open_orders') this.#look('positions', nowUs)
    else this.#endRound(nowUs)
  }

  #endRound(nowUs: number): void {
    const { ledger, options } = this.#parts
    this.#step = undefined
    if (this.#hasFailed) this.#backoffUs = Math.min(ROUND_US_MAX, 2 * this.#backoffUs)
    else {
      this.#backoffUs = ROUND_US_MIN
      this.#isFull = false
    }
    const isAgreed = !this.#hasFailed && this.#actionsInRound === 0 && this.#isSettled()
    if (isAgreed && !this.#isHealthy) this.#recover(nowUs)
    if (this.#isHealthy && !this.#hasFailed) {
      this.#nextOrdersUs = nowUs + options.openOrdersMs * 1000
      this.#nextPositionsUs = nowUs + options.positionsMs * 1000
      return
    }
    this.#nextOrdersUs = nowUs + this.#backoffUs
    this.#nextPositionsUs = this.#nextOrdersUs
    if (this.#rounds === options.roundsMax) {
      ledger.counters.add('reconcile_stuck')
      ledger.log.error({ rounds: this.#rounds }, 'the account does not come to agree')
    }
  }

  /** No order of ours is between two states. */
  #isSettled(): boolean {
    for (const { state } of this.#parts.ledger.state.unfinished.values()) {
      if (state !== 'open') return false
    }
    return true
  }

  #recover(nowUs: number): void {
    const { ledger } = this.#parts
    const { state } = ledger
    const open = [...state.holdings.values()].filter(({ position }) => position.lots !== 0)
    this.#isHealthy = true
    ledger.commit({
      type: 'account_reconciled',
      time_us: nowUs,
      run: ledger.run,
      rounds: this.#rounds,
      executions: this.#actions.executionsFound,
      orders_open: state.unfinished.size,
      positions_open: open.length,
    })
    ledger.counters.add('accounts_reconciled')
    ledger.log.warn({ rounds: this.#rounds }, 'the account agrees: orders are possible')
  }

  #failed(step: Step, message: string): undefined {
    this.#parts.ledger.counters.add('reconcile_failures')
    this.#parts.ledger.log.warn({ step, reason: message }, 'the account could not be asked')
    return undefined
  }

  get #quietUs(): number {
    return this.#parts.options.quietMs * 1000
  }

  /** NaN compares as false, so that nothing known means a whole window. */
  #sinceUs(nowUs: number): number {
    const { account, firstStartUs } = this.#parts.ledger.state
    const windowUs = nowUs - this.#parts.options.windowMs * 1000
    const recentUs = account.lastExecutionUs - OVERLAP_US
    const sinceUs = !this.#isFull && recentUs > windowUs ? recentUs : windowUs
    return Math.max(sinceUs, firstStartUs)
  }
}
