import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { PROJECTION_IDLE_POLL_MS, PROJECTION_STATUS_PERIOD_MS } from '../constants.ts'
import { type FolderLock, lockFolder } from '../core/folder-lock.ts'
import { createLogger, isLogLevel, type Logger } from '../core/log.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { systemTimers } from '../core/timer.ts'
import { JOURNAL_NAME } from '../domain/journal.ts'
import { openPostgres } from './pg-client.ts'
import { openPglite } from './pglite-client.ts'
import { Projector, type ProjectorCode } from './projector.ts'
import type { SqlClient } from './sql-client.ts'
import type { StoreReport } from './store-report.ts'

/**
 * The store's own process: `store-process.js JOURNAL_FOLDER SQL_FOLDER [LOG_LEVEL]`, forked with an
 * IPC channel. It follows the journal into SQL until it is told `{type:'stop'}`, its parent is
 * gone, or something fails; then it ends, and the parent starts it again. The URL of a server comes
 * in the environment, where other users cannot read it.
 *
 *   SQL_FOLDER/lock      one store process to a folder
 *   SQL_FOLDER/pglite    the embedded database
 *   SQL_FOLDER/damaged   the last one that could not be opened; a new one is made from the journal
 */
const URL_VARIABLE = 'BOOKFLOW_STORE_POSTGRES_URL'

type Store = Readonly<{ client: SqlClient; lock: FolderLock | undefined }>

const [journalFolder = '', sqlFolder = '', level = 'info'] = process.argv.slice(2)
const log = createLogger('store', isLogLevel(level) ? level : 'info')
const running = { isStopping: false, wake: () => {} }

/** Resolves when the parent has it, so that the last words are not lost with the process. */
function report(message: StoreReport): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}

function stop(): void {
  running.isStopping = true
  running.wake()
}

process.on('message', (message: unknown) => {
  const isStop = typeof message === 'object' && message !== null && 'type' in message
  if (isStop && message.type === 'stop') stop()
})
// A parent that was killed says nothing: its end of the channel closes.
process.on('disconnect', stop)
process.on('SIGTERM', stop)
// It may have died while this process was still loading, when nobody listened yet.
if (process.send !== undefined && !process.connected) stop()

// Making a database costs seconds of a core, which the books need more.
setPriority(constants.priority.PRIORITY_LOW)
const ended = await run()
if (!ended.ok) {
  log.error({ code: ended.code, reason: ended.message }, 'store failed')
  await report({ type: 'failed', code: ended.code, message: ended.message })
}
process.exit(ended.ok ? 0 : 1)

async function run(): Promise<Result<void, ProjectorCode>> {
  if (journalFolder === '' || sqlFolder === '') {
    return fail('bad_request', 'usage: store-process.js JOURNAL_FOLDER SQL_FOLDER [LOG_LEVEL]')
  }
  const store = await openStore(process.env[URL_VARIABLE])
  if (!store.ok) return store
  const { client, lock } = store.value
  const result = await follow(client, log)
  await client.close()
  lock?.release()
  return result
}

/** The files of the embedded database are open to everybody: so its folder is not. */
function makePrivate(folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true })
    mkdirSync(folder, { mode: 0o700 })
  } catch {
    // It is there, as it is; or nothing can be written, which the lock tells.
  }
}

async function openStore(url: string | undefined): Promise<Result<Store, ProjectorCode>> {
  if (url !== undefined && url !== '') {
    const client = await openPostgres(url)
    return client.ok ? succeed({ client: client.value, lock: undefined }) : client
  }
  makePrivate(sqlFolder)
  const lock = lockFolder(sqlFolder)
  if (!lock.ok) return lock
  const client = await openEmbedded(join(sqlFolder, 'pglite'), join(sqlFolder, 'damaged'))
  if (client.ok) return succeed({ client: client.value, lock: lock.value })
  lock.value.release()
  return client
}

/**
 * The embedded database does not survive a power cut for sure; what it holds is only a projection.
 */
async function openEmbedded(
  folder: string,
  damaged: string,
): Promise<Result<SqlClient, ProjectorCode>> {
  const first = await openPglite(folder)
  if (first.ok) return first
  log.warn({ reason: first.message, kept: damaged }, 'embedded database damaged: making a new one')
  try {
    rmSync(damaged, { recursive: true, force: true })
    renameSync(folder, damaged)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return fail('data_folder_unwritable', `${first.message}; cannot move it away: ${text}`)
  }
  return openPglite(folder)
}

async function follow(client: SqlClient, log: Logger): Promise<Result<void, ProjectorCode>> {
  const place = { folder: journalFolder, name: JOURNAL_NAME }
  const opened = await Projector.open(client, place, ({ event, detail }) => {
    if (event === 'conflict') log.error({ detail }, 'records that SQL cannot hold')
    else log.info({ detail }, event)
  })
  if (!opened.ok) return opened
  const projector = opened.value
  log.info({ database: client.name, ...projector.status() }, 'projection open')
  await report({ type: 'ready' })
  const cancel = systemTimers.every(PROJECTION_STATUS_PERIOD_MS, () => {
    void sendStatus(projector)
  })
  const result = await stepUntilStopped(projector)
  cancel()
  if (result.ok) await sendStatus(projector)
  projector.close()
  return result
}

async function stepUntilStopped(projector: Projector): Promise<Result<void, ProjectorCode>> {
  while (!running.isStopping) {
    const stepped = await projector.step()
    if (!stepped.ok) return stepped
    if (stepped.value === 0) await pause(PROJECTION_IDLE_POLL_MS)
  }
  // The journal's last records came just before; what does not fit one batch waits for the next run.
  const last = await projector.step()
  return last.ok ? succeed(undefined) : last
}

/** Ends early when the process is told to stop. */
function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemTimers.after(durationMs, resolve)
    running.wake = () => {
      cancel()
      resolve()
    }
    if (running.isStopping) running.wake()
  })
}

function sendStatus(projector: Projector): Promise<void> {
  const { offset, lagRecords } = projector.status()
  const { conflicts, skipped } = projector
  const counts = { lag_records: lagRecords, skipped_records: skipped, conflicts }
  return report({ type: 'status', offset, ...counts })
}
