import { formatSteps, type Step } from '../core/decimal.ts'
import type { ExternalFillRecorded, FillRecorded, JournalRecord } from '../domain/journal.ts'
import type { ExecutionState } from '../execution/execution-state.ts'
import { averagePrice, type Steps } from '../execution/position.ts'
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

/** Price and sizes in the units of the instrument; in steps where those are not known. */
export function orderLine(order: SeenOrder): string {
  const what = [
    order.symbol.padEnd(14),
    order.side.padEnd(4),
    sizeText(order.lots, order.steps).padStart(8),
    `at ${priceText(order.limit_ticks, order.steps)}`,
  ].join(' ')
  const filled = sizeText(order.filled_lots, order.steps)
  const became = `filled ${filled}  ${order.state} (${order.reason})`
  const why = `for ${order.cause}  ${order.trace}`
  const id = order.order_link_id.padEnd(20)
  return `${timeText(order.created_us)}  ${id} ${what}  ${became}  ${why}`
}

/** An order as JSON: with price and sizes as text, null where its steps are not known. */
export function orderValue({ steps, ...order }: SeenOrder): unknown {
  const text = (count: number, step: Step | undefined) => stepsText(count, step) ?? null
  return {
    ...order,
    limit_price: text(order.limit_ticks, steps?.tick),
    qty: text(order.lots, steps?.lot),
    filled_qty: text(order.filled_lots, steps?.lot),
  }
}

function stepsText(count: number, step: Step | undefined): string | undefined {
  return step !== undefined && Number.isSafeInteger(count) ? formatSteps(count, step) : undefined
}

function priceText(ticks: number, steps: Steps | undefined): string {
  return stepsText(ticks, steps?.tick) ?? `${ticks} ticks`
}

function sizeText(lots: number, steps: Steps | undefined): string {
  return stepsText(lots, steps?.lot) ?? `${lots} lots`
}

/** In the units of the instrument; in steps where those are not known. */
export function fillLine(
  fill: FillRecorded | ExternalFillRecorded,
  steps: Steps | undefined,
): string {
  const whose = fill.type === 'fill' ? fill.order_link_id : 'no order of ours'
  const size = sizeText(fill.lots, steps).padStart(8)
  const what = `${fill.symbol.padEnd(14)} ${fill.side.padEnd(4)} ${size}`
  const fee = `fee ${fill.fee_quote} ${fill.is_maker ? 'maker' : 'taker'}`
  const cost = `at ${priceText(fill.ticks, steps)}  ${fee}`
  const after = `position ${sizeText(fill.position_lots_after, steps)}  ${fill.exec_id}`
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
