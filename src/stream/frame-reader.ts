import { decode } from '@msgpack/msgpack'
import { BOOK_REASONS, BOOK_STATES, type BookReason, type BookState } from '../domain/book.ts'
import { ORDER_SIDES, type OrderSide, REGIMES, TRADING_STATES } from '../domain/trading.ts'
import { readAccount, readPosition } from './account-reader.ts'
import { readAlertFacts, readIncidentFacts } from './alert-reader.ts'
import { readCandleFacts } from './candle-reader.ts'
import type {
  BookLevels,
  DeskFrame,
  DeskOrder,
  DeskSignal,
  DeskTrade,
  FeatureSchema,
  FeaturesFrame,
  HealthFrame,
} from './frame-types.ts'

/**
 * From bytes or text to frames, in the client library. What does not look like a frame is
 * undefined, never a guess.
 */
export type WireRecord = Readonly<Record<string, unknown>>

/** One message of the server: text is JSON, bytes are msgpack. */
export function readMessage(message: unknown): WireRecord | undefined {
  try {
    if (typeof message === 'string') return recordOf(JSON.parse(message))
    if (message instanceof ArrayBuffer) return recordOf(decode(new Uint8Array(message)))
    if (message instanceof Uint8Array) return recordOf(decode(message))
  } catch {
    // cut short, or of another protocol
  }
  return undefined
}

export function readSchema(answer: WireRecord): FeatureSchema | undefined {
  const features = recordOf(recordOf(answer.schema)?.features)
  if (features === undefined) return undefined
  return {
    hash: text(features.hash) ?? '',
    names: texts(features.names),
    units: texts(features.units),
    built: list(features.built).map((one) => one === true),
    groups: texts(features.groups),
    groups_off: texts(features.groups_off),
    docs: texts(features.docs),
    formulas: texts(features.formulas),
    ranges: texts(features.ranges),
    missing_when: texts(features.missing_when),
    sources: texts(features.sources),
  }
}

/** `featureCount` tells doubles from floats; 0 when no schema has come yet. */
export function readFrame(wire: WireRecord, featureCount: number): DeskFrame | undefined {
  const channel = text(wire.channel)
  const seq = number(wire.seq)
  const missed = number(wire.missed)
  if (channel === null || seq === null || missed === null) return undefined
  const base = { channel, seq, missed, snapshot: wire.snapshot === true }
  const [family, second] = channel.split('.')
  switch (family) {
    case 'features':
      return readFeatures(wire, base, channel.slice('features.'.length), featureCount)
    case 'book': {
      const symbol = channel.slice(`book.${second}.`.length)
      const exchangeSeq = { exchange_seq: number(wire.exchange_seq) }
      const levels = { bids: levelsOf(wire.bids), asks: levelsOf(wire.asks) }
      const stated = { ...readState(wire), ...exchangeSeq, ...levels }
      return { kind: 'book', ...base, symbol, depth: Number(second), ...stated }
    }
    case 'trades': {
      const symbol = channel.slice('trades.'.length)
      return { kind: 'trades', ...base, symbol, trades: records(wire.trades).map(readTrade) }
    }
    case 'signals':
      return { kind: 'signals', ...base, signals: records(wire.signals).map(readSignal) }
    case 'alerts': {
      const alerts = records(wire.alerts).map(readAlertFacts)
      return { kind: 'alerts', ...base, alerts: alerts.filter((one) => one !== undefined) }
    }
    case 'candles': {
      const candles = records(wire.candles).map(readCandleFacts)
      const symbol = channel.slice(`candles.${second}.`.length)
      return {
        kind: 'candles',
        ...base,
        symbol,
        candles: candles.filter((one) => one !== undefined),
      }
    }
    case 'orders':
      return { kind: 'orders', ...base, orders: records(wire.orders).map(readOrder) }
    case 'positions':
      return { kind: 'positions', ...base, positions: records(wire.positions).map(readPosition) }
    case 'incidents': {
      const incidents = records(wire.incidents).map(readIncidentFacts)
      const known = incidents.filter((one) => one !== undefined)
      return { kind: 'incidents', ...base, incidents: known }
    }
    case 'account':
      return readAccount(wire, base)
    case 'health':
      return readHealth(wire, base)
    default:
      return undefined
  }
}

type FrameBase = { channel: string; seq: number; missed: number; snapshot: boolean }

function readFeatures(
  wire: WireRecord,
  base: FrameBase,
  symbol: string,
  featureCount: number,
): FeaturesFrame {
  const score = recordOf(wire.score)
  return {
    kind: 'features',
    ...base,
    symbol,
    ...readState(wire),
    row: number(wire.row),
    score:
      score === undefined
        ? null
        : {
            up: number(score.up) ?? Number.NaN,
            down: number(score.down) ?? Number.NaN,
            row: number(score.row) ?? 0,
            age_ms: number(score.age_ms),
          },
    values: valuesOf(wire.values, featureCount),
  }
}

function readState(wire: WireRecord) {
  return {
    state: oneOf<BookState>(BOOK_STATES, wire.state) ?? 'NO_BOOK',
    reason: oneOf<BookReason>(BOOK_REASONS, wire.reason),
    u: number(wire.u),
    cts: number(wire.cts),
    age_ms: number(wire.age_ms),
  }
}

function readTrade(wire: WireRecord): DeskTrade {
  return {
    time_ms: number(wire.time_ms) ?? Number.NaN,
    price: text(wire.price) ?? '',
    size: text(wire.size) ?? '',
    side: oneOf<OrderSide>(ORDER_SIDES, wire.side) ?? 'buy',
    seq: number(wire.seq),
    block: wire.block === true,
    rpi: wire.rpi === true,
    late: wire.late === true,
  }
}

function readSignal(wire: WireRecord): DeskSignal {
  return {
    shard: number(wire.shard) ?? 0,
    number: number(wire.number) ?? 0,
    symbol: text(wire.symbol),
    strategy: number(wire.strategy) ?? 0,
    action: text(wire.action),
    reason: text(wire.reason),
    time_us: number(wire.time_us) ?? Number.NaN,
    u: number(wire.u) ?? Number.NaN,
    row: number(wire.row) ?? Number.NaN,
    trace: text(wire.trace),
    limit_price: text(wire.limit_price),
    target_price: text(wire.target_price),
    stop_price: text(wire.stop_price),
    hold_ms_max: number(wire.hold_ms_max),
    notional_quote: number(wire.notional_quote),
    imbalance: number(wire.imbalance),
    probability: number(wire.probability),
  }
}

function readOrder(wire: WireRecord): DeskOrder {
  return {
    number: number(wire.number) ?? 0,
    kind: text(wire.kind) ?? '',
    time_us: number(wire.time_us) ?? Number.NaN,
    order_link_id: text(wire.order_link_id),
    symbol: text(wire.symbol),
    side: oneOf<OrderSide>(ORDER_SIDES, wire.side),
    state: text(wire.state),
    reason: text(wire.reason),
    price: text(wire.price),
    size: text(wire.size),
    filled_size: text(wire.filled_size),
    average_price: number(wire.average_price),
    fee_quote: number(wire.fee_quote),
    exec_number: number(wire.exec_number),
    limit: number(wire.limit),
    actual: number(wire.actual),
    trace: text(wire.trace),
  }
}

function readHealth(wire: WireRecord, base: FrameBase): HealthFrame {
  const recovery = recordOf(wire.recovery) ?? {}
  return {
    kind: 'health',
    ...base,
    time_us: number(wire.time_us) ?? Number.NaN,
    trading_state: oneOf(TRADING_STATES, wire.trading_state) ?? 'halted',
    // A server of before has none, and forbids nothing by it.
    regime: oneOf(REGIMES, wire.regime) ?? 'risk_on',
    is_killed: wire.is_killed === true,
    recovery: {
      is_recovered: recovery.is_recovered === true,
      since_us: number(recovery.since_us),
      took_us: number(recovery.took_us),
    },
    threads: records(wire.threads).map((thread) => ({
      name: text(thread.name) ?? '',
      is_alive: thread.is_alive === true,
      beat_age_ms: number(thread.beat_age_ms),
    })),
    books: numbers(wire.books),
    stream: numbers(wire.stream),
    lost: numbers(wire.lost),
    counters: numbers(wire.counters),
  }
}

/** Text pairs of JSON, or two binary columns of msgpack. */
function levelsOf(side: unknown): BookLevels | null {
  if (Array.isArray(side)) {
    return {
      prices: Float64Array.from(side, (level) => Number(list(level)[0])),
      sizes: Float64Array.from(side, (level) => Number(list(level)[1])),
    }
  }
  const columns = recordOf(side)
  if (columns === undefined) return null
  return { prices: doublesOf(columns.prices), sizes: doublesOf(columns.sizes) }
}

function valuesOf(values: unknown, featureCount: number): Float64Array | Float32Array | null {
  if (Array.isArray(values)) return Float64Array.from(values, (one) => number(one) ?? Number.NaN)
  if (!(values instanceof Uint8Array)) return null
  if (values.length === featureCount * 4) return new Float32Array(new Uint8Array(values).buffer)
  return doublesOf(values)
}

/** A copy, because the bytes of a message seldom lie where doubles may. */
function doublesOf(bytes: unknown): Float64Array {
  if (!(bytes instanceof Uint8Array)) return new Float64Array(0)
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 8))
  return new Float64Array(new Uint8Array(whole).buffer)
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function records(value: unknown): Record<string, unknown>[] {
  return list(value).filter(isRecord)
}

export function texts(value: unknown): string[] {
  return list(value).filter((one): one is string => typeof one === 'string')
}

function numbers(value: unknown): Record<string, number> {
  const entries = Object.entries(recordOf(value) ?? {})
  return Object.fromEntries(entries.map(([name, one]) => [name, number(one) ?? Number.NaN]))
}

export function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word | null {
  return words.find((word) => word === value) ?? null
}
