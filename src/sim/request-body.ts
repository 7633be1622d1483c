import type { IncomingMessage, ServerResponse } from 'node:http'
import { fail, type Result, succeed } from '../core/result.ts'

/** The bodies of requests, and of answers. */
const BODY_BYTES_MAX = 1 << 20

export function readBody(
  request: IncomingMessage,
  done: (body: Result<string, 'bad_request'>) => void,
): void {
  const parts: Buffer[] = []
  let size = 0
  request.on('data', (part: Buffer) => {
    size += part.length
    if (size <= BODY_BYTES_MAX) parts.push(part)
  })
  request.on('end', () => {
    if (size > BODY_BYTES_MAX) done(fail('bad_request', `body over ${BODY_BYTES_MAX} bytes`))
    else done(succeed(Buffer.concat(parts).toString('utf8')))
  })
  // A request that breaks off has nobody left to answer.
  request.on('error', () => request.destroy())
}

export function parseJson(text: string): Result<unknown, 'bad_request'> {
  try {
    return succeed(JSON.parse(text))
  } catch {
    return fail('bad_request', 'the body is not JSON')
  }
}

export function reply(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return
  const type = body.startsWith('<') ? 'text/html' : 'application/json; charset=utf-8'
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(body)
}
