import {
  CLIENT_BACKLOG_BYTES_MAX,
  CLIENT_PING_PERIOD_MS,
  CLIENT_REQUEST_BYTES_MAX,
} from '../constants.ts'
import { type Result, succeed } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { DeskAccess } from './desk-access.ts'
import { DeskStream, type DeskStreamParts } from './desk-stream.ts'
import type { AcceptSocket, StreamServer, StreamServerKind } from './stream-server.ts'
import { listenUws } from './uws-server.ts'
import { listenWs } from './ws-server.ts'

export type DeskServerParts = Omit<DeskStreamParts, 'access'> &
  Readonly<{
    host: string
    /** 0: the system chooses. */
    port: number
    token: string | undefined
    /** Which library serves; `auto` takes uWebSockets.js where it loads. */
    server: StreamServerKind | 'auto'
  }>

export type DeskServer = Readonly<{
  kind: StreamServerKind
  port: number
  stop(): Promise<void>
  /** Lets go of every socket at once, for a thread that is ending. */
  abandon(): void
}>

/**
 * Listens and starts to tick. Refused: a port in use, an address open to the network without a
 * token.
 */
export async function startDeskServer(
  parts: DeskServerParts,
): Promise<Result<DeskServer, ResultCode>> {
  const access = DeskAccess.create(parts.host, parts.token)
  if (!access.ok) return access
  const stream = new DeskStream({ ...parts, access: access.value })
  const listening = await listenAny(parts, (socket, request) => stream.accept(socket, request))
  if (!listening.ok) return listening
  const server = listening.value
  parts.log.info({ server: server.kind, port: server.port }, 'desk stream listens')
  stream.start()
  let isOpen = true
  return succeed({
    kind: server.kind,
    port: server.port,
    stop: async () => {
      if (!isOpen) return
      isOpen = false
      stream.stop()
      await server.close()
    },
    abandon: () => {
      if (!isOpen) return
      isOpen = false
      stream.stop()
      server.abandon()
    },
  })
}

async function listenAny(
  parts: DeskServerParts,
  accept: AcceptSocket,
): Promise<Result<StreamServer, ResultCode>> {
  const options = {
    host: parts.host,
    port: parts.port,
    requestBytesMax: CLIENT_REQUEST_BYTES_MAX,
    backlogBytesMax: CLIENT_BACKLOG_BYTES_MAX,
    pingPeriodMs: CLIENT_PING_PERIOD_MS,
  }
  if (parts.server !== 'ws') {
    const uws = await listenUws(options, accept)
    if (uws.ok || uws.code === 'port_in_use' || parts.server === 'uws') return uws
    parts.log.info({ why: uws.message }, 'desk stream falls back to ws')
  }
  return listenWs(options, accept, parts.timers)
}
