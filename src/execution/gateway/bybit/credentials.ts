import { createHash, createHmac } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { fail, messageOf, type Result, succeed } from '../../../core/result.ts'
import type { ResultCode } from '../../../domain/result-codes.ts'

const KEY_FILE_BYTES_MAX = 4096

/**
 * The key of the account and its secret, read from two files by the thread that signs. The secret
 * is in a private field: no log, dump, spread or message to another thread can carry it.
 */
export class Credentials {
  readonly key: string
  /** Names the key without telling it: for a lock's folder, a log line. */
  readonly fingerprint: string
  readonly #secret: string

  constructor(key: string, secret: string) {
    this.key = key
    this.fingerprint = createHash('sha256').update(key).digest('hex').slice(0, 16)
    this.#secret = secret
  }

  /** Refused with `secret_unreadable`; the message names the file, never its text. */
  static read(keyFile: string, secretFile: string): Result<Credentials, ResultCode> {
    const key = readKeyFile(keyFile)
    if (!key.ok) return key
    const secret = readKeyFile(secretFile)
    return secret.ok ? succeed(new Credentials(key.value, secret.value)) : secret
  }

  /** Lower-case hexadecimal HMAC-SHA256. */
  sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('hex')
  }

  toJSON(): string {
    return `key ${this.fingerprint}`
  }
}

/** Those of the files that any user of the machine may read. */
export function readableByOthers(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 4) !== 0)
}

function readKeyFile(path: string): Result<string, ResultCode> {
  try {
    const file = statSync(path)
    if (file.isDirectory()) return fail('secret_unreadable', `${path}: is a folder`)
    if (file.size > KEY_FILE_BYTES_MAX) {
      return fail('secret_unreadable', `${path}: larger than ${KEY_FILE_BYTES_MAX} bytes`)
    }
    const text = readFileSync(path, 'utf8').trim()
    if (/^[\x21-\x7e]+$/.test(text)) return succeed(text)
    return fail('secret_unreadable', `${path}: must hold one word of printable characters`)
  } catch (error) {
    return fail('secret_unreadable', messageOf(error))
  }
}
