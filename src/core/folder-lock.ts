import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fail, messageOf, type Result, succeed } from './result.ts'

/**
 * One process to a folder. The file `lock` names the process that holds it, by pid and by the time
 * the kernel started it, because a pid alone may come again (in a container the engine is often pid
 * 1, every time). It is linked there whole, as one that is seen half written would look like one
 * without an owner; and only who holds `lock.guard` may remove that of a dead process, as it may be
 * another's by now.
 */
export type FolderLock = Readonly<{ release(): void }>

export type LockCode = 'data_folder_locked' | 'data_folder_unwritable'

const FILE_NAME = 'lock'
const GUARD_NAME = 'lock.guard'
const ATTEMPTS_MAX = 5

export function lockFolder(folder: string): Result<FolderLock, LockCode> {
  const path = join(folder, FILE_NAME)
  const start = startOf(process.pid) ?? '-'
  const mine = `${process.pid} ${start}\n`
  const draft = join(folder, `lock.${process.pid}.${start.replace(/[^0-9a-z]+/g, '-')}`)
  const drafted = writeDraft(folder, draft, mine)
  if (!drafted.ok) return drafted
  const locked = linkLock(folder, draft)
  unlinkQuietly(draft)
  return locked.ok ? succeed({ release: () => release(path, mine) }) : locked
}

function linkLock(folder: string, draft: string): Result<void, LockCode> {
  const path = join(folder, FILE_NAME)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const linked = link(draft, path)
    if (!linked.ok) return linked
    if (linked.value === 'linked') return succeed(undefined)
    const held = readText(path)
    if (held === undefined) continue // released in between
    if (isAlive(held)) {
      const pid = held.split(' ')[0]
      return fail('data_folder_locked', `${folder} is in use by process ${pid}`)
    }
    const taken = takeAway(folder, draft, held)
    if (!taken.ok) return taken
  }
  return fail('data_folder_locked', `${folder} is being taken by another process`)
}

function writeDraft(folder: string, draft: string, text: string): Result<void, LockCode> {
  try {
    mkdirSync(folder, { recursive: true })
    const file = openSync(draft, 'w')
    writeSync(file, text)
    fsyncSync(file)
    closeSync(file)
    return succeed(undefined)
  } catch (error) {
    return unwritable(folder, error)
  }
}

function link(draft: string, path: string): Result<'linked' | 'there', LockCode> {
  try {
    linkSync(draft, path)
    return succeed('linked')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return succeed('there')
    }
    return unwritable(dirname(path), error)
  }
}

function unwritable(folder: string, error: unknown): Result<never, LockCode> {
  return fail('data_folder_unwritable', `cannot write in ${folder}: ${messageOf(error)}`)
}

function release(path: string, mine: string): void {
  if (readText(path) === mine) unlinkQuietly(path)
}

/**
 * Whether the process that wrote `held` still runs. An unfinished file has no owner that could be
 * asked.
 */
function isAlive(held: string): boolean {
  const match = /^(\d+) (\S+)\n$/.exec(held)
  if (match === null) return false
  const pid = Number(match[1])
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const start = startOf(pid)
  return start === undefined || match[2] === '-' || start === match[2]
}

/**
 * Start of a process in clock ticks since boot, with the boot's id; undefined where there is no
 * /proc.
 */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  const boot = readText('/proc/sys/kernel/random/boot_id')
  if (stat === undefined || boot === undefined) return undefined
  // The second field, the command, may hold spaces and brackets; the start is the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return `${boot.trim()}:${fields[19]}`
}

/** Removes a dead owner's lock. What a dead process left of the guard is for the next attempt. */
function takeAway(folder: string, draft: string, held: string): Result<void, LockCode> {
  const guard = join(folder, GUARD_NAME)
  const guarded = link(draft, guard)
  if (!guarded.ok) return guarded
  if (guarded.value === 'there') {
    const owner = readText(guard)
    if (owner !== undefined && !isAlive(owner)) unlinkQuietly(guard)
    return succeed(undefined)
  }
  const path = join(folder, FILE_NAME)
  if (readText(path) === held) unlinkQuietly(path)
  unlinkQuietly(guard)
  return succeed(undefined)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Gone already.
  }
}
