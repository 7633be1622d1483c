import { decode } from '@msgpack/msgpack'
import { WebSocket } from 'ws'

export type Wire = Record<string, unknown>

/** A client without our client library: what the server says, message by message. */
export class RawClient {
  readonly messages: Wire[] = []
  /** Whether each message came as a binary frame. */
  readonly binary: boolean[] = []
  closeCode: number | undefined
  readonly socket: WebSocket
  readonly #wakes = new Set<() => void>()

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (message: Buffer, isBinary) => {
      const wire: unknown = isBinary ? decode(message) : JSON.parse(message.toString())
      if (typeof wire !== 'object' || wire === null) throw new Error('a message is a map')
      this.messages.push({ ...wire })
      this.binary.push(isBinary)
      this.#wake()
    })
    socket.on('close', (code) => {
      this.closeCode = code
      this.#wake()
    })
    socket.on('error', () => {})
  }

  static async connect(
    port: number,
    protocols: string[] = [],
    headers: Record<string, string> = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, protocols, { headers })
    const client = new RawClient(socket)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return client
  }

  ask(request: unknown): void {
    this.socket.send(typeof request === 'string' ? request : JSON.stringify(request))
  }

  /** Messages of a channel so far. */
  of(channel: string): Wire[] {
    return this.messages.filter((message) => message.channel === channel)
  }

  /** The first message, now or later, that fits. */
  async find(fits: (message: Wire) => boolean): Promise<Wire> {
    for (;;) {
      const found = this.messages.find(fits)
      if (found !== undefined) return found
      await this.#wait()
    }
  }

  /** Frame `seq` of a channel. */
  frame(channel: string, seq: number): Promise<Wire> {
    return this.find((message) => message.channel === channel && message.seq === seq)
  }

  answer(op: string): Promise<Wire> {
    return this.find((message) => message.op === op)
  }

  async closed(): Promise<number> {
    while (this.closeCode === undefined) await this.#wait()
    return this.closeCode
  }

  close(): void {
    this.socket.terminate()
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakes.delete(wake)
        resolve()
      }
      this.#wakes.add(wake)
    })
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake()
  }
}

/** Lets timers and sockets run until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}
