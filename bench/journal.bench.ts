import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock } from '../src/core/clock.ts'
import { RecordWriter } from '../src/core/record-writer.ts'
import { JOURNAL_KIND_JSON } from '../src/domain/journal.ts'
import { encodeJournalRecord } from '../src/domain/journal-codec.ts'
import { ExecutionState } from '../src/execution/execution-state.ts'
import { journalFolder, openJournal } from '../src/execution/journal/journal.ts'
import { foldInto } from '../src/execution/recovery.ts'
import { encodeState, restoreState } from '../src/execution/saved-state.ts'
import { GeneratedJournal } from './generated-journal.ts'
import { type BenchOptions, type BenchRow, type BenchTable, sampleRow } from './table.ts'

/**
 * The execution journal, by the wall clock, on the disk under `data` of the working folder.
 *
 * `journal`: one record made durable, by a bare loop of write and fdatasync, and by the journal with
 * so many records that share a sync. The first two do the same work: their ratio is what checksums,
 * sequence and promises cost beside the disk. `journal_restart`: one record of a long journal, at a
 * start that reads all of it, and at one that begins at the newest checkpoint.
 */
const SYNCS = { smoke: 5, full: 300 }
const BATCHES = [1, 16, 256]
const RECORDS = { smoke: 2000, full: 1_000_000 }
const RESTARTS = { smoke: 1, full: 3 }
const ROUNDS = { smoke: 2, full: 7 }

export async function run(options: BenchOptions): Promise<readonly BenchTable[]> {
  const data = resolve('data')
  mkdirSync(data, { recursive: true })
  const folder = mkdtempSync(join(data, 'bench-journal-'))
  try {
    return [await measureSyncs(folder, options), await measureRestarts(folder, options)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const PAYLOAD = encodeJournalRecord({
  type: 'order_state',
  time_us: 1_763_719_200_000_000,
  run: 1,
  order_link_id: 'bf-1-1',
  symbol: 'BTCUSDT',
  event: 'submit',
  from: 'created',
  to: 'submitted',
  reason: 'ok',
  trace: 'BTCUSDT-9139481',
})

/** Each lane once a round, so that a disk that is busy for a while is busy for all. */
async function measureSyncs(folder: string, { smoke }: BenchOptions): Promise<BenchTable> {
  const size = smoke ? 'smoke' : 'full'
  const syncs = SYNCS[size]
  const writer = await openWriter(folder)
  const lanes = [
    { label: 'a bare write and fdatasync', lap: async () => bareLoop(folder, syncs), per: 1 },
    ...BATCHES.map((batch) => ({
      label: `the journal, ${batch} ${batch === 1 ? 'record' : 'records'} a sync`,
      lap: () => journalLoop(writer, syncs, batch),
      per: batch,
    })),
  ]
  const samples = lanes.map(() => [] as number[])
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (let i = 0; i < lanes.length; i++) {
      const at = (i + round) % lanes.length
      const fromMs = performance.now()
      await lanes[at].lap()
      samples[at].push(((performance.now() - fromMs) * 1e6) / (syncs * lanes[at].per))
    }
  }
  await writer.close()
  return table(
    'journal',
    lanes.map(({ label }, at) => sampleRow(label, samples[at], syncs)),
  )
}

async function openWriter(folder: string): Promise<RecordWriter> {
  const opened = await RecordWriter.open(
    {
      place: { folder, name: 'bench' },
      run: 1,
      segmentBytesMax: 1 << 30,
      queueRecordsMax: 1000,
      clock: systemClock,
    },
    { lastSequence: 0, lastRun: 0, lastSegment: 0 },
  )
  if (!opened.ok) throw new Error(opened.message)
  return opened.value
}

function bareLoop(folder: string, syncs: number): void {
  const file = openSync(join(folder, 'bare'), 'w')
  for (let i = 0; i < syncs; i++) {
    writeSync(file, PAYLOAD)
    fdatasyncSync(file)
  }
  closeSync(file)
}

async function journalLoop(writer: RecordWriter, syncs: number, batch: number): Promise<void> {
  for (let i = 0; i < syncs; i++) {
    for (let k = 0; k < batch; k++) writer.append(JOURNAL_KIND_JSON, PAYLOAD)
    const flushed = await writer.flush()
    if (!flushed.ok) throw new Error(flushed.message)
  }
}

async function measureRestarts(folder: string, { smoke }: BenchOptions): Promise<BenchTable> {
  const size = smoke ? 'smoke' : 'full'
  const records = await writeLong(folder, RECORDS[size], smoke)
  const rows: Omit<BenchRow, 'ratio'>[] = []
  for (const [label, usesCheckpoint] of [
    ['a start that reads every record', false],
    ['a start from the newest checkpoint', true],
  ] as const) {
    const samples: number[] = []
    let fills = 0
    for (let i = 0; i < RESTARTS[size]; i++) {
      const fromMs = performance.now()
      fills = await restart(folder, usesCheckpoint)
      samples.push(((performance.now() - fromMs) * 1e6) / records)
    }
    rows.push(sampleRow(label, samples, fills))
  }
  return table('journal_restart', rows)
}

/** Answers how many records it wrote. */
async function writeLong(dataFolder: string, count: number, smoke: boolean): Promise<number> {
  const state = new ExecutionState()
  const fold = foldInto(state)
  const opened = await openJournal(
    {
      dataFolder,
      clock: systemClock,
      ...(smoke ? { segmentBytesMax: 64 * 1024 } : {}),
      checkpoints: {
        restore: () => 'new',
        onEvent: () => {},
        ...(smoke ? { recordsMin: 100 } : {}),
      },
    },
    () => undefined,
  )
  if (!opened.ok) throw new Error(opened.message)
  const { journal } = opened.value
  const generated = new GeneratedJournal(1)
  let written = 0
  for (let step = 0; written < count; step++) {
    for (const record of generated.next()) {
      const refusal = fold(record)
      if (refusal !== undefined) throw new Error(refusal.message)
      journal.append(record)
      written++
    }
    if (step % 100 !== 99) continue
    await journal.flush()
    journal.offerCheckpoint?.(() => encodeState(state))
  }
  await journal.close()
  return written
}

/** Answers the fills that the state then knows of. */
async function restart(dataFolder: string, usesCheckpoint: boolean): Promise<number> {
  const state = new ExecutionState()
  const opened = await openJournal(
    {
      dataFolder,
      clock: systemClock,
      ...(usesCheckpoint
        ? {
            checkpoints: {
              restore: (bytes: Uint8Array) => restoreState(bytes, state),
              onEvent: () => {},
            },
          }
        : {}),
    },
    foldInto(state),
  )
  if (!opened.ok) throw new Error(`${journalFolder(dataFolder)}: ${opened.message}`)
  await opened.value.journal.close()
  return state.fills
}

function table(name: string, rows: readonly Omit<BenchRow, 'ratio'>[]): BenchTable {
  const [{ median_ns }] = rows
  return { name, rows: rows.map((row) => ({ ...row, ratio: median_ns / row.median_ns })) }
}
