import type { MessagePort } from 'node:worker_threads'
import type { LogLevel } from '../core/log.ts'
import type { AlertSettings } from '../domain/alerts.ts'
import type { CandleSettings } from '../domain/candles.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { FeatureGroup } from '../features/catalogue.ts'
import type { FeatureCatalogueParameters } from '../features/parameters.ts'
import type { EngineMemory } from './engine-memory.ts'
import type { ThreadFigures } from './thread-gauge.ts'

/**
 * Everything a shard needs to run; plain data and shared buffers, so that it can be posted to a
 * worker.
 */
export type ShardTask = Readonly<{
  shard: number
  /** The engine's whole table; intents and records speak of instruments by index. */
  instruments: InstrumentTable
  /**
   * Indexes of the instruments this shard owns. It is the only writer of their books, rows and
   * scores.
   */
  owned: readonly number[]
  /** Messages a second to expect, by symbol. */
  rates: ReadonlyMap<string, number>
  memory: EngineMemory
  feed: ShardFeedOptions
  params: Partial<FeatureCatalogueParameters>
  /** Groups of features to compute. */
  groups: readonly FeatureGroup[]
  cross: ShardCrossOptions
  /** Undefined: no second exchange. */
  venue: ShardVenueOptions | undefined
  /** Undefined: nothing is watched for. */
  alerts: AlertSettings | undefined
  /** Undefined: no candles are made. */
  candles: CandleSettings | undefined
  model: Readonly<{ folder: string; enabled: boolean; batchPeriodMs: number }>
  strategies: readonly ShardStrategy[]
  seed: number
  logLevel: LogLevel
  /** To and from the supervisor: ShardCommand in, ShardReport out. */
  port: MessagePort
}>

export type ShardCrossOptions = Readonly<{
  /** Index of the instrument that the others are measured against; -1: it is not followed. */
  leader: number
  /** Taker fees of both exchanges together, in bps. */
  feesBps: number
}>

export type ShardVenueOptions = Readonly<{
  /** `wss://host` of Binance, without a path. */
  url: string
  /** By symbol of ours, its name there; where there is none it is the same. */
  symbols: Readonly<Record<string, string>>
}>

export type ShardFeedOptions = Readonly<{
  /** `wss://host/v5/public/linear` */
  url: string
  /** `https://host`, for what the stream did not bring. */
  restUrl: string
  /** Of the book that features are computed from. */
  depth: number
  /** All depths that are subscribed: that one, or those that are fused. */
  depths: readonly number[]
  kinds: readonly ('orderbook' | 'publicTrade' | 'tickers')[]
  symbolsPerConnection: number
  /** Connections that carry each topic. */
  redundancy: number
  /** 0: connections are never replaced while they work. */
  rotateAfterMs: number
  pingPeriodMs: number
  backoffMsMin: number
  backoffMsMax: number
  bookStaleMs: number
  tickerStaleMs: number
  resyncsPerSecond: number
  resyncBurst: number
}>

export type ShardStrategy = Readonly<{
  name: string
  kind: string
  enabled: boolean
  params: Readonly<Record<string, string | number | boolean>>
}>

export type ShardCommand =
  | Readonly<{ type: 'stop' }>
  | Readonly<{ type: 'reset_gauge' }>
  /** The book of this topic was found to be wrong (cross-check.ts). */
  | Readonly<{ type: 'quarantine'; instrument: number; depth: number }>

export type ShardReport =
  /** `threadId`: the kernel's; 0 where it does not tell. */
  | Readonly<{ type: 'ready'; threadId: number }>
  /** The shard cannot run at all; it ends after this. */
  | Readonly<{ type: 'failed'; code: string; message: string }>
  | Readonly<{ type: 'status'; status: ShardStatus }>

export type ShardStatus = Readonly<{
  connections: number
  connectionsOpen: number
  resyncsWaiting: number
  /** Used CPU of the shard's thread since its start, in seconds. */
  cpuSeconds: number
  thread: ThreadFigures
}>
