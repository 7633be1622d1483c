import { PGlite, type Transaction } from '@electric-sql/pglite'
import { fail, type Result, succeed } from '../core/result.ts'
import {
  INT8_TYPE,
  type SqlClient,
  type SqlCode,
  type SqlRow,
  type SqlSession,
} from './sql-client.ts'

/**
 * PostgreSQL inside this process, its files in a folder. It does not sync them: after a power cut
 * the folder may be damaged, and is made again from the journal. One process to a folder; the
 * caller holds the lock.
 */
export async function openPglite(folder: string): Promise<Result<SqlClient, SqlCode>> {
  const parsers = { [INT8_TYPE]: Number }
  try {
    const database = await PGlite.create({ dataDir: folder, parsers })
    return succeed(clientOf(database, folder))
  } catch (error) {
    return fail('store_unavailable', `PGlite in ${folder}: ${errorText(error)}`)
  }
}

function clientOf(database: PGlite, folder: string): SqlClient {
  return {
    name: `PGlite in ${folder}`,
    ...sessionOf(database),
    async transaction(work) {
      try {
        return await database.transaction(async (transaction) => {
          const result = await work(sessionOf(transaction))
          if (!result.ok) await transaction.rollback()
          return result
        })
      } catch (error) {
        return fail('store_query_failed', errorText(error))
      }
    },
    close: () => database.close(),
  }
}

function sessionOf(database: Pick<Transaction, 'query' | 'exec'>): SqlSession {
  return {
    async query(sql, parameters = []) {
      try {
        const results = await database.query<SqlRow>(sql, [...parameters])
        return succeed(results.rows)
      } catch (error) {
        return fail('store_query_failed', errorText(error))
      }
    },
    async exec(sql) {
      try {
        await database.exec(sql)
        return succeed(undefined)
      } catch (error) {
        return fail('store_query_failed', errorText(error))
      }
    },
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
