import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { fail, type Result, succeed } from '../core/result.ts'
import { systemTimers, type Timers } from '../core/timer.ts'
import {
  type AcceptSocket,
  chooseProtocol,
  type DeskSocket,
  type StreamServer,
  type StreamServerFailure,
  type StreamServerOptions,
  UPGRADE_TEXT,
} from './stream-server.ts'

const CLOSE_GOING_AWAY = 1001
/** A client that does not answer our close is cut off. */
const CLOSE_GRACE_MS = 1000

/**
 * The desk on `ws`, where uWebSockets.js has no binary. Frames of one tick are corked on the
 * socket, which makes one system call of them; without that this library sends twenty times fewer.
 */
export async function listenWs(
  options: StreamServerOptions,
  accept: AcceptSocket,
  timers: Timers = systemTimers,
): Promise<Result<StreamServer, StreamServerFailure>> {
  const clients = new Set<WsClient>()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: options.requestBytesMax,
    perMessageDeflate: false,
    handleProtocols: (offered) => chooseProtocol(offered) || false,
  })
  const http = createServer((_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', 'Content-Type': 'text/plain' })
    response.end(UPGRADE_TEXT)
  })
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new WsClient(webSocket, socket, request, accept, timers)
      clients.add(client)
      webSocket.on('close', () => clients.delete(client))
    })
  })
  const failure = await listen(http, options)
  if (failure !== undefined) return failure
  const stopPings = timers.every(options.pingPeriodMs, () => {
    for (const client of clients) client.ping()
  })
  const address = http.address()
  return succeed({
    kind: 'ws',
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => {
      stopPings()
      for (const client of clients) client.close(CLOSE_GOING_AWAY, 'the engine stops')
      http.closeAllConnections()
      return new Promise((resolve) => http.close(() => resolve()))
    },
    abandon: () => {
      stopPings()
      http.closeAllConnections()
      http.close()
    },
  })
}

type ListenFailure = Result<never, StreamServerFailure>

async function listen(
  http: Server,
  { host, port }: StreamServerOptions,
): Promise<ListenFailure | undefined> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    http.once('error', resolve)
    http.listen({ host, port }, () => {
      http.off('error', resolve)
      resolve(undefined)
    })
  })
  if (error === undefined) return undefined
  const where = `${host}:${port}`
  if (error.code === 'EADDRINUSE') {
    const fix = 'stop the other program, or set stream.port (of demo --stream-port)'
    return fail('port_in_use', `desk stream: ${where} is in use: ${fix}`)
  }
  return fail('stream_unavailable', `desk stream: cannot listen on ${where}: ${error.message}`)
}

class WsClient implements DeskSocket {
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  readonly #timers: Timers
  #answeredPing = true

  constructor(
    webSocket: WebSocket,
    socket: Duplex,
    request: IncomingMessage,
    accept: AcceptSocket,
    timers: Timers,
  ) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.#timers = timers
    const events = accept(this, {
      protocol: webSocket.protocol,
      authorization: request.headers.authorization ?? '',
      origin: request.headers.origin ?? '',
    })
    webSocket.on('message', (message) => events.onMessage(String(message)))
    webSocket.on('close', () => events.onClose())
    webSocket.on('error', () => {}) // a close follows; a request that is too large ends here too
    webSocket.on('pong', () => {
      this.#answeredPing = true
    })
  }

  send(bytes: Uint8Array, isBinary: boolean): void {
    // The library writes when the socket is uncorked, and the bytes may have changed by then.
    this.#webSocket.send(Buffer.from(bytes), { binary: isBinary, compress: false, fin: true })
  }

  backlogBytes(): number {
    return this.#webSocket.bufferedAmount
  }

  batch(write: () => void): void {
    this.#socket.cork()
    write()
    this.#socket.uncork()
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason)
    // Without an answer the socket, and what waits in it, would stay for the half minute that the
    // library allows.
    const cancel = this.#timers.after(CLOSE_GRACE_MS, () => this.#webSocket.terminate())
    this.#webSocket.on('close', cancel)
  }

  /** Cuts off a client that has not answered since the last ping. */
  ping(): void {
    if (!this.#answeredPing) this.#webSocket.terminate()
    else {
      this.#answeredPing = false
      this.#webSocket.ping()
    }
  }
}
