import type { Result } from '../core/result.ts'

/**
 * The port to a PostgreSQL database. Two implementations stand behind it, the embedded
 * pglite-client.ts and pg-client.ts for a server; both take the same SQL with `$1` parameters and
 * answer the same values: numbers for integers and doubles (bigint too: nothing here passes 2^53),
 * text for numeric, booleans, null, Date for a time, plain data for json.
 */
export type SqlParameter = string | number | boolean | null
export type SqlRow = Readonly<Record<string, unknown>>

/**
 * `store_unavailable`: the database is gone. `store_query_failed`: it refused; the message is the
 * database's.
 */
export type SqlCode = 'store_unavailable' | 'store_query_failed'

export type SqlSession = Readonly<{
  query(
    sql: string,
    parameters?: readonly SqlParameter[],
  ): Promise<Result<readonly SqlRow[], SqlCode>>
  /** Several statements without parameters or answer. */
  exec(sql: string): Promise<Result<void, SqlCode>>
}>

export type SqlClient = SqlSession &
  Readonly<{
    /** What is behind it, for a log line; never with a password. */
    name: string
    /** Commits when `work` succeeds, rolls back when it answers a failure. One at a time. */
    transaction<Value, Code extends string>(
      work: (session: SqlSession) => Promise<Result<Value, Code>>,
    ): Promise<Result<Value, Code | SqlCode>>
    close(): Promise<void>
  }>

/** Object ids of PostgreSQL types whose values the two clients would answer differently. */
export const INT8_TYPE = 20
