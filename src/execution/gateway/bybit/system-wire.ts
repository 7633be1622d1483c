import { WebSocket } from 'ws'
import { REST_BODY_BYTES_MAX } from '../../../constants.ts'
import { readBody } from '../../../core/http-body.ts'
import { messageOf } from '../../../core/result.ts'
import type { HttpAnswer, HttpFailure, HttpRequest, Socket, SocketCalls, Wire } from './wire.ts'

const FRAME_BYTES_MAX = 4 * 1024 * 1024

/** Real requests and sockets. */
export const systemWire: Wire = { http, openSocket }

async function http(
  { body, headers, method, url }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer | HttpFailure> {
  try {
    const response = await fetch(url, {
      ...{ method, signal, headers },
      redirect: 'error', // a redirect would send an order twice
      ...(body === undefined ? {} : { body }),
    })
    const text = await readBody(response, REST_BODY_BYTES_MAX)
    return { status: response.status, text, header: (name) => response.headers.get(name) ?? '' }
  } catch (error) {
    return { failure: causeOf(error) }
  }
}

function openSocket(url: string, { onClose, onOpen, onText }: SocketCalls): Socket {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: FRAME_BYTES_MAX })
  let why = ''
  socket.on('open', onOpen)
  socket.on('message', (data) => onText(data.toString()))
  // It stays for good: a socket cut in its handshake emits one.
  socket.on('error', (error) => {
    why = messageOf(error)
  })
  socket.on('close', (code) => onClose(why === '' ? `closed, ${code}` : why))
  return {
    send: (text) => {
      if (socket.readyState !== WebSocket.OPEN) return false
      socket.send(text, () => {}) // what fails later is told by `close`
      return true
    },
    terminate: () => socket.terminate(),
  }
}

/** `fetch` says "fetch failed" and hides the reason one level down. */
function causeOf(error: unknown): string {
  return messageOf(error instanceof Error ? (error.cause ?? error) : error)
}
