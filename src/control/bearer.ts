import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Tokens are compared by their digests, which have one length: the time taken says nothing about
 * the token.
 */
export function isBearer(header: string | undefined, token: string): boolean {
  const given = /^Bearer +([^\s]+) *$/i.exec(header ?? '')
  return timingSafeEqual(digest(given === null ? '' : given[1]), digest(token)) && given !== null
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
