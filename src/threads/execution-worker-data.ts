import type { LogLevel } from '../core/log.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { CommandObeyed } from '../domain/journal-stops.ts'
import type { ExecutionOptions } from '../execution/options.ts'
import type { Recovered } from '../execution/recovery.ts'
import type { BybitSettings } from './gateway-choice.ts'

/** What the execution worker is started with (`workerData`). */
export type ExecutionWorkerData = Readonly<{
  books: SharedArrayBuffer
  /** Depth of the books in the region. */
  depth: number
  /** Rings, one a shard. */
  intents: readonly SharedArrayBuffer[]
  /** Broadcast rings of public trades, one a shard. */
  trades: readonly SharedArrayBuffer[]
  tickers: SharedArrayBuffer
  /** Ring from control. */
  commands: SharedArrayBuffer
  /** Broadcast ring to everyone. */
  audit: SharedArrayBuffer
  counters: SharedArrayBuffer
  histograms: SharedArrayBuffer
  control: SharedArrayBuffer
  instruments: InstrumentTable
  options: ExecutionOptions
  /** `paper` where it is left out. */
  mode?: 'paper' | 'live'
  /** Left out: the paper gateway. */
  bybit?: BybitSettings | undefined
  /** The journal lies in its folder `journal`. */
  dataFolder: string
  /** For the first record of the run: all of it, secrets redacted. */
  config?: Readonly<Record<string, unknown>>
  /** Of bookflow, for the first record of the run. */
  version: string
  logLevel: LogLevel
}>

export type ExecutionReady = Readonly<{
  type: 'ready'
  recovered: Recovered
  /** Commands whose idempotency keys still count, oldest first. */
  keyed: readonly CommandObeyed[]
  /** Of the kernel; 0 where it does not tell. */
  threadId: number
}>

/**
 * Before `ready`: the start was refused. After it: the journal failed, trading is halted, the
 * process must leave.
 */
export type ExecutionFailed = Readonly<{ type: 'failed'; code: string; message: string }>

export type ExecutionStopped = Readonly<{ type: 'stopped' }>

export type ExecutionWorkerMessage = ExecutionReady | ExecutionFailed | ExecutionStopped

export type ExecutionWorkerCommand = Readonly<{ type: 'stop' }>

/** Exit code of the thread, and meant for the process, when the journal fails while it runs. */
export const EXECUTION_FAILED_EXIT_CODE = 70

/** Exit code of the process when execution gave no sign of life. */
export const EXECUTION_SILENT_EXIT_CODE = 71
