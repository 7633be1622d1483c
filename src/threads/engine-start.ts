import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { SHUTDOWN_MS_MAX, WIND_DOWN_ACCOUNT_MS_MAX } from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { systemSeed } from '../core/random.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { systemTimers } from '../core/timer.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { FeatureGroup } from '../features/catalogue.ts'
import type { FeatureCatalogueParameters } from '../features/parameters.ts'
import { FEATURE_NAMES, FEATURES } from '../features/registry.ts'
import { ControlBlock } from '../memory/control-block.ts'
import { Counters } from '../memory/counters.ts'
import { loadModelFolder } from '../model/manifest.ts'
import { createStrategies } from '../signal/strategy-table.ts'
import { CrossCheck } from './cross-check.ts'
import { Engine, type EngineParts } from './engine.ts'
import { booksOfDepth, createEngineMemory, type EngineMemory } from './engine-memory.ts'
import {
  bookDepths,
  catalogueParameters,
  featureGroups,
  ownedByShard,
  shardTasks,
} from './engine-plan.ts'
import { executionWorkerData } from './execution-plan.ts'
import type { ExecutionReady } from './execution-worker-data.ts'
import { FatalEvent } from './fatal-event.ts'
import { featureRegistry } from './feature-registry.ts'
import { InstrumentSource } from './instrument-source.ts'
import { ShardSupervisor } from './shard-supervisor.ts'
import { startWorker } from './started-worker.ts'
import { StoreSupervisor } from './store-supervisor.ts'
import { releaseStreamAtExit } from './stream-exit.ts'
import { streamWorkerData } from './stream-plan.ts'
import { StreamSupervisor } from './stream-supervisor.ts'

/** Starts everything, or nothing: a part that is refused stops the parts before it. */
export async function startEngine(
  config: Config,
  log: Logger,
): Promise<Result<Engine, ResultCode>> {
  const folder = openDataFolder(config.data_folder)
  if (!folder.ok) return folder
  const checked = checkPlan(config)
  if (!checked.ok) return checked
  const source = new InstrumentSource(config, log)
  const started = await startWith(config, log, source, checked.value)
  if (!started.ok) source.stop()
  return started
}

async function startWith(
  config: Config,
  log: Logger,
  source: InstrumentSource,
  checked: CheckedPlan,
): Promise<Result<Engine, ResultCode>> {
  const loaded = await source.load()
  if (!loaded.ok) return loaded
  const { instruments, rates } = loaded.value
  const { leader } = config.cross
  if (leader !== undefined && !instruments.some(({ symbol }) => symbol === leader)) {
    log.warn({ leader }, 'cross.leader is not followed: what is measured against it stays empty')
  }
  const owned = ownedByShard(config, instruments, rates)
  const memory = createEngineMemory(instruments.length, owned.length, ...bookDepths(config))
  const fatal = new FatalEvent()
  // Its threads load their code while the others start.
  const shards = new ShardSupervisor({
    tasks: shardTasks({
      config,
      instruments,
      owned,
      rates,
      memory,
      params: checked.params,
      seed: systemSeed(), // only spreads retries in time
      logLevel: config.log_level,
    }),
    clock: systemClock,
    timers: systemTimers,
    log,
    onFailed: (shard, code, message) => fatal.announce(`shard ${shard}: ${code}: ${message}`),
  })
  const workers = await startWorkers(config, instruments, memory, log)
  if (!workers.ok) {
    await shards.stop()
    return workers
  }
  const store = new StoreSupervisor({
    ...storeArguments(config),
    clock: systemClock,
    timers: systemTimers,
    log,
  })
  workers.value.execution.ended.then(({ code, reason }) => {
    const why = workers.value.execution.complaint() || reason
    fatal.announce(`execution ended with ${code}: ${why}`)
  })
  const crossCheck = openCrossCheck(config, log, { instruments, memory, shards, source })
  const own = { shards, store, source, crossCheck, fatal }
  const parts = { config, log, memory, instruments, owned, ...own }
  const engine = new Engine({ ...parts, ...workers.value, model: checked.model })
  const server = await engine.listen()
  if (!server.ok) {
    await engine.stop()
    return server
  }
  shards.start()
  store.start()
  source.start(loaded.value)
  crossCheck?.start()
  return succeed(engine)
}

function openCrossCheck(
  config: Config,
  log: Logger,
  parts: Pick<EngineParts, 'instruments' | 'memory' | 'shards' | 'source'>,
): CrossCheck | undefined {
  const { instruments, memory, shards, source } = parts
  const { enabled, per_minute: perMinute } = config.feed.cross_check
  if (!enabled) return undefined
  return new CrossCheck({
    instruments,
    books: bookDepths(config).map((depth) => booksOfDepth(memory, depth)),
    perMinute,
    clock: systemClock,
    timers: systemTimers,
    log,
    counters: new Counters(memory.mainCounters),
    fetchBook: (instrument, depth) => source.fetchBook(instrument, depth),
    quarantine: (instrument, depth) => shards.quarantine(instrument, depth),
  })
}

type Workers = Pick<EngineParts, 'execution' | 'stream'>

/** Both at once. Execution recovers before it is ready; the stream asks nobody for anything. */
async function startWorkers(
  config: Config,
  instruments: InstrumentTable,
  memory: EngineMemory,
  log: Logger,
): Promise<Result<Workers, ResultCode>> {
  releaseStreamAtExit(new ControlBlock(memory.control))
  const desk = streamWorkerData(config, instruments, memory)
  const data = executionWorkerData(config, instruments, memory)
  const windDownMs = data.bybit === undefined ? 0 : WIND_DOWN_ACCOUNT_MS_MAX
  const [execution, stream] = await Promise.all([
    startWorker(
      new URL('./execution.worker.js', import.meta.url),
      data,
      isExecutionReady,
      SHUTDOWN_MS_MAX + windDownMs,
    ),
    StreamSupervisor.start(desk, systemTimers, log),
  ])
  if (!execution.ok) {
    if (stream.ok) await stream.value.stop()
    return execution
  }
  if (!stream.ok) {
    await execution.value.stop()
    return stream
  }
  return succeed({ execution: execution.value, stream: stream.value })
}

type CheckedPlan = Readonly<{ params: FeatureCatalogueParameters; model: EngineParts['model'] }>

/** What a start would stumble over later is said before anything is started. */
function checkPlan(config: Config): Result<CheckedPlan, ResultCode> {
  const strategies = createStrategies(config.strategies, FEATURE_NAMES)
  if (!strategies.ok) return strategies
  const groups = featureGroups(config)
  const missed = featureSwitchedOff(config, groups)
  if (missed !== undefined) return fail('config_invalid', missed)
  const params = catalogueParameters(config)
  if (!params.ok) return fail('config_invalid', params.message)
  if (!config.model.enabled) return succeed({ params: params.value, model: null })
  const model = loadModelFolder(config.model.folder, featureRegistry(groups))
  if (!model.ok) return model
  const { name, version } = model.value.manifest
  return succeed({ params: params.value, model: { name, version } })
}

/** A strategy that reads a feature which is never computed would wait for ever. */
function featureSwitchedOff(config: Config, groups: readonly FeatureGroup[]): string | undefined {
  for (const [at, { enabled, params }] of config.strategies.entries()) {
    if (!enabled) continue
    for (const [key, value] of Object.entries(params)) {
      const feature = FEATURES.find(({ name }) => name === value)
      if (feature === undefined || groups.includes(feature.group)) continue
      const fix = `add ${feature.group} to features.groups`
      return `strategies[${at}].params.${key}: ${value} is switched off; ${fix}`
    }
  }
  return undefined
}

function openDataFolder(folder: string): Result<void, ResultCode> {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return succeed(undefined)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const fix = 'set data_folder to a folder of your own'
    return fail(
      'data_folder_unwritable',
      `data_folder: ${folder} cannot be written (${why}): ${fix}`,
    )
  }
}

function storeArguments(config: Config) {
  const url = config.store.postgres_url
  return {
    args: [join(config.data_folder, 'journal'), join(config.data_folder, 'sql'), config.log_level],
    environment: url === undefined ? {} : { BOOKFLOW_STORE_POSTGRES_URL: url },
  }
}

function isExecutionReady(message: Readonly<{ type: string }>): message is ExecutionReady {
  return message.type === 'ready'
}
