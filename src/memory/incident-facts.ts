import type { AlertSeverity } from '../domain/alerts.ts'
import { INCIDENT_CODES, INCIDENT_TABLE, type IncidentCode } from '../domain/incidents.ts'
import { resultCodeName } from '../domain/result-codes.ts'
import * as audit from './audit-record.ts'
import { readText } from './text-slots.ts'

/** An audit record of kind `incident` in words. */
export type IncidentFacts = Readonly<{
  /** Of the audit record. */
  number: number
  time_us: number
  code: IncidentCode
  severity: AlertSeverity
  /** null: it is about no single instrument. */
  symbol: string | null
  /** Result code behind it; null: there is none. */
  reason: string | null
  message: string
  /** False: it is over. */
  is_active: boolean
}>

/** Undefined for a code that is none. */
export function readIncident(record: Float64Array): IncidentFacts | undefined {
  const code = INCIDENT_CODES[record[audit.AUDIT_STATE]]
  if (code === undefined) return undefined
  const { message, severity, unit } = INCIDENT_TABLE[code]
  const result = record[audit.AUDIT_REASON]
  const reason = Number.isFinite(result) ? (resultCodeName(result) ?? null) : null
  const found = record[audit.AUDIT_ACTUAL]
  const symbol = readText(record, audit.AUDIT_SUBJECT, audit.AUDIT_STRATEGY_SLOTS)
  const cause = reason === null ? '' : ` (${reason})`
  const figure = Number.isFinite(found) ? ` (${Number(found.toPrecision(6))} ${unit})` : ''
  return {
    number: record[audit.AUDIT_NUMBER],
    time_us: record[audit.AUDIT_TIME_US],
    code,
    severity,
    symbol: symbol === '' ? null : symbol,
    reason,
    message: message + cause + figure,
    is_active: record[audit.AUDIT_IS_ACTIVE] === 1,
  }
}

/** Names what lasts: its beginning and its end have the same. */
export function incidentKey({ code, reason, symbol }: IncidentFacts): string {
  return `${code} ${symbol ?? ''} ${reason ?? ''}`
}
