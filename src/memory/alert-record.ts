import { formatSteps } from '../core/decimal.ts'
import { ALERT_KINDS, ALERT_TABLE, type AlertKind, type AlertSeverity } from '../domain/alerts.ts'
import { BOOK_REASONS } from '../domain/book.ts'
import type { Instrument, InstrumentTable } from '../domain/instrument.ts'

/** One alert on a shard's `alerts` broadcast ring. NaN where there is nothing to say. */
export const ALERT_NUMBER = 0 // of the symbol, from 1
export const ALERT_INSTRUMENT = 1
export const ALERT_KIND = 2 // index into ALERT_KINDS
export const ALERT_SIDE = 3 // +1 bids or up, -1 asks or down, 0 neither
export const ALERT_TIME_MS = 4 // effective time of the stream
export const ALERT_U = 5
export const ALERT_ROW_NUMBER = 6
export const ALERT_TICKS = 7 // where it happened
export const ALERT_TO_TICKS = 8 // the other end: where it moved to, the far edge
export const ALERT_VALUE = 9 // in the unit of the kind
export const ALERT_THRESHOLD = 10 // that the value passed, adapted as the kind says
export const ALERT_EVIDENCE = 11 // the first of ALERT_EVIDENCE_MAX
export const ALERT_RAISED_US = 15 // our clock, when it was published
export const ALERT_FIELDS = 16

/** A record in words; prices and sizes are decimal text, null where there is nothing to say. */
export type AlertFacts = Readonly<{
  number: number
  symbol: string
  kind: AlertKind
  severity: AlertSeverity
  side: 'bid' | 'ask' | null
  time_ms: number | null
  u: number | null
  row: number | null
  price: string | null
  to_price: string | null
  value: number | null
  threshold: number | null
  unit: string
  raised_us: number
  evidence: Readonly<Record<string, string | number | null>>
}>

export function readAlert(record: Float64Array, instruments: InstrumentTable): AlertFacts {
  const instrument = instruments[record[ALERT_INSTRUMENT]]
  const kind = ALERT_KINDS[record[ALERT_KIND]]
  const { evidence, severity, unit } = ALERT_TABLE[kind]
  const side = record[ALERT_SIDE]
  return {
    number: record[ALERT_NUMBER],
    symbol: instrument.symbol,
    kind,
    severity,
    side: side === 0 ? null : side > 0 ? 'bid' : 'ask',
    time_ms: orNull(record[ALERT_TIME_MS]),
    u: orNull(record[ALERT_U]),
    row: orNull(record[ALERT_ROW_NUMBER]),
    price: price(record[ALERT_TICKS], instrument),
    to_price: price(record[ALERT_TO_TICKS], instrument),
    value: orNull(record[ALERT_VALUE]),
    threshold: orNull(record[ALERT_THRESHOLD]),
    unit,
    raised_us: record[ALERT_RAISED_US],
    evidence: Object.fromEntries(
      evidence.map((name, i) => evidenceOf(name, record[ALERT_EVIDENCE + i], instrument)),
    ),
  }
}

function evidenceOf(
  name: string,
  value: number,
  instrument: Instrument,
): [string, string | number | null] {
  if (name === 'reason') return [name, BOOK_REASONS[value] ?? null]
  if (!name.endsWith('_lots')) return [name, orNull(value)]
  const text = Number.isFinite(value) ? formatSteps(Math.round(value), instrument.lot) : null
  return [name.replace(/_lots$/, '_size'), text]
}

function price(ticks: number, instrument: Instrument): string | null {
  return Number.isFinite(ticks) ? formatSteps(Math.round(ticks), instrument.tick) : null
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
