/**
 * How the profit of a partial close is counted: its part of the average cost, or the oldest lots
 * first. The sum of realized and unrealized profit is the same either way, and so is the realized
 * profit of a position that is flat. The order is the code in shared memory.
 */
export const PNL_METHODS = ['average', 'fifo'] as const
export type PnlMethod = (typeof PNL_METHODS)[number]
