import type { AlertAnswer } from '../control/alert-schema.ts'
import type {
  BookAnswer,
  FeaturesAnswer,
  GapAnswer,
  OrderAnswer,
  PositionAnswer,
  SignalAnswer,
  SymbolStatus,
} from '../control/schemas.ts'
import { formatSteps } from '../core/decimal.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { FEATURE_NAMES, featureHash } from '../features/registry.ts'
import { readAlert } from '../memory/alert-record.ts'
import type { BookCopy } from '../memory/book-view.ts'
import { readGap } from '../memory/gap-record.ts'
import * as intent from '../memory/intent-record.ts'
import * as ticker from '../memory/ticker-record.ts'
import type { MarketWatch } from './market-watch.ts'
import type { TradingFold } from './trading-fold.ts'

/**
 * Answers of the control API from what the main thread can see. Pure but for the shared memory they
 * read.
 */

export function symbolStatuses(
  watch: MarketWatch,
  shardOf: ReadonlyMap<number, number>,
  nowUs: number,
): SymbolStatus[] {
  return watch.instruments.map((instrument) => {
    const { index, symbol, category, tick, lot } = instrument
    const head = watch.head(index)
    return {
      symbol,
      category,
      tick_size: tick.text,
      qty_step: lot.text,
      shard: shardOf.get(index) ?? null,
      ...bookFacts(head, nowUs),
      rows: watch.row(index)?.rowNumber ?? 0,
      ticker: tickerFacts(watch.ticker(index)),
    }
  })
}

function tickerFacts(fields: Float64Array | undefined): SymbolStatus['ticker'] {
  if (fields === undefined) return null
  return {
    last_price: orNull(fields[ticker.TICKER_LAST_PRICE]),
    mark_price: orNull(fields[ticker.TICKER_MARK_PRICE]),
    index_price: orNull(fields[ticker.TICKER_INDEX_PRICE]),
    funding_rate: orNull(fields[ticker.TICKER_FUNDING_RATE]),
    open_interest: orNull(fields[ticker.TICKER_OPEN_INTEREST]),
    turnover_24h: orNull(fields[ticker.TICKER_TURNOVER_24H]),
    ts_ms: orNull(fields[ticker.TICKER_TS_MS]),
  }
}

/** A busy writer is a live one: the facts are those of a book that is being written. */
function bookFacts(head: BookCopy | undefined, nowUs: number) {
  const state = head?.state ?? 'LIVE'
  const reason = head?.reason ?? 'snapshot'
  const isKnown = head !== undefined && head.dataUs > 0
  return {
    state,
    reason,
    age_ms: isKnown ? Math.max(0, (nowUs - head.dataUs) / 1000) : null,
    u: isKnown ? head.u : null,
  }
}

function instrumentOf(watch: MarketWatch, symbol: string): Result<Instrument, ResultCode> {
  const index = watch.indexOf(symbol)
  if (index !== undefined) return succeed(watch.instruments[index])
  return fail('instrument_unknown', `symbol: ${symbol} is not watched; see /api/v1/symbols`)
}

export function bookAnswer(
  watch: MarketWatch,
  symbol: string,
  depth: number,
  nowUs: number,
): Result<BookAnswer, ResultCode> {
  const instrument = instrumentOf(watch, symbol)
  if (!instrument.ok) return instrument
  const { index, tick, lot } = instrument.value
  const book = watch.book(index)
  const side = (ticks: Float64Array, lots: Float64Array, count: number): [string, string][] =>
    Array.from({ length: Math.min(depth, count) }, (_, i) => [
      formatSteps(ticks[i], tick),
      formatSteps(lots[i], lot),
    ])
  return succeed({
    symbol,
    ...bookFacts(book, nowUs),
    seq: orNull(book?.seq ?? Number.NaN),
    cts_ms: orNull(book?.ctsMs ?? Number.NaN),
    bids: book === undefined ? [] : side(book.bidTicks, book.bidLots, book.bidCount),
    asks: book === undefined ? [] : side(book.askTicks, book.askLots, book.askCount),
  })
}

export function featuresAnswer(
  watch: MarketWatch,
  symbol: string,
  nowUs: number,
): Result<FeaturesAnswer, ResultCode> {
  const instrument = instrumentOf(watch, symbol)
  if (!instrument.ok) return instrument
  const { index } = instrument.value
  const facts = bookFacts(watch.head(index), nowUs)
  const row = watch.row(index)
  const isShown = facts.state === 'LIVE' && row !== undefined && row.rowNumber > 0
  return succeed({
    symbol,
    ...facts,
    u: isShown ? row.u : null,
    cts_ms: isShown ? row.ctsMs : null,
    row_number: row?.rowNumber ?? 0,
    hash: featureHash(),
    features: isShown
      ? Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, orNull(row.values[i])]))
      : null,
  })
}

export function gapAnswer(record: Float64Array, watch: MarketWatch): GapAnswer {
  const { since_us: sinceUs, ...facts } = readGap(record, watch.instruments)
  return { since: isoTime(sinceUs), ...facts }
}

export function alertAnswer(record: Float64Array, watch: MarketWatch): AlertAnswer {
  const { evidence, raised_us: raisedUs, ...facts } = readAlert(record, watch.instruments)
  return { raised: isoTime(raisedUs), ...facts, evidence: { ...evidence } }
}

export function signalAnswer(
  record: Float64Array,
  watch: MarketWatch,
  strategies: readonly string[],
): SignalAnswer {
  const instrument = watch.instruments[record[intent.INTENT_INSTRUMENT]]
  const price = (ticks: number) =>
    Number.isNaN(ticks) ? null : formatSteps(Math.round(ticks), instrument.tick)
  return {
    time: isoTime(record[intent.INTENT_CREATED_US]),
    symbol: instrument.symbol,
    shard: record[intent.INTENT_SHARD],
    number: record[intent.INTENT_NUMBER],
    strategy: strategies[record[intent.INTENT_STRATEGY]] ?? 'unknown',
    action: intent.INTENT_ACTIONS[record[intent.INTENT_ACTION]],
    reason: intent.INTENT_REASONS[record[intent.INTENT_REASON]],
    u: record[intent.INTENT_U],
    limit_price: price(record[intent.INTENT_LIMIT_TICKS]),
    target_price: price(record[intent.INTENT_TARGET_TICKS]),
    stop_price: price(record[intent.INTENT_STOP_TICKS]),
    hold_ms_max: record[intent.INTENT_HOLD_MS_MAX],
    notional_quote: record[intent.INTENT_NOTIONAL_QUOTE],
    imbalance: orNull(record[intent.INTENT_IMBALANCE]),
    probability: orNull(record[intent.INTENT_PROBABILITY]),
  }
}

/** Newest first. */
export function orderAnswers(trading: TradingFold, watch: MarketWatch): OrderAnswer[] {
  const orders = [...trading.orders.values()].reverse()
  return orders.flatMap((order): OrderAnswer[] => {
    const instrument = watch.instruments[order.instrument]
    if (instrument === undefined) return []
    return [
      {
        order_link_id: order.orderLinkId,
        symbol: instrument.symbol,
        side: order.side,
        state: order.state,
        reason: order.reason,
        limit_price: Number.isNaN(order.limitTicks)
          ? null
          : formatSteps(order.limitTicks, instrument.tick),
        qty: formatSteps(order.lots, instrument.lot),
        filled_qty: formatSteps(order.filledLots || 0, instrument.lot),
        average_price: orNull(order.averagePrice),
        updated_at: isoTime(order.timeUs),
        trace: `${instrument.symbol}-${order.u}`,
      },
    ]
  })
}

export function positionAnswers(trading: TradingFold, watch: MarketWatch): PositionAnswer[] {
  return [...trading.positions.values()].map((position) => {
    const instrument = watch.instruments[position.instrument]
    const ends = trading.liquidations.get(position.instrument)
    return {
      symbol: instrument.symbol,
      state: position.state,
      qty: formatSteps(position.lots, instrument.lot),
      average_price: position.lots === 0 ? null : orNull(position.averagePrice),
      pnl_method: position.method,
      realized_pnl_quote: position.realizedPnlQuote + position.feesQuote,
      fees_quote: position.feesQuote,
      funding_quote: position.fundingQuote,
      unrealized_pnl_quote: orNull(unrealizedPnlQuote(trading, watch, position.instrument)),
      leverage: orNull(ends?.leverage ?? Number.NaN),
      liquidation_price: orNull(ends?.liquidationPrice ?? Number.NaN),
      liquidates_before_stop: ends?.isBeforeStop ?? null,
      updated_at: isoTime(position.timeUs),
    }
  })
}

/** At the mid of the live book; NaN without one; 0 when flat. */
export function unrealizedPnlQuote(
  trading: TradingFold,
  watch: MarketWatch,
  index: number,
): number {
  const position = trading.positions.get(index)
  if (position === undefined || position.lots === 0) return 0
  const size = position.lots * watch.instruments[index].lot.value
  return size * (watch.mid(index) - position.averagePrice)
}

export function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

export function isoTime(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString()
}
