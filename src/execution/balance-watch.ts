import type { SnapshotCause } from '../domain/journal-account.ts'
import type { AccountReport } from './account-figures.ts'
import type { Exposures } from './exposures.ts'
import type { Account, BalanceReply, RemoteBalance } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'

/** Part of our equity by which the gap moves before it is journaled, and in force, again. */
const GAP_FRACTION_STEP = 0.002
/** Part of it by which the exchange's may be smaller: mark prices are not our mids. */
const GAP_FRACTION_TOLD = 0.05

const RETRY_US = 2_000_000

export type BalanceParts = Readonly<{
  account: Account | undefined
  ledger: Ledger
  exposures: Exposures
  report: AccountReport
  /** Between two questions; one that failed is asked again sooner. */
  periodMs: number
  /** An answer has come while the actor may sleep. */
  wake: () => void
}>

/**
 * Asks the exchange for the money of the account, whether the private side is up or not, and
 * compares our equity with its. What is missing there was taken out or lost elsewhere and cannot be
 * risked; more than the record knows is not used. An exchange without an account is never asked.
 */
export class BalanceWatch {
  readonly #parts: BalanceParts
  /** When the question was asked that was answered last. */
  seenUs = Number.NEGATIVE_INFINITY
  #isAsking = false
  #answer: Readonly<{ reply: BalanceReply; askedUs: number }> | undefined
  #nextUs = Number.NEGATIVE_INFINITY
  #hasFailed = false
  /** Told while a position had no price: compared once it has. */
  #waiting: RemoteBalance | undefined
  #hasCompared = false
  #isGapTold = false

  constructor(parts: BalanceParts) {
    this.#parts = parts
  }

  /** How much less the exchange has, where a person was told; NaN: nothing to tell. */
  get gapToldQuote(): number {
    return this.#isGapTold ? this.#parts.exposures.gapQuote : Number.NaN
  }

  /** Asks when it is time. */
  poll(nowUs: number): void {
    this.#review(nowUs)
    const { account } = this.#parts
    if (account === undefined || this.#isAsking || nowUs < this.#nextUs) return
    this.#isAsking = true
    void account.balance(nowUs).then((reply) => {
      this.#answer = { reply, askedUs: nowUs }
      this.#parts.wake()
    })
  }

  /** Takes what was answered. Answers how much there was. */
  receive(nowUs: number): number {
    if (this.#answer === undefined) return 0
    const { askedUs, reply } = this.#answer
    const { ledger, periodMs, report } = this.#parts
    this.#answer = undefined
    this.#isAsking = false
    if (reply.kind === 'balance') {
      this.#hasFailed = false
      this.#nextUs = askedUs + periodMs * 1000
      this.seenUs = askedUs
      this.take(reply.balance, nowUs)
      return 1
    }
    // Once soon, then as ever: a wallet that is not told opens no breaker for the other looks.
    this.#nextUs = nowUs + (this.#hasFailed ? periodMs * 1000 : RETRY_US)
    this.#hasFailed = true
    ledger.counters.add('reconcile_failures')
    ledger.log.warn({ reason: reply.message }, 'the balance of the account could not be asked')
    // What is not known now was known a moment ago; the model stands in until it is again.
    report.setMargin(undefined)
    return 1
  }

  take(balance: RemoteBalance, nowUs: number): void {
    this.#parts.report.setMargin(balance.margin)
    this.#waiting = balance
    this.#review(nowUs)
  }

  #review(nowUs: number): void {
    const balance = this.#waiting
    const oursQuote = balance === undefined ? Number.NaN : this.#parts.exposures.equityQuote()
    if (balance === undefined || Number.isNaN(oursQuote)) return
    this.#waiting = undefined
    this.#compare(balance, oursQuote, nowUs)
  }

  #compare(balance: RemoteBalance, oursQuote: number, nowUs: number): void {
    const gapQuote = Math.max(0, oursQuote - balance.equityQuote)
    const moved = Math.abs(gapQuote - this.#parts.exposures.gapQuote)
    const hasMoved = moved > GAP_FRACTION_STEP * Math.abs(oursQuote)
    if (!this.#hasCompared || hasMoved) {
      this.#journal(this.#hasCompared ? 'gap' : 'start', balance, oursQuote, nowUs)
    }
    this.#hasCompared = true
    this.#tell(gapQuote, balance.equityQuote, oursQuote)
  }

  #journal(cause: SnapshotCause, balance: RemoteBalance, oursQuote: number, nowUs: number): void {
    const { ledger } = this.#parts
    ledger.commit({
      type: 'account_snapshot',
      time_us: nowUs,
      run: ledger.run,
      cause,
      ours_quote: oursQuote,
      theirs_quote: balance.equityQuote,
      wallet_quote: balance.walletQuote,
      available_quote: balance.availableQuote,
      gap_quote: Math.max(0, oursQuote - balance.equityQuote),
    })
  }

  /** A person is told, once each time, when more is missing than prices explain. */
  #tell(gapQuote: number, theirsQuote: number, oursQuote: number): void {
    const isTold = gapQuote > GAP_FRACTION_TOLD * oursQuote
    if (isTold === this.#isGapTold) return
    this.#isGapTold = isTold
    const { counters, log } = this.#parts.ledger
    const line = { ours: oursQuote, theirs: theirsQuote }
    if (!isTold) log.warn(line, 'the equity is what the exchange says, again')
    else log.error(line, 'the exchange has less equity than the journal: limits go by the less')
    if (isTold) counters.add('equity_gaps')
  }
}
