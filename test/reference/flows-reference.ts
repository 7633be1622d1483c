import type { History, Level, PastRow, PastTrade } from './feature-history.ts'
import { firstWhere } from './statistics.ts'

/** What happened at one price of one side in one row, by the words of 1.5. */
export type ReferenceFlow = Readonly<{
  ticks: number
  kind: 1 | 2 | 3 | 4
  add: number
  cancel: number
  fill: number
  unmatched: number
}>

/** Flows of one side at a row, ascending by price; none for a snapshot. */
export function referenceFlows(
  history: History,
  at: number,
  side: 'bids' | 'asks',
): ReferenceFlow[] {
  const row = history.rows[at]
  if (row.isSnapshot) return []
  const before = history.rows[at - 1][side]
  const after = row[side]
  const traded = new Map<number, number>()
  for (const trade of leavingTrades(history).get(at) ?? []) {
    const consumed = trade.sign > 0 ? 'asks' : 'bids'
    if (consumed !== side) continue
    traded.set(trade.ticks, (traded.get(trade.ticks) ?? 0) + trade.lots)
  }
  const [sizesBefore, sizesAfter] = [new Map(before), new Map(after)]
  const isBeyond = (levels: readonly Level[], ticks: number): boolean => {
    if (levels.length < history.depth) return false
    const [worst] = levels[levels.length - 1]
    return side === 'bids' ? ticks < worst : ticks > worst
  }
  const prices = new Set([...before, ...after].map(([ticks]) => ticks))
  for (const ticks of traded.keys()) prices.add(ticks)
  const flows: ReferenceFlow[] = []
  for (const ticks of [...prices].sort((x, y) => x - y)) {
    const pre = sizesBefore.get(ticks) ?? 0
    const post = sizesAfter.get(ticks) ?? 0
    const f = traded.get(ticks) ?? 0
    if (pre === post && f === 0) continue
    const none = { ticks, add: 0, cancel: 0, fill: 0, unmatched: f }
    if (pre === 0 && post === 0) flows.push({ ...none, kind: 1 })
    else if (pre === 0 && isBeyond(before, ticks)) flows.push({ ...none, kind: 2 })
    else if (post === 0 && isBeyond(after, ticks)) flows.push({ ...none, kind: 3 })
    else {
      const d = post - pre
      const add = Math.max(0, d + f)
      const cancel = Math.max(0, -(d + f))
      flows.push({ ticks, kind: 4, add, cancel, fill: f, unmatched: 0 })
    }
  }
  return flows
}

const LEAVING = new WeakMap<History, Map<number, PastTrade[]>>()

/** The trades of the pool by the row at which they leave it: the first after them with them. */
function leavingTrades(history: History): Map<number, PastTrade[]> {
  const known = LEAVING.get(history)
  if (known !== undefined) return known
  const leaving = new Map<number, PastTrade[]>()
  for (const trade of history.trades) {
    if (trade.isRpi) continue
    let at = firstWhere(history.rows, (row) => row.position > trade.position)
    while (at < history.rows.length && !contains(history.rows[at], trade)) at++
    leaving.set(at, [...(leaving.get(at) ?? []), trade])
  }
  LEAVING.set(history, leaving)
  return leaving
}

function contains(row: PastRow, trade: PastTrade): boolean {
  if (row.seq === undefined || trade.seq === undefined) return trade.ownTime <= row.cts
  return trade.seq <= row.seq
}
