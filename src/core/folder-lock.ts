import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fail, messageOf, type Result, succeed } from './result.ts'

/**
 * One process to a folder. The file `lock` names the process that holds it, by pid and by the time
 * the kernel started it, because a pid alone may come again (in a container the engine is often pid
 * 1, every time).
 */
export type FolderLock = Readonly<{ release(): void }>

export type LockCode = 'data_folder_locked' | 'data_folder_unwritable'

const FILE_NAME = 'lock'
const ATTEMPTS_MAX = 3

export function lockFolder(folder: string): Result<FolderLock, LockCode> {
  const path = join(folder, FILE_NAME)
  const mine = `${process.pid} ${startOf(process.pid) ?? '-'}\n`
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      mkdirSync(folder, { recursive: true })
      const file = openSync(path, 'wx')
      writeSync(file, mine)
      fsyncSync(file)
      closeSync(file)
      return succeed({ release: () => release(path, mine) })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        return fail('data_folder_unwritable', `cannot write in ${folder}: ${messageOf(error)}`)
      }
    }
    const held = readText(path)
    if (held === undefined) continue // released in between
    if (isAlive(held)) {
      const pid = held.split(' ')[0]
      return fail('data_folder_locked', `${folder} is in use by process ${pid}`)
    }
    takeAway(path, held)
  }
  return fail('data_folder_locked', `${folder} is being taken by another process`)
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

/** Removes a dead owner's lock, and puts back what it took if another process was quicker. */
function takeAway(path: string, held: string): void {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
    if (readText(aside) !== held) linkSync(aside, path)
  } catch {
    // Someone else took it away first; the next attempt sees who.
  }
  unlinkQuietly(aside)
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
