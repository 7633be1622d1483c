// hot
import {
  CANDLE_GRACE_MS,
  CANDLES_KEPT,
  FLAT_CANDLES_MAX,
  PROFILE_INTERVAL_MS_MIN,
} from '../constants.ts'
import { CANDLE_INTERVALS, type CandleInterval, intervalMs } from '../domain/candles.ts'
import type { TradeMessage } from '../domain/messages.ts'
import * as candle from '../memory/candle-record.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import { type IndicatorSet, LibraryIndicators } from './indicator-set.ts'
import { VolumeProfile } from './volume-profile.ts'

const CLOSED = counterIndex('candles_closed')
const REVISED = counterIndex('candles_revised')
const SKIPPED = counterIndex('candles_skipped')
const LATE = counterIndex('candle_trades_late')
const DROPPED = counterIndex('candle_trades_dropped')

/** A candle in the ring of the series; the open one is the latest. */
const OPEN_MS = 0
const OPEN = 1
const HIGH = 2
const LOW = 3
const CLOSE = 4
const LOTS = 5
const BUY_LOTS = 6
const TURNOVER = 7
const TRADES = 8
const FLAGS = 9
const REVISION = 10
/** Place of the first and of the last trade in the order of the exchange. */
const FIRST_MS = 11
const FIRST_SEQ = 12
const LAST_MS = 13
const LAST_SEQ = 14
const IS_CHANGED = 15
/** What the candle said beside its trades when it closed. */
const EXTRAS = 16
const EXTRAS_COUNT = candle.CANDLE_FIELDS - candle.CANDLE_INDICATORS + 4
const FIELDS = EXTRAS + EXTRAS_COUNT

export type SeriesOptions = Readonly<{
  instrument: number
  interval: CandleInterval
  hasIndicators: boolean
  profileCandles: number
  profileBinTicks: number
  counters: Counters
  /** Takes a copy: the record is filled again. */
  sink: (record: Float64Array) => void
}>

/**
 * The candles of one symbol and interval, by the exchange's time alone. A candle closes with the
 * first trade of a later interval, or when other messages of the exchange show that its end is
 * CANDLE_GRACE_MS over. A trade that comes later still is taken into its closed candle, which is
 * then told again with a higher revision, as long as that one is among the last CANDLES_KEPT; its
 * indicators stay as they were at the close, as what was decided on them was. Within a candle
 * trades have the order of their time and cross sequence, whatever the order in which they came.
 *
 * An interval without trades is a flat candle at the close before, so that whoever counts candles
 * counts time; a longer hole than FLAT_CANDLES_MAX is left out and marked.
 */
export class CandleSeries {
  readonly periodMs: number
  /** From when on nothing was missed; a candle that opened before is partial. */
  seenFromMs = Number.POSITIVE_INFINITY
  /** Next time at which `advance` has something to do. */
  dueMs = Number.POSITIVE_INFINITY
  /** Oldest closed candle that late trades have changed and nobody was told of; Infinity: none. */
  changedMs = Number.POSITIVE_INFINITY
  readonly #count: Float64Array
  readonly #options: SeriesOptions
  readonly #slots = new Float64Array(CANDLES_KEPT * FIELDS).fill(Number.NaN)
  readonly #record = new Float64Array(candle.CANDLE_FIELDS)
  readonly #indicators: IndicatorSet | undefined
  readonly profile: VolumeProfile | undefined
  /** The open candle: when it begins and ends, and where it lies. */
  #openMs = Number.NaN
  #endMs = Number.NaN
  #openAt = 0

  constructor(options: SeriesOptions) {
    this.#options = options
    this.#count = options.counters.values
    this.periodMs = intervalMs(options.interval)
    this.#indicators = options.hasIndicators ? new LibraryIndicators() : undefined
    this.profile =
      this.periodMs < PROFILE_INTERVAL_MS_MIN
        ? undefined
        : new VolumeProfile(options.profileBinTicks, options.profileCandles)
    this.#record[candle.CANDLE_INSTRUMENT] = options.instrument
    this.#record[candle.CANDLE_INTERVAL] = CANDLE_INTERVALS.indexOf(options.interval)
  }

  onTrade(trades: TradeMessage, i: number): void {
    const timeMs = trades.timeMs[i]
    if (timeMs >= this.#openMs && timeMs < this.#endMs) {
      this.#add(this.#openAt, trades, i)
      this.profile?.add(trades.ticks[i], trades.lots[i], 0)
    } else this.#onOther(trades, i)
  }

  /** A trade that is not of the open candle. */
  #onOther(trades: TradeMessage, i: number): void {
    const openMs = Math.floor(trades.timeMs[i] / this.periodMs) * this.periodMs
    if (!(openMs <= this.#openMs)) this.#moveTo(openMs, trades.ticks[i])
    const at = this.#placeOf(openMs)
    const slots = this.#slots
    if (slots[at + OPEN_MS] !== openMs) {
      this.#count[DROPPED]++
      return
    }
    const age = (this.#openMs - openMs) / this.periodMs
    if (age > 0) {
      this.#count[LATE]++
      slots[at + IS_CHANGED] = 1
      if (openMs < this.changedMs) this.changedMs = openMs
    }
    this.#add(at, trades, i)
    this.profile?.add(trades.ticks[i], trades.lots[i], age)
  }

  /** The exchange's time is `timeMs`, by a message that is no trade. */
  advance(timeMs: number): void {
    const openMs = Math.floor((timeMs - CANDLE_GRACE_MS) / this.periodMs) * this.periodMs
    if (openMs > this.#openMs) this.#moveTo(openMs, Number.NaN)
  }

  /** Trades may be missed from now on. */
  onLost(): void {
    this.seenFromMs = Number.POSITIVE_INFINITY
    if (Number.isNaN(this.#openMs)) return
    this.#slots[this.#placeOf(this.#openMs) + FLAGS] |= candle.CANDLE_IS_PARTIAL
  }

  /** Tells those closed candles again that late trades have changed. */
  tellRevisions(): void {
    for (let openMs = this.changedMs; openMs < this.#openMs; openMs += this.periodMs) {
      const at = this.#placeOf(openMs)
      if (this.#slots[at + OPEN_MS] !== openMs || this.#slots[at + IS_CHANGED] !== 1) continue
      this.#slots[at + IS_CHANGED] = 0
      this.#slots[at + REVISION]++
      this.#count[REVISED]++
      this.#tell(at)
    }
    this.changedMs = Number.POSITIVE_INFINITY
  }

  #placeOf(openMs: number): number {
    return (Math.round(openMs / this.periodMs) % CANDLES_KEPT) * FIELDS
  }

  /** `ticks`: price of the trade that opens it; it matters for the first candle of all. */
  #moveTo(openMs: number, ticks: number): void {
    if (Number.isNaN(this.#openMs)) {
      this.#begin(openMs, ticks, 0)
      return
    }
    const missing = (openMs - this.#openMs) / this.periodMs - 1
    if (missing > FLAT_CANDLES_MAX) {
      this.tellRevisions()
      const last = this.#close()
      this.#count[SKIPPED] += missing
      this.#indicators?.reset()
      this.profile?.reset()
      this.#begin(openMs, last, candle.CANDLE_IS_AFTER_GAP)
      return
    }
    while (this.#openMs < openMs) {
      if (this.changedMs < this.#openMs) this.tellRevisions()
      const last = this.#close()
      this.profile?.roll()
      this.#begin(this.#openMs + this.periodMs, last, 0)
    }
  }

  #begin(openMs: number, ticks: number, flags: number): void {
    const slots = this.#slots
    const at = this.#placeOf(openMs)
    slots.fill(0, at, at + FIELDS)
    slots[at + OPEN_MS] = openMs
    slots[at + OPEN] = ticks
    slots[at + HIGH] = ticks
    slots[at + LOW] = ticks
    slots[at + CLOSE] = ticks
    const isPartial = openMs < this.seenFromMs
    slots[at + FLAGS] = flags + candle.CANDLE_IS_FLAT + (isPartial ? candle.CANDLE_IS_PARTIAL : 0)
    this.#openMs = openMs
    this.#endMs = openMs + this.periodMs
    this.#openAt = at
    this.dueMs = this.#endMs + CANDLE_GRACE_MS
  }

  #add(at: number, trades: TradeMessage, i: number): void {
    const slots = this.#slots
    const timeMs = trades.timeMs[i]
    const ticks = trades.ticks[i]
    const lots = trades.lots[i]
    const seq = trades.seq[i]
    const isFirst = slots[at + TRADES] === 0
    if (isFirst || isBefore(timeMs, seq, slots[at + FIRST_MS], slots[at + FIRST_SEQ])) {
      slots[at + FIRST_MS] = timeMs
      slots[at + FIRST_SEQ] = seq
      slots[at + OPEN] = ticks
    }
    if (isFirst || !isBefore(timeMs, seq, slots[at + LAST_MS], slots[at + LAST_SEQ])) {
      slots[at + LAST_MS] = timeMs
      slots[at + LAST_SEQ] = seq
      slots[at + CLOSE] = ticks
    }
    if (isFirst || ticks > slots[at + HIGH]) slots[at + HIGH] = ticks
    if (isFirst || ticks < slots[at + LOW]) slots[at + LOW] = ticks
    if (isFirst) slots[at + FLAGS] &= ~candle.CANDLE_IS_FLAT
    slots[at + LOTS] += lots
    if (trades.sign[i] > 0) slots[at + BUY_LOTS] += lots
    slots[at + TURNOVER] += ticks * lots
    slots[at + TRADES]++
  }

  /** Tells the open candle; answers its close. */
  #close(): number {
    const slots = this.#slots
    const at = this.#placeOf(this.#openMs)
    const extras = at + EXTRAS
    slots.fill(Number.NaN, extras, extras + EXTRAS_COUNT)
    const profile = this.profile
    if (profile?.settle() === true) {
      slots[extras] = profile.pocTicks
      slots[extras + 1] = profile.valueHighTicks
      slots[extras + 2] = profile.valueLowTicks
      slots[extras + 3] = profile.pocStrength
    }
    if (this.#indicators !== undefined) {
      // An object a closed candle, not an event: the library keeps it.
      const shown = { high: slots[at + HIGH], low: slots[at + LOW], close: slots[at + CLOSE] }
      this.#indicators.update(shown, slots, extras + 4)
    }
    this.#count[CLOSED]++
    this.#tell(at)
    return slots[at + CLOSE]
  }

  #tell(at: number): void {
    const record = this.#record
    const slots = this.#slots
    record[candle.CANDLE_OPEN_MS] = slots[at + OPEN_MS]
    record[candle.CANDLE_OPEN] = slots[at + OPEN]
    record[candle.CANDLE_HIGH] = slots[at + HIGH]
    record[candle.CANDLE_LOW] = slots[at + LOW]
    record[candle.CANDLE_CLOSE] = slots[at + CLOSE]
    record[candle.CANDLE_LOTS] = slots[at + LOTS]
    record[candle.CANDLE_BUY_LOTS] = slots[at + BUY_LOTS]
    record[candle.CANDLE_TURNOVER] = slots[at + TURNOVER]
    record[candle.CANDLE_TRADES] = slots[at + TRADES]
    record[candle.CANDLE_FLAGS] = slots[at + FLAGS]
    record[candle.CANDLE_REVISION] = slots[at + REVISION]
    for (let i = 0; i < 4; i++) record[candle.CANDLE_POC + i] = slots[at + EXTRAS + i]
    for (let i = 4; i < EXTRAS_COUNT; i++) {
      record[candle.CANDLE_INDICATORS - 4 + i] = slots[at + EXTRAS + i]
    }
    record[candle.CANDLE_PUBLISH_US] = Number.NaN
    this.#options.sink(record)
  }
}

/** In the order of the exchange; without a sequence on both sides, by time alone. */
function isBefore(timeMs: number, seq: number, otherMs: number, otherSeq: number): boolean {
  return timeMs < otherMs || (timeMs === otherMs && seq < otherSeq)
}
