import type { Config } from '../config/schema.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { EngineMemory } from './engine-memory.ts'
import { candleSettings, featureGroups } from './engine-plan.ts'
import { deskFeatureSchema } from './feature-registry.ts'
import type { StreamWorkerData } from './stream-worker-data.ts'

export function streamWorkerData(
  config: Config,
  instruments: InstrumentTable,
  memory: EngineMemory,
): StreamWorkerData {
  const { clients_max: clientsMax, host, port, tick_ms: tickMs, token } = config.stream
  return {
    books: memory.books,
    rows: memory.rows,
    scores: memory.scores,
    trades: memory.shards.map((shard) => shard.trades),
    signals: memory.shards.map((shard) => shard.signals),
    gaps: memory.shards.map((shard) => shard.gaps),
    alerts: memory.shards.map((shard) => shard.alerts),
    candles: memory.shards.map((shard) => shard.candles),
    candleIntervals: candleSettings(config)?.intervals ?? [],
    audit: memory.audit,
    counters: memory.streamCounters,
    otherCounters: [
      ...memory.shards.map((shard) => shard.counters),
      memory.executionCounters,
      memory.mainCounters,
    ],
    control: memory.control,
    instruments,
    depth: memory.depth,
    features: deskFeatureSchema(featureGroups(config)),
    options: { host, port, tickMs, clientsMax, ...(token === undefined ? {} : { token }) },
    logLevel: config.log_level,
  }
}
