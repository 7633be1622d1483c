import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GeneratedJournal } from '../../bench/generated-journal.ts'
import { Random } from '../../src/core/random.ts'
import { firstKeptSequence } from '../../src/core/record-file.ts'
import { fail, type Result } from '../../src/core/result.ts'
import { JOURNAL_NAME, type JournalRecord } from '../../src/domain/journal.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { MIGRATIONS_FOLDER, migrate } from '../../src/store/migrations.ts'
import { openPostgres } from '../../src/store/pg-client.ts'
import { openPglite } from '../../src/store/pglite-client.ts'
import { clearProjection } from '../../src/store/projection.ts'
import { Projector } from '../../src/store/projector.ts'
import type { SqlClient, SqlSession } from '../../src/store/sql-client.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { JournalMaker, writeJournal } from './journal-maker.ts'
import { startPostgres, type TestPostgres } from './postgres-server.ts'
import { dumpProjection, rowsOf } from './projection-dump.ts'

const folder = temporaryFolder('store')
const postgres = await startPostgres()
afterAll(async () => {
  if (typeof postgres !== 'string') await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
})

function must<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result.value
}

const MIGRATIONS = [
  '0001_execution.sql',
  '0002_account.sql',
  '0003_portfolio.sql',
  '0004_changes.sql',
  '0005_exits_regimes.sql',
  '0006_commands.sql',
  '0007_conflicts.sql',
  '0008_account.sql',
]

let journals = 0
/** A folder for a journal of its own. */
function freshFolder(): string {
  const path = join(folder, `journal-${++journals}`)
  mkdirSync(path)
  return path
}

async function journalOf(seed: number, count: number) {
  const maker = new JournalMaker(seed)
  maker.trade(count)
  const journalFolder = freshFolder()
  const place = await writeJournal(journalFolder, maker.records)
  return { maker, place, journalFolder }
}

async function project(client: SqlClient, place: Parameters<typeof Projector.open>[1]) {
  const projector = must(await Projector.open(client, place))
  const applied = await projector.catchUp()
  projector.close()
  return applied
}

function generatedRecords(seed: number, count: number): readonly JournalRecord[] {
  const generated = new GeneratedJournal(seed, 0.4)
  const records: JournalRecord[] = []
  while (records.length < count) records.push(...generated.next())
  return records
}

type OfType<Type> = Extract<JournalRecord, { type: Type }>
function ofType<Type extends JournalRecord['type']>(
  records: readonly JournalRecord[],
  type: Type,
): readonly OfType<Type>[] {
  return records.filter((record): record is OfType<Type> => record.type === type)
}

/** Deletes the oldest segments, as journal retention does; answers the first record left. */
function trim(journalFolder: string, segments: number): number {
  const files = readdirSync(journalFolder).sort()
  for (const file of files.slice(0, segments)) rmSync(join(journalFolder, file))
  const kept = must(firstKeptSequence({ folder: journalFolder, name: JOURNAL_NAME }))
  expect(kept).toBeGreaterThan(1)
  return kept
}

/** The migrations of an older version. */
function migrationsUntil(version: number): string {
  const older = freshFolder()
  for (const file of readdirSync(MIGRATIONS_FOLDER).sort().slice(0, version)) {
    copyFileSync(join(MIGRATIONS_FOLDER, file), join(older, file))
  }
  return older
}

type Dump = Awaited<ReturnType<typeof dumpProjection>>

/** Puts the rows of `dump` where an older version of the tables has a place for them. */
async function copyAsOlder(client: SqlClient, dump: Dump): Promise<void> {
  const columns = await rowsOf(
    client,
    `select table_name, string_agg(column_name, ', ') as names from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_schema = 'bookflow' and table_type = 'BASE TABLE' and is_generated = 'NEVER'
    group by table_name`,
  )
  must(await client.exec('delete from bookflow.projection_offset'))
  for (const { names, table_name: table } of columns) {
    if (table === 'schema_migrations') continue
    const rows = JSON.stringify(dump[String(table)])
    await rowsOf(
      client,
      `insert into bookflow.${table} (${names})
      select ${names} from jsonb_populate_recordset(null::bookflow.${table}, $1::jsonb)`,
      [rows],
    )
  }
}

const databases: [string, () => Promise<Result<SqlClient>>, string][] = [
  ['PGlite', () => openPglite(join(folder, 'pglite')), ''],
  [
    'PostgreSQL',
    () => openPostgres((postgres as TestPostgres).url),
    typeof postgres === 'string' ? postgres : '',
  ],
]

for (const [name, open, reason] of databases) {
  describe.skipIf(reason !== '')(`projection into ${name} ${reason}`, () => {
    let client: SqlClient
    beforeAll(async () => {
      client = must(await open())
      must(await client.exec('drop schema if exists bookflow cascade'))
    })
    afterAll(() => client.close())

    async function startEmpty(): Promise<void> {
      must(await migrate(client))
      must(await client.transaction(clearProjection))
    }

    it('is migrated once, and again changes nothing', async () => {
      expect(must(await migrate(client))).toEqual(MIGRATIONS)
      expect(must(await migrate(client))).toEqual([])
    })

    it('refuses a database whose migration is not the file we have', async () => {
      await client.query(`update bookflow.schema_migrations set checksum = 'x' where version = 1`)
      expect(await migrate(client)).toMatchObject({ ok: false, code: 'migration_changed' })
      await client.exec('drop schema bookflow cascade')
      must(await migrate(client))
    })

    it('holds the orders, fills and positions that the journal tells of', async () => {
      await startEmpty()
      const { maker, place } = await journalOf(1, 1500)
      expect(must(await project(client, place))).toBe(maker.records.length)

      const orders = await rowsOf(client, 'select * from bookflow.orders')
      expect(orders).toHaveLength(maker.orders.size)
      for (const row of orders) {
        const order = maker.orders.get(String(row.order_link_id))
        expect(row).toMatchObject({
          state: order?.state,
          lots: order?.lots,
          filled_lots: order?.filledLots,
        })
        const isBitcoin = row.symbol === 'BTCUSDT'
        const tick = isBitcoin ? 0.1 : 1e-8
        if (order === undefined || order.filledLots === 0) expect(row.average_price).toBeNull()
        else {
          const average = (order.notionalTicks / order.filledLots) * tick
          expect(Number(row.average_price) / average).toBeCloseTo(1, 12)
        }
        expect(row.u).toBe(2 ** 52)
      }
      const positions = await rowsOf(client, 'select * from bookflow.positions')
      expect(positions).toHaveLength(maker.positions.size)
      for (const row of positions) {
        const position = maker.positions.get(String(row.symbol))
        expect(row).toMatchObject({ lots: position?.lots, fees_quote: position?.fees })
      }
      const [sums] = await rowsOf(
        client,
        `select count(*) as fills, (select count(*) from bookflow.order_events) as events,
          (select count(*) from bookflow.denied_intents) as denied,
          (select count(*) from bookflow.runs) as runs from bookflow.fills`,
      )
      const count = (type: string) => maker.records.filter((record) => record.type === type).length
      expect(sums).toEqual({
        fills: maker.fills,
        events: count('order_state'),
        denied: count('intent_denied'),
        runs: count('run_started'),
      })
    })

    it('multiplies steps in exact decimals and shows times as times', async () => {
      const [price] = await rowsOf(
        client,
        `select bool_and(price = ticks * 0.00000001) as price, bool_and(qty = lots * 100) as qty,
          bool_and(filled_at = to_timestamp(0) + time_us * interval '1 microsecond') as time
        from bookflow.fills where symbol = 'PEPEUSDT'`,
      )
      expect(price).toEqual({ price: true, qty: true, time: true })
      const [limit] = await rowsOf(
        client,
        `select limit_ticks, limit_price from bookflow.orders where symbol = 'BTCUSDT' limit 1`,
      )
      expect(limit.limit_price).toBe((Number(limit.limit_ticks) / 10).toFixed(2))
    })

    it('follows a journal that grows, over new segments and runs', async () => {
      await startEmpty()
      const maker = new JournalMaker(2)
      maker.trade(300)
      const journalFolder = freshFolder()
      const place = await writeJournal(journalFolder, maker.records)
      const projector = must(await Projector.open(client, place))
      must(await projector.catchUp())
      expect(projector.status()).toEqual({ offset: maker.records.length, lagRecords: 0 })

      const before = maker.records.length
      maker.trade(700)
      await writeJournal(journalFolder, maker.records.slice(before))
      expect(projector.status()).toEqual({
        offset: before,
        lagRecords: maker.records.length - before,
      })
      expect(must(await projector.catchUp())).toBe(maker.records.length - before)
      projector.close()
      const followed = await dumpProjection(client)

      await startEmpty()
      must(await project(client, place))
      expect(await dumpProjection(client)).toEqual(followed)
    })

    it('is the same however the journal was cut into batches, whatever is in it', async () => {
      const records = generatedRecords(11, 1200)
      await startEmpty()
      must(await project(client, await writeJournal(freshFolder(), records)))
      const whole = await dumpProjection(client)
      const { projection_conflicts: conflicts, ...tables } = whole
      for (const [table, rows] of Object.entries(tables))
        expect(rows.length, table).toBeGreaterThan(0)
      expect(conflicts).toEqual([])

      await startEmpty()
      const journalFolder = freshFolder()
      const random = new Random(12)
      for (let at = 0; at < records.length; ) {
        const to = at + 1 + random.below(300)
        const place = await writeJournal(journalFolder, records.slice(at, to))
        must(await project(client, place))
        at = to
      }
      // The offset names bytes of the file, and those say how records were batched.
      const { projection_offset: _, ...cut } = await dumpProjection(client)
      expect(whole).toMatchObject(cut)
    })

    it('tells the balance, the positions and the audit that the fold knows', async () => {
      await startEmpty()
      const records = generatedRecords(13, 2000)
      const state = new ExecutionState()
      for (const record of records) must(state.apply(record))
      must(await project(client, await writeJournal(freshFolder(), records)))

      const portfolio = await rowsOf(client, 'select * from bookflow.portfolio')
      for (const row of portfolio) {
        const holding = state.holdings.get(`${row.category}:${row.symbol}`)
        expect(row.lots).toBe(holding?.position.lots)
        expect(Number(row.funding_quote)).toBeCloseTo(holding?.fundingQuote ?? Number.NaN, 9)
      }
      const [orders] = await rowsOf(
        client,
        `select count(*) as all_orders, count(distinct decision) as decisions,
          bool_and(trace = symbol || '-' || u) as traced from bookflow.orders`,
      )
      expect(orders.decisions).toBe(orders.all_orders)
      expect(orders.traced).toBe(true)
      const changed = await rowsOf(
        client,
        `select o.order_link_id, o.limit_ticks, o.lots from bookflow.orders o
          where exists (select from bookflow.order_amendments m
            where m.order_link_id = o.order_link_id)`,
      )
      expect(changed.length).toBeGreaterThan(0)
      for (const { limit_ticks, lots, order_link_id } of changed) {
        const terms = state.orders.get(String(order_link_id))?.terms
        expect([Number(limit_ticks), Number(lots)]).toEqual([terms?.limit_ticks, terms?.lots])
      }
      const kinds = await rowsOf(client, 'select distinct kind from bookflow.audit order by kind')
      expect(kinds.map(({ kind }) => kind)).toEqual([
        'command',
        'configuration',
        'denied',
        'entry_settled',
        'equity',
        'exit_levels',
        'external_fill',
        'held_levels',
        'position_adjusted',
        'regime',
        'stop',
        'trading_state',
        'transfer',
        'unwatched_close',
      ])
      const [who] = await rowsOf(
        client,
        `select who, what, why from bookflow.audit where kind = 'command' limit 1`,
      )
      expect(who).toEqual({ who: 'anna', what: 'halt', why: 'lunch' })
    })

    it('tells of the money of the account, and of what left without a price', async () => {
      await startEmpty()
      const records = generatedRecords(17, 3000)
      must(await project(client, await writeJournal(freshFolder(), records)))
      const snapshots = await rowsOf(
        client,
        `select cause, theirs_quote, lost_quote, margin_orders_quote
        from bookflow.account_snapshots order by journal_sequence`,
      )
      expect(snapshots).toEqual(
        ofType(records, 'account_snapshot').map(
          ({ cause, lost_quote, margin_orders_quote, theirs_quote }) => ({
            ...{ cause, theirs_quote, lost_quote, margin_orders_quote },
          }),
        ),
      )
      const moved = await rowsOf(
        client,
        'select transfer_id, amount_quote from bookflow.transfers order by journal_sequence',
      )
      expect(moved).toEqual(
        ofType(records, 'transfer').map(({ amount_quote, transfer_id }) => ({
          ...{ transfer_id, amount_quote },
        })),
      )
      const closed = await rowsOf(
        client,
        'select order_link_id, side, qty from bookflow.unwatched_closes order by journal_sequence',
      )
      expect(closed).toEqual(
        ofType(records, 'unwatched_close').map(({ order_link_id, qty, side }) => ({
          ...{ order_link_id, side, qty },
        })),
      )
      const priceless = await rowsOf(
        client,
        'select order_link_id from bookflow.orders where at_market order by number',
      )
      expect(priceless).toEqual(
        ofType(records, 'order_created')
          .filter(({ at_market }) => at_market === true)
          .map(({ order_link_id }) => ({ order_link_id })),
      )
      for (const rows of [snapshots, moved, closed, priceless]) {
        expect(rows.length).toBeGreaterThan(0)
      }
    })

    it('tells of levels at the exchange, regimes and rests of entries as the journal does', async () => {
      await startEmpty()
      const records = generatedRecords(17, 3000)
      must(await project(client, await writeJournal(freshFolder(), records)))
      const held = await rowsOf(
        client,
        `select phase, target_ticks, target_price, stop_ticks, stop_price, reason
        from bookflow.held_levels order by journal_sequence`,
      )
      expect(held).toEqual(
        ofType(records, 'held_levels').map(({ phase, reason, stop_ticks, target_ticks }) => ({
          phase,
          target_ticks,
          target_price: ((target_ticks ?? 0) / 10).toFixed(1),
          stop_ticks,
          stop_price: null,
          reason,
        })),
      )
      const settled = await rowsOf(
        client,
        `select s.order_link_id, wanted_lots, s.filled_lots, left_lots, cause, outcome, code,
          left_qty = left_lots * 0.001 as is_exact, s.filled_lots = o.filled_lots as is_filled
        from bookflow.entry_settlements s join bookflow.orders o using (order_link_id)
        order by s.journal_sequence`,
      )
      expect(settled).toEqual(
        ofType(records, 'entry_settled').map(
          ({ cause, code, filled_lots, left_lots, order_link_id, outcome, wanted_lots }) => ({
            ...{ order_link_id, wanted_lots, filled_lots, left_lots, cause, outcome, code },
            is_exact: true,
            is_filled: true,
          }),
        ),
      )
      expect(
        await rowsOf(
          client,
          'select regime, reason, command from bookflow.regimes order by journal_sequence',
        ),
      ).toEqual(
        ofType(records, 'regime').map(({ command, reason, regime }) => ({
          ...{ regime, reason, command },
        })),
      )
      const moved = await rowsOf(
        client,
        `select moved_by, trails, command from bookflow.exit_levels order by journal_sequence`,
      )
      expect(moved).toEqual(
        ofType(records, 'exit_levels').map(({ by, command, trailing }) => ({
          moved_by: by,
          trails: trailing ?? null,
          command: command ?? null,
        })),
      )
      const follows = await rowsOf(
        client,
        `select order_link_id, follows from bookflow.orders where follows is not null
        order by journal_sequence`,
      )
      expect(follows).toEqual(
        ofType(records, 'order_created')
          .filter((order) => order.follows !== undefined)
          .map(({ follows: first, order_link_id }) => ({ order_link_id, follows: first })),
      )
      for (const rows of [held, settled, moved, follows]) expect(rows.length).toBeGreaterThan(1)
    })

    it('keeps the configuration of each run and shows when it changed', async () => {
      await startEmpty()
      const records = [{ a: 1 }, { a: 1 }, { a: 2 }].map((config, index): JournalRecord => {
        const run = index + 1
        const head = {
          type: 'run_started',
          time_us: run,
          run,
          version: '1',
          mode: 'paper',
        } as const
        return { ...head, equity_quote: 1, instruments: [], config }
      })
      must(await project(client, await writeJournal(freshFolder(), records)))
      const rows = await rowsOf(
        client,
        `select what, with_what -> 'config' as config from bookflow.audit
        where kind = 'configuration' order by run`,
      )
      expect(rows).toEqual([
        { what: 'changed', config: { a: 1 } },
        { what: 'unchanged', config: { a: 1 } },
        { what: 'changed', config: { a: 2 } },
      ])
    })

    it('audits what a command asked for beside who asked and what became of it', async () => {
      await startEmpty()
      const head = { type: 'command', run: 1, who: 'ann', reason: 'news', code: 'ok' } as const
      const asked = { limit_ticks: 9_990, lots: 70 }
      const records: JournalRecord[] = [
        { ...head, time_us: 1, number: 1, command: 'resume', symbol: null },
        {
          ...{ ...head, time_us: 2, number: 2, command: 'amend_order', symbol: null },
          ...{ code: 'order_too_small', order_link_id: 'bf-1-1', asked },
        },
      ]
      must(await project(client, await writeJournal(freshFolder(), records)))
      const rows = await rowsOf(
        client,
        `select who, what, with_what from bookflow.audit order by journal_sequence`,
      )
      const about = { code: 'order_too_small', number: 2, order_link_id: 'bf-1-1' }
      expect(rows).toEqual([
        { who: 'ann', what: 'resume', with_what: { code: 'ok', number: 1, order_link_id: null } },
        { who: 'ann', what: 'amend_order', with_what: { ...about, ...asked } },
      ])
    })

    it('made again is the same', async () => {
      const { place } = await journalOf(3, 800)
      await startEmpty()
      const projector = must(await Projector.open(client, place))
      must(await projector.catchUp())
      const first = await dumpProjection(client)
      must(await projector.rebuild('asked for'))
      expect(await rowsOf(client, 'select * from bookflow.orders')).toEqual([])
      must(await projector.catchUp())
      projector.close()
      expect(await dumpProjection(client)).toEqual(first)
    })

    it('neither loses nor doubles a row, whichever statement fails', async () => {
      const { place } = await journalOf(4, 1200)
      await startEmpty()
      must(await project(client, place))
      const reference = await dumpProjection(client)

      await startEmpty()
      const random = new Random(5)
      let crashes = 0
      for (let isDone = false; !isDone; ) {
        const flaky = failing(client, random.below(12))
        const opened = await Projector.open(flaky, place)
        const applied = opened.ok ? await opened.value.catchUp() : opened
        if (opened.ok) opened.value.close()
        isDone = applied.ok
        if (!applied.ok) crashes++
        // In the end it must be let through: three batches need about forty statements.
        if (crashes > 40) isDone = (await project(client, place)).ok
      }
      expect(crashes).toBeGreaterThan(5)
      expect(await dumpProjection(client)).toEqual(reference)
    })

    it('goes on after a commit whose answer was lost', async () => {
      const { place } = await journalOf(6, 700)
      await startEmpty()
      must(await project(client, place))
      const reference = await dumpProjection(client)

      await startEmpty()
      const deaf: SqlClient = {
        ...client,
        async transaction(work) {
          const result = await client.transaction(work)
          return result.ok ? fail('store_unavailable', 'the answer was lost') : result
        },
      }
      const projector = must(await Projector.open(client, place))
      projector.close()
      for (let batch = 0; batch < 2; batch++) {
        const opened = await Projector.open(deafAfterMigration(client, deaf), place)
        const stepped = await must(opened).step()
        expect(stepped).toMatchObject({ ok: false, code: 'store_unavailable' })
        must(opened).close()
      }
      must(await project(client, place))
      expect(await dumpProjection(client)).toEqual(reference)
    })

    it.each([
      ['lost its end', () => []],
      [
        'has other records in the place of its end',
        (end: readonly JournalRecord[]) =>
          end.map((each) => ({ ...each, time_us: each.time_us + 1 })),
      ],
    ])('is made again when the journal %s, as after a power cut', async (_what, replaced) => {
      const maker = new JournalMaker(7)
      maker.trade(400)
      const whole = await writeJournal(freshFolder(), maker.records)
      await startEmpty()
      must(await project(client, whole))

      const at = maker.records.length - 100
      const records = [...maker.records.slice(0, at), ...replaced(maker.records.slice(at))]
      const place = await writeJournal(freshFolder(), records)
      const notes: string[] = []
      const projector = must(await Projector.open(client, place, ({ event }) => notes.push(event)))
      must(await projector.catchUp())
      projector.close()
      expect(notes).toEqual(['rebuilding'])
      const rebuilt = await dumpProjection(client)
      await startEmpty()
      must(await project(client, place))
      expect(rebuilt).toEqual(await dumpProjection(client))
    })

    it('counts what happens to a symbol that left the configuration in its last steps', async () => {
      await startEmpty()
      const maker = new JournalMaker(41)
      while (!maker.records.some(({ type }) => type === 'fill')) maker.trade(1)
      const [first] = ofType(maker.records, 'run_started')
      const [fill] = ofType(maker.records, 'fill')
      const named = { symbol: fill.symbol, category: fill.category, run: 900 }
      const kept = first.instruments.filter(({ symbol }) => symbol !== fill.symbol)
      const { order_link_id: _, exec_number: __, ...execution } = fill
      const place = await writeJournal(freshFolder(), [
        ...maker.records,
        { ...first, run: 900, instruments: kept },
        { ...execution, ...named, type: 'external_fill', exec_id: 'late', order_link_id: '' },
        {
          ...{ ...named, type: 'position_adjusted', time_us: fill.time_us + 1 },
          ...{ lots_before: fill.position_lots_after, lots_after: 7, average_ticks: 100 },
        },
      ])
      must(await project(client, place))
      const steps = first.instruments.find(({ symbol }) => symbol === fill.symbol)
      const rows = await rowsOf(
        client,
        `select f.price, p.qty, p.average_price from bookflow.fills f
        join bookflow.positions p on p.symbol = f.symbol where f.exec_id = 'late'`,
      )
      expect(rows).toHaveLength(1)
      expect(Number(rows[0].price)).toBeCloseTo(fill.ticks * Number(steps?.tick), 9)
      expect(Number(rows[0].qty)).toBeCloseTo(7 * Number(steps?.lot), 9)
      expect(Number(rows[0].average_price)).toBeCloseTo(100 * Number(steps?.tick), 9)
    })

    it('of another journal is not overwritten', async () => {
      const first = await journalOf(8, 100)
      const second = await journalOf(9, 100)
      await startEmpty()
      must(await project(client, first.place))
      const before = await dumpProjection(client)
      const refused = await project(client, second.place)
      expect(refused).toMatchObject({ ok: false, code: 'projection_mismatch' })
      expect(!refused.ok && refused.message).toContain('use another database')
      expect(await dumpProjection(client)).toEqual(before)
    })

    it('of a database from before a migration gets the rows that it lacks', async () => {
      await startEmpty()
      const records = generatedRecords(18, 900)
      const journalFolder = freshFolder()
      const place = await writeJournal(journalFolder, records)
      must(await project(client, place))
      const reference = await dumpProjection(client)

      must(await client.exec('drop schema bookflow cascade'))
      const older = migrationsUntil(4)
      must(await migrate(client, older))
      await copyAsOlder(client, reference)
      const missing = MIGRATIONS.slice(4)
      expect(must(await migrate(client))).toEqual(missing)
      const notes: string[] = []
      const projector = must(await Projector.open(client, place, ({ event }) => notes.push(event)))
      must(await projector.catchUp())
      projector.close()
      expect(notes).toEqual(['rebuilding'])
      expect(await dumpProjection(client)).toEqual(reference)
      expect(must(await project(client, place))).toBe(0)
    })

    it('keeps what it has of a journal whose oldest segments were deleted', async () => {
      await startEmpty()
      const maker = new JournalMaker(31)
      maker.trade(1500)
      const journalFolder = freshFolder()
      const place = await writeJournal(journalFolder, maker.records)
      must(await project(client, place))
      const applied = maker.records.length
      maker.trade(400)
      await writeJournal(journalFolder, maker.records.slice(applied))
      const kept = trim(journalFolder, 2)
      expect(kept).toBeLessThan(applied)

      expect(must(await project(client, place))).toBe(maker.records.length - applied)
      const whole = await dumpProjection(client)
      expect(whole.orders).toHaveLength(maker.orders.size)

      must(await client.exec('update bookflow.projection_offset set apply_again = true'))
      expect(must(await project(client, place))).toBe(maker.records.length - kept + 1)
      const { projection_offset: _, ...again } = await dumpProjection(client)
      expect(whole).toMatchObject(again)
    })

    it('is made again of what is left when a shortened journal lost its end', async () => {
      const maker = new JournalMaker(32)
      maker.trade(1500)
      await startEmpty()
      must(await project(client, await writeJournal(freshFolder(), maker.records)))

      const journalFolder = freshFolder()
      const place = await writeJournal(journalFolder, maker.records.slice(0, -100))
      const kept = trim(journalFolder, 2)
      const notes: string[] = []
      const projector = must(await Projector.open(client, place, ({ event }) => notes.push(event)))
      expect(must(await projector.catchUp())).toBe(maker.records.length - 100 - kept + 1)
      projector.close()
      expect(notes).toEqual(['rebuilding'])
      const [first] = await rowsOf(
        client,
        'select min(journal_sequence) as sequence from bookflow.order_events',
      )
      expect(Number(first.sequence)).toBeGreaterThanOrEqual(kept)
    })

    it.each([
      ['longer', 2000],
      ['shorter', 1200],
    ])('of another journal, shortened and %s, is not overwritten', async (_what, count) => {
      const first = await journalOf(33, 1500)
      const second = await journalOf(34, count)
      await startEmpty()
      must(await project(client, first.place))
      trim(first.journalFolder, 2)
      trim(second.journalFolder, 2)
      const before = await dumpProjection(client)
      const refused = await project(client, second.place)
      expect(refused).toMatchObject({ ok: false, code: 'projection_mismatch' })
      expect(await dumpProjection(client)).toEqual(before)
      expect(must(await project(client, first.place))).toBe(0)
    })

    it('rolls back what a failed transaction did, and reports what the database said', async () => {
      await startEmpty()
      const failed = await client.transaction(async (session) => {
        must(await session.query(`update bookflow.projection_offset set journal_sequence = 77`))
        return session.query('select * from no_such_table')
      })
      expect(failed).toMatchObject({ ok: false, code: 'store_query_failed' })
      expect(!failed.ok && failed.message).toContain('no_such_table')
      const [row] = await rowsOf(client, 'select journal_sequence from bookflow.projection_offset')
      expect(row).toEqual({ journal_sequence: 0 })
    })

    it('answers the values the port promises', async () => {
      const [row] = await rowsOf(
        client,
        `select 9007199254740991::bigint as big, 1.10::numeric as exact, 0.1::float8 as double,
          true as flag, null as nothing, to_timestamp(0) as time, '{"a":[1]}'::jsonb as json,
          $1::text as text, 3::int as int`,
        ['é"\\'],
      )
      expect(row).toEqual({
        big: Number.MAX_SAFE_INTEGER,
        exact: '1.10',
        double: 0.1,
        flag: true,
        nothing: null,
        time: new Date(0),
        json: { a: [1] },
        text: 'é"\\',
        int: 3,
      })
    })
  })
}

describe('a PostgreSQL server', () => {
  it('that is not there is one line without the password', async () => {
    const refused = await openPostgres('postgresql://me:hush@127.0.0.1:1/nowhere')
    expect(refused).toMatchObject({ ok: false, code: 'store_unavailable' })
    expect(!refused.ok && refused.message).toMatch(/^PostgreSQL 127\.0\.0\.1:1\/nowhere: /)
    expect(!refused.ok && refused.message).not.toContain('hush')
    expect(await openPostgres('mysql://x')).toMatchObject({ ok: false, code: 'store_unavailable' })
  })

  it.skipIf(typeof postgres === 'string')('that drops the connection is unavailable', async () => {
    const { url } = postgres as TestPostgres
    const client = must(await openPostgres(url))
    const other = must(await openPostgres(url))
    const [row] = await rowsOf(client, 'select pg_backend_pid() as pid')
    await rowsOf(other, 'select pg_terminate_backend($1)', [Number(row.pid)])
    const refused = await client.query('select 1')
    expect(refused).toMatchObject({ ok: false, code: 'store_unavailable' })
    await client.close()
    await other.close()
  })
})

/** Lets `count` statements through and fails every one after, as a lost connection does. */
function failing(client: SqlClient, count: number): SqlClient {
  let left = count
  const sessionOf = (session: SqlSession): SqlSession => ({
    query: async (sql, parameters) =>
      left-- > 0 ? session.query(sql, parameters) : fail('store_unavailable', 'cut'),
    exec: async (sql) => (left-- > 0 ? session.exec(sql) : fail('store_unavailable', 'cut')),
  })
  return {
    ...client,
    ...sessionOf(client),
    transaction: (work) => client.transaction((session) => work(sessionOf(session))),
  }
}

/** The first transaction, the migration, is answered; the ones after are not. */
function deafAfterMigration(client: SqlClient, deaf: SqlClient): SqlClient {
  let transactions = 0
  return {
    ...client,
    transaction: (work) => (transactions++ === 0 ? client : deaf).transaction(work),
  }
}
