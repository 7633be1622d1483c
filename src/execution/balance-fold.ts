import type { AccountSnapshot } from '../domain/journal-account.ts'

/** What the exchange said of the money of the account, as a fold of the journal. */
export class BalanceFold {
  /** Undefined before the first. */
  snapshot: AccountSnapshot | undefined

  note(record: AccountSnapshot): void {
    this.snapshot = record
  }

  /** How much less the exchange has than the record adds up to, as parts of the equity go by it. */
  get gapQuote(): number {
    return this.snapshot?.gap_quote ?? 0
  }
}
