import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export type ExchangeRequest = { req_id: string; op: string; args?: string[] }

export type ExchangeConnection = {
  readonly number: number
  readonly path: string
  readonly socket: WebSocket
  readonly tcp: Socket
  readonly subscribed: Set<string>
  readonly requests: ExchangeRequest[]
  closeCode: number
}

/** What the exchange does; each may be changed while it runs. */
export type Script = {
  /** Spot answers without the request's id. */
  category: 'linear' | 'spot'
  /** HTTP status to refuse the handshake with; 0 accepts. */
  refuseStatus: number
  /** TCP connections are taken and never answered. */
  isMute: boolean
  /** Topics that are refused. */
  badTopics: Set<string>
  /** Requests that are left without an answer. */
  ignores(request: ExchangeRequest, connection: ExchangeConnection): boolean
  /** Sent when a topic is subscribed, after the acknowledgement. */
  snapshotOf(topic: string): string | undefined
}

/** A server with the protocol's shapes that does, and fails to do, what a test tells it. */
export class ScriptedExchange {
  readonly script: Script = {
    category: 'linear',
    refuseStatus: 0,
    isMute: false,
    badTopics: new Set(),
    ignores: () => false,
    snapshotOf: (topic) => `{"topic":"${topic}","type":"snapshot","data":{}}`,
  }
  readonly connections: ExchangeConnection[] = []
  handshakes = 0
  readonly #http: Server
  readonly #sockets = new Set<Socket>()

  private constructor(http: Server) {
    this.#http = http
  }

  static async start(): Promise<ScriptedExchange> {
    const http = createServer()
    const exchange = new ScriptedExchange(http)
    const websockets = new WebSocketServer({ noServer: true })
    http.on('connection', (tcp: Socket) => {
      exchange.#sockets.add(tcp)
      tcp.on('close', () => exchange.#sockets.delete(tcp))
      tcp.on('error', () => {})
    })
    http.on('upgrade', (request, tcp: Socket, head) => {
      exchange.handshakes++
      const { isMute, refuseStatus } = exchange.script
      if (isMute) return
      if (refuseStatus !== 0) {
        tcp.end(
          `HTTP/1.1 ${refuseStatus} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        )
        return
      }
      websockets.handleUpgrade(request, tcp, head, (socket) => {
        exchange.#accept(socket, tcp, request.url ?? '')
      })
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return exchange
  }

  get port(): number {
    const address = this.#http.address() as AddressInfo
    return address.port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/v5/public/${this.script.category}`
  }

  /** Connections whose socket is open. */
  get open(): ExchangeConnection[] {
    return this.connections.filter(({ socket }) => socket.readyState === socket.OPEN)
  }

  /** All requests of one kind, over all connections, in order of each connection. */
  requests(op: string): ExchangeRequest[] {
    return this.connections.flatMap((c) => c.requests.filter((request) => request.op === op))
  }

  /** The connection that carries the topic now. */
  carrier(topic: string): ExchangeConnection {
    const found = this.open.find((connection) => connection.subscribed.has(topic))
    if (found === undefined) throw new Error(`nobody is subscribed to ${topic}`)
    return found
  }

  async stop(): Promise<void> {
    for (const tcp of this.#sockets) tcp.destroy()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #accept(socket: WebSocket, tcp: Socket, path: string): void {
    const connection: ExchangeConnection = {
      number: this.connections.length,
      path,
      socket,
      tcp,
      subscribed: new Set(),
      requests: [],
      closeCode: 0,
    }
    this.connections.push(connection)
    socket.on('close', (code) => {
      connection.closeCode = code
    })
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const request = JSON.parse(data.toString()) as ExchangeRequest
      connection.requests.push(request)
      if (!this.script.ignores(request, connection)) this.#answer(connection, request)
    })
  }

  #answer(connection: ExchangeConnection, request: ExchangeRequest): void {
    if (request.op === 'ping') this.#reply(connection, request, true, 'pong')
    else if (request.op === 'subscribe') this.#subscribe(connection, request)
    else if (request.op === 'unsubscribe') {
      for (const topic of request.args ?? []) connection.subscribed.delete(topic)
      this.#reply(connection, request, true, '')
    }
  }

  #subscribe(connection: ExchangeConnection, request: ExchangeRequest): void {
    const { badTopics, snapshotOf, category } = this.script
    const topics = request.args ?? []
    const bad = topics.find((topic) => badTopics.has(topic))
    const repeated = topics.find((topic) => connection.subscribed.has(topic))
    if (category === 'spot' && topics.length > 10) {
      this.#reply(connection, request, false, 'args size >10')
    } else if (bad !== undefined) {
      this.#reply(connection, request, false, `error:handler not found,topic:${bad}`)
    } else if (repeated !== undefined) {
      this.#reply(connection, request, false, `error:already subscribed,topic:${repeated}`)
    } else {
      for (const topic of topics) connection.subscribed.add(topic)
      this.#reply(connection, request, true, category === 'spot' ? 'subscribe' : '')
      for (const topic of topics) {
        const snapshot = snapshotOf(topic)
        if (snapshot !== undefined) connection.socket.send(snapshot)
      }
    }
  }

  #reply(
    connection: ExchangeConnection,
    request: ExchangeRequest,
    success: boolean,
    ret_msg: string,
  ): void {
    const base = { success, ret_msg, conn_id: `c${connection.number}`, op: request.op }
    const isSpot = this.script.category === 'spot'
    connection.socket.send(JSON.stringify(isSpot ? base : { ...base, req_id: request.req_id }))
  }
}
