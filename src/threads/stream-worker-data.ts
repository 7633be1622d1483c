import type { LogLevel } from '../core/log.ts'
import type { DeskBuffers } from '../stream/desk-memory.ts'

/** What the stream worker is started with (`workerData`). */
export type StreamWorkerData = DeskBuffers &
  Readonly<{ options: StreamWorkerOptions; logLevel: LogLevel }>

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
