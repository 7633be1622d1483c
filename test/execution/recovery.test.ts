import { chmodSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import type { CheckpointEvent } from '../../src/execution/journal/checkpointer.ts'
import { journalFolder, openJournal } from '../../src/execution/journal/journal.ts'
import { readOpenKeys } from '../../src/execution/journal/open-keys.ts'
import { foldInto } from '../../src/execution/recovery.ts'
import { encodeState } from '../../src/execution/saved-state.ts'
import type { IntentAction } from '../../src/memory/intent-record.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { createInstrument, Rig, startRig } from './rig.ts'

const instruments = Array.from({ length: 3 }, (_, index) => createInstrument(index))

type Kind = IntentAction | 'quote' | 'pass' | 'halt' | 'resume' | 'flatten'

const kind = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Kind>('enter_long') },
  { weight: 3, arbitrary: fc.constant<Kind>('enter_short') },
  { weight: 5, arbitrary: fc.constant<Kind>('pass') },
  { weight: 3, arbitrary: fc.constantFrom<Kind>('exit', 'quote') },
  { weight: 1, arbitrary: fc.constantFrom<Kind>('halt', 'resume', 'resume', 'flatten') },
)
const move = fc.record({
  kind,
  index: fc.nat({ max: 2 }),
  /** How far through the mid an order reaches; the best prices are one tick off it. */
  offset: fc.integer({ min: -1, max: 4 }),
  lots: fc.integer({ min: 10, max: 120 }),
})
type Move = typeof move extends fc.Arbitrary<infer Value> ? Value : never

async function play(rig: Rig, moves: readonly Move[]): Promise<void> {
  for (const { kind, index, offset, lots } of moves) {
    if (kind === 'quote') rig.quote(index, 10_000 + offset, lots)
    else if (kind === 'pass') await rig.pass(30)
    else if (kind === 'halt' || kind === 'resume') rig.command(kind)
    else if (kind === 'flatten') rig.command(kind, index)
    else {
      const limit = 10_000 + (kind === 'enter_short' ? -offset : offset)
      const levels = { target: limit + 4, stop: limit - 4, holdMs: 40 }
      rig.enter(index, kind, limit, { notional: lots, ...levels })
    }
    await rig.settle()
  }
}

/** Positions by plain addition, without the code under test. */
function foldFills(records: readonly JournalRecord[]): Map<string, number> {
  const lots = new Map<string, number>()
  const seen = new Set<string>()
  for (const record of records) {
    if (record.type !== 'fill') continue
    expect(seen.has(record.exec_id)).toBe(false)
    seen.add(record.exec_id)
    const before = lots.get(record.symbol) ?? 0
    lots.set(record.symbol, before + (record.side === 'buy' ? record.lots : -record.lots))
  }
  return lots
}

function expectEachSubmittedOnce(records: readonly JournalRecord[]): void {
  const created = new Set<string>()
  const submitted = new Set<string>()
  for (const record of records) {
    if (record.type === 'order_created') {
      expect(created.has(record.order_link_id)).toBe(false)
      created.add(record.order_link_id)
    }
    if (record.type !== 'order_state' || record.event !== 'submit') continue
    expect(submitted.has(record.order_link_id)).toBe(false)
    submitted.add(record.order_link_id)
  }
}

describe('recovery', () => {
  it('from a journal cut after any record reaches the fold of its fills, settles every order, submits none', async () => {
    let fills = 0
    let settled = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 10, maxLength: 40 }),
        fc.constantFrom('ioc' as const, 'gtc' as const),
        async (moves, entryTimeInForce) => {
          const options = { entryTimeInForce, restMsMax: 60 }
          const first = await startRig({ instruments, options })
          await play(first, moves)
          const all = [...first.memory.records]
          for (let cut = 1; cut <= all.length; cut++) {
            const records = all.slice(0, cut)
            const submits: string[] = []
            const rig = new Rig({
              instruments,
              options,
              records,
              run: 2,
              clock: first.clock,
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
            expect(started).toMatchObject({ ok: true })
            if (started.ok) settled += started.value.orders
            if (started.ok) fills += started.value.fills
            expect(rig.state.unfinished.size).toBe(0)
            for (const [symbol, lots] of foldFills(records)) {
              expect(rig.state.position(`linear:${symbol}`).lots).toBe(lots)
            }
            expect(submits).toEqual([])
            expectEachSubmittedOnce(rig.memory.records)
            if (cut !== all.length) continue
            // The last one goes on trading: old and new orders together still hold.
            for (const { index } of instruments) rig.quote(index, 10_000)
            await rig.pass(20)
            await play(rig, moves)
            expectEachSubmittedOnce(rig.memory.records)
            for (const [symbol, lots] of foldFills(rig.memory.records)) {
              expect(rig.state.position(`linear:${symbol}`).lots).toBe(lots)
            }
            for (const id of submits) expect(id).toMatch(/^bf-2-/)
          }
        },
      ),
      { numRuns: 25 },
    )
    // What the property is about did occur.
    expect(fills).toBeGreaterThan(0)
    expect(settled).toBeGreaterThan(0)
  })

  it('twice in a row changes nothing: same positions, money and levels', async () => {
    const first = await startRig({ instruments })
    first.enter(0, 'enter_long', 10_003, { target: 10_050, stop: 9_950, holdMs: 60_000 })
    first.enter(1, 'enter_short', 9_997)
    await first.pass(20)
    const second = new Rig({
      instruments,
      records: first.memory.records,
      run: 2,
      clock: first.clock,
    })
    await second.start()
    const third = new Rig({
      instruments,
      records: second.memory.records,
      run: 3,
      clock: first.clock,
    })
    await third.start()
    for (const rig of [second, third]) {
      for (const key of ['linear:S0USDT', 'linear:S1USDT']) {
        expect(rig.state.holdings.get(key)).toEqual(first.state.holdings.get(key))
      }
      expect(rig.state.realizedQuote()).toBe(first.state.realizedQuote())
    }
  })

  it('goes on watching the levels of a position that was open before', async () => {
    const first = await startRig({ instruments })
    first.enter(0, 'enter_long', 10_003, { stop: 9_980 })
    await first.pass(20)
    const rig = await startRig({
      instruments,
      records: first.memory.records,
      run: 2,
      clock: first.clock,
    })
    expect(rig.lots(0)).toBe(99)
    rig.quote(0, 9_970)
    await rig.pass(50)
    expect(rig.lots(0)).toBe(0)
    expect(rig.records('order_created').at(-1)).toMatchObject({
      reason: 'stop_loss',
      run: 2,
      number: 1,
    })
  })

  it('opens nothing before the price of every open position is known', async () => {
    const first = await startRig({ instruments })
    first.enter(0, 'enter_long', 10_003)
    await first.pass(20)
    const rig = new Rig({ instruments, records: first.memory.records, run: 2, clock: first.clock })
    await rig.start()
    rig.quote(1, 10_000)
    rig.enter(1, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.lots(1)).toBe(0)
    rig.quote(0, 10_000)
    await rig.pass(20)
    rig.enter(1, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.lots(1)).toBe(99)
  })

  it.each([
    ['active', 'active', [], 'active'],
    ['halted', 'active', [], 'active'],
    ['active', 'halted', [], 'halted'],
    ['active', 'active', ['halt'], 'halted'],
    ['halted', 'active', ['halt'], 'halted'],
    ['active', 'active', ['reduce_only'], 'reduce_only'],
    ['active', 'active', ['halt', 'resume'], 'active'],
    ['halted', 'halted', ['resume'], 'halted'],
  ] as const)('started %s, then %s after %j, trades %s', async (before, after, commands, state) => {
    const first = await startRig({ options: { start: before } })
    for (const kind of commands) first.command(kind)
    await first.settle()
    const rig = new Rig({
      options: { start: after },
      records: first.memory.records,
      run: 2,
      clock: first.clock,
    })
    await rig.start()
    expect(rig.control.state).toBe(state)
    const third = new Rig({
      options: { start: after },
      records: rig.memory.records,
      run: 3,
      clock: first.clock,
    })
    await third.start()
    expect(third.control.state).toBe(state)
  })

  it('a daily loss stays tripped over a restart, measured from the same start of the day', async () => {
    const limits = { ...new Rig().options.limits, dailyLossFractionMax: 0.0001 }
    const first = await startRig({ options: { limits } })
    first.enter(0, 'enter_long', 10_003, { notional: 1000 })
    await first.pass(10)
    first.quote(0, 9_850)
    await first.pass(50)
    const rig = new Rig({
      options: { limits },
      records: first.memory.records,
      run: 2,
      clock: first.clock,
    })
    await rig.start()
    rig.quote(0, 9_850)
    await rig.pass(50)
    expect(rig.control.state).toBe('halted')
    rig.command('resume')
    await rig.settle()
    expect(rig.control.state).toBe('halted')
    expect(rig.records('day_started')).toHaveLength(1)
  })

  it('keeps a position of an instrument that is gone, and counts it as unwatched', async () => {
    const first = await startRig({ instruments })
    first.enter(2, 'enter_long', 10_003)
    await first.pass(20)
    const rig = new Rig({
      instruments: instruments.slice(0, 2),
      records: first.memory.records,
      run: 2,
      clock: first.clock,
    })
    expect(await rig.start()).toMatchObject({
      ok: true,
      value: { positions: 1, positionsUnwatched: 1, orders: 0, fills: 1, run: 2 },
    })
    const back = new Rig({ instruments, records: rig.memory.records, run: 3, clock: first.clock })
    await back.start()
    expect(back.lots(2)).toBe(99)
  })

  it('refuses records that contradict each other', () => {
    const state = new ExecutionState()
    const fold = foldInto(state)
    const run: JournalRecord = {
      type: 'run_started',
      time_us: 1,
      run: 1,
      version: '0',
      mode: 'paper',
      equity_quote: 1,
      instruments: [],
    }
    expect(fold(run)).toBeUndefined()
    expect(fold(run)).toMatchObject({ ok: false, code: 'journal_corrupt' })
  })
})

describe('the journal on disk', () => {
  let folder = ''
  beforeEach(() => {
    folder = temporaryFolder('journal')
  })

  const open = (records: JournalRecord[] = []) =>
    openJournal({ dataFolder: folder, clock: systemClock }, (record) => {
      records.push(record)
      return undefined
    })

  const stopped: JournalRecord = { type: 'run_stopped', time_us: 1, run: 1 }

  it('tells what is open to who does not own it, from checkpoint and records', async () => {
    expect(readOpenKeys(folder)).toEqual(new Set())
    const events: string[] = []
    const checkpoints = {
      restore: () => undefined,
      onEvent: ({ event }: CheckpointEvent) => events.push(event),
      recordsMin: 1,
    }
    const options = { dataFolder: folder, clock: systemClock, checkpoints }
    const opened = await openJournal(options, () => undefined)
    if (!opened.ok) return expect.fail(opened.message)
    const { journal } = opened.value
    const state = new ExecutionState()
    const append = (record: JournalRecord) => {
      expect(state.apply(record).ok).toBe(true)
      journal.append(record)
    }
    const steps = { category: 'linear' as const, tick: '0.1', lot: '0.001' }
    append({
      ...{ type: 'run_started', time_us: 1, run: 1, version: '0', mode: 'paper', equity_quote: 1 },
      instruments: ['AUSDT', 'BUSDT'].map((symbol, index) => ({ index, symbol, ...steps })),
    })
    const fill = (symbol: string, side: 'buy' | 'sell', lotsAfter: number, n: number) =>
      append({
        ...{ type: 'external_fill', time_us: n, run: 1, exec_id: `${n}`, order_link_id: '' },
        ...{ symbol, category: 'linear', side, ticks: 10, lots: 5, fee_quote: 0 },
        ...{ is_maker: false, exchange_time_us: n, position_lots_after: lotsAfter },
      })
    fill('AUSDT', 'buy', 5, 2)
    fill('BUSDT', 'sell', -5, 3)
    await journal.flush()
    expect(readOpenKeys(folder)).toEqual(new Set(['linear:AUSDT', 'linear:BUSDT']))
    journal.offerCheckpoint?.(() => encodeState(state))
    fill('AUSDT', 'sell', 0, 4)
    await journal.close()
    expect(events).toEqual(['written'])
    expect(readOpenKeys(folder)).toEqual(new Set(['linear:BUSDT']))
    // The position of before the checkpoint is not read twice: only one fill came after it.
    const file = join(journalFolder(folder), 'journal-00000001.rec')
    const bytes = readFileSync(file)
    bytes[60] ^= 1
    writeFileSync(file, bytes)
    expect(readOpenKeys(folder)).toContain('linear:BUSDT')
  })

  it('numbers its runs and gives back its records', async () => {
    const first = await open()
    if (!first.ok) expect.fail(first.message)
    expect(first.value.journal.run).toBe(1)
    first.value.journal.append(stopped)
    await first.value.journal.close()
    const records: JournalRecord[] = []
    const second = await open(records)
    if (!second.ok) expect.fail(second.message)
    expect(second.value.journal.run).toBe(2)
    expect(records).toEqual([stopped])
    await second.value.journal.close()
  })

  it('belongs to one process at a time, and a dead owner loses it', async () => {
    const first = await open()
    if (!first.ok) expect.fail(first.message)
    expect(await open()).toMatchObject({ ok: false, code: 'data_folder_locked' })
    await first.value.journal.close()
    for (const stale of ['999999999 -\n', `${process.pid} boot:1\n`, 'torn']) {
      writeFileSync(join(journalFolder(folder), 'lock'), stale)
      const next = await open()
      if (!next.ok) expect.fail(next.message)
      await next.value.journal.close()
    }
    const [lock, guard] = ['lock', 'lock.guard'].map((name) => join(journalFolder(folder), name))
    writeFileSync(lock, '999999999 -\n')
    // Of one that died while it took a lock away.
    writeFileSync(guard, '999999998 -\n')
    const last = await open()
    if (!last.ok) expect.fail(last.message)
    expect(readFileSync(lock, 'utf8')).toMatch(new RegExp(`^${process.pid} `))
    await last.value.journal.close()
    const left = readdirSync(journalFolder(folder)).filter((name) => name.startsWith('lock'))
    expect(left).toEqual([])
  })

  it('leaves a lock alone that is being taken away by a living process', async () => {
    const first = await open()
    if (!first.ok) expect.fail(first.message)
    const [lock, guard] = ['lock', 'lock.guard'].map((name) => join(journalFolder(folder), name))
    renameSync(lock, guard)
    writeFileSync(lock, '999999999 -\n')
    expect(await open()).toMatchObject({ ok: false, code: 'data_folder_locked' })
    expect(readFileSync(lock, 'utf8')).toBe('999999999 -\n')
    await first.value.journal.close()
  })

  it('says so when its folder cannot be written', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const opened = await openJournal({ dataFolder: file, clock: systemClock }, () => undefined)
    expect(opened).toMatchObject({ ok: false, code: 'data_folder_unwritable' })
    if (process.getuid?.() === 0) return // root may write everywhere
    chmodSync(folder, 0o500)
    expect(await open()).toMatchObject({ ok: false, code: 'data_folder_unwritable' })
    chmodSync(folder, 0o700)
  })

  it('names file and offset when it is damaged in the middle, and lets the folder go', async () => {
    const first = await open()
    if (!first.ok) expect.fail(first.message)
    for (let i = 0; i < 3; i++) {
      first.value.journal.append(stopped)
      await first.value.journal.flush()
    }
    await first.value.journal.close()
    const file = join(journalFolder(folder), 'journal-00000001.rec')
    const bytes = readFileSync(file)
    bytes[60] ^= 1
    writeFileSync(file, bytes)
    const opened = await open()
    expect(opened).toMatchObject({ ok: false, code: 'journal_corrupt' })
    if (!opened.ok) expect(opened.message).toContain(`${file}: offset 32`)
    expect(readdirSync(journalFolder(folder))).not.toContain('lock')
  })

  it('refuses a whole record that is none of its types', async () => {
    const first = await open()
    if (!first.ok) expect.fail(first.message)
    first.value.journal.append({ ...stopped, run: 0 })
    await first.value.journal.close()
    const opened = await open()
    expect(opened).toMatchObject({ ok: false, code: 'journal_corrupt' })
    if (!opened.ok) expect(opened.message).toContain('record 1 of run 1')
  })
})
