import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { BroadcastReader, createBroadcast } from '../../src/memory/broadcast.ts'
import { createRecords, openRecordView, readRecord } from '../../src/memory/record-view.ts'
import { createRing, RingReader } from '../../src/memory/ring.ts'
import { createRowCopy, createRows, openRowView, readRow } from '../../src/memory/row-view.ts'

/**
 *   writer thread (flat out)  ->  shared structure  ->  this thread
 *
 * Every record holds one number in all its fields; a reader that finds two different ones has read
 * a torn record. The negative controls read without the last check and must find some: a test that
 * cannot fail proves nothing.
 */
const FIELDS = 64
const RUN_MS = 700

async function race(kind: string, shared: SharedArrayBuffer, read: () => void): Promise<number> {
  const stop = new SharedArrayBuffer(4)
  const worker = new Worker(new URL('./memory-writer.js', import.meta.url), {
    workerData: { kind, shared, stop, fields: FIELDS },
  })
  await once(worker, 'message')
  const end = Date.now() + RUN_MS
  while (Date.now() < end) for (let i = 0; i < 200; i++) read()
  Atomics.store(new Int32Array(stop), 0, 1)
  const [written] = await once(worker, 'message')
  await worker.terminate()
  return Number(written)
}

function isTorn(values: Float64Array): boolean {
  const first = values[0]
  for (let i = 1; i < values.length; i++) if (values[i] !== first) return true
  return false
}

describe('two threads', () => {
  it('never read a torn row', async () => {
    const shared = createRows(1)
    const view = openRowView(shared, 0)
    const row = createRowCopy()
    let reads = 0
    let torn = 0
    const written = await race('row', shared, () => {
      if (!readRow(view, row)) return
      reads++
      if (isTorn(row.values) || (row.rowNumber !== 0 && row.values[0] !== row.rowNumber)) torn++
    })
    expect(written).toBeGreaterThan(1000)
    expect(reads).toBeGreaterThan(1000)
    expect(torn).toBe(0)
  })

  it('do read torn rows when the last check is left out', async () => {
    const shared = createRows(1)
    const view = openRowView(shared, 0)
    let torn = 0
    const copy = new Float64Array(view.values.length)
    await race('row', shared, () => {
      copy.set(view.values)
      if (isTorn(copy)) torn++
    })
    expect(torn).toBeGreaterThan(0)
  })

  it('never read a torn record', async () => {
    const shared = createRecords('scores', 1, FIELDS)
    const view = openRecordView(shared, 'scores', 0, FIELDS)
    const out = new Float64Array(FIELDS)
    let reads = 0
    let torn = 0
    await race('record', shared, () => {
      if (!readRecord(view, out)) return
      reads++
      if (isTorn(out)) torn++
    })
    expect(reads).toBeGreaterThan(1000)
    expect(torn).toBe(0)
  })

  it('do read torn records when the last check is left out', async () => {
    const shared = createRecords('scores', 1, FIELDS)
    const view = openRecordView(shared, 'scores', 0, FIELDS)
    const copy = new Float64Array(FIELDS)
    let torn = 0
    await race('record', shared, () => {
      copy.set(view.fields)
      if (isTorn(copy)) torn++
    })
    expect(torn).toBeGreaterThan(0)
  })

  it('pass every record through a ring once and in order', async () => {
    const shared = createRing(64, FIELDS)
    const reader = new RingReader(shared)
    let expected = 1
    let wrong = 0
    const take = () => {
      const at = reader.peek()
      if (at === -1) return false
      const record = reader.slots.subarray(at, at + FIELDS)
      if (isTorn(record) || record[0] !== expected) wrong++
      expected++
      reader.release()
      return true
    }
    const written = await race('ring', shared, take)
    while (take());
    expect(wrong).toBe(0)
    expect(expected - 1).toBeGreaterThan(1000)
    expect(written - (expected - 1)).toBeLessThanOrEqual(1) // the one that was given up at the stop
  })

  it('do read torn records of a ring when they do not wait for its head', async () => {
    const shared = createRing(64, FIELDS)
    const reader = new RingReader(shared)
    const copy = new Float64Array(FIELDS)
    let torn = 0
    let next = 0
    await race('ring', shared, () => {
      // Takes all there is, then reads the slot that is being written.
      for (let at = reader.peek(); at !== -1; at = reader.peek()) {
        reader.release()
        next = (at + FIELDS) % reader.slots.length
      }
      copy.set(reader.slots.subarray(next, next + FIELDS))
      if (isTorn(copy)) torn++
    })
    expect(torn).toBeGreaterThan(0)
  })

  it('do read torn records of a broadcast when they do not look again', async () => {
    const shared = createBroadcast(64, FIELDS)
    const slots = new Float64Array(shared, shared.byteLength - 64 * FIELDS * 8)
    const copy = new Float64Array(FIELDS)
    let torn = 0
    let at = 0
    await race('broadcast', shared, () => {
      at = (at + FIELDS) % slots.length
      copy.set(slots.subarray(at, at + FIELDS))
      if (isTorn(copy)) torn++
    })
    expect(torn).toBeGreaterThan(0)
  })

  it('lose nothing of a broadcast without counting it', async () => {
    const shared = createBroadcast(64, FIELDS)
    const reader = new BroadcastReader(shared, 'now')
    const out = new Float64Array(FIELDS)
    let seen = 0
    let wrong = 0
    let last = 0
    let missedBefore = 0
    const take = () => {
      if (!reader.next(out)) return false
      seen++
      const missed = reader.missed - missedBefore
      missedBefore = reader.missed
      if (isTorn(out) || out[0] !== last + 1 + missed) wrong++
      last = out[0]
      return true
    }
    const written = await race('broadcast', shared, take)
    while (take());
    expect(wrong).toBe(0)
    expect(seen + reader.missed).toBe(written)
    expect(seen).toBeGreaterThan(1000)
  })
})
