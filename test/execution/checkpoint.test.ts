import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { GeneratedJournal } from '../../bench/generated-journal.ts'
import { VERSION } from '../../src/constants.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Random } from '../../src/core/random.ts'
import { fileStorage, type RecordStorage } from '../../src/core/record-storage.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { encodeCheckpoint, readCheckpoint } from '../../src/execution/journal/checkpoint-file.ts'
import type { CheckpointEvent } from '../../src/execution/journal/checkpointer.ts'
import { journalFolder, openJournal } from '../../src/execution/journal/journal.ts'
import { foldInto } from '../../src/execution/recovery.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const text = (state: ExecutionState) => new TextDecoder().decode(encodeState(state))

function generate(seed: number, count: number): JournalRecord[] {
  const generated = new GeneratedJournal(seed, 0.2)
  const records: JournalRecord[] = []
  while (records.length < count) records.push(...generated.next())
  return records
}

function foldOf(records: readonly JournalRecord[], state = new ExecutionState()): ExecutionState {
  const fold = foldInto(state)
  const refused = records.map(fold).find((refusal) => refusal !== undefined)
  expect(refused).toBeUndefined()
  return state
}

describe('the saved state', () => {
  it('taken anywhere and restored, goes on to the same state as the whole journal', () => {
    const random = new Random(1)
    const types = new Set<string>()
    for (let seed = 1; seed <= 10; seed++) {
      const records = generate(seed, 1200)
      for (const { type } of records) types.add(type)
      const whole = text(foldOf(records))
      for (let i = 0; i < 3; i++) {
        const cut = random.below(records.length)
        const restored = new ExecutionState()
        expect(restoreState(encodeState(foldOf(records.slice(0, cut))), restored)).toBeUndefined()
        expect(text(foldOf(records.slice(cut), restored))).toBe(whole)
      }
    }
    // All that the fold looks at did occur.
    expect([...types].sort()).toEqual(
      expect.arrayContaining([
        'external_fill',
        'fill',
        'order_amended',
        'position_adjusted',
        'stop',
      ]),
    )
  })

  it('answers questions as the state it was taken from', () => {
    const records = generate(3, 3000)
    const state = foldOf(records)
    const restored = new ExecutionState()
    restoreState(encodeState(state), restored)
    expect([...restored.unfinished.keys()]).toEqual([...state.unfinished.keys()])
    expect(restored.orders).toEqual(state.orders)
    expect(restored.holdings).toEqual(state.holdings)
    expect(restored.realizedQuote()).toBe(state.realizedQuote())
    const nowUs = records.at(-1)?.time_us ?? 0
    expect(restored.risk.recent(nowUs)).toEqual(state.risk.recent(nowUs))
    expect(restored.risk.recent(nowUs).orders).toBeGreaterThan(100)
    expect(restored.risk.lossStreak(0)).toBe(state.risk.lossStreak(0))
    expect(restored.stops.kill).toEqual(state.stops.kill)
  })

  it('has every field that the state has', () => {
    const derived = ['unfinished', 'lives']
    const saved = Object.keys(JSON.parse(text(new ExecutionState())))
    const fields = Object.keys(new ExecutionState()).filter((name) => !derived.includes(name))
    expect(saved.sort()).toEqual(fields.sort())
  })

  it('that is none is refused, and the state stays empty', () => {
    const whole: Record<string, unknown> = JSON.parse(text(foldOf(generate(4, 300))))
    for (const field of Object.keys(whole)) {
      const state = new ExecutionState()
      const damaged = JSON.stringify({ ...whole, [field]: [{ odd: true }] })
      expect(restoreState(new TextEncoder().encode(damaged), state), field).toMatch(/state|in it/)
      expect(text(state)).toBe(text(new ExecutionState()))
    }
    expect(restoreState(new Uint8Array([1, 2]), new ExecutionState())).toMatch(/JSON/)
  })
})

describe('a journal with checkpoints', () => {
  let folder = ''
  beforeEach(() => {
    folder = temporaryFolder('saved')
  })

  async function open(storage: RecordStorage = fileStorage) {
    const state = new ExecutionState()
    const events: CheckpointEvent[] = []
    const fold = foldInto(state)
    const visited: JournalRecord[] = []
    const opened = await openJournal(
      {
        dataFolder: folder,
        clock: systemClock,
        segmentBytesMax: 32 * 1024,
        storage,
        checkpoints: {
          restore: (bytes) => restoreState(bytes, state),
          onEvent: (event) => events.push(event),
          recordsMin: 200,
        },
      },
      (record) => {
        visited.push(record)
        return fold(record)
      },
    )
    return { opened, state, events, visited }
  }

  async function mustOpen(storage?: RecordStorage) {
    const { opened, ...rest } = await open(storage)
    if (!opened.ok) expect.fail(opened.message)
    return { ...opened.value, ...rest }
  }

  async function write(records: readonly JournalRecord[], storage?: RecordStorage) {
    const { events, journal, state } = await mustOpen(storage)
    const fold = foldInto(state)
    for (const [at, record] of records.entries()) {
      const isKept = fold(record) === undefined && journal.append(record).ok
      if (!isKept) expect.fail(`record ${at}`)
      if (at % 10 !== 9) continue
      if (!(await journal.flush()).ok) expect.fail(`flush at record ${at}`)
      journal.offerCheckpoint?.(() => encodeState(state))
    }
    expect((await journal.close()).ok).toBe(true)
    return events
  }

  const files = (name: string) =>
    readdirSync(journalFolder(folder))
      .filter((file) => file.startsWith(`${name}-`))
      .sort()
      .map((file) => join(journalFolder(folder), file))

  it('is read from the newest one on, to the same state as from the first record', async () => {
    const records = generate(5, 4000)
    const events = await write(records)
    expect(events.length).toBeGreaterThan(5)
    expect(events.every(({ event }) => event === 'written')).toBe(true)
    expect(files('checkpoint')).toHaveLength(2)
    const { checkpoint, checkpointsRefused, end, journal, state, visited } = await mustOpen()
    await journal.close()
    expect(checkpointsRefused).toEqual([])
    expect(visited).toEqual(records.slice(checkpoint?.sequence))
    expect(visited.length).toBeLessThan(500)
    expect(end.lastSequence).toBe(records.length)
    expect(text(state)).toBe(text(foldOf(records)))
  })

  it('falls back to the one before, then to the whole journal, and says why', async () => {
    const records = generate(6, 3000)
    await write(records)
    const [older, newer] = files('checkpoint')
    const whole = text(foldOf(records))
    for (const [refused, damage] of [
      [1, () => truncateSync(newer, 5000)],
      [2, () => flip(older, 3000)],
    ] as const) {
      damage()
      const { checkpoint, checkpointsRefused, journal, state, visited } = await mustOpen()
      await journal.close()
      expect(checkpointsRefused).toHaveLength(refused)
      expect(checkpointsRefused[0]).toContain(`${newer}: is damaged or not whole at offset`)
      expect(checkpoint?.file).toBe(refused === 1 ? older : undefined)
      expect(visited.length).toBe(records.length - (checkpoint?.sequence ?? 0))
      expect(text(state)).toBe(whole)
    }
  })

  it('knows a checkpoint with any byte changed, or cut anywhere', async () => {
    await write(generate(7, 700))
    const file = files('checkpoint').at(-1) ?? ''
    const bytes = readFileSync(file)
    const segment = Number(/(\d{8})\.rec$/.exec(file)?.[1])
    const read = () => readCheckpoint(journalFolder(folder), segment, VERSION, fileStorage)
    expect(read().ok).toBe(true)
    const random = new Random(8)
    for (let i = 0; i < 150; i++) {
      const damaged = Buffer.from(bytes)
      damaged[i < 100 ? i : random.below(bytes.length)] ^= 1 << random.below(8)
      writeFileSync(file, damaged)
      expect(read(), `byte ${i}`).toMatchObject({ ok: false, code: 'checkpoint_unusable' })
      writeFileSync(file, bytes.subarray(0, i < 100 ? i : random.below(bytes.length)))
      expect(read(), `cut ${i}`).toMatchObject({ ok: false, code: 'checkpoint_unusable' })
    }
  })

  it('passes over a checkpoint of another version of the program', async () => {
    const records = generate(9, 700)
    await write(records)
    const file = files('checkpoint').at(-1) ?? ''
    const segment = Number(/(\d{8})\.rec$/.exec(file)?.[1])
    const mark = { sequence: 10, checksum: 1, segment }
    writeFileSync(file, encodeCheckpoint(mark, 1, '0.0.9', new Uint8Array(3)))
    const { checkpointsRefused, journal, state } = await mustOpen()
    await journal.close()
    expect(checkpointsRefused[0]).toContain('another version')
    expect(text(state)).toBe(text(foldOf(records)))
  })

  it('is refused when it lost records that a checkpoint has seen', async () => {
    await write(generate(10, 2000))
    const { checkpoint, journal } = await mustOpen()
    await journal.close()
    const segments = files('journal')
    rmSync(segments.at(-1) ?? '') // of the last start, without a record
    const file = checkpoint?.file.replace('checkpoint-', 'journal-') ?? ''
    for (const later of segments.filter((segment) => segment > file)) rmSync(later, { force: true })
    truncateSync(file, 32)
    const { opened } = await open()
    expect(opened).toMatchObject({ ok: false, code: 'journal_corrupt' })
    expect(!opened.ok && opened.message).toContain('once durable, is not there')
  })

  it('goes on when a checkpoint cannot be written, and tells of each', async () => {
    const records = generate(11, 2000)
    const full: RecordStorage = {
      ...fileStorage,
      open: async (path) => {
        const file = await fileStorage.open(path)
        if (!path.includes('checkpoint-')) return file
        return {
          ...file,
          write: () => Promise.reject(new Error('ENOSPC: no space left on device')),
        }
      },
    }
    const events = await write(records, full)
    expect(events.length).toBeGreaterThan(3)
    for (const event of events) {
      expect(event).toMatchObject({ event: 'failed', message: expect.stringContaining('ENOSPC') })
    }
    const { checkpoint, journal, state } = await mustOpen()
    await journal.close()
    expect(checkpoint).toBeUndefined()
    expect(text(state)).toBe(text(foldOf(records)))
  })
})

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] ^= 1
  writeFileSync(file, bytes)
}
