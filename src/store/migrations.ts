import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, type Result, succeed } from '../core/result.ts'
import type { SqlClient, SqlCode, SqlSession } from './sql-client.ts'

/**
 * Schema changes, each a file `NNNN_name.sql` applied once, in order, in one transaction with its
 * record. A file that was applied may not change any more: the database would no longer be what the
 * files say.
 */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../schemas/sql', import.meta.url))

/**
 * Any number, so long as it is always the same: two processes that migrate one database take turns.
 */
const MIGRATION_LOCK = 7_020_631

export type MigrationCode = SqlCode | 'migration_changed' | 'input_unreadable'

type Migration = Readonly<{ version: number; name: string; sql: string; checksum: string }>

/** Answers the names of the files that were applied now. */
export async function migrate(
  client: SqlClient,
  folder = MIGRATIONS_FOLDER,
): Promise<Result<readonly string[], MigrationCode>> {
  const migrations = readMigrations(folder)
  if (!migrations.ok) return migrations
  return client.transaction(async (session) => {
    const prepared = await session.exec(`
      select pg_advisory_xact_lock(${MIGRATION_LOCK});
      create schema if not exists bookflow;
      create table if not exists bookflow.schema_migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now()
      );`)
    if (!prepared.ok) return prepared
    const applied = await appliedMigrations(session)
    return applied.ok ? applyMissing(session, migrations.value, applied.value) : applied
  })
}

function readMigrations(folder: string): Result<readonly Migration[], MigrationCode> {
  try {
    const migrations = readdirSync(folder)
      .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
      .sort()
      .map((name) => {
        const sql = readFileSync(join(folder, name), 'utf8')
        const checksum = createHash('sha256').update(sql).digest('hex')
        return { version: Number(name.slice(0, 4)), name, sql, checksum }
      })
    const gap = migrations.findIndex(({ version }, at) => version !== at + 1)
    if (gap === -1) return succeed(migrations)
    return fail(
      'input_unreadable',
      `${folder}: ${migrations[gap].name} should be number ${gap + 1}`,
    )
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return fail('input_unreadable', `migrations in ${folder}: ${text}`)
  }
}

async function appliedMigrations(
  session: SqlSession,
): Promise<Result<ReadonlyMap<number, string>, SqlCode>> {
  const rows = await session.query('select version, checksum from bookflow.schema_migrations')
  if (!rows.ok) return rows
  return succeed(new Map(rows.value.map((row) => [Number(row.version), String(row.checksum)])))
}

async function applyMissing(
  session: SqlSession,
  migrations: readonly Migration[],
  applied: ReadonlyMap<number, string>,
): Promise<Result<readonly string[], MigrationCode>> {
  const newest = Math.max(0, ...applied.keys())
  if (newest > migrations.length) {
    const text = `the database is at migration ${newest}, we know ${migrations.length}`
    return fail('migration_changed', `${text}: use the newer version of bookflow`)
  }
  const names: string[] = []
  for (const { version, name, sql, checksum } of migrations) {
    const known = applied.get(version)
    if (known === checksum) continue
    if (known !== undefined) {
      return fail('migration_changed', `${name} is not the file that was applied to the database`)
    }
    const done = await session.exec(sql)
    if (!done.ok) return fail(done.code, `${name}: ${done.message}`)
    const recorded = await session.query(
      'insert into bookflow.schema_migrations (version, name, checksum) values ($1, $2, $3)',
      [version, name, checksum],
    )
    if (!recorded.ok) return recorded
    names.push(name)
  }
  return succeed(names)
}
