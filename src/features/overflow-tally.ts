// hot

/**
 * How often a window of this thread let something go early because it was full. One count for all
 * of them: to ask each of an instrument's thirty windows at every event would cost as much as a
 * group of features.
 */
export const overflowTally = { count: 0 }
