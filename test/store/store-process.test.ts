import { type ChildProcess, fork } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { openPglite } from '../../src/store/pglite-client.ts'
import { Projector } from '../../src/store/projector.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { JournalMaker, writeJournal } from './journal-maker.ts'
import { dumpProjection } from './projection-dump.ts'

const PROGRAM = join(import.meta.dirname, '../../dist/store/store-process.js')
const isBuilt = existsSync(PROGRAM)

const folder = temporaryFolder('store-process')
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

type Report = { type: string; offset?: number; lag_records?: number; code?: string }

/** A store process, and what it reports. */
class StoreProcess {
  readonly child: ChildProcess
  readonly reports: Report[] = []
  readonly ended: Promise<number | null>
  #waiting: (() => void)[] = []

  constructor(journal: string, sql: string, environment: Record<string, string> = {}) {
    this.child = fork(PROGRAM, [journal, sql, 'silent'], {
      env: { ...process.env, ...environment },
    })
    children.push(this.child)
    this.child.on('message', (message: Report) => {
      this.reports.push(message)
      this.#look()
    })
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code) => {
        resolve(code)
        this.#look()
      })
    })
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  /** Resolves when a report like this has come; rejects when the process ends without. */
  until(isMeant: (report: Report) => boolean): Promise<Report> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.reports.find(isMeant)
        if (found !== undefined) resolve(found)
        else if (this.child.exitCode !== null) reject(new Error(JSON.stringify(this.reports)))
      }
      this.#waiting.push(look)
      look()
    })
  }
}

/** The process runs at low priority: on a busy machine it waits for everybody else. */
const SLOW_MS = 240_000

/** An empty database, made once: making one takes seconds. */
const template = join(folder, 'template')
beforeAll(async () => {
  const client = await openPglite(template)
  if (client.ok) await client.value.close()
}, SLOW_MS)

function folders(name: string, database: 'empty' | 'none' = 'empty') {
  const journal = join(folder, name, 'journal')
  const sql = join(folder, name, 'sql')
  mkdirSync(journal, { recursive: true })
  if (database === 'empty') cpSync(template, join(sql, 'pglite'), { recursive: true })
  return { journal, sql }
}

async function dumpOf(sql: string) {
  const client = await openPglite(join(sql, 'pglite'))
  if (!client.ok) throw new Error(client.message)
  const dump = await dumpProjection(client.value)
  await client.value.close()
  return dump
}

/** What one undisturbed projector makes of the journal. */
async function referenceOf(journal: string) {
  const sql = join(journal, '../reference')
  cpSync(template, join(sql, 'pglite'), { recursive: true })
  const client = await openPglite(join(sql, 'pglite'))
  if (!client.ok) throw new Error(client.message)
  const projector = await Projector.open(client.value, { folder: journal, name: 'journal' })
  if (!projector.ok) throw new Error(projector.message)
  await projector.value.catchUp()
  projector.value.close()
  const dump = await dumpProjection(client.value)
  await client.value.close()
  return dump
}

const title = `the store process ${isBuilt ? '' : '(npm run build makes it)'}`
describe.skipIf(!isBuilt)(title, { timeout: SLOW_MS }, () => {
  it('follows a journal through kills at any moment, and ends when told to', async () => {
    const { journal, sql } = folders('killed')
    const maker = new JournalMaker(11)
    const random = new Random(12)
    let written = 0
    const grow = async (count: number) => {
      maker.trade(count)
      await writeJournal(journal, maker.records.slice(written))
      written = maker.records.length
    }
    await grow(2000)
    let store = new StoreProcess(journal, sql)
    for (let kill = 0; kill < 3; kill++) {
      await store.until((report) => report.type === 'ready')
      await grow(1500)
      // Between opening and the end of the batches: each kill meets another statement.
      await new Promise((resolve) => setTimeout(resolve, random.below(400)))
      store.child.kill('SIGKILL')
      await store.ended
      store = new StoreProcess(journal, sql)
    }
    await store.until((report) => report.type === 'status' && report.offset === written)
    store.child.send({ type: 'stop' })
    expect(await store.ended).toBe(0)
    expect(store.reports.at(-1)).toMatchObject({ type: 'status', offset: written, lag_records: 0 })
    expect(await dumpOf(sql)).toEqual(await referenceOf(journal))
  })

  it('keeps its own folder from others, and ends by itself when its parent is gone', async () => {
    const { journal, sql } = folders('orphan', 'none')
    await writeJournal(journal, [])
    const store = new StoreProcess(journal, sql)
    await store.until((report) => report.type === 'ready')
    store.child.disconnect()
    expect(await store.ended).toBe(0)
    expect(statSync(sql).mode & 0o077).toBe(0)
  })

  it('leaves a folder that another one uses alone, and makes a damaged one again', async () => {
    const { journal, sql } = folders('shared')
    const maker = new JournalMaker(13)
    maker.trade(50)
    await writeJournal(journal, maker.records)
    const store = new StoreProcess(journal, sql)
    await store.until((report) => report.type === 'ready')
    const second = new StoreProcess(journal, sql)
    expect(await second.ended).toBe(1)
    expect(second.reports).toMatchObject([{ type: 'failed', code: 'data_folder_locked' }])
    await store.until((report) => report.offset === maker.records.length)
    store.child.kill('SIGKILL')
    await store.ended

    truncateSync(join(sql, 'pglite', 'global', 'pg_control'), 10)
    const third = new StoreProcess(journal, sql)
    await third.until((report) => report.offset === maker.records.length)
    third.child.send({ type: 'stop' })
    await third.ended
    expect(existsSync(join(sql, 'damaged'))).toBe(true)
    expect(await dumpOf(sql)).toEqual(await referenceOf(journal))
  })

  it('says in one report that a server cannot be reached', async () => {
    const { journal, sql } = folders('server', 'none')
    const url = 'postgresql://me:hush@127.0.0.1:1/nowhere'
    const store = new StoreProcess(journal, sql, { BOOKFLOW_STORE_POSTGRES_URL: url })
    expect(await store.ended).toBe(1)
    expect(store.reports).toMatchObject([{ type: 'failed', code: 'store_unavailable' }])
    expect(JSON.stringify(store.reports)).not.toContain('hush')
    expect(existsSync(sql)).toBe(false)
  })
})
