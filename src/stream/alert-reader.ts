import { ALERT_SEVERITIES, isAlertKind } from '../domain/alerts.ts'
import { isIncidentCode } from '../domain/incidents.ts'
import type { AlertFacts } from '../memory/alert-record.ts'
import type { IncidentFacts } from '../memory/incident-facts.ts'

type Wire = Readonly<Record<string, unknown>>

/** One alert of a frame; undefined for a kind that this library does not know. */
export function readAlertFacts(wire: Wire): AlertFacts | undefined {
  const kind = text(wire.kind)
  const severity = ALERT_SEVERITIES.find((one) => one === wire.severity)
  if (kind === null || !isAlertKind(kind) || severity === undefined) return undefined
  return {
    number: number(wire.number) ?? 0,
    symbol: text(wire.symbol) ?? '',
    kind,
    severity,
    side: wire.side === 'bid' || wire.side === 'ask' ? wire.side : null,
    time_ms: number(wire.time_ms),
    u: number(wire.u),
    row: number(wire.row),
    price: text(wire.price),
    to_price: text(wire.to_price),
    value: number(wire.value),
    threshold: number(wire.threshold),
    unit: text(wire.unit) ?? '',
    raised_us: number(wire.raised_us) ?? Number.NaN,
    evidence: evidenceOf(wire.evidence),
  }
}

/** One incident of a frame; undefined for a code that this library does not know. */
export function readIncidentFacts(wire: Wire): IncidentFacts | undefined {
  const code = text(wire.code)
  const severity = ALERT_SEVERITIES.find((one) => one === wire.severity)
  if (code === null || !isIncidentCode(code) || severity === undefined) return undefined
  return {
    number: number(wire.number) ?? 0,
    time_us: number(wire.time_us) ?? Number.NaN,
    code,
    severity,
    symbol: text(wire.symbol),
    reason: text(wire.reason),
    message: text(wire.message) ?? '',
    is_active: wire.is_active === true,
  }
}

function evidenceOf(value: unknown): AlertFacts['evidence'] {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, number(one) ?? text(one)]),
  )
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
