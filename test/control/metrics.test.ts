import { describe, expect, it } from 'vitest'
import {
  counterFamilies,
  deniedFamily,
  gaugeFamilies,
  latencyFamilies,
} from '../../src/control/engine-metrics.ts'
import { HealthBoard, overallState } from '../../src/control/health.ts'
import { IdempotencyKeys } from '../../src/control/idempotency.ts'
import { familiesText } from '../../src/control/metrics.ts'
import { buildControlApp } from '../../src/control/server.ts'
import { Histogram } from '../../src/core/histogram.ts'
import { fail, succeed } from '../../src/core/result.ts'
import { COUNTERS, Counters } from '../../src/memory/counters.ts'
import { createHistograms, openHistogram } from '../../src/memory/histograms.ts'
import { EngineDouble } from './engine-double.ts'

/** One metric line as name, labels and value. */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^}]*\})?) (\S+)$/.exec(line)
    expect(match, line).not.toBeNull()
    if (match !== null) values.set(match[1], Number(match[2]))
  }
  return values
}

function threads() {
  const histograms = createHistograms()
  const shard = { thread: 'shard-0', counters: new Counters(), histograms }
  const execution = { thread: 'execution', counters: new Counters() }
  return { shard, execution, all: [shard, execution], histograms }
}

describe('engine metrics', () => {
  it('show every counter of shared memory, by thread, at each scrape anew', async () => {
    const { shard, execution, all } = threads()
    shard.counters.add('rows', 7)
    execution.counters.add('orders_submitted', 3)
    shard.counters.add('orders_submitted', 1)
    const first = parse(await familiesText(counterFamilies(all)))
    for (const name of COUNTERS) {
      expect(first.has(`bookflow_${name}_total{thread="shard-0"}`), name).toBe(true)
    }
    expect(first.get('bookflow_rows_total{thread="shard-0"}')).toBe(7)
    expect(first.get('orders_placed_total')).toBe(4)
    shard.counters.add('rows')
    const second = parse(await familiesText(counterFamilies(all)))
    expect(second.get('bookflow_rows_total{thread="shard-0"}')).toBe(8)
  })

  it('tell what the risk gate refused, by rule', async () => {
    const values = parse(await familiesText([deniedFamily(new Map([['spread_cap', 2]]))]))
    expect(values.get('risk_block_total{reason="spread_cap"}')).toBe(2)
  })

  it('tell how many closed positions won, once one was closed', async () => {
    const { all, shard } = threads()
    const none = parse(await familiesText(counterFamilies(all)))
    expect(none.has('win_rate_percent')).toBe(false)
    shard.counters.add('positions_closed', 4)
    shard.counters.add('positions_won', 3)
    shard.counters.add('reconcile_mismatches', 2)
    const values = parse(await familiesText(counterFamilies(all)))
    expect(values.get('win_rate_percent')).toBe(75)
    expect(values.get('positions_closed_total')).toBe(4)
    expect(values.get('reconciliation_discrepancies_total')).toBe(2)
  })

  it('turn a shared histogram into cumulative seconds', async () => {
    const { all, histograms } = threads()
    const histogram = openHistogram(histograms, 'socket_to_feature')
    for (const us of [5, 20, 20, 400, 3_000_000, 90_000_000]) histogram.record(us)
    const values = parse(await familiesText(latencyFamilies(all)))
    const bucket = (le: string) => values.get(`tick_processing_time_seconds_bucket{le="${le}"}`)
    expect([bucket('0.00001'), bucket('0.000025'), bucket('0.0005')]).toEqual([1, 3, 4])
    expect([bucket('1'), bucket('5'), bucket('+Inf')]).toEqual([4, 5, 6])
    expect(values.get('tick_processing_time_seconds_count')).toBe(6)
    const sum = values.get('tick_processing_time_seconds_sum') ?? 0
    expect(Math.abs(sum - 93.000_445)).toBeLessThan(0.016 * 93)
    const labeled = 'bookflow_latency_seconds_count{thread="shard-0",stage="socket_to_feature"}'
    expect(values.get(labeled)).toBe(6)
  })

  it('leave out what is not known instead of inventing a zero', async () => {
    const text = await familiesText(
      gaugeFamilies({
        websocketConnections: 10,
        activePositionsCount: 2,
        pnlTotalUsd: -3.5,
        riskExposurePercent: undefined,
        circuitBreakerState: { gateway: 2 },
        timeDriftSeconds: undefined,
        tradingState: 'reduce_only',
        regime: 'risk_off',
        incidents: { clock_drift: 1, equity_gap: 0 },
        projectionLagRecords: 12,
        projectionConflicts: 2,
        isRecovered: false,
        recoverySeconds: undefined,
        booksByState: { LIVE: 99, SYNCING: 1 },
      }),
    )
    const values = parse(text)
    expect(values.get('pnl_total_usd')).toBe(-3.5)
    expect(values.get('bookflow_projection_lag_records')).toBe(12)
    expect(values.get('bookflow_projection_conflicts')).toBe(2)
    expect(values.get('circuit_breaker_state{breaker="gateway"}')).toBe(2)
    expect(values.get('bookflow_trading_state{state="reduce_only"}')).toBe(1)
    expect(values.get('bookflow_trading_state{state="active"}')).toBe(0)
    expect(values.get('bookflow_regime{regime="risk_off"}')).toBe(1)
    expect(values.get('bookflow_regime{regime="risk_on"}')).toBe(0)
    expect(values.get('bookflow_incidents{code="clock_drift"}')).toBe(1)
    expect(values.get('bookflow_incidents{code="equity_gap"}')).toBe(0)
    expect(values.get('bookflow_account_recovered')).toBe(0)
    expect(text).not.toContain('recovery_seconds')
    expect(text).not.toContain('time_drift_seconds')
    expect(text).not.toContain('risk_exposure_percent')
  })
})

describe('the sums of a histogram', () => {
  it('agree with counting by hand', () => {
    const histogram = new Histogram()
    const recorded = Array.from({ length: 1000 }, (_, i) => (i * i) % 100_003)
    for (const value of recorded) histogram.record(value)
    const bounds = Float64Array.of(127, 16_383, 131_071)
    const counts = new Float64Array(3)
    const sum = histogram.accumulate(bounds, counts)
    expect([...counts]).toEqual([...bounds].map((le) => recorded.filter((v) => v <= le).length))
    const exact = recorded.reduce((a, b) => a + b, 0)
    expect(Math.abs(sum - exact) / exact).toBeLessThan(0.008)
  })
})

describe('/metrics', () => {
  it('shows the engine, the requests and the process in one text', async () => {
    const engine = new EngineDouble()
    const { shard } = threads()
    engine.families = counterFamilies([shard])
    const { logger, clock } = engine
    const app = await buildControlApp(engine.ports(), {
      host: '127.0.0.1',
      port: 0,
      version: '0.1.0',
      isLive: false,
      logger,
      clock,
    })
    await app.inject('/health')
    const answer = await app.inject('/metrics')
    await app.close()
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    const values = parse(answer.body)
    expect(values.get('http_requests_total{method="GET",route="/health",status="200"}')).toBe(1)
    expect(values.get('api_response_time_seconds_count{method="GET",route="/health"}')).toBe(1)
    expect(values.get('bookflow_rows_total{thread="shard-0"}')).toBe(0)
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(values.get('bookflow_idempotency_keys_evicted')).toBe(0)
  })
})

describe('health', () => {
  it('is as good as the sickest component', () => {
    expect(overallState(['ok', 'ok'])).toBe('ok')
    expect(overallState(['ok', 'degraded', 'ok'])).toBe('degraded')
    expect(overallState(['degraded', 'unhealthy', 'ok'])).toBe('unhealthy')
    expect(overallState([])).toBe('unhealthy')
  })

  it('remembers since when a component is in its state, not since when its reason changed', () => {
    const board = new HealthBoard()
    const at = (state: 'ok' | 'degraded', reason: string, nowUs: number) =>
      board.observe([{ name: 'feed', state, reason }], nowUs).components[0]
    expect(at('ok', '', 0).since).toBe('1970-01-01T00:00:00.000Z')
    expect(at('ok', '', 5_000_000).since).toBe('1970-01-01T00:00:00.000Z')
    expect(at('degraded', '1 book SYNCING', 6_000_000).since).toBe('1970-01-01T00:00:06.000Z')
    const later = at('degraded', '2 books SYNCING', 7_000_000)
    expect(later).toMatchObject({ since: '1970-01-01T00:00:06.000Z', reason: '2 books SYNCING' })
  })
})

describe('idempotency keys', () => {
  it('are bounded: the oldest goes, is counted, and would be done again', async () => {
    const keys = new IdempotencyKeys<number>(3)
    let done = 0
    const work = async () => succeed(++done)
    for (const key of ['a', 'b', 'c', 'd']) await keys.once(key, 'r', 0, work)
    expect(keys.size).toBe(3)
    expect(keys.evicted).toBe(1)
    expect(await keys.once('d', 'r', 0, work)).toEqual(succeed({ value: 4, isRepeated: true }))
    expect(await keys.once('a', 'r', 0, work)).toEqual(succeed({ value: 5, isRepeated: false }))
  })

  it('that were evicted while under way do not take a later one with them', async () => {
    const keys = new IdempotencyKeys<number>(1)
    let refuse = () => {}
    const slow = keys.once('a', 'r', 0, () => {
      return new Promise((resolve) => {
        refuse = () => resolve(fail('internal_error', 'no'))
      })
    })
    await keys.once('b', 'r', 0, async () => succeed(1))
    await keys.once('a', 'r', 0, async () => succeed(2))
    refuse()
    expect(await slow).toMatchObject({ ok: false })
    expect(await keys.once('a', 'r', 0, async () => succeed(3))).toEqual(
      succeed({ value: 2, isRepeated: true }),
    )
  })
})
