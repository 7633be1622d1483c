import { ALERT_TABLE, type AlertKind, isAlertKind } from '../domain/alerts.ts'
import type { RelationComplaint } from './relations.ts'
import type { ConfigDraft } from './schema.ts'

type Changes = ConfigDraft['alerts']['kinds'][string]

/** What must hold between the thresholds of a kind, where the file changes them. */
export function alertComplaints({ alerts }: ConfigDraft): RelationComplaint[] {
  return Object.entries(alerts.kinds).flatMap(([kind, changes]) => {
    if (!isAlertKind(kind)) return []
    const complaint = unusedComplaint(kind, changes) ?? valueComplaint(kind, changes)
    if (complaint === undefined) return []
    const [key, message] = complaint
    return [{ path: ['alerts', 'kinds', kind, key], message }]
  })
}

type Complaint = readonly [key: 'on' | 'off', message: string]

function unusedComplaint(kind: AlertKind, { off, on }: Changes): Complaint | undefined {
  const { hysteresis, threshold } = ALERT_TABLE[kind]
  if (threshold === 'none' && on !== undefined) {
    return ['on', `${kind} has no threshold: leave it out`]
  }
  if (hysteresis === 'off' || off === undefined) return undefined
  return ['off', `${kind} does not fall back to a value, it ends in the book: leave it out`]
}

function valueComplaint(kind: AlertKind, changes: Changes): Complaint | undefined {
  const row = ALERT_TABLE[kind]
  const { off = row.off, on = row.on } = changes
  if (row.threshold === 'none') return undefined
  if (on === 0) return ['on', 'must be above 0, or every row sets it off']
  if (row.threshold === 'share' && on > 1) {
    return ['on', `${on} is never reached: the value is a share, at most 1`]
  }
  if (row.threshold === 'times' && on <= 1) {
    return ['on', `${on} is reached by what is usual: must be above 1`]
  }
  if (row.hysteresis === 'none' || off < on) return undefined
  // The one that was written is the one to change.
  return changes.off === undefined
    ? ['on', `${on} must be above off, which is ${off}: set off too`]
    : ['off', `${off} must be below on, which is ${on}`]
}
