import type { Clock } from '../core/clock.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { ExecutionOptions } from '../execution/options.ts'
import type { SimBybit } from './bybit/sim-bybit.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Market } from './market.ts'
import type { Monitor } from './monitor.ts'
import type { Network } from './network.ts'
import type { PlantedBug } from './planted-bugs.ts'
import type { SimCheckpoints } from './sim-checkpoints.ts'
import type { SimDisk } from './sim-disk.ts'
import type { SimExchange } from './sim-exchange.ts'
import type { SimProcess } from './sim-process.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** All that the processes of one history live in. */
export type World = Readonly<{
  timeline: Timeline
  /** Of the machine that the engine runs on. */
  clock: Clock
  faults: FaultPlan
  disk: SimDisk
  checkpoints: SimCheckpoints
  network: Network
  exchange: SimExchange
  /** Undefined: the process talks to the exchange through a gateway of the simulation. */
  bybit: SimBybit | undefined
  market: Market
  monitor: Monitor
  trace: Trace
  instruments: InstrumentTable
  options: ExecutionOptions
  bugs: ReadonlySet<PlantedBug>
  /** A place where a process may die. */
  onPoint: (process: SimProcess, place: string) => void
  /** A process ended by itself. */
  onEnd: (process: SimProcess, why: string) => void
}>
