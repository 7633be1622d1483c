import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstKeptSequence } from '../../src/core/record-file.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openPglite } from '../../src/store/pglite-client.ts'
import { clearProjection } from '../../src/store/projection.ts'
import { Projector, type ProjectorEvent } from '../../src/store/projector.ts'
import type { SqlClient } from '../../src/store/sql-client.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { JournalMaker, writeJournal } from './journal-maker.ts'
import { dumpProjection, rowsOf } from './projection-dump.ts'

const folder = temporaryFolder('store-conflicts')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Of<Type> = Extract<JournalRecord, { type: Type }>

function firstOf<Type extends JournalRecord['type']>(
  records: readonly JournalRecord[],
  type: Type,
): Of<Type> {
  const found = records.find((record): record is Of<Type> => record.type === type)
  if (found === undefined) throw new Error(`no ${type}`)
  return found
}

describe('a record whose key the row of another has', () => {
  let client: SqlClient
  beforeAll(async () => {
    const opened = await openPglite(join(folder, 'pglite'))
    if (!opened.ok) throw new Error(opened.message)
    client = opened.value
    expect(await migrate(client)).toMatchObject({ ok: true })
  })
  afterAll(() => client.close())

  const maker = new JournalMaker(21)
  maker.trade(600)
  const { records } = maker
  const order = firstOf(records, 'order_created')
  const fill = firstOf(records, 'fill')
  const { order_link_id: _, exec_number: __, ...execution } = fill
  /** A second order of one decision, an execution told twice, a day that begins twice. */
  const twice: readonly JournalRecord[] = [
    { ...order, order_link_id: 'second', number: 9_999, time_us: order.time_us + 1 },
    { ...execution, type: 'external_fill', order_link_id: '', lots: 5 },
    { ...firstOf(records, 'day_started'), equity_quote: 1 },
  ]

  async function project(journal: string, notes: ProjectorEvent[] = []): Promise<Projector> {
    const place = { folder: journal, name: 'journal' }
    expect(firstKeptSequence(place)).toMatchObject({ ok: true })
    const opened = await Projector.open(client, place, (event) => notes.push(event))
    if (!opened.ok) throw new Error(opened.message)
    expect(await opened.value.catchUp()).toMatchObject({ ok: true })
    opened.value.close()
    return opened.value
  }

  async function written(name: string, all: readonly JournalRecord[]): Promise<string> {
    const journal = temporaryFolder(`store-conflicts-${name}`)
    await writeJournal(journal, all)
    expect(await client.transaction(clearProjection)).toMatchObject({ ok: true })
    return journal
  }

  it('is counted, told of and kept whole, and what stood there stays', async () => {
    const journal = await written('twice', [...records, ...twice])
    const notes: ProjectorEvent[] = []
    const projector = await project(journal, notes)
    expect(projector.conflicts).toBe(3)
    const at = records.length + 1
    const told = notes.filter(({ event }) => event === 'conflict')
    expect(told.map(({ detail }) => detail).join()).toContain(`${at}, ${at + 1}, ${at + 2}`)
    const kept = await rowsOf(
      client,
      `select journal_sequence, type, held_in, record from bookflow.projection_conflicts
      order by journal_sequence`,
    )
    expect(kept).toEqual([
      ...[
        { journal_sequence: at, type: 'order_created', held_in: 'orders' },
        { journal_sequence: at + 1, type: 'external_fill', held_in: 'fills' },
        { journal_sequence: at + 2, type: 'day_started', held_in: 'days' },
      ].map((row, index) => ({ ...row, record: expect.objectContaining(twice[index]) })),
    ])
    const [held] = await rowsOf(
      client,
      'select order_link_id from bookflow.orders where decision = $1',
      [order.decision],
    )
    expect(held.order_link_id).toBe(order.order_link_id)
    rmSync(journal, { recursive: true })
  })

  it('is counted once, over restarts and when all is applied again', async () => {
    const journal = await written('again', [...records, ...twice])
    await project(journal)
    const before = await dumpProjection(client)
    expect((await project(journal)).conflicts).toBe(3)
    await client.exec('update bookflow.projection_offset set apply_again = true')
    await writeJournal(journal, [{ ...firstOf(records, 'day_started'), day: 30_000 }])
    const notes: ProjectorEvent[] = []
    const projector = await project(journal, notes)
    expect(notes.map(({ event }) => event)).toEqual(['rebuilding'])
    expect(projector.conflicts).toBe(3)
    const after = await dumpProjection(client)
    expect(after.projection_conflicts).toEqual(before.projection_conflicts)
    expect(after.orders).toEqual(before.orders)

    await projector.rebuild('asked for')
    expect(projector.conflicts).toBe(0)
    expect(await rowsOf(client, 'select * from bookflow.projection_conflicts')).toEqual([])
    rmSync(journal, { recursive: true })
  })

  it('is not what a record is that is applied twice', async () => {
    const journal = await written('replay', records)
    await project(journal)
    await client.exec('update bookflow.projection_offset set apply_again = true')
    await writeJournal(journal, [{ ...firstOf(records, 'day_started'), day: 30_000 }])
    expect((await project(journal)).conflicts).toBe(0)
    expect(await rowsOf(client, 'select * from bookflow.projection_conflicts')).toEqual([])
    rmSync(journal, { recursive: true })
  })
})
