import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GeneratedJournal } from '../../bench/generated-journal.ts'
import { lookAtJournal } from '../../src/cli/journal-look.ts'
import { systemClock } from '../../src/core/clock.ts'
import { fileStorage } from '../../src/core/record-storage.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { encodeCheckpoint, readCheckpoint } from '../../src/execution/journal/checkpoint-file.ts'
import { journalFolder, openJournal } from '../../src/execution/journal/journal.ts'
import { removableSegments, trimJournal } from '../../src/execution/journal/retention.ts'
import { foldInto } from '../../src/execution/recovery.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import { openPglite } from '../../src/store/pglite-client.ts'
import { Projector } from '../../src/store/projector.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const OFF = Number.POSITIVE_INFINITY
const HOUR_MS = 3_600_000
const text = (state: ExecutionState) => new TextDecoder().decode(encodeState(state))

describe('which segments may go', () => {
  const segments = Array.from({ length: 10 }, (_, n) => ({
    segment: n + 1,
    firstSequence: n * 100 + 1,
    writtenMs: n * HOUR_MS,
  }))
  const facts = { segments, checkpointSegments: () => [8, 9], projectedTo: 1000 }
  const nowMs = 10 * HOUR_MS

  it('is none while both bounds are off', () => {
    expect(removableSegments(facts, { segmentsMin: OFF, hoursMin: OFF }, nowMs)).toEqual([])
  })

  it('is what lies behind each bound that is set', () => {
    const of = (segmentsMin: number, hoursMin: number) =>
      removableSegments(facts, { segmentsMin, hoursMin }, nowMs)
    expect(of(1, OFF)).toEqual([1, 2, 3, 4, 5, 6, 7]) // the older checkpoint needs 8
    expect(of(7, OFF)).toEqual([1, 2, 3])
    expect(of(OFF, 7)).toEqual([1, 2, 3, 4])
    expect(of(7, 9)).toEqual([1, 2])
  })

  it('is none without two checkpoints, nor before SQL has told where it is', () => {
    const rule = { segmentsMin: 1, hoursMin: OFF }
    for (const checkpointSegments of [() => [], () => [9]])
      expect(removableSegments({ ...facts, checkpointSegments }, rule, nowMs)).toEqual([])
    expect(removableSegments({ ...facts, projectedTo: undefined }, rule, nowMs)).toEqual([])
    expect(removableSegments({ ...facts, projectedTo: 299 }, rule, nowMs)).toEqual([1, 2])
    expect(removableSegments({ ...facts, projectedTo: 300 }, rule, nowMs)).toEqual([1, 2, 3])
  })

  it('never touches what a start or the projection needs, whatever is asked', () => {
    const bound = fc.oneof(fc.constant(OFF), fc.integer({ min: 1, max: 20 }))
    const checkpoints = fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 3 })
    fc.assert(
      fc.property(bound, bound, checkpoints, fc.nat(1100), (segmentsMin, hoursMin, made, to) => {
        const given = { segments, checkpointSegments: () => made, projectedTo: to }
        const gone = removableSegments(given, { segmentsMin, hoursMin }, nowMs)
        expect(gone).toEqual(segments.slice(0, gone.length).map(({ segment }) => segment))
        if (gone.length === 0) return
        expect(made.length).toBeGreaterThanOrEqual(2)
        expect(gone.length).toBeLessThan(Math.min(...made))
        expect(gone.length * 100).toBeLessThanOrEqual(to)
        if (segmentsMin !== OFF) expect(10 - gone.length).toBeGreaterThanOrEqual(segmentsMin)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a journal whose old segments were deleted', () => {
  let folder = ''
  let records: JournalRecord[] = []
  let generated = new GeneratedJournal(21, 0.2)
  const place = () => ({ folder: journalFolder(folder), name: 'journal' })
  const files = (name: string) =>
    readdirSync(journalFolder(folder))
      .filter((file) => file.startsWith(`${name}-`))
      .sort()

  async function open(state = new ExecutionState()) {
    const opened = await openJournal(
      {
        dataFolder: folder,
        clock: systemClock,
        segmentBytesMax: 32 * 1024,
        checkpoints: {
          restore: (bytes) => restoreState(bytes, state),
          onEvent: () => {},
          recordsMin: 200,
        },
      },
      foldInto(state),
    )
    return { opened, state }
  }

  async function write(more: readonly JournalRecord[]): Promise<void> {
    const { opened, state } = await open()
    if (!opened.ok) return expect.fail(opened.message)
    const { journal } = opened.value
    const fold = foldInto(state)
    for (const [at, record] of more.entries()) {
      if (fold(record) !== undefined || !journal.append(record).ok) expect.fail(`record ${at}`)
      if (at % 10 !== 9) continue
      await journal.flush()
      journal.offerCheckpoint?.(() => encodeState(state))
    }
    expect((await journal.close()).ok).toBe(true)
  }

  async function extend(count: number): Promise<void> {
    const more: JournalRecord[] = []
    while (more.length < count) more.push(...generated.next())
    records.push(...more)
    await write(more)
  }

  function trim(projectedTo: number): readonly number[] {
    const rule = { segmentsMin: 2, hoursMin: OFF }
    const trimmed = trimJournal(journalFolder(folder), rule, projectedTo, 0)
    return trimmed.ok ? trimmed.value : expect.fail(trimmed.message)
  }

  function wholeState(): string {
    const state = new ExecutionState()
    const fold = foldInto(state)
    for (const record of records) expect(fold(record)).toBeUndefined()
    return text(state)
  }

  beforeEach(async () => {
    folder = temporaryFolder('retention')
    generated = new GeneratedJournal(21, 0.2)
    records = []
    await extend(2500)
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('starts in the state of the whole one, goes on, and is trimmed again', async () => {
    const before = files('journal').length
    const gone = trim(records.length)
    expect(gone.length).toBeGreaterThan(5)
    expect(files('journal')).toHaveLength(before - gone.length)
    expect(trim(records.length)).toEqual([])
    const { opened, state } = await open()
    if (!opened.ok) return expect.fail(opened.message)
    await opened.value.journal.close()
    expect(text(state)).toBe(wholeState())
    expect(opened.value.end.lastSequence).toBe(records.length)

    await extend(1500)
    expect(trim(records.length).length).toBeGreaterThan(3)
    const later = await open()
    if (!later.opened.ok) return expect.fail(later.opened.message)
    await later.opened.value.journal.close()
    expect(text(later.state)).toBe(wholeState())
  })

  it('starts from a checkpoint of another version too, as there is no way back', async () => {
    trim(records.length)
    for (const file of files('checkpoint')) {
      const segment = Number(/(\d{8})\.rec$/.exec(file)?.[1])
      const read = readCheckpoint(journalFolder(folder), segment, undefined, fileStorage)
      if (!read.ok) return expect.fail(read.message)
      const bytes = encodeCheckpoint(read.value.mark, 1, '0.0.1', read.value.state)
      writeFileSync(join(journalFolder(folder), file), bytes)
    }
    const { opened, state } = await open()
    if (!opened.ok) return expect.fail(opened.message)
    await opened.value.journal.close()
    expect(opened.value.checkpointsRefused).toHaveLength(2)
    expect(text(state)).toBe(wholeState())
  })

  it('without a usable checkpoint is refused in one line, not read from the middle', async () => {
    trim(records.length)
    for (const file of files('checkpoint')) rmSync(join(journalFolder(folder), file))
    const { opened } = await open()
    expect(opened).toMatchObject({ ok: false, code: 'journal_corrupt' })
    expect(!opened.ok && opened.message).toContain('segment 1 before it is missing')
  })

  it('is shown from the record it begins with, folded from the oldest checkpoint on', () => {
    trim(records.length)
    let first = 0
    let shown = 0
    const all = { sinceUs: 0, orderLinkId: undefined, isFillsOnly: false }
    const look = lookAtJournal(journalFolder(folder), all, (sequence, record) => {
      if (shown++ === 0) first = sequence
      expect(record).toEqual(records[sequence - 1])
    })
    expect(look.failure).toBeUndefined()
    expect(look.begins).toBeGreaterThan(100)
    expect([first, shown]).toEqual([look.begins, records.length - look.begins + 1])
    expect(text(look.state)).toBe(wholeState())
  })

  it('goes on in SQL where it was, and is made again from what is left', async () => {
    const client = await openPglite(join(folder, 'sql'))
    if (!client.ok) return expect.fail(client.message)
    const openProjector = async () => {
      const opened = await Projector.open(client.value, place())
      return opened.ok ? opened.value : expect.fail(opened.message)
    }
    const count = async (table: string) => {
      const rows = await client.value.query(`select count(*)::int as n from bookflow.${table}`)
      return rows.ok ? Number(rows.value[0].n) : expect.fail(rows.message)
    }
    const projector = await openProjector()
    expect(await projector.catchUp()).toEqual({ ok: true, value: records.length })
    const fills = await count('fills')
    projector.close()
    trim(records.length)
    const begins = lookAtJournal(
      journalFolder(folder),
      { sinceUs: 0, orderLinkId: undefined, isFillsOnly: false },
      () => {},
    ).begins

    const again = await openProjector()
    expect(await again.catchUp()).toEqual({ ok: true, value: 0 })
    expect(again.status()).toEqual({ offset: records.length, lagRecords: 0 })
    expect(await count('fills')).toBe(fills)
    expect((await again.rebuild('test')).ok).toBe(true)
    expect(await again.catchUp()).toEqual({ ok: true, value: records.length - begins + 1 })
    expect(again.status()).toEqual({ offset: records.length, lagRecords: 0 })
    const kept = records.slice(begins - 1)
    const isFill = ({ type }: JournalRecord) => type === 'fill' || type === 'external_fill'
    expect(await count('fills')).toBe(kept.filter(isFill).length)
    again.close()
    await client.value.close()
  })
})
