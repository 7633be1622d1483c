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
 * sibling on the account itself (`BybitGateway.isAlone`).
 */
export function lockAccount(
  credentials: Credentials,
  folder: string = join(tmpdir(), 'bookflow-accounts'),
): Result<FolderLock, ResultCode> {
  const locked = lockFolder(join(folder, credentials.fingerprint))
  if (locked.ok) return succeed(locked.value)
  const who = `the account of key ${credentials.fingerprint}`
  return fail('account_locked', `${who} is traded by another process: ${locked.message}`)
}
