// hot
import { ALERT_EVIDENCE_MAX, type AlertKind, alertKindCode } from '../domain/alerts.ts'
import * as alert from '../memory/alert-record.ts'
import type { AlertRow } from './alert-row.ts'

/** Who is told; the record is valid during the call only. */
export type AlertSink = (record: Float64Array) => void

/**
 * Where the watches of one symbol write their alerts: fills one record and hands it on. Alerts are
 * rare, rows are not.
 */
export class AlertPort {
  /** Alerts that a cool-down kept back; the latches count. */
  suppressed = 0
  readonly #record = new Float64Array(alert.ALERT_FIELDS)
  readonly #sink: AlertSink
  #number = 0

  constructor(instrument: number, sink: AlertSink) {
    this.#record[alert.ALERT_INSTRUMENT] = instrument
    this.#sink = sink
  }

  /** Begins an alert; what is not set stays NaN. */
  begin(kind: AlertKind, side: number, value: number, threshold: number): this {
    const record = this.#record
    this.#number++
    record.fill(Number.NaN, alert.ALERT_SIDE)
    record[alert.ALERT_NUMBER] = this.#number
    record[alert.ALERT_KIND] = alertKindCode(kind)
    record[alert.ALERT_SIDE] = side
    record[alert.ALERT_VALUE] = value
    record[alert.ALERT_THRESHOLD] = threshold
    return this
  }

  at(ticks: number, toTicks: number): this {
    this.#record[alert.ALERT_TICKS] = ticks
    this.#record[alert.ALERT_TO_TICKS] = toTicks
    return this
  }

  /** In the order of the table of kinds. */
  evidence(a: number, b = Number.NaN, c = Number.NaN, d = Number.NaN): this {
    const record = this.#record
    record[alert.ALERT_EVIDENCE] = a
    record[alert.ALERT_EVIDENCE + 1] = b
    record[alert.ALERT_EVIDENCE + 2] = c
    record[alert.ALERT_EVIDENCE + ALERT_EVIDENCE_MAX - 1] = d
    return this
  }

  raise(row: AlertRow): void {
    this.send(row.tauMs, row.u, row.rowNumber)
  }

  send(tauMs: number, u: number, rowNumber: number): void {
    const record = this.#record
    record[alert.ALERT_TIME_MS] = tauMs
    record[alert.ALERT_U] = u
    record[alert.ALERT_ROW_NUMBER] = rowNumber
    this.#sink(record)
  }
}
