import { ORDERS_OPEN_MAX } from '../constants.ts'
import type { Instrument, InstrumentTable } from '../domain/instrument.ts'
import { PNL_METHODS } from '../domain/pnl.ts'
import { resultCodeName } from '../domain/result-codes.ts'
import { ORDER_SIDES, ORDER_STATES, POSITION_STATES } from '../domain/trading.ts'
import * as audit from '../memory/audit-record.ts'
import type { Counters } from '../memory/counters.ts'
import { type IncidentFacts, incidentKey, readIncident } from '../memory/incident-facts.ts'
import { INTENT_REASONS } from '../memory/intent-record.ts'
import { finiteOrNull } from './desk-channel.ts'
import { EventLog } from './event-log.ts'
import type { FrameFields } from './frame-body.ts'
import { priceOrNull, sizeOrNull } from './market-events.ts'

/** Text of an `orderLinkId` from its run and number; execution knows the form. */
export type NameOrder = (run: number, number: number) => string

/** States after which an order never changes again, as far as the desk is concerned. */
const ENDED = ['denied', 'rejected', 'filled', 'canceled', 'expired']

export type Position = Readonly<{ version: number; fields: FrameFields }>

/**
 * Orders and positions as the audit ring tells them, from the oldest record that was still in the
 * ring when the stream started. Execution's journal is the truth; this is what a client sees when
 * it comes late.
 */
export class OrderFold {
  /** Every record about an order, as the desk sees it. */
  readonly events = new EventLog<FrameFields>()
  /** Changes of any position so far. */
  positionVersion = 0
  /** Records of the account so far, and the latest of them. */
  accountVersion = 0
  account: FrameFields = {}
  /** Beginnings and ends of incidents. */
  readonly incidents = new EventLog<IncidentFacts>()
  readonly #activeIncidents = new Map<string, IncidentFacts>()
  readonly #open = new Map<string, FrameFields>()
  readonly #positions = new Map<number, Position>()
  readonly #instruments: InstrumentTable
  readonly #counters: Counters
  readonly #nameOrder: NameOrder

  constructor(instruments: InstrumentTable, counters: Counters, nameOrder: NameOrder) {
    this.#instruments = instruments
    this.#counters = counters
    this.#nameOrder = nameOrder
  }

  apply(record: Float64Array): void {
    const kind = audit.AUDIT_KINDS[record[audit.AUDIT_KIND]]
    const instrument = this.#instruments[record[audit.AUDIT_INSTRUMENT]]
    if (kind === 'account') {
      this.accountVersion++
      this.account = describeAccount(record)
    } else if (kind === 'position') this.#applyPosition(record, instrument)
    else if (kind === 'order') this.#applyOrder(record, instrument)
    else if (kind === 'incident') this.#applyIncident(readIncident(record))
    else if (kind === 'fill' || kind === 'denied') {
      this.events.push(this.#describe(kind, record, instrument))
    }
  }

  /** Incidents that are not over; as many as execution tells of at once. */
  activeIncidents(): IncidentFacts[] {
    return [...this.#activeIncidents.values()]
  }

  #applyIncident(incident: IncidentFacts | undefined): void {
    if (incident === undefined) return
    this.incidents.push(incident)
    if (incident.is_active) this.#activeIncidents.set(incidentKey(incident), incident)
    else this.#activeIncidents.delete(incidentKey(incident))
  }

  openOrders(): FrameFields[] {
    return [...this.#open.values()]
  }

  /** Positions that changed after the version. */
  positionsSince(version: number): FrameFields[] {
    const changed: FrameFields[] = []
    for (const position of this.#positions.values()) {
      if (position.version > version) changed.push(position.fields)
    }
    return changed
  }

  #applyOrder(record: Float64Array, instrument: Instrument | undefined): void {
    const key = `${record[audit.AUDIT_RUN]}-${record[audit.AUDIT_ORDER_NUMBER]}`
    const known = this.#open.get(key)
    const fields = this.#describe('order', record, instrument)
    const state = ORDER_STATES[record[audit.AUDIT_STATE]]
    this.events.push(fields)
    if (ENDED.includes(state)) {
      this.#open.delete(key)
      return
    }
    if (known === undefined && this.#open.size >= ORDERS_OPEN_MAX) {
      // Execution never has more; so what is here never heard of its end, which was lost with other
      // records.
      for (const oldest of this.#open.keys()) {
        this.#open.delete(oldest)
        break
      }
      this.#counters.add('stream_orders_dropped')
    }
    this.#open.set(key, fields)
  }

  #applyPosition(record: Float64Array, instrument: Instrument | undefined): void {
    if (instrument === undefined) return
    const netQuote = record[audit.AUDIT_REALIZED_PNL_QUOTE]
    const feesQuote = record[audit.AUDIT_FEE_QUOTE]
    this.#positions.set(instrument.index, {
      version: ++this.positionVersion,
      fields: {
        symbol: instrument.symbol,
        state: POSITION_STATES[record[audit.AUDIT_STATE]] ?? 'closed',
        size: sizeOrNull(record[audit.AUDIT_POSITION_LOTS], instrument),
        average_price: finiteOrNull(record[audit.AUDIT_AVERAGE_PRICE]),
        pnl_method: PNL_METHODS[record[audit.AUDIT_PNL_METHOD]] ?? 'average',
        realized_pnl_quote: finiteOrNull(netQuote + feesQuote),
        fees_quote: finiteOrNull(feesQuote),
        funding_quote: finiteOrNull(record[audit.AUDIT_FUNDING_QUOTE]),
        time_us: record[audit.AUDIT_TIME_US],
      },
    })
  }

  #describe(
    kind: audit.AuditKind,
    record: Float64Array,
    instrument: Instrument | undefined,
  ): FrameFields {
    const run = record[audit.AUDIT_RUN]
    const number = record[audit.AUDIT_ORDER_NUMBER]
    const hasOrder = Number.isFinite(run) && Number.isFinite(number)
    const u = record[audit.AUDIT_U]
    return {
      number: record[audit.AUDIT_NUMBER],
      kind,
      time_us: record[audit.AUDIT_TIME_US],
      order_link_id: hasOrder && kind !== 'denied' ? this.#nameOrder(run, number) : null,
      symbol: instrument?.symbol ?? null,
      side: ORDER_SIDES[record[audit.AUDIT_SIDE]] ?? null,
      state: kind === 'denied' ? 'denied' : (ORDER_STATES[record[audit.AUDIT_STATE]] ?? null),
      reason: reasonName(record),
      price: priceOrNull(record[audit.AUDIT_PRICE_TICKS], instrument),
      size: sizeOrNull(record[audit.AUDIT_LOTS], instrument),
      filled_size: sizeOrNull(record[audit.AUDIT_FILLED_LOTS], instrument),
      average_price: finiteOrNull(record[audit.AUDIT_AVERAGE_PRICE]),
      fee_quote: finiteOrNull(record[audit.AUDIT_FEE_QUOTE]),
      exec_number: finiteOrNull(record[audit.AUDIT_EXEC_NUMBER]),
      limit: finiteOrNull(record[audit.AUDIT_LIMIT]),
      actual: finiteOrNull(record[audit.AUDIT_ACTUAL]),
      trace: instrument === undefined || !Number.isFinite(u) ? null : `${instrument.symbol}-${u}`,
    }
  }
}

function describeAccount(record: Float64Array): FrameFields {
  const figure = (at: number) => finiteOrNull(record[at])
  return {
    time_us: record[audit.AUDIT_TIME_US],
    equity_quote: figure(audit.AUDIT_EQUITY_QUOTE),
    peak_equity_quote: figure(audit.AUDIT_PEAK_QUOTE),
    drawdown_percent: figure(audit.AUDIT_DRAWDOWN_PERCENT),
    max_drawdown_percent: figure(audit.AUDIT_DRAWDOWN_PERCENT_MAX),
    notional_quote: figure(audit.AUDIT_NOTIONAL_QUOTE),
    margin_source: record[audit.AUDIT_MARGIN_IS_EXCHANGE] === 1 ? 'exchange' : 'model',
    margin_initial_quote: figure(audit.AUDIT_MARGIN_POSITIONS),
    margin_orders_quote: figure(audit.AUDIT_MARGIN_ORDERS),
    margin_maintenance_quote: figure(audit.AUDIT_MARGIN_MAINTENANCE),
    margin_free_quote: figure(audit.AUDIT_MARGIN_FREE),
  }
}

/**
 * The first event of an order carries why it was wanted; later ones, and denials, a result code.
 */
function reasonName(record: Float64Array): string | null {
  const reason = record[audit.AUDIT_REASON]
  if (!Number.isFinite(reason)) return null
  const isCreated =
    audit.AUDIT_KINDS[record[audit.AUDIT_KIND]] === 'order' &&
    ORDER_STATES[record[audit.AUDIT_STATE]] === 'created'
  return isCreated ? (INTENT_REASONS[reason] ?? null) : resultCodeName(reason)
}
