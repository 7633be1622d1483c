import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { ControlBlock, createControlBlock } from '../../src/memory/control-block.ts'
import { createRecords, openRecordView, readRecord } from '../../src/memory/record-view.ts'
import { createRowCopy, createRows, openRowView, publishRow } from '../../src/memory/row-view.ts'
import { SCORE_FIELDS, SCORE_ROW_NUMBER, SCORE_UP } from '../../src/memory/score-record.ts'
import { TINY_REGISTRY, tinyProbabilities, writeTinyModel } from './tiny-model.ts'

const dist = new URL('../../dist', import.meta.url).href
const isBuilt = existsSync(new URL('../../dist/model/scorer.js', import.meta.url))
const THREADS = 3
const PER_THREAD = 4

function publishRows(): SharedArrayBuffer {
  const rows = createRows(THREADS * PER_THREAD)
  const row = createRowCopy()
  for (let i = 0; i < THREADS * PER_THREAD; i++) {
    row.rowNumber = i + 1
    row.values[0] = i / 10
    row.values[1] = -i / 20
    publishRow(openRowView(rows, i), row)
  }
  return rows
}

type Shared = Readonly<{
  rows: SharedArrayBuffer
  scores: SharedArrayBuffer
  control: SharedArrayBuffer
}>

function createShared(): Shared {
  const scores = createRecords('scores', THREADS * PER_THREAD, SCORE_FIELDS)
  return { rows: publishRows(), scores, control: createControlBlock() }
}

function startThread(shard: number, rounds: number, shared: Shared): Worker {
  const instruments = Array.from({ length: PER_THREAD }, (_, i) => shard * PER_THREAD + i)
  const folder = writeTinyModel()
  return new Worker(new URL('./scorer-thread.js', import.meta.url), {
    workerData: { dist, folder, registry: TINY_REGISTRY, instruments, rounds, shard, ...shared },
  })
}

/** What a supervisor does; without the bar the runtime would abort this whole process. */
async function endThread(worker: Worker, shard: number, shared: Shared): Promise<void> {
  const block = new ControlBlock(shared.control)
  block.barNative(shard)
  while (block.isInNative(shard)) await new Promise(setImmediate)
  await worker.terminate()
  block.allowNative(shard)
}

async function lastMessage(worker: Worker): Promise<unknown> {
  let last: unknown
  worker.on('message', (message) => {
    last = message
  })
  const [code] = await once(worker, 'exit')
  expect(code).toBe(0)
  return last
}

// Without dist/ (npm run build) there is nothing a worker thread could load.
describe.skipIf(!isBuilt)('scorers in worker threads', () => {
  test('each with its own session score their own symbols and end cleanly', async () => {
    const shared = createShared()
    const workers = Array.from({ length: THREADS }, (_, shard) => startThread(shard, 50, shared))
    const results = await Promise.all(workers.map(lastMessage))
    for (const result of results) expect(result).toEqual({ scores: 50 * PER_THREAD, errors: 0 })
    const out = new Float64Array(SCORE_FIELDS)
    for (let i = 0; i < THREADS * PER_THREAD; i++) {
      const view = openRecordView(shared.scores, 'scores', i, SCORE_FIELDS)
      expect(readRecord(view, out)).toBe(true)
      expect(out[SCORE_ROW_NUMBER]).toBe(i + 1)
      expect(out[SCORE_UP]).toBeCloseTo(tinyProbabilities(-i / 20, i / 10)[1], 5)
    }
  })

  test('killed at work take neither the process nor the others down', async () => {
    const shared = createShared()
    const survivor = lastMessage(startThread(0, 2000, shared))
    for (let i = 0; i < 5; i++) {
      const victim = startThread(1, 1e9, shared)
      await once(victim, 'message')
      await endThread(victim, 1, shared)
    }
    expect(await survivor).toEqual({ scores: 2000 * PER_THREAD, errors: 0 })
    const successor = await lastMessage(startThread(1, 5, shared))
    expect(successor).toEqual({ scores: 5 * PER_THREAD, errors: 0 })
  })
})
