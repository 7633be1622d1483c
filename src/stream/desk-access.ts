import { createHash, timingSafeEqual } from 'node:crypto'
import { fail, type Result, succeed } from '../core/result.ts'

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1', '[::1]']

/**
 * Who may connect. With a token: whoever shows it. Without one the stream listens on this machine
 * only, and a browser is let in only from a page of this machine: any page on the internet can open
 * a socket to localhost, and its browser would carry our positions out.
 */
export class DeskAccess {
  readonly #token: Buffer | undefined

  private constructor(token: string | undefined) {
    this.#token = token === undefined ? undefined : digest(token)
  }

  /** Refuses a stream that everybody on the network could read. */
  static create(host: string, token: string | undefined): Result<DeskAccess, 'config_invalid'> {
    if ((token === undefined || token === '') && !LOOPBACK_HOSTS.includes(host)) {
      const message = `stream.host is ${host} and there is no stream.token: set one, or host to 127.0.0.1`
      return fail('config_invalid', message)
    }
    return succeed(new DeskAccess(token === '' ? undefined : token))
  }

  get needsToken(): boolean {
    return this.#token !== undefined
  }

  /** In constant time, whatever the length of what was sent. */
  isToken(token: string): boolean {
    return this.#token !== undefined && timingSafeEqual(digest(token), this.#token)
  }

  /** Whether a page of this origin may connect without a token; programs send no origin. */
  isTrustedOrigin(origin: string): boolean {
    if (origin === '' || this.#token !== undefined) return true
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    return url !== undefined && LOOPBACK_HOSTS.includes(url.hostname)
  }
}

/** Digests have one length, which the comparison needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
