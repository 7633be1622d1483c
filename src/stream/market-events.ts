import { formatSteps } from '../core/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import {
  INTENT_ACTION,
  INTENT_ACTIONS,
  INTENT_CREATED_US,
  INTENT_HOLD_MS_MAX,
  INTENT_IMBALANCE,
  INTENT_LIMIT_TICKS,
  INTENT_NOTIONAL_QUOTE,
  INTENT_NUMBER,
  INTENT_PROBABILITY,
  INTENT_REASON,
  INTENT_REASONS,
  INTENT_ROW_NUMBER,
  INTENT_SHARD,
  INTENT_STOP_TICKS,
  INTENT_STRATEGY,
  INTENT_TARGET_TICKS,
  INTENT_U,
} from '../memory/intent-record.ts'
import {
  TRADE_FLAGS,
  TRADE_LOTS,
  TRADE_SEQ,
  TRADE_SIGN,
  TRADE_TICKS,
  TRADE_TIME_MS,
} from '../memory/trade-record.ts'
import { finiteOrNull } from './desk-channel.ts'
import type { FrameFields } from './frame-body.ts'

/** A public trade as it came from its ring; written out only if somebody asks. */
export type TradeEvent = Readonly<{
  timeMs: number
  ticks: number
  lots: number
  sign: number
  seq: number
  flags: number
}>

const BLOCK = 1
const RPI = 2
const LATE = 4

export function readTradeEvent(record: Float64Array): TradeEvent {
  return {
    timeMs: record[TRADE_TIME_MS],
    ticks: record[TRADE_TICKS],
    lots: record[TRADE_LOTS],
    sign: record[TRADE_SIGN],
    seq: record[TRADE_SEQ],
    flags: record[TRADE_FLAGS],
  }
}

/** `side` is the aggressor's; `seq` the exchange's cross sequence. Block and RPI trades say so, as do
 * those that were fetched after a gap. */
export function describeTrade(trade: TradeEvent, instrument: Instrument): FrameFields {
  return {
    time_ms: trade.timeMs,
    price: formatSteps(trade.ticks, instrument.tick),
    size: formatSteps(trade.lots, instrument.lot),
    side: trade.sign > 0 ? 'buy' : 'sell',
    seq: finiteOrNull(trade.seq),
    ...((trade.flags & BLOCK) === 0 ? {} : { block: true }),
    ...((trade.flags & RPI) === 0 ? {} : { rpi: true }),
    ...((trade.flags & LATE) === 0 ? {} : { late: true }),
  }
}

/** What a strategy decided. Levels are prices; `trace` names the book event it was decided on. */
export function describeSignal(
  record: Float64Array,
  instrument: Instrument | undefined,
): FrameFields {
  return {
    shard: record[INTENT_SHARD],
    number: record[INTENT_NUMBER],
    symbol: instrument?.symbol ?? null,
    strategy: record[INTENT_STRATEGY],
    action: INTENT_ACTIONS[record[INTENT_ACTION]] ?? null,
    reason: INTENT_REASONS[record[INTENT_REASON]] ?? null,
    time_us: record[INTENT_CREATED_US],
    u: record[INTENT_U],
    row: record[INTENT_ROW_NUMBER],
    trace: instrument === undefined ? null : `${instrument.symbol}-${record[INTENT_U]}`,
    limit_price: priceOrNull(record[INTENT_LIMIT_TICKS], instrument),
    target_price: priceOrNull(record[INTENT_TARGET_TICKS], instrument),
    stop_price: priceOrNull(record[INTENT_STOP_TICKS], instrument),
    hold_ms_max: finiteOrNull(record[INTENT_HOLD_MS_MAX]),
    notional_quote: finiteOrNull(record[INTENT_NOTIONAL_QUOTE]),
    imbalance: finiteOrNull(record[INTENT_IMBALANCE]),
    probability: finiteOrNull(record[INTENT_PROBABILITY]),
  }
}

/** Decimal text, or null for a level that is not set. */
export function priceOrNull(ticks: number, instrument: Instrument | undefined): string | null {
  if (instrument === undefined || !Number.isFinite(ticks)) return null
  return formatSteps(Math.round(ticks), instrument.tick)
}

export function sizeOrNull(lots: number, instrument: Instrument | undefined): string | null {
  if (instrument === undefined || !Number.isFinite(lots)) return null
  return formatSteps(Math.round(lots), instrument.lot)
}
