import type { Duplex } from 'node:stream'
import type { Random } from '../core/random.ts'

/** Who may connect: at most 500 new connections in five minutes, and a thousand at a time. */
const CONNECTIONS_MAX = 1000
const CONNECTIONS_PER_WINDOW_MAX = 500
const CONNECTION_WINDOW_US = 300_000_000

export class ConnectionGate {
  readonly #connectedUs: number[] = []

  admits(nowUs: number, connectionCount: number): boolean {
    const times = this.#connectedUs
    while (times.length > 0 && times[0] <= nowUs - CONNECTION_WINDOW_US) times.shift()
    const isFull = connectionCount >= CONNECTIONS_MAX
    if (isFull || times.length >= CONNECTIONS_PER_WINDOW_MAX) return false
    times.push(nowUs)
    return true
  }
}

/** Answers a handshake with an HTTP status and hangs up. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const ID_CHARACTERS = '0123456789abcdefghijklmnopqrstuv'

/** As the exchange's own look: 20 characters, a dash, 5 more. */
export function connectionId(random: Random): string {
  let id = ''
  for (let i = 0; i < 25; i++) {
    if (i === 20) id += '-'
    id += ID_CHARACTERS[random.below(ID_CHARACTERS.length)]
  }
  return id
}
