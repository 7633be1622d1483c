import { INCIDENTS_ACTIVE_MAX } from '../constants.ts'
import { INCIDENT_CODES, type IncidentCode } from '../domain/incidents.ts'
import { isResultCode, RESULT_CODES } from '../domain/result-codes.ts'
import * as audit from '../memory/audit-record.ts'
import { writeText } from '../memory/text-slots.ts'
import type { Ledger } from './ledger.ts'
import type { TradingControl } from './trading-switch.ts'

/** Something that is wrong now. */
export type Incident = Readonly<{
  code: IncidentCode
  /** Of one instrument; empty: of none. */
  symbol: string
  /** Result code behind it; empty: none. */
  reason: string
  /** Figure in the unit of the code; NaN: none. */
  found: number
}>

export function incident(
  code: IncidentCode,
  about: Partial<Omit<Incident, 'code'>> = {},
): Incident {
  return { code, symbol: '', reason: '', found: Number.NaN, ...about }
}

/** What the incidents are read from, each asked anew at every look. */
export type IncidentSources = Readonly<{
  unguarded: () => readonly string[]
  unwatched: () => readonly string[]
  /** How much less the exchange has, where a person was told; NaN: nothing to tell. */
  gapQuote: () => number
  /** Ours minus the exchange's; NaN: not known. */
  clockOffsetMs: () => number
  /** The clock was compared, and is not any more. */
  isClockLost: () => boolean
  /** Transfers could not be listed for long. */
  areTransfersUnknown: () => boolean
  /** The account does not come to agree. */
  isStuck: () => boolean
}>

/** A clock as far away makes the exchange refuse calls. */
const CLOCK_MS_MAX = 5000

/** Reasons of a halt behind which a person stands, and the kill, which has its own incident. */
const ORDERED_REASONS: readonly string[] = ['command', 'start', 'recovered', 'kill_latch']

/**
 * Tells a person what is wrong with the trading itself: once when it begins and once when it is
 * over, in the audit ring for desk and control, and as counts in the shared words, so that what a
 * reader of the ring missed is seen all the same.
 */
export class Incidents {
  readonly #ledger: Ledger
  readonly #control: TradingControl
  readonly #sources: IncidentSources
  /** By code, symbol and reason; INCIDENTS_ACTIVE_MAX at most. */
  #active: ReadonlyMap<string, Incident> = new Map()

  constructor(ledger: Ledger, control: TradingControl, sources: IncidentSources) {
    this.#ledger = ledger
    this.#control = control
    this.#sources = sources
  }

  look(nowUs: number): void {
    const now = new Map<string, Incident>()
    let dropped = 0
    for (const each of this.#seen()) {
      if (now.size < INCIDENTS_ACTIVE_MAX) now.set(keyOf(each), each)
      else dropped++
    }
    this.#ledger.counters.set('incidents_untold', dropped)
    const before = this.#active
    this.#active = now
    let hasChanged = false
    for (const [key, each] of before) {
      if (now.has(key)) continue
      this.#tell(each, false, nowUs)
      hasChanged = true
    }
    for (const [key, each] of now) {
      if (before.has(key)) continue
      this.#tell(each, true, nowUs)
      hasChanged = true
    }
    if (hasChanged) this.#share()
  }

  #seen(): Incident[] {
    const { areTransfersUnknown, clockOffsetMs, gapQuote, isClockLost, isStuck } = this.#sources
    const { unguarded, unwatched } = this.#sources
    const { stops, tradingReason, tradingState } = this.#ledger.state
    const seen: Incident[] = []
    if (tradingState === 'halted' && !ORDERED_REASONS.includes(tradingReason)) {
      seen.push(incident('trading_halted', { reason: tradingReason }))
    }
    if (stops.kill?.phase === 'stuck') seen.push(incident('kill_not_flat'))
    for (const symbol of unguarded()) seen.push(incident('position_unguarded', { symbol }))
    for (const symbol of unwatched()) seen.push(incident('position_unwatched', { symbol }))
    if (gapQuote() > 0) seen.push(incident('equity_gap', { found: gapQuote() }))
    const offsetMs = clockOffsetMs()
    if (Math.abs(offsetMs) > CLOCK_MS_MAX) seen.push(incident('clock_drift', { found: offsetMs }))
    if (isClockLost()) seen.push(incident('clock_unknown'))
    if (isStuck()) seen.push(incident('reconcile_stuck'))
    if (areTransfersUnknown()) seen.push(incident('transfers_unknown'))
    return seen
  }

  #tell({ code, found, reason, symbol }: Incident, isActive: boolean, nowUs: number): void {
    const record = this.#ledger.newAudit('incident', nowUs)
    record[audit.AUDIT_STATE] = INCIDENT_CODES.indexOf(code)
    record[audit.AUDIT_REASON] = isResultCode(reason) ? RESULT_CODES[reason] : Number.NaN
    record[audit.AUDIT_ACTUAL] = found
    record[audit.AUDIT_IS_ACTIVE] = isActive ? 1 : 0
    writeText(record, audit.AUDIT_SUBJECT, audit.AUDIT_STRATEGY_SLOTS, symbol)
    const { counters, log } = this.#ledger
    counters.add(isActive ? 'incidents_raised' : 'incidents_ended')
    const line = { incident: code, symbol, reason, found }
    if (isActive) log.error(line, 'incident: a person is needed')
    else log.warn(line, 'incident: over')
  }

  #share(): void {
    for (const code of INCIDENT_CODES) {
      const all = [...this.#active.values()].filter((each) => each.code === code)
      this.#control.setIncidents?.(code, all.length)
    }
  }
}

function keyOf({ code, reason, symbol }: Incident): string {
  return `${code} ${symbol} ${reason}`
}
