import { Writable } from 'node:stream'
import type { AlertAnswer } from '../../src/control/alert-schema.ts'
import type { CandleAnswer } from '../../src/control/candle-schema.ts'
import type { MetricFamily } from '../../src/control/metrics.ts'
import type { PnlAnswer } from '../../src/control/pnl-schema.ts'
import type { CommandAsk, CommandOutcome, ControlPorts } from '../../src/control/ports.ts'
import type { BookAnswer, GapAnswer, HealthMatrix } from '../../src/control/schemas.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { fail, type Result, succeed } from '../../src/core/result.ts'
import { type CandleInterval, intervalMs } from '../../src/domain/candles.ts'
import type { ResultCode } from '../../src/domain/result-codes.ts'
import type { Command } from '../../src/memory/command-record.ts'
import { featureColumns } from '../../src/threads/feature-registry.ts'

/** An engine that answers from variables, and remembers what it was asked. */
export const TOKEN = 'a-token-of-some-length'
const NOW = '2024-01-01T00:00:00.000Z'

export class EngineDouble {
  health = initial().health
  isReady = true
  isBroken = false
  commands: { kind: Command; symbol: string | undefined }[] = []
  /** Who asked and why, one for each command. */
  asks: (CommandAsk | undefined)[] = []
  refusal: ResultCode | undefined
  families: MetricFamily[] = []
  /** Held back until released, to see two requests at once. */
  gate: Promise<void> = Promise.resolve()
  book = initial().book

  /** As new, but for the clock. */
  reset(): void {
    Object.assign(this, initial())
    this.commands = []
    this.asks = []
    this.log.length = 0
  }

  readonly clock = new ManualClock(1_704_067_200_000_000)
  readonly log: string[] = []
  readonly logger = createLogger(
    'main',
    'debug',
    new Writable({
      write: (chunk, _encoding, done) => {
        this.log.push(String(chunk))
        done()
      },
    }),
  )

  ports(): ControlPorts {
    return {
      health: () => this.health,
      ready: () => ({ ready: this.isReady, reason: this.isReady ? '' : '3 books are SYNCING' }),
      status: () => statusAnswer(),
      symbols: () => [
        {
          symbol: 'BTCUSDT',
          category: 'linear',
          tick_size: '0.10',
          qty_step: '0.001',
          shard: 0,
          state: 'LIVE',
          reason: 'snapshot',
          age_ms: 3,
          u: 10,
          rows: 5,
          ticker: null,
        },
      ],
      book: (symbol, depth) =>
        this.#of(symbol, { ...this.book, bids: this.book.bids.slice(0, depth) }),
      featureColumns: () => featureColumns(['A', 'B', 'C', 'D', 'H']),
      features: (symbol) => this.#of(symbol, featuresAnswer()),
      signals: (limit) => Array.from({ length: Math.min(limit, 3) }, signalAnswer),
      gaps: (limit) => Array.from({ length: Math.min(limit, 3) }, gapAnswer),
      alerts: (limit) => Array.from({ length: Math.min(limit, 3) }, alertAnswer),
      candles: (symbol, interval, limit) =>
        this.#of(
          symbol,
          Array.from({ length: Math.min(limit, 3) }, () => candleAnswer(interval)),
        ),
      orders: () => {
        if (this.isBroken) throw new Error('a fault with secrets in its text')
        return [orderAnswer()]
      },
      positions: () => [positionAnswer()],
      strategies: () => [
        { strategy: 'scalper', kind: 'order_book_scalper', enabled: true, is_stopped: true },
      ],
      pnl: () => pnlOfNothing(),
      command: (kind, symbol, ask) => this.#command(kind, symbol, ask),
      metrics: () => this.families,
    }
  }

  #of<Value>(symbol: string, value: Value): Result<Value, ResultCode> {
    return symbol === 'BTCUSDT' ? succeed(value) : fail('instrument_unknown', 'not here')
  }

  async #command(
    kind: Command,
    symbol: string | undefined,
    ask?: CommandAsk,
  ): Promise<Result<CommandOutcome, ResultCode>> {
    this.commands.push({ kind, symbol })
    this.asks.push(ask)
    const number = this.commands.length
    await this.gate
    if (this.refusal !== undefined) return fail(this.refusal, 'not now')
    return succeed({ number, tradingState: 'halted' })
  }
}

function initial() {
  const health: HealthMatrix = {
    state: 'ok',
    components: [{ name: 'feed', state: 'ok', reason: '', since: NOW }],
  }
  const book: BookAnswer = {
    symbol: 'BTCUSDT',
    state: 'LIVE',
    reason: 'snapshot',
    age_ms: 3,
    u: 10,
    seq: 77,
    cts_ms: 1_704_067_200_000,
    bids: [['64250.10', '1.500']],
    asks: [['64250.20', '0.001']],
  }
  const gate: Promise<void> = Promise.resolve()
  return { health, book, gate, isReady: true, isBroken: false, refusal: undefined, families: [] }
}

function statusAnswer() {
  return {
    version: '0.1.0',
    mode: 'paper',
    started_at: NOW,
    uptime_s: 12.5,
    trading_state: 'active' as const,
    regime: 'risk_on' as const,
    symbols: { total: 1, live: 1, syncing: 0, stale: 0, no_book: 0 },
    shards: 2,
    rates: { messages: 1000 },
    latency_us: { socket_to_feature: { p50: 30, p99: 200, p999: null, max: 900 } },
    counters: { rows: 5 },
    execution: {
      orders_open: 0,
      positions_open: 1,
      realized_pnl_quote: -1.25,
      fees_quote: 0.25,
      unrealized_pnl_quote: null,
    },
    clients: 0,
    model: { name: 'scalper-v1', version: '1' },
  }
}

function featuresAnswer() {
  return {
    symbol: 'BTCUSDT',
    state: 'LIVE' as const,
    reason: 'snapshot' as const,
    age_ms: 3,
    u: 10,
    cts_ms: 1_704_067_200_000,
    row_number: 5,
    hash: 'abc',
    features: { mid: 64250.15, imb_5: Number.NaN, ofi_1: null },
  }
}

function gapAnswer(): GapAnswer {
  return {
    since: '2026-01-02T03:04:05.000Z',
    symbol: 'BTCUSDT',
    topic: 'orderbook.50.BTCUSDT',
    reason: 'connection_lost',
    ms: 180.5,
    seq_from: 10,
    seq_to: 40,
    u_from: 5,
    u_to: 8,
    updates_lost: 2,
    trades_filled: null,
    is_complete: null,
  }
}

function candleAnswer(interval: CandleInterval): CandleAnswer {
  return {
    ...{ symbol: 'BTCUSDT', interval, open_ms: 0, close_ms: intervalMs(interval) },
    ...{ open: '64250.10', high: '64260.00', low: '64249.90', close: '64251.00' },
    ...{ volume: '1.500', buy_volume: '0.700', turnover: 96_375, vwap: 64_250, trades: 9 },
    ...{ flat: false, partial: true, after_gap: false, revision: 0 },
    profile: {
      ...{ poc: 64_250.5, value_area_high: 64_260, value_area_low: 64_249 },
      ...{ poc_strength: 1.7, is_poc_strong: true },
    },
    indicators: { ema_20: 64_250.4, rsi_14: null },
  }
}

function alertAnswer(): AlertAnswer {
  return {
    raised: NOW,
    number: 1,
    symbol: 'BTCUSDT',
    kind: 'wall_pulled',
    severity: 'warning',
    side: 'bid',
    time_ms: 1_767_323_045_000,
    u: 10,
    row: 5,
    price: '64250.10',
    to_price: null,
    value: 0.9,
    threshold: 0.5,
    unit: 'share',
    evidence: { peak_size: '12.500', filled_size: '0.000', canceled_size: '12.500', life_ms: 900 },
  }
}

function signalAnswer() {
  return {
    time: NOW,
    symbol: 'BTCUSDT',
    shard: 0,
    number: 1,
    strategy: 'scalper',
    action: 'enter_long' as const,
    reason: 'imbalance_and_probability' as const,
    u: 10,
    limit_price: '64250.20',
    target_price: null,
    stop_price: null,
    hold_ms_max: 0,
    notional_quote: 1000,
    imbalance: 0.8,
    probability: 0.9,
  }
}

function orderAnswer() {
  return {
    order_link_id: 'bf-1-1',
    symbol: 'BTCUSDT',
    side: 'buy' as const,
    state: 'filled' as const,
    reason: 'imbalance_and_probability',
    limit_price: '64250.20',
    qty: '0.010',
    filled_qty: '0.010',
    average_price: 64250.2,
    updated_at: NOW,
    trace: 'BTCUSDT-10',
  }
}

function positionAnswer() {
  return {
    symbol: 'BTCUSDT',
    state: 'open' as const,
    qty: '-0.010',
    average_price: 64250.2,
    pnl_method: 'average' as const,
    fees_quote: 0.25,
    funding_quote: -0.125,
    realized_pnl_quote: 0,
    unrealized_pnl_quote: null,
    leverage: 10,
    liquidation_price: null,
    liquidates_before_stop: null,
    updated_at: NOW,
  }
}

function pnlOfNothing(): PnlAnswer {
  const none = { realized_pnl_quote: 0, fees_quote: 0, funding_quote: 0, net_pnl_quote: 0 }
  const worth = { equity_quote: 1000, peak_equity_quote: 1000 }
  const falls = { drawdown_percent: 0, max_drawdown_percent: 0 }
  return {
    method: 'average',
    total: { ...none, unrealized_pnl_quote: null, ...worth, ...falls },
    margin: null,
    symbols: [],
    strategies: [],
    days: [],
  }
}
