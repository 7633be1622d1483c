import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { FRAME_BYTES_MAX } from '../constants.ts'
import { messageOf } from '../core/result.ts'

export type FeedSocketListener = Readonly<{
  onOpen(): void
  /** One whole message, valid during the call only. */
  onMessage(bytes: Uint8Array): void
  /** Once: it closed, or never opened. `httpStatus` is that of a refused handshake, else 0. */
  onClosed(reason: string, httpStatus: number): void
}>

const CLOSE_NORMAL = 1000

/**
 * The adapter around the WebSocket library. After `drop`, and after `onClosed`, the listener hears
 * nothing more.
 */
export class FeedSocket {
  #listener: FeedSocketListener | undefined
  #socket: WebSocket | undefined
  #tcp: Socket | undefined
  #errorText = ''

  constructor(url: string, listener: FeedSocketListener) {
    this.#listener = listener
    try {
      this.#socket = new WebSocket(url, {
        perMessageDeflate: false,
        skipUTF8Validation: true, // the decoder validates every byte it uses
        maxPayload: FRAME_BYTES_MAX,
      })
    } catch (error) {
      const reason = `cannot connect to ${url}: ${messageOf(error)}`
      queueMicrotask(() => this.#end(reason, 0)) // not before the constructor has returned
      return
    }
    this.#listen(this.#socket)
  }

  /** Everything that arrived, parts of unfinished messages included; 0 before the handshake. */
  get bytesRead(): number {
    return this.#tcp?.bytesRead ?? 0
  }

  /** Only while open. */
  send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text)
  }

  /**
   * Sends a close frame; the listener hears nothing more, `done` follows when the other side has
   * answered.
   */
  close(done: (reason: string) => void): void {
    this.#listener = { onOpen: () => {}, onMessage: () => {}, onClosed: done }
    this.#socket?.close(CLOSE_NORMAL)
  }

  /** Ends it without ceremony. */
  drop(): void {
    this.#listener = undefined
    this.#tcp = undefined
    // Its error listener stays: a socket cut in its handshake emits one, which would end the thread
    // unheard.
    this.#socket?.terminate()
  }

  #listen(socket: WebSocket): void {
    socket.on('upgrade', (response) => {
      this.#tcp = response.socket
    })
    socket.on('open', () => this.#listener?.onOpen())
    socket.on('message', (data) => {
      // The library gives one Buffer a message, a view of what the socket read; the check tells the
      // compiler.
      if (data instanceof Uint8Array) this.#listener?.onMessage(data)
    })
    socket.on('error', (error) => {
      this.#errorText = messageOf(error)
    })
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      const status = response.statusCode ?? 0
      this.#end(`HTTP ${status} instead of a WebSocket`, status)
    })
    socket.on('close', (code, reason) => {
      const text = reason.length > 0 ? ` ${reason.toString()}` : ''
      this.#end(this.#errorText === '' ? `closed with ${code}${text}` : this.#errorText, 0)
    })
  }

  #end(reason: string, httpStatus: number): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.onClosed(reason, httpStatus)
  }
}
