import pg from 'pg'
import { fail, messageOf, type Result, succeed } from '../core/result.ts'
import { INT8_TYPE, type SqlClient, type SqlCode, type SqlSession } from './sql-client.ts'

/**
 * A PostgreSQL server, by its URL. One connection: the projector is the only user of it, and a
 * connection that is lost ends the store process, which its supervisor starts again.
 */
const CONNECT_MS_MAX = 10_000
const STATEMENT_MS_MAX = 60_000
/** SQLSTATE of a lost connection, and of a server that shuts down or crashed. */
const LOST_STATES = /^(08|57P)/

export async function openPostgres(url: string): Promise<Result<SqlClient, SqlCode>> {
  const name = serverName(url)
  const client = connection(url)
  if (client === undefined) {
    return fail('store_unavailable', 'store.postgres_url is not a PostgreSQL URL')
  }
  const state = { isLost: false }
  // Without a listener a connection that breaks between two queries would end the process with a
  // stack trace.
  client.on('error', () => {
    state.isLost = true
  })
  try {
    await client.connect()
  } catch (error) {
    return fail('store_unavailable', `${name}: ${messageOf(error)}`)
  }
  const session = sessionOf(client, name, () => state.isLost)
  return succeed({
    name,
    ...session,
    async transaction(work) {
      const begun = await session.exec('begin')
      if (!begun.ok) return begun
      const result = await work(session)
      const ended = await session.exec(result.ok ? 'commit' : 'rollback')
      return result.ok && !ended.ok ? ended : result
    },
    close: () => client.end().catch(() => undefined),
  })
}

/** Undefined for a text the library cannot read as a URL. */
function connection(url: string): pg.Client | undefined {
  if (!/^postgres(ql)?:\/\//.test(url)) return undefined
  const types: pg.CustomTypesConfig = {
    getTypeParser: (id: number, format?: 'text' | 'binary') =>
      id === INT8_TYPE ? Number : pg.types.getTypeParser(id, format ?? 'text'),
  }
  try {
    return new pg.Client({
      connectionString: url,
      types,
      application_name: 'bookflow',
      connectionTimeoutMillis: CONNECT_MS_MAX,
      statement_timeout: STATEMENT_MS_MAX,
    })
  } catch {
    return undefined
  }
}

function sessionOf(client: pg.Client, name: string, isLost: () => boolean): SqlSession {
  const failure = (error: unknown) => {
    // A refusal of the statement has an SQLSTATE of its own; after anything else the connection is
    // not to be trusted.
    const isAnswer = error instanceof pg.DatabaseError && !isLost()
    const isRefusal = isAnswer && !LOST_STATES.test(error.code ?? '')
    const code: SqlCode = isRefusal ? 'store_query_failed' : 'store_unavailable'
    return fail(code, `${name}: ${messageOf(error)}`)
  }
  return {
    async query(sql, parameters = []) {
      try {
        return succeed((await client.query(sql, [...parameters])).rows)
      } catch (error) {
        return failure(error)
      }
    },
    async exec(sql) {
      try {
        await client.query(sql)
        return succeed(undefined)
      } catch (error) {
        return failure(error)
      }
    },
  }
}

/** Host, port and database: what may be logged of the URL. */
function serverName(url: string): string {
  if (!URL.canParse(url)) return 'PostgreSQL'
  const { host, pathname } = new URL(url)
  return `PostgreSQL ${host}${pathname}`
}
