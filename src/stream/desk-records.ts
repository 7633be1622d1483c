import { CANDLES_ANSWERED_MAX, DESK_RECORDS_PER_TICK_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { CANDLE_INTERVALS, type CandleInterval } from '../domain/candles.ts'
import { ALERT_FIELDS } from '../memory/alert-record.ts'
import { AUDIT_FIELDS } from '../memory/audit-record.ts'
import type { BroadcastReader } from '../memory/broadcast.ts'
import { CANDLE_FIELDS, CANDLE_INSTRUMENT, CANDLE_INTERVAL } from '../memory/candle-record.ts'
import { INTENT_FIELDS } from '../memory/intent-record.ts'
import { TRADE_FIELDS, TRADE_INSTRUMENT } from '../memory/trade-record.ts'
import type { DeskMemory } from './desk-memory.ts'
import { EventLog } from './event-log.ts'
import { readTradeEvent, type TradeEvent } from './market-events.ts'
import { type NameOrder, OrderFold } from './order-fold.ts'

/** What travels in rings, drained once a tick into logs that all channels read. */
export class DeskRecords {
  /** By instrument. */
  readonly trades: readonly EventLog<TradeEvent>[]
  readonly signals = new EventLog<Float64Array>()
  readonly alerts = new EventLog<Float64Array>()
  readonly orders: OrderFold
  /** By instrument and interval, made when the first candle comes or somebody subscribes. */
  readonly #candles = new Map<number, EventLog<Float64Array>>()
  /** Records of a kind that were overwritten before the stream came to them. */
  tradesLost = 0
  signalsLost = 0
  alertsLost = 0
  auditLost = 0
  readonly #memory: DeskMemory
  readonly #trade = new Float64Array(TRADE_FIELDS)
  readonly #signal = new Float64Array(INTENT_FIELDS)
  readonly #alert = new Float64Array(ALERT_FIELDS)
  readonly #candle = new Float64Array(CANDLE_FIELDS)
  readonly #audit = new Float64Array(AUDIT_FIELDS)

  constructor(memory: DeskMemory, nameOrder: NameOrder) {
    this.#memory = memory
    this.trades = memory.instruments.map(() => new EventLog<TradeEvent>())
    this.orders = new OrderFold(memory.instruments, memory.counters, nameOrder)
  }

  candles(instrument: number, interval: CandleInterval): EventLog<Float64Array> {
    const key = instrument * CANDLE_INTERVALS.length + CANDLE_INTERVALS.indexOf(interval)
    const log = this.#candles.get(key) ?? new EventLog<Float64Array>(CANDLES_ANSWERED_MAX)
    this.#candles.set(key, log)
    return log
  }

  drain(): void {
    const { alerts, audit, candles, counters, signals, trades } = this.#memory
    let lost = 0
    for (const ring of trades) {
      lost += drainRing(ring, this.#trade, (record) => {
        const log = this.trades[record[TRADE_INSTRUMENT]]
        assert(log !== undefined, 'a trade names an instrument of the table')
        log.push(readTradeEvent(record))
      })
    }
    this.tradesLost += lost
    let signalsLost = 0
    for (const ring of signals) {
      signalsLost += drainRing(ring, this.#signal, (record) => this.signals.push(record.slice()))
    }
    this.signalsLost += signalsLost
    let alertsLost = 0
    for (const ring of alerts) {
      alertsLost += drainRing(ring, this.#alert, (record) => this.alerts.push(record.slice()))
    }
    this.alertsLost += alertsLost
    let candlesLost = 0
    for (const ring of candles) {
      candlesLost += drainRing(ring, this.#candle, (record) => {
        const interval = CANDLE_INTERVALS[record[CANDLE_INTERVAL]]
        this.candles(record[CANDLE_INSTRUMENT], interval).push(record.slice())
      })
    }
    const auditLost = drainRing(audit, this.#audit, (record) => this.orders.apply(record))
    this.auditLost += auditLost
    lost += signalsLost + alertsLost + candlesLost + auditLost
    if (lost > 0) counters.add('stream_events_lost', lost)
  }
}

/**
 * Records lost since the last look. A bound per turn keeps one busy ring from stopping the rest of
 * the loop.
 */
function drainRing(
  ring: BroadcastReader,
  record: Float64Array,
  take: (record: Float64Array) => void,
): number {
  const missedBefore = ring.missed
  for (let n = 0; n < DESK_RECORDS_PER_TICK_MAX && ring.next(record); n++) take(record)
  return ring.missed - missedBefore
}
