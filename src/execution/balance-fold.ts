import { TRANSFER_IDS_KEPT_MAX } from '../constants.ts'
import type { AccountSnapshot, TransferRecorded } from '../domain/journal-account.ts'
import { RecentIds } from './recent-ids.ts'

/** As plain data, for a checkpoint (saved-state.ts). */
export type SavedBalances = {
  /** The record `account_snapshot`, or null. */
  snapshot: unknown
  transfersQuote: number
  transferIds: string[]
  isOpen: boolean
}

/** What the exchange said of the money of the account, as a fold of the journal. */
export class BalanceFold {
  /** Undefined before the first. */
  snapshot: AccountSnapshot | undefined
  /** All that was moved into the account less what was moved out, since the first record. */
  transfersQuote = 0
  /** Oldest first; bounded. */
  readonly #transferIds = new RecentIds(TRANSFER_IDS_KEPT_MAX)
  /** A transfer of unknown worth came after the snapshot. */
  #isOpen = false

  note(record: AccountSnapshot): void {
    this.snapshot = record
    if (record.reference_quote !== null) this.#isOpen = false
  }

  transfer({ amount_quote: amount, transfer_id: id }: TransferRecorded): void {
    if (this.#transferIds.has(id)) return
    this.#transferIds.add(id)
    this.transfersQuote += amount ?? 0
    if (amount === null) this.#isOpen = true
  }

  isCounted(transferId: string): boolean {
    return this.#transferIds.has(transferId)
  }

  /** Up to when all transfers are counted, as far as is known; -Infinity before the first snapshot. */
  get listedUs(): number {
    return this.snapshot?.listed_us ?? this.snapshot?.time_us ?? Number.NEGATIVE_INFINITY
  }

  /** How much less the exchange has than the record adds up to, as parts of the equity go by it. */
  get gapQuote(): number {
    return this.snapshot?.gap_quote ?? 0
  }

  /** What the exchange lost that neither a fill nor a transfer explains. */
  get lostQuote(): number {
    return this.snapshot?.lost_quote ?? 0
  }

  /** What was missing at the first look; NaN: the next one is the first. */
  get referenceQuote(): number {
    return this.#isOpen ? Number.NaN : (this.snapshot?.reference_quote ?? Number.NaN)
  }

  /** Nothing was compared yet with its transfers known: those of before explain nothing later. */
  get isNew(): boolean {
    return (this.snapshot?.reference_quote ?? null) === null
  }

  /** What is not there any more, and no loss: it was taken out, or never was there. */
  get takenOutQuote(): number {
    return Math.max(0, (this.snapshot?.reference_quote ?? 0) - this.transfersQuote)
  }

  save(): SavedBalances {
    const { snapshot = null, transfersQuote } = this
    return { snapshot, transfersQuote, transferIds: [...this.#transferIds], isOpen: this.#isOpen }
  }

  restore(saved: Omit<SavedBalances, 'snapshot'>, snapshot: AccountSnapshot | undefined): void {
    this.snapshot = snapshot
    this.transfersQuote = saved.transfersQuote
    for (const id of saved.transferIds) this.#transferIds.add(id)
    this.#isOpen = saved.isOpen
  }
}
