import { parseRecord, SEGMENT_HEADER_BYTES } from '../core/record-format.ts'
import type {
  JournalRecord,
  OrderAmended,
  OrderCreated,
  OrderStateChanged,
} from '../domain/journal.ts'
import { decodeJournalRecord } from '../domain/journal-codec.ts'
import type { StopPhase, UnwatchedClose } from '../domain/journal-stops.ts'
import type { Regime, TradingState } from '../domain/trading.ts'
import type { PositionLevels } from '../execution/gateway/gateway.ts'
import { instrumentKey } from '../execution/holding.ts'
import { areSameLevels } from '../execution/reconcile/account-check.ts'
import { levelsText } from './sim-stops.ts'

type Terms = Readonly<{ limitTicks: number; lots: number }>

/** The latest change of an order. */
type Change = Terms & Readonly<{ number: number; state: 'asked' | 'held' | 'given_up' }>

/**
 * What the surviving journal says at each moment, read from the bytes that were synced and from
 * nothing that the engine says about itself.
 */
export class JournalMirror {
  records = 0
  tradingState: TradingState = 'halted'
  tradingReason = 'start'
  regime: Regime = 'risk_on'
  /** Equity at the start of the day, and the highest one. */
  dayQuote = Number.NaN
  peakQuote = Number.NaN
  /** Of the kill that is not released. */
  killPhase: StopPhase | undefined
  /** When the first run began, by the engine's clock. */
  firstStartUs = Number.NaN
  readonly created = new Map<string, OrderCreated>()
  readonly submitted = new Set<string>()
  /** Closes of what is not configured, by id. */
  readonly unwatched = new Map<string, UnwatchedClose>()
  readonly cancelAsked = new Set<string>()
  /** Terms as they hold here. */
  readonly terms = new Map<string, Terms>()
  readonly changes = new Map<string, Change>()
  /** Levels that were last asked for of the position of a key. */
  readonly #levels = new Map<string, PositionLevels>()
  /** How often each execution was counted. */
  readonly counted = new Map<string, number>()
  onRecord: (record: JournalRecord) => void = () => {}

  /** The file up to what is durable now; `from` is where the new part begins. */
  read(bytes: Buffer, from: number): void {
    let at = Math.max(from, SEGMENT_HEADER_BYTES)
    while (at < bytes.length) {
      const record = parseRecord(bytes, at)
      if (typeof record === 'string') return
      const decoded = decodeJournalRecord(bytes.subarray(record.payloadFrom, record.end))
      if (decoded.ok && record.sequence === this.records + 1) this.add(decoded.value)
      at = record.end
    }
  }

  add(record: JournalRecord): void {
    this.records++
    switch (record.type) {
      case 'run_started':
        if (Number.isNaN(this.firstStartUs)) {
          this.firstStartUs = record.time_us
          this.peakQuote = record.equity_quote
        }
        break
      case 'day_started':
        this.dayQuote = record.equity_quote
        this.peakQuote = Math.max(this.peakQuote, record.equity_quote)
        break
      case 'equity_peak':
        this.peakQuote = record.equity_quote
        break
      case 'trading_state':
        this.tradingState = record.state
        this.tradingReason = record.reason
        break
      case 'regime':
        this.regime = record.regime
        break
      case 'stop':
        if (record.stop !== 'kill') break
        this.killPhase = record.phase === 'released' ? undefined : record.phase
        break
      case 'unwatched_close':
        this.unwatched.set(record.order_link_id, record)
        break
      case 'order_created':
        this.created.set(record.order_link_id, record)
        this.terms.set(record.order_link_id, { limitTicks: record.limit_ticks, lots: record.lots })
        break
      case 'held_levels':
        if (record.phase === 'asked') {
          this.#levels.set(instrumentKey(record), {
            stopTicks: record.stop_ticks ?? Number.NaN,
            targetTicks: record.target_ticks ?? Number.NaN,
          })
        }
        break
      case 'order_amended':
        this.#amend(record)
        break
      case 'order_state':
        if (record.event === 'submit') this.submitted.add(record.order_link_id)
        if (record.event === 'requestCancel' || record.event === 'reopen')
          this.cancelAsked.add(record.order_link_id)
        this.#change(record)
        break
      case 'fill':
      case 'external_fill':
      case 'funding':
        this.counted.set(record.exec_id, (this.counted.get(record.exec_id) ?? 0) + 1)
        break
      default:
    }
    this.onRecord(record)
  }

  /** Why levels may not leave; undefined: a durable record asks for them. */
  unexplained(key: string, levels: PositionLevels): string | undefined {
    const asked = this.#levels.get(key)
    if (asked !== undefined && areSameLevels(asked, levels)) return undefined
    return `${key}: ${levelsText(levels)} left without a durable record`
  }

  #amend({ cause, limit_ticks, lots, order_link_id }: OrderAmended): void {
    const terms = { limitTicks: limit_ticks, lots }
    const change = this.changes.get(order_link_id)
    if (cause === 'exchange') this.terms.set(order_link_id, terms)
    else if (change !== undefined) this.changes.set(order_link_id, { ...change, ...terms })
  }

  #change({ event, order_link_id }: OrderStateChanged): void {
    const change = this.changes.get(order_link_id)
    if (event === 'requestAmend') {
      const number = (change?.number ?? 0) + 1
      const unknown = { limitTicks: Number.NaN, lots: Number.NaN }
      this.changes.set(order_link_id, { number, ...unknown, state: 'asked' })
    }
    if (change === undefined) return
    if (event === 'rejectAmend') this.changes.set(order_link_id, { ...change, state: 'given_up' })
    if (event !== 'amend') return
    const { limitTicks, lots } = change
    this.changes.set(order_link_id, { ...change, state: 'held' })
    this.terms.set(order_link_id, { limitTicks, lots })
  }
}
