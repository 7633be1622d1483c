import type { Config } from '../config/schema.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import { FEATURE_NAMES, FEATURE_UNITS, FEATURES, featureHash } from '../features/registry.ts'
import type { EngineMemory } from './engine-memory.ts'
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
    features: {
      hash: featureHash(),
      names: FEATURE_NAMES,
      units: FEATURE_UNITS,
      built: FEATURES.map((feature) => feature.isBuilt),
    },
    options: { host, port, tickMs, clientsMax, ...(token === undefined ? {} : { token }) },
    logLevel: config.log_level,
  }
}
