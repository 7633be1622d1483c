import type { Config } from '../config/schema.ts'
import { RETENTION_PERIOD_MS, VERSION } from '../constants.ts'
import { type ControlServer, createControlServer } from '../control/server.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Result } from '../core/result.ts'
import { type CancelTimer, systemTimers } from '../core/timer.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { ControlBlock } from '../memory/control-block.ts'
import { Counters } from '../memory/counters.ts'
import { answeredBefore } from './answered-before.ts'
import { CandleLog } from './candle-log.ts'
import { Commands } from './commands.ts'
import { controlPorts } from './control-ports.ts'
import type { CrossCheck } from './cross-check.ts'
import type { EngineMemory } from './engine-memory.ts'
import { EXECUTION_SILENT_EXIT_CODE, type ExecutionReady } from './execution-worker-data.ts'
import type { EngineFatal, FatalEvent } from './fatal-event.ts'
import type { InstrumentSource } from './instrument-source.ts'
import { JournalRetention } from './journal-retention.ts'
import { MarketWatch } from './market-watch.ts'
import { alertLog, gapLog, type NewestLog, signalLog } from './newest-log.ts'
import { Rates } from './rates.ts'
import type { ShardOverview, ShardSupervisor } from './shard-supervisor.ts'
import type { StartedWorker } from './started-worker.ts'
import type { StoreSupervisor } from './store-supervisor.ts'
import type { StreamReady, StreamSupervisor } from './stream-supervisor.ts'
import { TradingFold } from './trading-fold.ts'
import { Watchdog } from './watchdog.ts'

const UPDATE_PERIOD_MS = 50
const RATES_PERIOD_MS = 1000

export type EngineParts = Readonly<{
  config: Config
  log: Logger
  memory: EngineMemory
  instruments: InstrumentTable
  owned: readonly (readonly number[])[]
  shards: ShardSupervisor
  execution: StartedWorker<ExecutionReady>
  stream: StreamSupervisor
  store: StoreSupervisor
  source: InstrumentSource
  /** Undefined where it is switched off. */
  crossCheck: CrossCheck | undefined
  /** Of the model's manifest; null when scoring is off. */
  model: Readonly<{ name: string; version: string }> | null
  fatal: FatalEvent
}>

/**
 * The whole engine of one process: shared memory, shards, execution, desk stream, store and control
 * API. All wiring is in engine-start.ts; what each part does is in its own room.
 *
 *   start: configuration -> instruments -> memory -> execution (recovers) and stream -> control -> shards -> store
 *   stop:  control -> execution (winds down while the books live) -> shards, stream and store
 */
export class Engine {
  readonly config: Config
  readonly instruments: InstrumentTable
  readonly memory: EngineMemory
  readonly watch: MarketWatch
  readonly trading: TradingFold
  readonly signals: NewestLog
  readonly gaps: NewestLog
  readonly alerts: NewestLog
  readonly candles: CandleLog
  readonly rates: Rates
  readonly shards: ShardSupervisor
  readonly store: StoreSupervisor
  readonly model: EngineParts['model']
  readonly control: ControlBlock
  readonly commands: Commands
  readonly recovered: ExecutionReady
  readonly stream: StreamReady
  readonly startedUs: number
  /** Resolves when the engine must leave: execution ended, or a shard can never start. */
  readonly fatal: Promise<EngineFatal>
  readonly #parts: EngineParts
  readonly #cancels: CancelTimer[]
  readonly #watchdog: Watchdog
  #server: ControlServer | undefined
  #isExecutionEnded = false
  #isStopping = false
  #wasReady = false

  constructor(parts: EngineParts) {
    const { config, execution, instruments, memory, stream } = parts
    this.#parts = parts
    this.config = config
    this.instruments = instruments
    this.memory = memory
    this.shards = parts.shards
    this.store = parts.store
    this.model = parts.model
    this.fatal = parts.fatal.event
    this.recovered = execution.ready
    this.stream = stream.ready
    this.startedUs = systemClock.nowUs()
    this.control = new ControlBlock(memory.control)
    this.watch = new MarketWatch(memory, instruments)
    this.trading = new TradingFold(memory.audit, instruments)
    this.signals = signalLog(memory.shards.map((shard) => shard.signals))
    this.alerts = alertLog(memory.shards.map((shard) => shard.alerts))
    this.candles = new CandleLog(memory.shards.map((shard) => shard.candles))
    this.gaps = gapLog(memory.shards.map((shard) => shard.gaps))
    this.rates = new Rates(this.watch, systemClock)
    this.commands = new Commands(
      memory.commands,
      this.control,
      this.trading,
      systemClock,
      systemTimers,
    )
    this.#watchdog = new Watchdog({
      control: this.control,
      counters: new Counters(memory.mainCounters),
      clock: systemClock,
      log: parts.log,
      onSilent: (message) => parts.fatal.announce(message, EXECUTION_SILENT_EXIT_CODE),
    })
    const retention = new JournalRetention({
      config,
      counters: new Counters(memory.mainCounters),
      clock: systemClock,
      log: parts.log,
      projectedTo: () => parts.store.overview().offset,
    })
    this.#cancels = [
      systemTimers.every(UPDATE_PERIOD_MS, () => this.#update()),
      systemTimers.every(RATES_PERIOD_MS, () => this.rates.update()),
      systemTimers.every(RETENTION_PERIOD_MS, () => retention.look()),
    ]
    execution.ended.then(() => this.#onExecutionEnded())
  }

  get controlAddress(): string {
    return this.#server?.address ?? ''
  }

  get isExecutionEnded(): boolean {
    return this.#isExecutionEnded
  }

  get isStreamRunning(): boolean {
    return this.#parts.stream.isRunning
  }

  shardOverviews(): ShardOverview[] {
    return this.shards.overview()
  }

  /**
   * True from the first moment at which every book was LIVE and execution ran, while execution
   * runs.
   */
  isReady(): boolean {
    if (!this.#wasReady) {
      const { LIVE } = this.watch.states()
      this.#wasReady = LIVE === this.instruments.length
    }
    return this.#wasReady && !this.#isExecutionEnded
  }

  /** Our clock minus the exchange's; undefined while unknown. */
  get timeDriftSeconds(): number | undefined {
    return this.#parts.source.timeDriftSeconds
  }

  /** Of all positions, as a part of its limit; NaN while a book that is needed is not LIVE. */
  exposurePercent(): number {
    let sum = 0
    for (const { instrument, lots } of this.trading.positions.values()) {
      if (lots === 0) continue
      sum += Math.abs(lots) * this.instruments[instrument].lot.value * this.watch.mid(instrument)
    }
    return (100 * sum) / this.config.execution.limits.total_notional_max
  }

  async listen(): Promise<Result<ControlServer, ResultCode>> {
    const { config, log, owned } = this.#parts
    const { host, port, token } = config.control
    const server = await createControlServer(controlPorts(this, owned), {
      host,
      port,
      ...(token === undefined ? {} : { token }),
      isLive: config.mode === 'live',
      version: VERSION,
      logger: log,
      clock: systemClock,
      answered: answeredBefore(this.recovered.keyed),
    })
    if (server.ok) this.#server = server.value
    return server
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    for (const cancel of this.#cancels) cancel()
    const { crossCheck, execution, shards, source, store, stream } = this.#parts
    shards.endWatch()
    crossCheck?.stop()
    source.stop()
    await this.#server?.stop()
    // Execution first: without books it could neither cancel wisely nor say where it stands.
    await execution.stop()
    // The journal is complete now, which is all that the store needs.
    await Promise.all([shards.stop(), stream.stop(), store.stop()])
  }

  #update(): void {
    this.trading.update()
    this.signals.update()
    this.gaps.update()
    this.alerts.update()
    this.candles.update()
    this.#watchdog.look(this.#isExecutionEnded)
  }

  /** Nobody else may write the trading state while execution runs; now there is nobody else. */
  #onExecutionEnded(): void {
    this.#isExecutionEnded = true
    this.control.setTradingState('halted')
  }
}
