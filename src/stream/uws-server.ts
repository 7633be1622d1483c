import { fail, type Result, succeed } from '../core/result.ts'
import {
  type AcceptSocket,
  chooseProtocol,
  type DeskRequest,
  type DeskSocket,
  type DeskSocketEvents,
  type StreamServer,
  type StreamServerFailure,
  type StreamServerOptions,
  UPGRADE_TEXT,
} from './stream-server.ts'

/**
 * The desk on uWebSockets.js. The package is optional: it carries binaries for some platforms and
 * versions of Node, and where none loads the answer is `stream_unavailable` and ws-server.ts takes
 * over. So its types are not imported either; the few we need are below.
 *
 * Its sockets are handles of the thread's event loop that Node does not know: a thread that ends
 * while one is open ends the whole process with a native assertion. So whoever ends the thread must
 * have
 * `close` or `abandon` called first, and give the loop one turn.
 */
const PACKAGE: string = 'uWebSockets.js'
/**
 * Other packages' default lets a second process listen on the same port, and each gets half of the
 * clients.
 */
const EXCLUSIVE_PORT = 1
const CLOSE_GOING_AWAY = 1001

type UwsSocket = {
  send(message: Uint8Array, isBinary: boolean): number
  getBufferedAmount(): number
  cork(write: () => void): unknown
  end(code: number, reason: string): void
  getUserData(): UwsClient
}
type UwsResponse = {
  writeStatus(status: string): UwsResponse
  writeHeader(name: string, value: string): UwsResponse
  end(body: string): unknown
  upgrade(user: UwsClient, key: string, protocol: string, extensions: string, context: object): void
}
type UwsRequest = { getHeader(name: string): string }
type UwsBehavior = {
  maxPayloadLength: number
  maxBackpressure: number
  idleTimeout: number
  sendPingsAutomatically: boolean
  upgrade(response: UwsResponse, request: UwsRequest, context: object): void
  open(socket: UwsSocket): void
  message(socket: UwsSocket, message: ArrayBuffer): void
  close(socket: UwsSocket): void
}
type UwsApp = {
  ws(pattern: string, behavior: UwsBehavior): UwsApp
  any(pattern: string, answer: (response: UwsResponse) => void): UwsApp
  listen(host: string, port: number, options: number, call: (token: unknown) => void): UwsApp
  close(): UwsApp
}
type UwsLibrary = { App(): UwsApp; us_socket_local_port(listening: unknown): number }

/** What the library keeps with a socket. */
type UwsClient = { request: DeskRequest; events: DeskSocketEvents | undefined }

export async function listenUws(
  options: StreamServerOptions,
  accept: AcceptSocket,
): Promise<Result<StreamServer, StreamServerFailure>> {
  const library = await loadUws()
  if (library === undefined) {
    return fail('stream_unavailable', 'uWebSockets.js has no binary for this platform')
  }
  const sockets = new Set<UwsSocket>()
  const app = library.App()
  app.ws('/*', deskBehavior(options, accept, sockets))
  app.any('/*', (response) => {
    response.writeStatus('426 Upgrade Required').writeHeader('Upgrade', 'websocket')
    response.end(UPGRADE_TEXT)
  })
  const listening = await new Promise((resolve) => {
    app.listen(options.host, options.port, EXCLUSIVE_PORT, resolve)
  })
  if (listening === false || listening === null || listening === undefined) {
    app.close()
    // The library does not say why; an address that is not ours looks the same.
    const where = `${options.host}:${options.port}`
    const fix = 'stop the other program, or set stream.port (of demo --stream-port)'
    return fail(
      'port_in_use',
      `desk stream: ${where} is in use, or no address of this machine: ${fix}`,
    )
  }
  return succeed({
    kind: 'uws',
    port: library.us_socket_local_port(listening),
    close: async () => {
      for (const socket of [...sockets]) socket.end(CLOSE_GOING_AWAY, 'the engine stops')
      app.close()
    },
    abandon: () => void app.close(),
  })
}

async function loadUws(): Promise<UwsLibrary | undefined> {
  try {
    const library: unknown = await import(PACKAGE)
    return isUwsLibrary(library) ? library : undefined
  } catch {
    return undefined // not installed, or no binary for this Node
  }
}

function isUwsLibrary(value: unknown): value is UwsLibrary {
  if (typeof value !== 'object' || value === null) return false
  if (!('App' in value) || !('us_socket_local_port' in value)) return false
  return typeof value.App === 'function' && typeof value.us_socket_local_port === 'function'
}

function deskBehavior(
  options: StreamServerOptions,
  accept: AcceptSocket,
  sockets: Set<UwsSocket>,
): UwsBehavior {
  const decoder = new TextDecoder()
  return {
    maxPayloadLength: options.requestBytesMax,
    // Above our own bound: what the library drops, it drops without a word to the client.
    maxBackpressure: 2 * options.backlogBytesMax,
    // Seconds of silence both ways; the library pings in time to prevent it.
    idleTimeout: Math.max(8, Math.round((2 * options.pingPeriodMs) / 1000)),
    sendPingsAutomatically: true,
    upgrade(response, request, context) {
      const offered = request.getHeader('sec-websocket-protocol').split(',')
      const protocol = chooseProtocol(offered.map((name) => name.trim()))
      const user: UwsClient = {
        request: {
          protocol,
          authorization: request.getHeader('authorization'),
          origin: request.getHeader('origin'),
        },
        events: undefined,
      }
      response.upgrade(
        user,
        request.getHeader('sec-websocket-key'),
        protocol,
        request.getHeader('sec-websocket-extensions'),
        context,
      )
    },
    open(socket) {
      sockets.add(socket)
      const user = socket.getUserData()
      user.events = accept(wrapSocket(socket), user.request)
    },
    message(socket, message) {
      socket.getUserData().events?.onMessage(decoder.decode(message))
    },
    close(socket) {
      sockets.delete(socket)
      socket.getUserData().events?.onClose()
    },
  }
}

function wrapSocket(socket: UwsSocket): DeskSocket {
  return {
    send: (bytes, isBinary) => void socket.send(bytes, isBinary),
    backlogBytes: () => socket.getBufferedAmount(),
    batch: (write) => void socket.cork(write),
    close: (code, reason) => socket.end(code, reason),
  }
}
