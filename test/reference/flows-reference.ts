import type { History, Level, PastRow, PastTrade } from './feature-history.ts'

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
  for (const trade of history.trades) {
    const consumed = trade.sign > 0 ? 'asks' : 'bids'
    if (consumed !== side || leavesAt(history, trade) !== at) continue
    traded.set(trade.ticks, (traded.get(trade.ticks) ?? 0) + trade.lots)
  }
  const lotsAt = (levels: readonly Level[], ticks: number): number =>
    levels.find(([price]) => price === ticks)?.[1] ?? 0
  const isBeyond = (levels: readonly Level[], ticks: number): boolean => {
    if (levels.length < history.depth) return false
    const [worst] = levels[levels.length - 1]
    return side === 'bids' ? ticks < worst : ticks > worst
  }
  const prices = new Set([...before, ...after].map(([ticks]) => ticks))
  for (const ticks of traded.keys()) prices.add(ticks)
  const flows: ReferenceFlow[] = []
  for (const ticks of [...prices].sort((x, y) => x - y)) {
    const pre = lotsAt(before, ticks)
    const post = lotsAt(after, ticks)
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

/** Row at which the trade leaves the pool: the first after it that contains it. */
function leavesAt(history: History, trade: PastTrade): number {
  if (trade.isRpi) return -1
  return history.rows.findIndex((row) => row.position > trade.position && contains(row, trade))
}

function contains(row: PastRow, trade: PastTrade): boolean {
  if (row.seq === undefined || trade.seq === undefined) return trade.ownTime <= row.cts
  return trade.seq <= row.seq
}
