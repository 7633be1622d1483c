import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import {
  fileStorage,
  type RecordOutput,
  type RecordStorage,
} from '../../src/core/record-storage.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { openJournal } from '../../src/execution/journal/journal.ts'
import { foldInto } from '../../src/execution/recovery.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { Rig } from './rig.ts'

/** A disk that fails when it is told to. */
class FailingDisk {
  fault: 'none' | 'full' | 'read_only' | 'sync_fails' = 'none'
  readonly storage: RecordStorage = {
    ...fileStorage,
    create: (path, bytes) => {
      if (this.fault === 'read_only') throw new Error('EROFS: read-only file system')
      if (this.fault === 'full') throw new Error('ENOSPC: no space left on device')
      fileStorage.create(path, bytes)
    },
    open: async (path) => this.#output(await fileStorage.open(path)),
  }

  #output(file: RecordOutput): RecordOutput {
    return {
      write: async (buffer, from, length, at) => {
        if (this.fault === 'read_only') throw new Error('EROFS: read-only file system')
        if (this.fault !== 'full') return file.write(buffer, from, length, at)
        // A disk takes what still fits, and only then says that it is full.
        await file.write(buffer, from, length >> 1, at)
        throw new Error('ENOSPC: no space left on device')
      },
      sync: async () => {
        if (this.fault === 'sync_fails') throw new Error('EIO: i/o error, fdatasync')
        await file.sync()
      },
      close: () => file.close(),
    }
  }
}

let folder = ''
beforeEach(() => {
  folder = temporaryFolder('faults')
})

async function tradingOn(disk: FailingDisk) {
  const opened = await openJournal(
    { dataFolder: folder, clock: systemClock, storage: disk.storage },
    () => undefined,
  )
  if (!opened.ok) expect.fail(opened.message)
  const { journal } = opened.value
  const submits: string[] = []
  const rig = new Rig({
    journal: () => journal,
    gateway: (paper) => {
      const submit = paper.submit.bind(paper)
      paper.submit = (order, nowUs) => {
        submits.push(order.orderLinkId)
        return submit(order, nowUs)
      }
      return paper
    },
  })
  const started = await rig.start()
  if (!started.ok) expect.fail(started.message)
  for (const { index } of rig.instruments) rig.quote(index, 10_000)
  await rig.pass(20)
  rig.enter(0, 'enter_long', 10_003)
  await rig.pass(20)
  expect(submits).toHaveLength(1)
  return { journal, rig, submits }
}

describe('a disk that fails', () => {
  it.each([
    ['full', 'ENOSPC'],
    ['read_only', 'EROFS'],
    ['sync_fails', 'EIO'],
  ] as const)(
    '(%s) sends nothing more, halts, says why, and loses nothing durable',
    async (fault, word) => {
      const disk = new FailingDisk()
      const { journal, rig, submits } = await tradingOn(disk)
      const lots = rig.lots(0)
      disk.fault = fault
      rig.enter(1, 'enter_long', 10_003)
      for (let i = 0; i < 20; i++) {
        rig.clock.advance(10_000)
        rig.enter(1, 'enter_long', 10_003)
        await rig.actor.turn()
      }
      // Even a disk that is well again proves nothing about what was lost in between.
      disk.fault = 'none'
      rig.enter(1, 'enter_long', 10_003)
      await rig.actor.turn()
      expect(submits).toHaveLength(1)
      expect(rig.ledger.failure).toMatchObject({ code: 'journal_unavailable' })
      expect(rig.ledger.failure?.message).toContain(word)
      expect(rig.control.state).toBe('halted')
      expect(rig.counters.get('journal_failures')).toBe(1)
      expect(await rig.actor.stop()).toBe(false)
      await journal.close()

      const state = new ExecutionState()
      const again = await openJournal({ dataFolder: folder, clock: systemClock }, foldInto(state))
      if (!again.ok) expect.fail(again.message)
      await again.value.journal.close()
      expect(state.position('linear:S0USDT').lots).toBe(lots)
      expect(lots).toBeGreaterThan(0)
      expect(state.position('linear:S1USDT').lots).toBe(0)
    },
  )

  it.each([['full'], ['read_only']] as const)('(%s) at the start refuses it', async (fault) => {
    const disk = new FailingDisk()
    disk.fault = fault
    const opened = await openJournal(
      { dataFolder: folder, clock: systemClock, storage: disk.storage },
      () => undefined,
    )
    expect(opened).toMatchObject({ ok: false, code: 'data_folder_unwritable' })
  })

  it('between two segments stops as in the middle of one', async () => {
    const disk = new FailingDisk()
    const opened = await openJournal(
      { dataFolder: folder, clock: systemClock, storage: disk.storage, segmentBytesMax: 300 },
      () => undefined,
    )
    if (!opened.ok) expect.fail(opened.message)
    const { journal } = opened.value
    const stopped = { type: 'run_stopped', time_us: 1, run: 1 } as const
    for (let i = 0; i < 6; i++) journal.append(stopped)
    expect((await journal.flush()).ok).toBe(true)
    disk.fault = 'full'
    journal.append(stopped)
    const flushed = await journal.flush()
    expect(flushed).toMatchObject({ ok: false, code: 'journal_unavailable' })
    expect(!flushed.ok && flushed.message).toContain('ENOSPC')
    disk.fault = 'none'
    expect(journal.append(stopped).ok).toBe(false)
    await journal.close()
  })
})
