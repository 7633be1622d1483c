import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { fail, type Result, succeed } from '../../core/result.ts'
import { InstrumentRow, TickerRow } from './rest-market.ts'

/** What the exchange last said about a category, for a start while it does not answer. */
const InstrumentCache = Type.Object({
  version: Type.Literal(1),
  /** Where it came from: a mock's instruments must never serve for the exchange's. */
  base_url: Type.String(),
  category: Type.Union([Type.Literal('linear'), Type.Literal('spot')]),
  saved_at_ms: Type.Integer({ minimum: 0 }),
  instruments: Type.Array(InstrumentRow, { minItems: 1 }),
  tickers: Type.Array(TickerRow),
})
export type InstrumentCache = Static<typeof InstrumentCache>

/** Atomic: the file is whole under a name beside it, on the disk, before it takes its place. */
export async function writeInstrumentCache(
  file: string,
  cache: InstrumentCache,
): Promise<Result<undefined, 'data_folder_unwritable'>> {
  const temporary = `${file}.${process.pid}.new`
  try {
    await mkdir(dirname(file), { recursive: true })
    const handle = await open(temporary, 'w')
    try {
      // Only the fields of the schema: the exchange sends many that nobody reads.
      await handle.writeFile(JSON.stringify(Value.Clean(InstrumentCache, structuredClone(cache))))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    return succeed(undefined)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    return fail('data_folder_unwritable', `cannot write ${file}: ${textOf(error)}`)
  }
}

/** Fails with a text that says what is wrong with the file. */
export async function readInstrumentCache(
  file: string,
): Promise<Result<InstrumentCache, 'input_unreadable'>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (Value.Check(InstrumentCache, value)) return succeed(value)
    const first = Value.Errors(InstrumentCache, value).First()
    return fail(
      'input_unreadable',
      `${file} is no cache of instruments: ${first?.path} ${first?.message}`,
    )
  } catch (error) {
    return fail('input_unreadable', `cannot read ${file}: ${textOf(error)}`)
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
