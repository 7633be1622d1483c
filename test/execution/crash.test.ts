import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { Random, systemSeed } from '../../src/core/random.ts'
import { scanRecords } from '../../src/core/record-file.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { decodeJournalRecord } from '../../src/domain/journal-codec.ts'
import { journalFolder } from '../../src/execution/journal/journal.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const CHILD = fileURLToPath(new URL('./crash-child.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../../dist/execution/recovery.js', import.meta.url))
const ROUNDS = 8
/** More of them until a kill has met an order on its way. */
const ROUNDS_MAX = 80
const LIFE_MS_MAX = 200

let folder = ''
beforeAll(() => {
  folder = temporaryFolder('crash')
})

type Ready = Readonly<{ ok: boolean; value: { orders: number }; positions: Record<string, number> }>

function readSent(sentFile: string): string[] {
  return existsSync(sentFile) ? (readFileSync(sentFile, 'utf8').match(/.+/g) ?? []) : []
}

/** Runs the child until `killMs` after its first order, then kills it without warning. */
async function runAndKill(sentFile: string, seed: number, killMs: number): Promise<Ready> {
  const child = spawn(process.execPath, [CHILD, folder, sentFile, String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const ready = new Promise<string>((resolve) => {
    createInterface(child.stdout).once('line', resolve)
    void ended.then(() => resolve(''))
  })
  const sent = readSent(sentFile).length
  const line = await ready
  if (line === '') expect.fail(`the child ended before it was ready: ${errors}`)
  while (child.exitCode === null && readSent(sentFile).length === sent) await setTimeout(5)
  await setTimeout(killMs)
  expect(child.exitCode, errors).toBeNull()
  child.kill('SIGKILL')
  await ended
  return JSON.parse(line)
}

function readJournal(): JournalRecord[] {
  const records: JournalRecord[] = []
  const scanned = scanRecords({ folder: journalFolder(folder), name: 'journal' }, (stored) => {
    const record = decodeJournalRecord(stored.payload)
    if (!record.ok) return record
    records.push(record.value)
    return undefined
  })
  if (!scanned.ok) expect.fail(scanned.message)
  return records
}

function positionsOf(records: readonly JournalRecord[]): Map<string, number> {
  const lots = new Map<string, number>()
  const seen = new Set<string>()
  for (const record of records) {
    if (record.type !== 'fill') continue
    expect(seen.has(record.exec_id), `${record.exec_id} counted once`).toBe(false)
    seen.add(record.exec_id)
    const before = lots.get(record.symbol) ?? 0
    lots.set(record.symbol, before + (record.side === 'buy' ? record.lots : -record.lots))
  }
  return lots
}

it('killed at any moment, the actor comes back with the same positions and sends no order twice', {
  skip: !existsSync(BUILT),
}, async () => {
  const seed = systemSeed()
  const random = new Random(seed)
  const sentFile = join(folder, 'sent')
  let expected = new Map<string, number>()
  let settled = 0
  let round = 0
  for (; round < ROUNDS || (settled === 0 && round < ROUNDS_MAX); round++) {
    const where = `seed ${seed}, round ${round}`
    const ready = await runAndKill(sentFile, seed + round, random.below(LIFE_MS_MAX))
    expect(ready.ok, where).toBe(true)
    settled += ready.value.orders
    for (const [symbol, lots] of Object.entries(ready.positions)) {
      expect(lots, `${symbol}, ${where}`).toBe(expected.get(symbol) ?? 0)
    }
    expected = positionsOf(readJournal())
  }
  const records = readJournal()
  const submitted = new Set<string>()
  for (const record of records) {
    if (record.type !== 'order_state' || record.event !== 'submit') continue
    expect(submitted.has(record.order_link_id)).toBe(false)
    submitted.add(record.order_link_id)
  }
  const sent = readSent(sentFile)
  expect(new Set(sent).size).toBe(sent.length)
  for (const id of sent) expect(submitted.has(id), `${id} was journaled before it left`).toBe(true)
  // What the test is about did occur: trading in every round, and kills with orders on their way.
  const runs = new Set(sent.map((id) => id.split('-')[1]))
  expect(runs.size).toBe(round)
  expect(records.filter(({ type }) => type === 'fill').length).toBeGreaterThan(0)
  expect(settled).toBeGreaterThan(0)
})
