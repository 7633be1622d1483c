import type { ExternalFillRecorded, FillRecorded, JournalRecord } from '../domain/journal.ts'
import type { ExecutionState } from '../execution/execution-state.ts'
import { averagePrice } from '../execution/position.ts'
import type { SeenOrder } from './journal-look.ts'

/** Orders that `--orders` shows, the newest; the memory of it is bounded by them. */
export const ORDERS_SHOWN_BY_JOURNAL_MAX = 1_000_000

/** Fields that stand elsewhere in a line, or say nothing to a person. */
const LEFT_OUT: ReadonlySet<string> = new Set(['type', 'time_us', 'instruments', 'config'])

/** Longer than every type of record. */
const TYPE_CHARACTERS = 20

export function recordLine(sequence: number, record: JournalRecord): string {
  const type = record.type.padEnd(TYPE_CHARACTERS)
  const head = `${String(sequence).padStart(8)}  ${timeText(record.time_us)}  ${type}`
  if (record.type === 'order_state') {
    const { event, from, order_link_id, reason, to, trace } = record
    const change = `${from} -> ${to}  by ${event}, ${reason}`
    return `${head}${order_link_id}  ${change}  ${trace ?? ''}`.trimEnd()
  }
  const fields = Object.entries(record)
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== null)
    .map(([name, value]) => `${name}=${wordOf(value)}`)
  return `${head}${fields.join(' ')}`
}

function wordOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function orderLine(order: SeenOrder): string {
  const what = [
    order.symbol.padEnd(14),
    order.side.padEnd(4),
    String(order.lots).padStart(8),
    `at ${order.limit_ticks} ticks`,
  ].join(' ')
  const became = `filled ${order.filled_lots}  ${order.state} (${order.reason})`
  const why = `for ${order.cause}  ${order.trace}`
  const id = order.order_link_id.padEnd(20)
  return `${timeText(order.created_us)}  ${id} ${what}  ${became}  ${why}`
}

export function fillLine(fill: FillRecorded | ExternalFillRecorded): string {
  const whose = fill.type === 'fill' ? fill.order_link_id : 'no order of ours'
  const what = `${fill.symbol.padEnd(14)} ${fill.side.padEnd(4)} ${String(fill.lots).padStart(8)}`
  const cost = `at ${fill.ticks} ticks  fee ${fill.fee_quote} ${fill.is_maker ? 'maker' : 'taker'}`
  const after = `position ${fill.position_lots_after} lots  ${fill.exec_id}`
  return `${timeText(fill.time_us)}  ${whose.padEnd(20)} ${what} ${cost}  ${after}`
}

/** Instruments that were ever traded, or paid for. */
export function positionLines(
  state: ExecutionState,
): readonly Readonly<{ line: string; value: unknown }>[] {
  const lines: { line: string; value: unknown }[] = []
  for (const [instrument, { fifo, fundingQuote, position, steps }] of state.holdings) {
    if (position.fills === 0 && position.lots === 0 && fundingQuote === 0) continue
    const price = averagePrice(position, steps)
    const oldestFirst = fifo.realizedQuote
    const value = {
      instrument,
      lots: position.lots,
      lot: steps.lot.text,
      average_price: Number.isNaN(price) ? null : price,
      realized_pnl_quote: position.realizedQuote,
      realized_pnl_fifo_quote: oldestFirst,
      fees_quote: position.feesQuote,
      funding_quote: fundingQuote,
      fills: position.fills,
    }
    const held = position.lots === 0 ? 'flat' : `${position.lots} x ${steps.lot.text} at ${price}`
    const won = `realized ${position.realizedQuote.toFixed(4)} (fifo ${oldestFirst.toFixed(4)})`
    const paid = `fees ${position.feesQuote.toFixed(4)}  funding ${fundingQuote.toFixed(4)}  fills ${position.fills}`
    lines.push({ line: `${instrument.padEnd(22)} ${held.padEnd(32)} ${won}  ${paid}`, value })
  }
  return lines
}

/** A verdict as aligned lines. */
export function accountLines(verdict: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(verdict).map(([name, value]) => {
    return `${name.padEnd(18)} ${wordOf(value)}`
  })
}

function timeText(timeUs: number): string {
  const micros = String(timeUs % 1000).padStart(3, '0')
  return `${new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, -1)}${micros}Z`
}
