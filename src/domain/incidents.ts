import type { AlertSeverity } from './alerts.ts'

/**
 * What is wrong with the trading itself and needs a person, beside the alerts that speak of markets
 * (alerts.ts). An incident is raised once and lasts until it is over. The order is the code in
 * shared memory: append only.
 *
 * `component` and `health` say where the health matrix shows it, and how bad that is.
 */
type Row = Readonly<{
  severity: AlertSeverity
  component: IncidentComponent
  health: 'degraded' | 'unhealthy'
  /** Of the figure that comes with it; empty: there is none. */
  unit: string
  message: string
}>

export type IncidentComponent = 'trading' | 'kill' | 'positions' | 'equity' | 'clock' | 'recovery'

// biome-ignore format: a table, code by code
const TABLE = {
  trading_halted: row('critical', 'trading', 'degraded', '',
    'trading was halted by a loss, a mismatch or a fault: a person resumes it'),
  kill_not_flat: row('critical', 'kill', 'unhealthy', '',
    'the kill has not made the account flat: look at the exchange'),
  position_unguarded: row('critical', 'positions', 'unhealthy', '',
    'the position has no stop at the exchange'),
  position_unwatched: row('critical', 'positions', 'degraded', '',
    'the account holds it, and it is not configured: no limit counts it, only a kill closes it'),
  equity_gap: row('warning', 'equity', 'degraded', 'quote',
    'the exchange has less equity than the journal adds up to: limits go by the less'),
  clock_drift: row('critical', 'clock', 'degraded', 'ms',
    'the clock is wrong by more than 5 s: set it'),
  clock_unknown: row('warning', 'clock', 'degraded', '',
    'the clock is not compared with that of the exchange any more: nothing is opened'),
  reconcile_stuck: row('critical', 'recovery', 'unhealthy', '',
    'the account does not come to agree with the exchange: nothing is opened'),
  transfers_unknown: row('warning', 'equity', 'degraded', '',
    'the exchange does not list transfers: money that it loses is not told from money taken out'),
} as const satisfies Record<string, Row>

export type IncidentCode = keyof typeof TABLE
export const INCIDENT_TABLE: Readonly<Record<IncidentCode, Row>> = TABLE
export const INCIDENT_CODES: readonly IncidentCode[] = Object.keys(TABLE).filter(isIncidentCode)

export function isIncidentCode(name: string): name is IncidentCode {
  return Object.hasOwn(TABLE, name)
}

function row(
  severity: AlertSeverity,
  component: IncidentComponent,
  health: Row['health'],
  unit: string,
  message: string,
): Row {
  return { severity, component, health, unit, message }
}
