import { once } from 'node:events'
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { BroadcastWriter, createBroadcast } from '../src/memory/broadcast.ts'
import { createRing, RingWriter } from '../src/memory/ring.ts'
import { type BenchOptions, type BenchRow, type BenchTable, sampleRow } from './table.ts'

/**
 * Records of 16 numbers from one thread to another: `postMessage`, the ring and the broadcast. An
 * operation is one record, by the wall clock, from the first that is written until the reader has
 * answered that it saw the last; both threads need a core of their own. A batch fits the buffers,
 * so that nothing is lost, and the checksum is the sum of what the reader saw.
 */
const FIELDS = 16
const SLOTS = 65_536
const RECORDS = { smoke: 1000, full: 60_000 }
const BATCHES = { smoke: 3, full: 40 }
const WARM_UP_BATCHES = 3

type Lane = Readonly<{
  kind: 'message' | 'ring' | 'broadcast'
  label: string
  buffer?: SharedArrayBuffer
  /** Writes one record, and waits while there is no room. */
  write: (record: Float64Array, worker: Worker) => void
}>

export async function run(options: BenchOptions): Promise<BenchTable> {
  const rows: BenchRow[] = []
  for (const lane of createLanes()) {
    const row = await measureLane(lane, options)
    rows.push({ ...row, ratio: (rows[0]?.median_ns ?? row.median_ns) / row.median_ns })
  }
  return { name: 'ring', rows }
}

function createLanes(): Lane[] {
  const ring = createRing(SLOTS, FIELDS)
  const ringWriter = new RingWriter(ring)
  const broadcast = createBroadcast(SLOTS, FIELDS)
  const broadcastWriter = new BroadcastWriter(broadcast)
  return [
    {
      kind: 'message',
      label: 'a record by postMessage',
      write: (record, worker) => worker.postMessage(record),
    },
    {
      kind: 'ring',
      label: 'a record through the ring',
      buffer: ring,
      write: (record) => {
        while (!ringWriter.push(record));
      },
    },
    {
      kind: 'broadcast',
      label: 'a record through the broadcast',
      buffer: broadcast,
      write: (record) => broadcastWriter.publish(record),
    },
  ]
}

async function measureLane(lane: Lane, { smoke }: BenchOptions): Promise<Omit<BenchRow, 'ratio'>> {
  const size = smoke ? 'smoke' : 'full'
  const records = RECORDS[size]
  // From the root of the repository, where npm runs its scripts; it reads the compiled rings.
  const worker = new Worker(resolve('bench/ring-reader.js'), {
    workerData: { kind: lane.kind, buffer: lane.buffer, fields: FIELDS, records },
  })
  await once(worker, 'message')
  const samples: number[] = []
  let checksum = 0
  for (let batch = 0; batch < WARM_UP_BATCHES + BATCHES[size]; batch++) {
    const answered = once(worker, 'message')
    const record = new Float64Array(FIELDS)
    worker.postMessage('start')
    const fromMs = performance.now()
    for (let i = 1; i <= records; i++) {
      record[0] = i
      lane.write(record, worker)
    }
    const [answer] = await answered
    const ns = ((performance.now() - fromMs) * 1e6) / records
    checksum = answer.sum
    if (batch >= WARM_UP_BATCHES) samples.push(ns)
  }
  await worker.terminate()
  return sampleRow(lane.label, samples, checksum)
}
