/** Records of the journal (journal.ts) about the money of the account, as the exchange tells it. */

/** `start`: the first of a run; `gap`: what is missing there has changed. */
export const SNAPSHOT_CAUSES = ['start', 'gap'] as const
export type SnapshotCause = (typeof SNAPSHOT_CAUSES)[number]

/**
 * Our equity and the exchange's. The gap of the last one is in force: parts of the equity, sizes
 * among them, are of ours less the gap until the next.
 */
export type AccountSnapshot = Readonly<{
  type: 'account_snapshot'
  time_us: number
  run: number
  cause: SnapshotCause
  /** As the journal adds up, open positions at the mids of the live books. */
  ours_quote: number
  /** As the exchange says, open positions at its mark prices. */
  theirs_quote: number
  wallet_quote: number
  available_quote: number
  /** By how much theirs is less; 0: it is not. */
  gap_quote: number
}>
