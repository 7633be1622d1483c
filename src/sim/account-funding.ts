import { type Account, roundMark } from './account.ts'
import type { AccountEvents } from './fill-booking.ts'
import { ASK, BID } from './matching-engine.ts'
import { atRate } from './money.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { fundingRateText } from './ticker-topic.ts'

/**
 * Funding: at every multiple of the interval since the epoch a long position pays the rate of its
 * value at the mark price, a short one receives it. It is an execution of its own type, no trade.
 */
export class AccountFunding {
  readonly #account: Account
  readonly #events: AccountEvents
  /** Milliseconds between payments; undefined: each instrument's own. */
  readonly #intervalMs: number | undefined
  #seenMs: number

  constructor(
    account: Account,
    events: AccountEvents,
    startMs: number,
    intervalMs: number | undefined,
  ) {
    this.#account = account
    this.#events = events
    this.#seenMs = startMs
    this.#intervalMs = intervalMs
  }

  step(nowMs: number): void {
    for (const { position, market } of this.#account.positions()) {
      if (position.lots === 0) continue
      const interval = this.#intervalMs ?? market.instrument.fundingIntervalMinutes * 60_000
      const isDue = Math.floor(nowMs / interval) > Math.floor(this.#seenMs / interval)
      if (isDue) this.#pay(market, nowMs)
    }
    this.#seenMs = nowMs
  }

  #pay(market: SymbolMarket, timeMs: number): void {
    const account = this.#account
    const position = account.position(market)
    const feeRatePpm = Math.round(Number(fundingRateText(market.tickerSources())) * 1e6)
    const markTicks = roundMark(market)
    const lots = Math.abs(position.lots)
    const value = position.valueAt(markTicks)
    const fee = atRate(position.lots > 0 ? value : -value, feeRatePpm)
    account.payFunding(position, fee)
    this.#events.execution(
      account.record({
        ...{ order: undefined, market, execType: 'Funding', ticks: markTicks, lots, value, fee },
        ...{ feeRatePpm, isMaker: false, leavesLots: 0, closedLots: 0, profit: 0n, timeMs },
        ...{ seq: market.engine.seq, markTicks, side: position.lots > 0 ? BID : ASK },
      }),
    )
    this.#events.position(position, market)
    this.#events.wallet()
  }
}
