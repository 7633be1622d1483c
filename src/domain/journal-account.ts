/** Records of the journal (journal.ts) about the money of the account, as the exchange tells it. */

/** `start`: the first of a run; `gap`, `loss`: that has changed; `hour`: the first of one (UTC). */
export const SNAPSHOT_CAUSES = ['start', 'gap', 'loss', 'hour'] as const
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
  /** Moved into the account less moved out, since the first record. */
  transfers_quote: number
  /**
   * What was missing when it was compared first: of what is missing now, no loss. Null: the transfers
   * were not known yet, so that a loss could not be told from them.
   */
  reference_quote: number | null
  /** What the exchange lost that neither a fill nor a transfer explains; counts as a loss. */
  lost_quote: number
  /** Up to when all transfers are on record; null: nobody knows. */
  listed_us: number | null
  /** Initial margin of positions and of orders, and maintenance margin; null: not told. */
  margin_positions_quote: number | null
  margin_orders_quote: number | null
  margin_maintenance_quote: number | null
}>

/** Money was moved into the account or out of it: no loss and no gain. */
export type TransferRecorded = Readonly<{
  type: 'transfer'
  time_us: number
  run: number
  /** Of the exchange; one is counted once. */
  transfer_id: string
  /** Above zero into the account; null: of a coin whose worth is not known. */
  amount_quote: number | null
  exchange_time_us: number
}>
