import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FrameReceiver } from './channel.ts'
import { FrameWriter } from './frame-writer.ts'
import { closeFrame, fragmented, halfFrame } from './wire-faults.ts'

/**
 * The sending side of one client. Frames are collected in chunks and go to the socket once a tick,
 * so that a hundred small messages cost one system call. What the client does not read stays within
 * a bound; past it the client is cut off and counted.
 */
const CHUNK_BYTES = 1 << 16
const CHUNKS_SPARE_MAX = 4
export const BACKLOG_BYTES_MAX = 16 * 1024 * 1024

export type ConnectionTotals = {
  messagesSent: number
  bytesSent: number
  droppedClients: number
}

export class ClientConnection implements FrameReceiver {
  /** Bytes given to the socket and not yet taken by the system. */
  backlogBytes = 0
  isClosed = false
  sentUs = 0
  /** Faults: no market data before this time; nothing at all; messages to send in three frames. */
  dataFromUs = 0
  holdsAll = false
  fragmentsPending = 0
  readonly #socket: Duplex
  readonly #totals: ConnectionTotals
  readonly #nowUs: () => number
  readonly #backlogBytesMax: number
  readonly #spare: Uint8Array[] = []
  #chunk: Uint8Array | undefined
  #filled = 0

  constructor(
    socket: Duplex,
    totals: ConnectionTotals,
    nowUs: () => number,
    backlogBytesMax = BACKLOG_BYTES_MAX,
  ) {
    this.#socket = socket
    this.#nowUs = nowUs
    this.#totals = totals
    this.#backlogBytesMax = backlogBytesMax
  }

  receive(bytes: Uint8Array, from: number, to: number): void {
    if (this.holdsAll || (this.dataFromUs > 0 && this.#holdsData())) return
    if (this.fragmentsPending > 0) {
      this.fragmentsPending--
      const frames = fragmented(bytes.subarray(from, to))
      this.#collect(frames, 0, frames.length)
    } else this.#collect(bytes, from, to)
  }

  #holdsData(): boolean {
    if (this.#nowUs() < this.dataFromUs) return true
    this.dataFromUs = 0
    return false
  }

  /** An answer, or anything else that is no market data. */
  sendText(text: string): void {
    if (this.holdsAll) return
    const writer = new FrameWriter()
    writer.write(text)
    this.#collect(writer.bytes, writer.from, writer.at)
  }

  #collect(bytes: Uint8Array, from: number, to: number): void {
    if (this.isClosed) return
    this.#totals.messagesSent++
    const size = to - from
    if (size > CHUNK_BYTES) {
      this.flush()
      this.#write(bytes.slice(from, to))
      return
    }
    if (this.#filled + size > CHUNK_BYTES) this.flush()
    this.#chunk ??= this.#spare.pop() ?? new Uint8Array(CHUNK_BYTES)
    this.#chunk.set(bytes.subarray(from, to), this.#filled)
    this.#filled += size
  }

  /** Gives what was collected to the socket. */
  flush(): void {
    if (this.#chunk === undefined || this.#filled === 0) return
    const chunk = this.#chunk
    const filled = this.#filled
    this.#chunk = undefined
    this.#filled = 0
    this.#write(chunk.subarray(0, filled), chunk)
  }

  /** Cuts the connection without a farewell, as a lost line does. */
  cut(): void {
    this.isClosed = true
    this.#chunk = undefined
    this.#filled = 0
    this.#socket.destroy()
  }

  /** Ends the connection with a close frame of this code. */
  close(code: number): void {
    this.flush()
    this.#write(closeFrame(code))
    this.isClosed = true
    this.#socket.end()
  }

  /** Breaks the connection with a reset while a frame is on its way. */
  reset(): void {
    this.flush()
    this.isClosed = true
    this.#socket.write(halfFrame(), () => {
      if (this.#socket instanceof Socket) this.#socket.resetAndDestroy()
      else this.#socket.destroy()
    })
  }

  #write(bytes: Uint8Array, chunk?: Uint8Array): void {
    if (this.isClosed) return
    this.backlogBytes += bytes.length
    this.#totals.bytesSent += bytes.length
    if (this.backlogBytes > this.#backlogBytesMax) {
      this.#totals.droppedClients++
      this.cut()
      return
    }
    this.#socket.write(bytes, () => {
      this.backlogBytes -= bytes.length
      if (chunk !== undefined && this.#spare.length < CHUNKS_SPARE_MAX) this.#spare.push(chunk)
    })
  }
}
