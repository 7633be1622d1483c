import { ALERTS_ANSWERED_MAX, VERSION } from '../constants.ts'
import type { AlertAnswer } from '../control/alert-schema.ts'
import {
  counterFamilies,
  deniedFamily,
  gaugeFamilies,
  latencyFamilies,
  type ThreadMemory,
} from '../control/engine-metrics.ts'
import { HealthBoard } from '../control/health.ts'
import type { CommandAsk, CommandOutcome, ControlPorts } from '../control/ports.ts'
import type { EngineStatus, Readiness } from '../control/schemas.ts'
import { systemClock } from '../core/clock.ts'
import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { INCIDENT_CODES } from '../domain/incidents.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { readCandle } from '../memory/candle-record.ts'
import type { Command } from '../memory/command-record.ts'
import { BREAKERS } from '../memory/control-block.ts'
import { Counters } from '../memory/counters.ts'
import { HISTOGRAMS } from '../memory/histograms.ts'
import type { Engine } from './engine.ts'
import { observeComponents } from './engine-health.ts'
import { featureGroups } from './engine-plan.ts'
import {
  alertAnswer,
  bookAnswer,
  featuresAnswer,
  gapAnswer,
  isoTime,
  orderAnswers,
  orNull,
  positionAnswers,
  signalAnswer,
  symbolStatuses,
  unrealizedPnlQuote,
} from './engine-ports.ts'
import { featureColumns } from './feature-registry.ts'
import { levelTicks } from './level-prices.ts'
import { orderFields } from './order-wanted.ts'
import { pnlAnswer } from './pnl-answer.ts'

/** As dashboards have it: 0 closed, 1 half open, 2 open. */
const BREAKER_GAUGE = { closed: 0, half_open: 1, open: 2 } as const

/** The control API's view of a running engine. */
export function controlPorts(engine: Engine, owned: readonly (readonly number[])[]): ControlPorts {
  const { watch, trading } = engine
  const shardOf = new Map(owned.flatMap((list, shard) => list.map((index) => [index, shard])))
  const board = new HealthBoard()
  const strategies = engine.config.strategies.map((strategy) => strategy.name)
  const nowUs = () => systemClock.nowUs()
  return {
    health: () => board.observe(observeComponents(observation(engine)), nowUs()),
    ready: () => readiness(engine),
    status: () => status(engine),
    symbols: () => symbolStatuses(watch, shardOf, nowUs()),
    book: (symbol, depth) => bookAnswer(watch, symbol, depth, nowUs()),
    featureColumns: () => featureColumns(featureGroups(engine.config)),
    features: (symbol) => featuresAnswer(watch, symbol, nowUs()),
    signals: (limit) => {
      engine.signals.update()
      return engine.signals.latest(limit).map((record) => signalAnswer(record, watch, strategies))
    },
    gaps: (limit) => {
      engine.gaps.update()
      return engine.gaps.latest(limit).map((record) => gapAnswer(record, watch))
    },
    alerts: (limit, kind, symbol) => {
      engine.alerts.update()
      const all = engine.alerts.latest(ALERTS_ANSWERED_MAX).map((one) => alertAnswer(one, watch))
      const isWanted = (one: AlertAnswer) =>
        (kind === undefined || one.kind === kind) && (symbol === undefined || one.symbol === symbol)
      return all.filter(isWanted).slice(0, limit)
    },
    candles: (symbol, interval, limit) => {
      const index = watch.indexOf(symbol)
      if (index === undefined) return fail('instrument_unknown', `no instrument ${symbol}`)
      engine.candles.update()
      const latest = engine.candles.latest(index, interval, limit)
      return succeed(latest.map((record) => readCandle(record, engine.instruments)))
    },
    orders: () => {
      trading.update()
      return orderAnswers(trading, watch)
    },
    positions: () => {
      trading.update()
      return positionAnswers(trading, watch)
    },
    strategies: () =>
      engine.config.strategies.map(({ enabled, kind, name }, at) => ({
        ...{ strategy: name, kind, enabled },
        is_stopped: engine.control.isStrategyStopped(at),
      })),
    pnl: () => {
      trading.update()
      return pnlAnswer(trading, watch, engine.config.execution.portfolio.pnl_method)
    },
    command: (kind, symbol, ask) => giveCommand(engine, kind, symbol, ask),
    metrics: () => metricFamilies(engine),
  }
}

async function giveCommand(
  engine: Engine,
  kind: Command,
  symbol: string | undefined,
  ask: CommandAsk | undefined,
): Promise<Result<CommandOutcome, ResultCode>> {
  const { trading, watch } = engine
  const index = symbol === undefined ? undefined : watch.indexOf(symbol)
  if (symbol !== undefined && index === undefined) {
    return fail('instrument_unknown', `symbol: ${symbol} is not watched; see /api/v1/symbols`)
  }
  if (kind === 'kill') engine.control.kill()
  if (ask?.strategy !== undefined) {
    const strategies = engine.config.strategies.map(({ name }) => name)
    const at = strategies.indexOf(ask.strategy)
    if (at !== -1) return engine.commands.give(kind, undefined, ask, undefined, undefined, at)
    const hint = nameHint(ask.strategy, strategies) || '; see /api/v1/strategies'
    return fail('not_found', `strategy: none is named ${ask.strategy}${hint}`)
  }
  if (ask?.order !== undefined) {
    const order = orderFields(ask.order, trading, engine.instruments)
    if (!order.ok) return order
    return engine.commands.give(kind, undefined, ask, undefined, order.value)
  }
  if (index === undefined || ask?.levels === undefined) {
    return engine.commands.give(kind, index, ask)
  }
  const levels = levelTicks(ask.levels, engine.instruments[index])
  return levels.ok ? engine.commands.give(kind, index, ask, levels.value) : levels
}

function observation(engine: Engine) {
  engine.trading.update()
  return {
    nowUs: systemClock.nowUs(),
    control: engine.control,
    states: engine.watch.states(),
    shards: engine.shardOverviews(),
    store: engine.store.overview(),
    incidents: [...engine.trading.incidents.values()],
    liquidatesFirst: liquidatesFirst(engine),
    isExecutionEnded: engine.isExecutionEnded,
    isStreamEnded: !engine.isStreamRunning,
  }
}

function liquidatesFirst({ trading, watch }: Engine): string[] {
  trading.update()
  return [...trading.liquidations]
    .filter(([, { isBeforeStop }]) => isBeforeStop === true)
    .map(([index]) => watch.instruments[index].symbol)
}

function readiness(engine: Engine): Readiness {
  if (engine.isExecutionEnded) return { ready: false, reason: 'execution has ended' }
  if (!engine.control.isRecovered()) {
    return { ready: false, reason: 'recovering: the account is compared with the exchange' }
  }
  if (engine.isReady()) return { ready: true, reason: '' }
  const { LIVE } = engine.watch.states()
  return { ready: false, reason: `${LIVE} of ${engine.instruments.length} books are live` }
}

function status(engine: Engine): EngineStatus {
  const { instruments, trading, watch } = engine
  trading.update()
  const states = watch.states()
  const counters = watch.counts()
  const clients = counters.clients_connected - counters.clients_disconnected
  return {
    version: VERSION,
    mode: engine.config.mode,
    started_at: isoTime(engine.startedUs),
    uptime_s: (systemClock.nowUs() - engine.startedUs) / 1e6,
    trading_state: engine.control.tradingState(),
    regime: engine.control.regime(),
    symbols: {
      total: instruments.length,
      live: states.LIVE,
      syncing: states.SYNCING,
      stale: states.STALE,
      no_book: states.NO_BOOK,
    },
    shards: engine.memory.shards.length,
    rates: { ...engine.rates.perSecond() },
    latency_us: Object.fromEntries(HISTOGRAMS.map((name) => [name, quantiles(engine, name)])),
    counters,
    execution: {
      orders_open: trading.openOrders(),
      positions_open: openPositions(engine),
      realized_pnl_quote: trading.realizedPnlQuote() + trading.feesQuote(),
      fees_quote: trading.feesQuote(),
      unrealized_pnl_quote: orNull(totalUnrealized(engine)),
    },
    clients,
    model: engine.model,
  }
}

function quantiles(engine: Engine, name: (typeof HISTOGRAMS)[number]) {
  const histogram = engine.watch.latency(name)
  return {
    p50: orNull(histogram.quantile(0.5)),
    p99: orNull(histogram.quantile(0.99)),
    p999: orNull(histogram.quantile(0.999)),
    max: orNull(histogram.max()),
  }
}

function openPositions(engine: Engine): number {
  let open = 0
  for (const position of engine.trading.positions.values()) if (position.lots !== 0) open++
  return open
}

/** NaN while a book that is needed is not LIVE. */
export function totalUnrealized(engine: Engine): number {
  let sum = 0
  for (const { instrument } of engine.trading.positions.values()) {
    sum += unrealizedPnlQuote(engine.trading, engine.watch, instrument)
  }
  return sum
}

function recoverySeconds({ control }: Engine): number | undefined {
  const durationUs = control.recoveryUs()
  return durationUs === undefined ? undefined : durationUs / 1e6
}

/** Undefined for what is not known: no sample is better than NaN. */
function known(value = Number.NaN): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

function metricFamilies(engine: Engine) {
  const { memory, trading, watch } = engine
  trading.update()
  const threads: ThreadMemory[] = memory.shards.map((shard, i) => ({
    thread: `shard-${i}`,
    counters: new Counters(shard.counters),
    histograms: shard.histograms,
  }))
  threads.push({
    thread: 'execution',
    counters: new Counters(memory.executionCounters),
    histograms: memory.executionHistograms,
  })
  threads.push({ thread: 'stream', counters: new Counters(memory.streamCounters) })
  threads.push({ thread: 'main', counters: new Counters(memory.mainCounters) })
  const connections = engine
    .shardOverviews()
    .reduce((sum, shard) => sum + (shard.status?.connectionsOpen ?? 0), 0)
  const unrealized = totalUnrealized(engine)
  const exposure = engine.exposurePercent()
  return [
    ...counterFamilies(threads),
    deniedFamily(trading.deniedBy),
    ...latencyFamilies(threads),
    ...gaugeFamilies({
      websocketConnections: connections,
      activePositionsCount: openPositions(engine),
      equityUsd: known(trading.account?.equityQuote),
      peakEquityUsd: known(trading.account?.peakQuote),
      maxDrawdownPercent: known(trading.account?.drawdownPercentMax),
      pnlTotalUsd: trading.realizedPnlQuote() + (Number.isNaN(unrealized) ? 0 : unrealized),
      riskExposurePercent: Number.isNaN(exposure) ? undefined : exposure,
      circuitBreakerState: Object.fromEntries(
        BREAKERS.map((each) => [each, BREAKER_GAUGE[engine.control.breaker(each)]]),
      ),
      timeDriftSeconds: engine.timeDriftSeconds,
      tradingState: engine.control.tradingState(),
      regime: engine.control.regime(),
      incidents: Object.fromEntries(
        INCIDENT_CODES.map((code) => [code, engine.control.incidents(code)]),
      ),
      projectionLagRecords: engine.store.overview().lagRecords,
      projectionConflicts: engine.store.overview().conflicts,
      isRecovered: engine.control.isRecovered(),
      recoverySeconds: recoverySeconds(engine),
      booksByState: watch.states(),
    }),
  ]
}
