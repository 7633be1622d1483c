import type { SnapshotCause } from '../domain/journal-account.ts'
import type { AccountReport } from './account-figures.ts'
import type { Exposures } from './exposures.ts'
import type { Account, BalanceReply, RemoteBalance, TransfersReply } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'

/** Parts of our equity by which gap and loss move before they are journaled, and in force, again. */
const GAP_FRACTION_STEP = 0.002
const LOST_FRACTION_STEP = 0.0005
/** Part of it by which the exchange's may be smaller: mark prices are not our mids. */
const GAP_FRACTION_TOLD = 0.05
/** Part of the notional held by which mark prices may differ from our mids. */
const MARK_FRACTION = 0.01
/** Looks in a row, all of which must find a loss: an answer may be older than fills and transfers. */
const LOSS_LOOKS = 3
/** Transfers of the last hour are asked for again: their list may lag, or tell late. */
const TRANSFER_OVERLAP_US = 3_600_000_000
const RETRY_US = 2_000_000
const HOUR_US = 3_600_000_000
const UNLISTED_US_MAX = 60_000_000
const NO_TRANSFERS: TransfersReply = { kind: 'transfers', transfers: [] }

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

/** What one question brought; `oursQuote` is our equity when it was asked. */
export type BalanceLook = Readonly<{
  balance: RemoteBalance
  transfers: TransfersReply
  oursQuote: number
}>

/**
 * Asks the exchange for the money of the account, whether the private side is up or not, and
 * compares our equity with its. What is missing there was taken out or lost elsewhere and cannot be
 * risked; more than the record knows is not used. An exchange without an account is never asked.
 *
 *   missing = ours - theirs + transfers, each of them signed, + into the account
 *   lost    = missing - missing at the first look of the journal - MARK_FRACTION of the notional,
 *             the least of the last LOSS_LOOKS looks; 0 when it is less
 *
 * What is lost counts for the loss of the day and the drawdown (loss-watch.ts) as if we had lost it.
 */
export class BalanceWatch {
  readonly #parts: BalanceParts
  /** When the question was asked that was answered last. */
  seenUs = Number.NEGATIVE_INFINITY
  /** When the transfers were asked for that were answered last. */
  #listedUs = Number.NEGATIVE_INFINITY
  /** Since when they could not be listed; NaN: they can. */
  #unlistedUs = Number.NaN
  #isAsking = false
  #answer:
    | Readonly<{ reply: BalanceReply; look: Omit<BalanceLook, 'balance'>; askedUs: number }>
    | undefined
  #nextUs = Number.NEGATIVE_INFINITY
  #hasFailed = false
  /** Told while a position had no price: compared once it has. */
  #waiting: BalanceLook | undefined
  /** Losses of the last looks, as they were found. */
  #found: number[] = []
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
    void this.#ask(account, nowUs)
  }

  /** Transfers first: one that is in the balance and not in the list is found by the next look. */
  async #ask(account: Account, askedUs: number): Promise<void> {
    const { exposures, wake } = this.#parts
    const oursQuote = exposures.equityQuote()
    const transfers = (await account.transfers?.(this.#sinceUs(askedUs), askedUs)) ?? NO_TRANSFERS
    const reply = await account.balance(askedUs)
    this.#answer = { reply, look: { transfers, oursQuote }, askedUs }
    wake()
  }

  /** Of the transfers that may not be counted yet. Those of before the first look explain nothing. */
  #sinceUs(askedUs: number): number {
    const { balances } = this.#parts.ledger.state
    const listedUs = Math.max(balances.listedUs, this.#listedUs)
    return (balances.isNew ? askedUs : listedUs) - TRANSFER_OVERLAP_US
  }

  /** For so long no list of transfers came that a loss is not told from them any more. */
  areTransfersUnknown(nowUs: number): boolean {
    return nowUs - this.#unlistedUs > UNLISTED_US_MAX
  }

  /** Takes what was answered. Answers how much there was. */
  receive(nowUs: number): number {
    if (this.#answer === undefined) return 0
    const { askedUs, look, reply } = this.#answer
    const { ledger, periodMs, report } = this.#parts
    this.#answer = undefined
    this.#isAsking = false
    if (look.transfers.kind === 'unknown') {
      ledger.counters.add('reconcile_failures')
      ledger.log.warn({ reason: look.transfers.message }, 'the transfers could not be asked')
      if (Number.isNaN(this.#unlistedUs)) this.#unlistedUs = askedUs
    } else this.#unlistedUs = Number.NaN
    const listedUs = look.transfers.kind === 'unknown' ? Number.NEGATIVE_INFINITY : askedUs
    if (reply.kind === 'balance') {
      this.#hasFailed = false
      this.#nextUs = askedUs + periodMs * 1000
      this.seenUs = askedUs
      this.#listedUs = Math.max(this.#listedUs, listedUs)
      this.take({ ...look, balance: reply.balance }, nowUs)
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

  take(look: BalanceLook, nowUs: number): void {
    this.#parts.report.setMargin(look.balance.margin)
    this.#countTransfers(look.transfers, nowUs)
    this.#waiting = look
    this.#review(nowUs)
  }

  #countTransfers(reply: TransfersReply, nowUs: number): void {
    const { ledger } = this.#parts
    if (reply.kind === 'unknown') return
    for (const { amountQuote, timeUs, transferId } of reply.transfers) {
      if (ledger.state.balances.isCounted(transferId)) continue
      ledger.commit({
        type: 'transfer',
        time_us: nowUs,
        run: ledger.run,
        transfer_id: transferId,
        amount_quote: Number.isFinite(amountQuote) ? amountQuote : null,
        exchange_time_us: timeUs,
      })
      ledger.counters.add('transfers_counted')
      ledger.log.warn({ amount_quote: amountQuote }, 'money was moved into or out of the account')
    }
  }

  #review(nowUs: number): void {
    const look = this.#waiting
    const oursQuote = look === undefined ? Number.NaN : this.#parts.exposures.equityQuote()
    if (look === undefined || Number.isNaN(oursQuote)) return
    this.#waiting = undefined
    this.#compare(look, oursQuote, nowUs)
  }

  #compare(look: BalanceLook, oursQuote: number, nowUs: number): void {
    const { balances } = this.#parts.ledger.state
    const theirsQuote = look.balance.equityQuote
    const gapQuote = Math.max(0, oursQuote - theirsQuote)
    const missing = oursQuote - theirsQuote + balances.transfersQuote
    // A transfer of unknown worth explains whatever is missing by now.
    const isOpen = Number.isNaN(balances.referenceQuote)
    const isKnown = look.transfers.kind === 'transfers'
    const first = isKnown ? missing - balances.lostQuote : Number.NaN
    const reference = isOpen ? first : balances.referenceQuote
    const lostQuote = isOpen ? balances.lostQuote : this.#lost(look, missing - reference, oursQuote)
    const isMore = Math.abs(gapQuote - balances.gapQuote) > GAP_FRACTION_STEP * Math.abs(oursQuote)
    const step = lostQuote === 0 ? 0 : LOST_FRACTION_STEP * Math.abs(oursQuote)
    const isLoss = Math.abs(lostQuote - balances.lostQuote) > step
    const found = { oursQuote, gapQuote, reference, lostQuote }
    if (!this.#hasCompared) this.#journal('start', look.balance, found, nowUs)
    else if (isLoss) this.#journal('loss', look.balance, found, nowUs)
    else if ((isOpen && isKnown) || isMore) this.#journal('gap', look.balance, found, nowUs)
    else if (this.#isNewHour(nowUs)) this.#journal('hour', look.balance, found, nowUs)
    this.#hasCompared = true
    this.#tell(gapQuote, theirsQuote, oursQuote)
  }

  /** Of what is missing beyond the reference; less at once, more when it lasts. */
  #lost(look: BalanceLook, missingQuote: number, oursQuote: number): number {
    const { exposures, ledger } = this.#parts
    const { lostQuote } = ledger.state.balances
    if (look.transfers.kind === 'unknown') return lostQuote
    // Their figure is of a moment between the question and now.
    const risen = Math.max(0, oursQuote - look.oursQuote) || 0
    const tolerance = MARK_FRACTION * exposures.notional().positionsQuote
    this.#found.push(Math.max(0, missingQuote - risen - tolerance))
    if (this.#found.length > LOSS_LOOKS) this.#found.shift()
    const least = Math.min(...this.#found)
    return this.#found.length < LOSS_LOOKS ? Math.min(lostQuote, least) : least
  }

  /** Since the last one on record. */
  #isNewHour(nowUs: number): boolean {
    const { snapshot } = this.#parts.ledger.state.balances
    if (snapshot === undefined) return false
    return Math.floor(nowUs / HOUR_US) > Math.floor(snapshot.time_us / HOUR_US)
  }

  #journal(
    cause: SnapshotCause,
    balance: RemoteBalance,
    found: Readonly<{ oursQuote: number; gapQuote: number; reference: number; lostQuote: number }>,
    nowUs: number,
  ): void {
    const { ledger } = this.#parts
    const { listedUs, lostQuote, transfersQuote } = ledger.state.balances
    const untilUs = Math.max(listedUs, this.#listedUs)
    ledger.commit({
      type: 'account_snapshot',
      time_us: nowUs,
      run: ledger.run,
      cause,
      ours_quote: found.oursQuote,
      theirs_quote: balance.equityQuote,
      wallet_quote: balance.walletQuote,
      available_quote: balance.availableQuote,
      gap_quote: found.gapQuote,
      transfers_quote: transfersQuote,
      reference_quote: Number.isFinite(found.reference) ? found.reference : null,
      lost_quote: found.lostQuote,
      listed_us: Number.isFinite(untilUs) ? untilUs : null,
      margin_positions_quote: balance.margin?.positionsQuote ?? null,
      margin_orders_quote: balance.margin?.ordersQuote ?? null,
      margin_maintenance_quote: balance.margin?.maintenanceQuote ?? null,
    })
    if (!(found.lostQuote > lostQuote)) return
    ledger.counters.add('equity_losses')
    ledger.log.error({ lost: found.lostQuote }, 'the exchange lost equity that no fill explains')
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
