import { chmodSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FolderLock, lockFolder } from '../../../core/folder-lock.ts'
import { fail, type Result, succeed } from '../../../core/result.ts'
import type { ResultCode } from '../../../domain/result-codes.ts'
import type { Credentials } from './credentials.ts'

/**
 * One process to an account, by its key, whatever its data folder is. The lock lies in the folder
 * for temporary files, so it sees every process of this machine that shares that folder, of other
 * users too. It cannot see another machine or container: what trades there shows as orders of a
 * sibling on the account itself (`BybitGateway.isAlone`). A key of the exchange is one account by
 * whatever regional host; the mocks of this machine all know the same key, and each is its own.
 */
export function lockAccount(
  credentials: Credentials,
  restUrl: string,
  folder: string = join(tmpdir(), 'bookflow-accounts'),
): Result<FolderLock, ResultCode> {
  const mock = ownPort(restUrl)
  const { fingerprint } = credentials
  const name = mock === undefined ? fingerprint : `${fingerprint}-${mock}`
  shareFolder(folder)
  const locked = lockFolder(join(folder, name))
  if (locked.ok) return succeed(locked.value)
  const who = `the account of key ${fingerprint}`
  if (locked.code === 'data_folder_unwritable') {
    return fail(locked.code, `the lock of ${who}: ${locked.message}`)
  }
  return fail('account_locked', `${who} is traded by another process: ${locked.message}`)
}

/** Every user may lock accounts in it, and nobody take away what another made (as in /tmp). */
function shareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o1777)
  } catch {
    // It is another user's, shared already; or nothing can be written there, which the lock tells.
  }
}

/** Port of an exchange on this machine; undefined for any other. */
function ownPort(restUrl: string): string | undefined {
  if (!URL.canParse(restUrl)) return undefined
  const { hostname, port } = new URL(restUrl)
  const isOwn = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  return isOwn ? port : undefined
}
