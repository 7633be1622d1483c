import { FEATURES } from '../../src/features/registry.ts'
import { agrees } from './agreement.ts'
import type { FeatureCase } from './feature-case.ts'
import { FeatureReplay } from './feature-replay.ts'
import { referenceRow, simpleFeatures } from './features-reference.ts'
import { marketFeatures, recordMarket } from './market-reference.ts'

/** What the fast and the slow way made of one case. */
export type Comparison = {
  rows: number
  /** Rows of which every feature was compared, not only groups A to D. */
  wholeRows: number
  values: number
  /** By column, how many of the compared values were neither NaN nor 0. */
  telling: number[]
  differences: Difference[]
}

export type Difference = Readonly<{
  symbol: string
  /** Row of the symbol, from 0. */
  at: number
  name: string
  fast: number
  slow: number
}>

const BUILT = FEATURES.filter((feature) => feature.isBuilt)

/**
 * `isWhole` says of which rows, counted over all symbols, everything is recomputed. With other
 * parameters for the fast way than for the slow one it must find differences.
 */
export function compareFeatures(
  one: FeatureCase,
  isWhole: (row: number) => boolean,
  fastParams = one.params,
): Comparison {
  const { instruments, depth, params, messages, leader } = one
  const market = recordMarket(messages, instruments, depth, params, leader)
  const replay = new FeatureReplay(instruments, depth, fastParams, undefined, { leader })
  const result: Comparison = {
    rows: 0,
    wholeRows: 0,
    values: 0,
    telling: FEATURES.map(() => 0),
    differences: [],
  }
  const counts = new Map<string, number>()
  for (const message of messages) {
    const row = replay.feed(message)
    if (row === undefined) continue
    const { symbol } = row
    const at = counts.get(symbol) ?? 0
    counts.set(symbol, at + 1)
    const past = market.pasts.get(symbol)
    const slow = past?.history.rows[at]
    if (past === undefined || slow === undefined || slow.u !== row.u || slow.tau !== row.tauMs) {
      const difference = { symbol, at, name: 'u', fast: row.u, slow: slow?.u ?? Number.NaN }
      result.differences.push(difference)
      return result
    }
    const whole = isWhole(result.rows)
    const expected = whole
      ? { ...referenceRow(past, at), ...marketFeatures(market, symbol, at) }
      : simpleFeatures(past, at)
    result.rows++
    if (whole) result.wholeRows++
    for (const { idx, name } of BUILT) {
      if (!(name in expected)) continue
      result.values++
      if (expected[name] !== 0 && !Number.isNaN(expected[name])) result.telling[idx]++
      if (agrees(row.values[idx], expected[name])) continue
      const difference = { symbol, at, name, fast: row.values[idx], slow: expected[name] }
      result.differences.push(difference)
    }
  }
  for (const [symbol, past] of market.pasts) {
    const [fast, slow] = [counts.get(symbol) ?? 0, past.history.rows.length]
    if (fast !== slow) result.differences.push({ symbol, at: slow, name: 'rows', fast, slow })
  }
  return result
}
