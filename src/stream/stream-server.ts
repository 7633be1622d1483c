/**
 * The port behind which a WebSocket library serves the desk. It knows sockets and bytes; the
 * protocol lives above it. Two implementations: uws-server.ts and ws-server.ts.
 */
export type StreamServer = Readonly<{
  kind: StreamServerKind
  /** The port it listens on: the one asked for, or the one the system chose for 0. */
  port: number
  /** Stops listening and ends every connection; resolves when the port is free. */
  close(): Promise<void>
  /**
   * The same at once, for a thread that is ending: no word to the clients, and nothing to wait for.
   */
  abandon(): void
}>

export type StreamServerKind = 'uws' | 'ws'

export type StreamServerOptions = Readonly<{
  host: string
  port: number
  /** A longer request closes its connection. */
  requestBytesMax: number
  /** Bytes waiting in a socket above which a server may refuse to take more. */
  backlogBytesMax: number
  pingPeriodMs: number
}>

/** One client's connection. No method may be called after `onClose`. */
export type DeskSocket = {
  /** The bytes are copied, or written, before this returns; the caller may reuse them. */
  send(bytes: Uint8Array, isBinary: boolean): void
  /** Bytes taken by `send` that the system has not taken yet. */
  backlogBytes(): number
  /** What is sent inside `write` leaves in as few system calls as the server can make it. */
  batch(write: () => void): void
  /** Ends the connection; `onClose` follows, now or later. */
  close(code: number, reason: string): void
}

export type DeskRequest = Readonly<{
  /** The subprotocol that was agreed on; empty when the client offered none that we speak. */
  protocol: string
  /** Value of the Authorization header; empty when there is none. */
  authorization: string
  /** Value of the Origin header, which browsers always send; empty when there is none. */
  origin: string
}>

export type DeskSocketEvents = {
  onMessage(text: string): void
  onClose(): void
}

/** Asked once per connection; what it answers receives the connection's events. */
export type AcceptSocket = (socket: DeskSocket, request: DeskRequest) => DeskSocketEvents

export type StreamServerFailure = 'port_in_use' | 'stream_unavailable'

export const PROTOCOL_MSGPACK = 'bookflow.msgpack.v1'
export const PROTOCOL_JSON = 'bookflow.json.v1'

/**
 * First of the offered subprotocols that we speak; empty when there is none, and the client gets
 * JSON.
 */
export function chooseProtocol(offered: Iterable<string>): string {
  for (const protocol of offered) {
    if (protocol === PROTOCOL_MSGPACK || protocol === PROTOCOL_JSON) return protocol
  }
  return ''
}

/** What a visitor without WebSocket gets, with status 426. */
export const UPGRADE_TEXT =
  `This is the bookflow desk stream. Connect by WebSocket, subprotocol ${PROTOCOL_JSON} or ` +
  `${PROTOCOL_MSGPACK}.\n`
