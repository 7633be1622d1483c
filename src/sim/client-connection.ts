import type { Duplex } from 'node:stream'
import type { FrameReceiver } from './channel.ts'
import { ascii, FrameWriter } from './frame-writer.ts'

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
  readonly #socket: Duplex
  readonly #totals: ConnectionTotals
  readonly #backlogBytesMax: number
  readonly #spare: Uint8Array[] = []
  #chunk: Uint8Array | undefined
  #filled = 0

  constructor(socket: Duplex, totals: ConnectionTotals, backlogBytesMax = BACKLOG_BYTES_MAX) {
    this.#socket = socket
    this.#totals = totals
    this.#backlogBytesMax = backlogBytesMax
  }

  receive(bytes: Uint8Array, from: number, to: number): void {
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

  sendText(text: string): void {
    const writer = new FrameWriter()
    writer.begin()
    writer.ascii(ascii(text))
    writer.finish()
    this.receive(writer.bytes, writer.from, writer.at)
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
