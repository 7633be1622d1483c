import { availableParallelism } from 'node:os'
import { configuredAlerts } from '../config/alert-section.ts'
import { configuredCandles } from '../config/candle-section.ts'
import type { Config } from '../config/schema.ts'
import { assert } from '../core/assert.ts'
import type { LogLevel } from '../core/log.ts'
import type { Result } from '../core/result.ts'
import type { CandleSettings } from '../domain/candles.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import { FEATURE_GROUP_NAMES, type FeatureGroup, isAlwaysOn } from '../features/catalogue.ts'
import { leaderAmong } from '../features/cross-market.ts'
import { type FeatureCatalogueParameters, parseParameters } from '../features/parameters.ts'
import { planShards } from '../feed/shard-plan.ts'
import type { EngineMemory } from './engine-memory.ts'
import type { ShardFeedOptions, ShardTask } from './shard-task.ts'

/**
 * More shards than this gain nothing for the instruments a process may watch: scoring batches would
 * become small.
 */
const SHARDS_AUTO_MAX = 4

/** Which instruments each shard owns, by index. No shard is empty. */
export function ownedByShard(
  config: Config,
  instruments: InstrumentTable,
  rates: ReadonlyMap<string, number>,
): number[][] {
  const wanted =
    config.feed.shards === 'auto'
      ? Math.min(SHARDS_AUTO_MAX, Math.max(1, availableParallelism()))
      : config.feed.shards
  const shards = Math.min(wanted, instruments.length)
  const loads = instruments.map(({ symbol }) => ({ symbol, rate: rates.get(symbol) ?? 1 }))
  const indexOf = new Map(instruments.map(({ symbol, index }) => [symbol, index]))
  return planShards(loads, shards).map((symbols) =>
    symbols.map((symbol) => {
      const index = indexOf.get(symbol)
      assert(index !== undefined, 'a plan holds the symbols it was given')
      return index
    }),
  )
}

/**
 * Keys of the configuration are snake_case, those of the catalogue camelCase; they are the same
 * words.
 */
export function catalogueParameters(config: Config): Result<FeatureCatalogueParameters> {
  const { groups: _, ...numbers } = config.features
  const params = Object.fromEntries(
    Object.entries(numbers).map(([key, value]) => [camelCase(key), value]),
  )
  return parseParameters(params)
}

/** Groups whose features are computed; A to D always are, the others build on them. */
export function featureGroups({ features }: Config): FeatureGroup[] {
  const { groups } = features
  if (groups === 'all') return [...FEATURE_GROUP_NAMES]
  return FEATURE_GROUP_NAMES.filter((group) => isAlwaysOn(group) || groups.includes(group))
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Depths of the order books that are subscribed, shallowest first. */
export function bookDepths({ feed }: Config): number[] {
  if (!feed.fusion.enabled) return [feed.depth]
  return [...feed.fusion.depths].sort((a, b) => a - b)
}

export function feedOptions(config: Config): ShardFeedOptions {
  const { exchange, feed } = config
  return {
    url: `${exchange.ws_url.replace(/\/$/, '')}/v5/public/${exchange.category}`,
    restUrl: exchange.rest_url,
    // Trades before books: a book event sees exactly the trades that precede it in the stream.
    kinds: ['publicTrade', 'orderbook', 'tickers'].filter(isKind).filter((kind) => {
      return kind === 'orderbook' || feed.topics.includes(kind)
    }),
    depth: feed.depth,
    depths: bookDepths(config),
    symbolsPerConnection: feed.symbols_per_connection,
    redundancy: feed.redundancy,
    rotateAfterMs: feed.rotate_after_ms,
    pingPeriodMs: feed.ping_period_ms,
    backoffMsMin: feed.backoff_ms.min,
    backoffMsMax: feed.backoff_ms.max,
    bookStaleMs: feed.stale_after_ms.book,
    tickerStaleMs: feed.stale_after_ms.ticker,
    resyncsPerSecond: feed.resync.per_second,
    resyncBurst: feed.resync.burst,
  }
}

function isKind(kind: string): kind is ShardFeedOptions['kinds'][number] {
  return kind === 'orderbook' || kind === 'publicTrade' || kind === 'tickers'
}

/** Undefined when no candles are made: by configuration, or as there are no trades. */
export function candleSettings({ candles, feed }: Config): CandleSettings | undefined {
  return feed.topics.includes('publicTrade') ? configuredCandles(candles) : undefined
}

export type ShardPlan = Readonly<{
  config: Config
  instruments: InstrumentTable
  owned: readonly (readonly number[])[]
  rates: ReadonlyMap<string, number>
  memory: EngineMemory
  params: FeatureCatalogueParameters
  seed: number
  logLevel: LogLevel
}>

export function shardTasks(plan: ShardPlan): Omit<ShardTask, 'port'>[] {
  const { config, instruments, rates, memory, params, seed, logLevel } = plan
  const symbols = instruments.map(({ symbol }) => symbol)
  return plan.owned.map((owned, shard) => ({
    shard,
    instruments,
    owned,
    rates,
    memory,
    feed: feedOptions(config),
    params,
    groups: featureGroups(config),
    cross: {
      leader: leaderAmong(symbols, config.cross.leader),
      feesBps: config.cross.taker_fees_bps,
    },
    venue: config.venue_b.enabled
      ? { url: config.venue_b.ws_url, symbols: config.venue_b.symbols }
      : undefined,
    candles: candleSettings(config),
    alerts: config.alerts.enabled ? configuredAlerts(config.alerts.kinds) : undefined,
    model: {
      folder: config.model.folder,
      enabled: config.model.enabled,
      batchPeriodMs: config.model.batch_period_ms,
    },
    strategies: config.strategies.map(({ name, kind, enabled, params: strategyParams }) => ({
      name,
      kind,
      enabled,
      params: strategyParams,
    })),
    seed,
    logLevel,
  }))
}
