import type { ResultCode } from '../domain/result-codes.ts'
import { AccountActions } from './account-actions.ts'
import type { BalanceWatch } from './balance-watch.ts'
import { countFunding } from './external-count.ts'
import type { Account, Gateway, RemotePosition } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import type { ReconcileOptions } from './options.ts'
import type { Order } from './order/order.ts'
import { isFinished } from './order/order-state.ts'
import type { AccountEvent, OrderFlow } from './order-flow.ts'
import type { AccountAction, KnownOrder } from './reconcile/account-check.ts'
import { checkFills, checkHoldings, checkOrders } from './reconcile/account-state.ts'

export type TruthParts = Readonly<{
  ledger: Ledger
  gateway: Gateway
  flow: OrderFlow
  options: ReconcileOptions
  balances: BalanceWatch
  halt: (code: ResultCode, nowUs: number) => void
  /** An answer has come while the actor may sleep. */
  wake: () => void
  /** Positions as the exchange told them, and when it was asked. */
  onPositions?: (positions: readonly RemotePosition[], askedUs: number) => void
}>

/** Executions of the latest minute are asked for again: the list of an exchange may lag. */
const OVERLAP_US = 60_000_000
const ROUND_US_MIN = 1_000_000
const ROUND_US_MAX = 60_000_000

type Step = 'executions' | 'open_orders' | 'positions'

/** Compares what a look brought with our record as it is when the answer is taken. */
type Check = () => readonly AccountAction[]

/** `check` is undefined when the call failed, which says nothing about the account. */
type Answer = Readonly<{ step: Step; link: number; check: Check | undefined }>

/**
 * Whether our record of the account is the exchange's, and the work to make it so. Nothing may be
 * opened before the first agreement, and again after each loss of the private side:
 *
 *   link up -> executions -> open orders -> positions -> nothing left to do, balance read -> healthy
 *                 ^----------------------------------------- something was --+
 *
 * While healthy the same looks go on, ever so often. When their calls, or those for the balance
 * (balance-watch.ts), fail for longer than `blindMsMax`, the stream alone is not believed any more:
 * not healthy, until a round agrees again.
 * An exchange without an account of its own has nothing to compare, and is healthy at once.
 */
export class Truth {
  readonly #parts: TruthParts
  readonly #account: Account | undefined
  #isLinkUp: boolean
  /** Counts the changes of the link: what was asked before one proves nothing after it. */
  #link = 0
  #isHealthy: boolean
  /** Since the private side came up: a difference is a surprise. */
  #hasAgreed = false
  /** End of the last round of which no call failed. */
  #seenUs = 0
  #step: Step | undefined
  #answers: Answer[] = []
  /** Actions of the round that is under way, and whether one of its calls failed. */
  #actionsInRound = 0
  #hasFailed = false
  #isBlind = false
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

  /** A call of the last round failed: the stream alone is believed until a later one works. */
  get isBlind(): boolean {
    return this.#isBlind
  }

  /** Rounds since the private side came up, for those who wait. */
  get rounds(): number {
    return this.#rounds
  }

  onAccount(event: AccountEvent, nowUs: number): void {
    if (event.type === 'link') this.#onLink(event.isUp, nowUs)
    else if (event.type === 'funding') countFunding(this.#parts.ledger, event, nowUs)
    else this.#actions.countExternal(event.execution, this.#hasAgreed, nowUs)
  }

  #onLink(isUp: boolean, nowUs: number): void {
    const { ledger } = this.#parts
    ledger.log.warn({ is_up: isUp }, 'private side of the exchange')
    this.#isLinkUp = isUp
    this.#link++
    this.#hasAgreed = false
    this.#doubtAll()
    this.#backoffUs = ROUND_US_MIN
    this.lookSoon(nowUs)
  }

  /** Nothing may be opened before a whole day was compared. */
  #doubtAll(): void {
    this.#isHealthy = false
    this.#rounds = 0
    this.#isFull = true
  }

  /** A person is told once each time. */
  #watchSight(nowUs: number): void {
    const { balances, ledger, options } = this.#parts
    const blindMs = (nowUs - Math.min(this.#seenUs, balances.seenUs)) / 1000
    if (!this.#isHealthy || blindMs <= options.blindMsMax) return
    this.#doubtAll()
    ledger.counters.add('accounts_unseen')
    ledger.log.error({ blindMs }, 'the account cannot be looked at: nothing is opened')
  }

  /** Asked for by a person: a whole day is compared. */
  request(nowUs: number): void {
    this.#isFull = true
    this.lookSoon(nowUs)
  }

  /**
   * The exchange tells something of an order. If it had ended here for longer than a message is on
   * its way, or was refused, it may live on there; a look shows whether it does.
   */
  doubt(order: Order, { state, updatedUs }: KnownOrder, nowUs: number): void {
    if (!isFinished(state)) return
    const { halt, ledger, options } = this.#parts
    if (state !== 'rejected' && nowUs - updatedUs < options.quietMs * 1000) return
    const { order_link_id } = order.terms
    ledger.counters.add('orders_doubted')
    ledger.log.error({ order_link_id, state }, 'an order that had ended shows life')
    if (state === 'rejected' && options.onMismatch === 'halt') halt('order_stray', nowUs)
    this.lookSoon(nowUs)
  }

  /** Something of it is in doubt. */
  lookSoon(nowUs: number): void {
    this.#nextOrdersUs = nowUs
    this.#nextPositionsUs = nowUs
  }

  /** Starts what is due. */
  poll(nowUs: number): void {
    if (this.#account === undefined || !this.#isLinkUp) return
    this.#watchSight(nowUs)
    if (this.#step !== undefined) return
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
    const link = this.#link
    void this.#ask(account, step, nowUs).then((check) => {
      this.#answers.push({ step, link, check })
      this.#parts.wake()
    })
  }

  async #ask(account: Account, step: Step, nowUs: number): Promise<Check | undefined> {
    const { gateway, ledger, options } = this.#parts
    const { state } = ledger
    // What moved after the question is as fresh as what moved right before it.
    const quiet = { nowUs, quietUs: options.quietMs * 1000 }
    if (step === 'executions') {
      const reply = await account.executions(this.#sinceUs(nowUs), nowUs)
      if (reply.kind === 'unknown') return this.#failed(step, reply.message)
      return () => checkFills(state, reply.executions)
    }
    if (step === 'open_orders') {
      const reply = await gateway.openOrders(nowUs)
      if (reply.kind === 'unknown') return this.#failed(step, reply.message)
      return () => checkOrders(state, reply.orders, quiet)
    }
    const reply = await account.positions(nowUs)
    if (reply.kind === 'unknown') return this.#failed(step, reply.message)
    return () => {
      this.#parts.onPositions?.(reply.positions, nowUs)
      return checkHoldings(state, reply.positions, quiet)
    }
  }

  #take({ check, link, step }: Answer, nowUs: number): void {
    // The link was lost meanwhile, and may be back: the round begins anew.
    if (!this.#isLinkUp || link !== this.#link) {
      this.#step = undefined
      return
    }
    if (check === undefined) this.#hasFailed = true
    else {
      const actions = check()
      this.#actionsInRound += actions.length
      this.#actions.take(step === 'positions', actions, this.#hasAgreed, nowUs)
    }
    if (step === 'executions') this.#look('open_orders', nowUs)
    else if (step === 'open_orders') this.#look('positions', nowUs)
    else this.#endRound(nowUs)
  }

  #endRound(nowUs: number): void {
    const { balances, ledger, options } = this.#parts
    this.#step = undefined
    this.#isBlind = this.#hasFailed
    if (this.#hasFailed) this.#backoffUs = Math.min(ROUND_US_MAX, 2 * this.#backoffUs)
    else {
      this.#backoffUs = ROUND_US_MIN
      this.#isFull = false
      this.#seenUs = nowUs
    }
    const isAgreed = !this.#hasFailed && this.#actionsInRound === 0 && this.#isSettled()
    const isMoneyKnown = nowUs - balances.seenUs <= options.blindMsMax * 1000
    if (isAgreed && isMoneyKnown && !this.#isHealthy) this.#recover(nowUs)
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
    this.#hasAgreed = true
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

  /** NaN compares as false, so that nothing known means a whole window. */
  #sinceUs(nowUs: number): number {
    const { ledger, options } = this.#parts
    const { account, firstStartUs } = ledger.state
    const windowUs = nowUs - options.windowMs * 1000
    const recentUs = account.lastExecutionUs - OVERLAP_US
    const sinceUs = !this.#isFull && recentUs > windowUs ? recentUs : windowUs
    return Math.max(sinceUs, firstStartUs - OVERLAP_US)
  }
}
