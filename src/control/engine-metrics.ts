import { Histogram } from '../core/histogram.ts'
import { ALERT_KINDS } from '../domain/alerts.ts'
import { REGIMES, type Regime, TRADING_STATES, type TradingState } from '../domain/trading.ts'
import { COUNTERS, type CounterName, type Counters } from '../memory/counters.ts'
import { HISTOGRAMS, type HistogramName, openHistogram } from '../memory/histograms.ts'
import type { HistogramSample, MetricFamily, MetricSample } from './metrics.ts'

/**
 * The engine's metrics, read from shared memory. Each counter of memory/counters.ts appears under
 * its own name, per thread; dashboards of traders expect some of them summed under names of their
 * own.
 */
export type ThreadMemory = Readonly<{
  /** `shard-0`, `execution`, `stream`, `main`. */
  thread: string
  counters: Counters
  histograms?: SharedArrayBuffer
}>

/** What no thread counts and the supervisor knows. Undefined: not known, so not shown. */
export type EngineGauges = Readonly<{
  websocketConnections: number
  activePositionsCount: number
  pnlTotalUsd: number
  equityUsd?: number | undefined
  peakEquityUsd?: number | undefined
  maxDrawdownPercent?: number | undefined
  riskExposurePercent: number | undefined
  /** 0 closed, 1 half open, 2 open; by breaker. */
  circuitBreakerState: Readonly<Record<string, number>>
  /** Our clock minus the exchange's. */
  timeDriftSeconds: number | undefined
  tradingState: TradingState
  regime: Regime
  /** How many there are now, by code. */
  incidents: Readonly<Record<string, number>>
  /** Our record of the account is known to be the exchange's. */
  isRecovered: boolean
  /** Of the last recovery, from its begin to the agreement. */
  recoverySeconds: number | undefined
  booksByState: Readonly<Record<string, number>>
  /** Records of the journal that SQL has not yet; undefined while there is no store. */
  projectionLagRecords?: number | undefined
  /** Records that SQL cannot hold, as the row of another has their key. */
  projectionConflicts?: number | undefined
}>

/** Upper bounds of the buckets in microseconds, the resolution of the shared histograms. */
const BOUNDS_US = Float64Array.of(
  10,
  25,
  50,
  100,
  250,
  500,
  1000,
  2500,
  5000,
  10_000,
  25_000,
  50_000,
  100_000,
  250_000,
  1_000_000,
  5_000_000,
)

/**
 * Counters that are published a second time, summed over the threads, under the names people look
 * for.
 */
const SUMMED: readonly (readonly [string, CounterName, string])[] = [
  ['orders_placed_total', 'orders_submitted', 'Orders handed to the gateway'],
  ['orders_filled_total', 'orders_filled', 'Orders filled to the last lot'],
  ['orders_denied_total', 'orders_denied', 'Intents and orders refused by the risk gate'],
  ['fills_total', 'fills', 'Executions of our orders'],
  ['breaker_trips_total', 'breaker_trips', 'Circuit breakers opened'],
  ['positions_opened_total', 'positions_opened', 'Positions opened from flat'],
  ['positions_closed_total', 'positions_closed', 'Positions closed'],
  [
    'reconciliation_discrepancies_total',
    'reconcile_mismatches',
    'Differences between our record of the account and that of the exchange',
  ],
]

export function counterFamilies(threads: readonly ThreadMemory[]): MetricFamily[] {
  const perThread = COUNTERS.map((name): MetricFamily => {
    const samples = threads.map(({ thread, counters }) => ({
      labels: { thread },
      value: counters.get(name),
    }))
    return {
      name: `bookflow_${name}_total`,
      help: `Count of ${name.replaceAll('_', ' ')}, by thread`,
      type: 'counter',
      samples,
    }
  })
  const summed = SUMMED.map(([name, counter, help]): MetricFamily => {
    const value = threads.reduce((sum, { counters }) => sum + counters.get(counter), 0)
    return { name, help, type: 'counter', samples: [{ labels: {}, value }] }
  })
  const gapMs = threads.reduce((sum, { counters }) => sum + counters.get('gap_ms'), 0)
  const gapSeconds: MetricFamily = {
    name: 'bookflow_gap_seconds_total',
    help: 'Time in which a topic was not seen, over all gap records',
    type: 'counter',
    samples: [{ labels: {}, value: gapMs / 1000 }],
  }
  return [...perThread, ...summed, gapSeconds, alertFamily(threads), winRate(threads)]
}

function winRate(threads: readonly ThreadMemory[]): MetricFamily {
  const sum = (name: CounterName) =>
    threads.reduce((total, { counters }) => total + counters.get(name), 0)
  const closed = sum('positions_closed')
  return {
    name: 'win_rate_percent',
    help: 'Closed positions with a profit after fees; absent before the first',
    type: 'gauge',
    samples: closed === 0 ? [] : [{ labels: {}, value: (100 * sum('positions_won')) / closed }],
  }
}

/** Refusals of the risk gate, by the rule that refused. */
export function deniedFamily(deniedBy: ReadonlyMap<string, number>): MetricFamily {
  const samples = [...deniedBy].map(([reason, value]) => ({ labels: { reason }, value }))
  const help = 'Intents refused by the risk gate, by the rule that refused'
  return { name: 'risk_block_total', help, type: 'counter', samples }
}

/** Alerts over all shards, by kind. */
function alertFamily(threads: readonly ThreadMemory[]): MetricFamily {
  const samples = ALERT_KINDS.map((kind) => ({
    labels: { kind },
    value: threads.reduce((sum, { counters }) => sum + counters.get(`alerts_${kind}`), 0),
  }))
  return {
    name: 'alerts_total',
    help: 'What happened in the markets, by kind',
    type: 'counter',
    samples,
  }
}

/**
 * Seconds, as Prometheus has it: every stage by thread, and socket to feature once more for all
 * shards.
 */
export function latencyFamilies(threads: readonly ThreadMemory[]): MetricFamily[] {
  const samples: HistogramSample[] = []
  const ticks = new Histogram()
  for (const { thread, histograms } of threads) {
    if (histograms === undefined) continue
    for (const stage of HISTOGRAMS) {
      const histogram = openHistogram(histograms, stage)
      const sample = histogramSample(histogram, { thread, stage })
      if (sample.count === 0) continue
      samples.push(sample)
      if (stage === TICK_STAGE) ticks.add(histogram)
    }
  }
  return [
    {
      name: 'bookflow_latency_seconds',
      help: 'Latency by stage and thread',
      type: 'histogram',
      samples,
    },
    {
      name: 'tick_processing_time_seconds',
      help: 'From the frame leaving the socket to the readable feature row, over all shards',
      type: 'histogram',
      samples: [histogramSample(ticks, {})],
    },
  ]
}

const TICK_STAGE: HistogramName = 'socket_to_feature'

function histogramSample(
  histogram: Histogram,
  labels: Readonly<Record<string, string>>,
): HistogramSample {
  const counts = new Float64Array(BOUNDS_US.length)
  const sumUs = histogram.accumulate(BOUNDS_US, counts)
  const buckets = Array.from(counts, (count, at) => ({ le: BOUNDS_US[at] / 1e6, count }))
  return { labels, buckets, sum: sumUs / 1e6, count: histogram.count() }
}

export function gaugeFamilies(gauges: EngineGauges): MetricFamily[] {
  return [
    ...projectionFamilies(gauges),
    one('websocket_connections', 'Open connections to the exchange', gauges.websocketConnections),
    ...moneyFamilies(gauges),
    one('time_drift_seconds', 'Our clock minus that of the exchange', gauges.timeDriftSeconds),
    ...accountFamilies(gauges),
    ...stateFamilies(gauges),
    gauge('bookflow_books', 'Books by state', by('state', gauges.booksByState)),
  ]
}

function projectionFamilies(gauges: EngineGauges): MetricFamily[] {
  return [
    one(
      'bookflow_projection_lag_records',
      'Journal records that are not in SQL yet',
      gauges.projectionLagRecords,
    ),
    one(
      'bookflow_projection_conflicts',
      'Journal records that SQL cannot hold, as the row of another has their key',
      gauges.projectionConflicts,
    ),
  ]
}

function moneyFamilies(gauges: EngineGauges): MetricFamily[] {
  return [
    one('active_positions_count', 'Symbols with a position', gauges.activePositionsCount),
    one('pnl_total_usd', 'Realized and unrealized profit, fees included', gauges.pnlTotalUsd),
    one(
      'equity_usd',
      'Start money and everything since, open positions included',
      gauges.equityUsd,
    ),
    one(
      'peak_equity_usd',
      'The highest equity that drawdown is measured from',
      gauges.peakEquityUsd,
    ),
    one(
      'max_drawdown_percent',
      'The deepest fall of the equity from its peak since the first record',
      gauges.maxDrawdownPercent,
    ),
    one('risk_exposure_percent', 'Exposure as a part of its limit', gauges.riskExposurePercent),
  ]
}

function accountFamilies(gauges: EngineGauges): MetricFamily[] {
  return [
    gauge(
      'circuit_breaker_state',
      '0 closed, 1 half open, 2 open',
      by('breaker', gauges.circuitBreakerState),
    ),
    one(
      'bookflow_account_recovered',
      '1 while our record of the account agrees with the exchange',
      gauges.isRecovered ? 1 : 0,
    ),
    one(
      'bookflow_recovery_seconds',
      'From the start, or the loss of the private side, to the agreement; the latest',
      gauges.recoverySeconds,
    ),
  ]
}

function stateFamilies({ incidents, regime, tradingState }: EngineGauges): MetricFamily[] {
  return [
    gauge(
      'bookflow_trading_state',
      '1 for the state trading is in',
      by('state', oneHot(TRADING_STATES, tradingState)),
    ),
    gauge(
      'bookflow_regime',
      '1 for the regime; risk_off opens nothing',
      by('regime', oneHot(REGIMES, regime)),
    ),
    gauge(
      'bookflow_incidents',
      'What is wrong with the trading itself now, by code (README, Incidents)',
      by('code', incidents),
    ),
  ]
}

function one(name: string, help: string, value: number | undefined): MetricFamily {
  return gauge(name, help, value === undefined ? [] : [{ labels: {}, value }])
}

function by(label: string, values: Readonly<Record<string, number>>): MetricSample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }))
}

function oneHot(names: readonly string[], now: string): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, name === now ? 1 : 0]))
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, help, type: 'gauge', samples }
}
