import type { LogLevel } from '../core/log.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { DeskFeatureSchema } from '../stream/desk-memory.ts'

/** What the stream worker is started with (`workerData`). */
export type StreamWorkerData = Readonly<{
  books: SharedArrayBuffer
  rows: SharedArrayBuffer
  scores: SharedArrayBuffer
  /** Broadcast rings, one a shard. */
  trades: readonly SharedArrayBuffer[]
  signals: readonly SharedArrayBuffer[]
  gaps: readonly SharedArrayBuffer[]
  audit: SharedArrayBuffer
  /** Of the stream itself. */
  counters: SharedArrayBuffer
  /** Of the other threads, summed for the health channel. */
  otherCounters: readonly SharedArrayBuffer[]
  control: SharedArrayBuffer
  instruments: InstrumentTable
  /** Depth of the books in the region. */
  depth: number
  features: DeskFeatureSchema
  options: StreamWorkerOptions
  logLevel: LogLevel
}>

export type StreamWorkerOptions = Readonly<{
  host: string
  /** 0: the system chooses; the answer is in `ready`. */
  port: number
  token?: string
  tickMs: number
  clientsMax: number
}>

export type StreamWorkerMessage =
  | Readonly<{ type: 'ready'; port: number; server: 'uws' | 'ws'; threadId: number }>
  | Readonly<{ type: 'failed'; code: string; message: string }>

export type StreamWorkerCommand = Readonly<{ type: 'stop' }>
