import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { featuresCommand } from '../../src/cli/features.ts'
import { OutputFile } from '../../src/cli/output-file.ts'
import { openRows } from '../../src/cli/output-format.ts'
import { RowBatch } from '../../src/cli/row-batch.ts'
import { Progress } from '../../src/cli/terminal.ts'
import { EXPORT_BATCH_ROWS_MAX, EXPORT_BATCH_VALUES_MAX } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { FEATURE_NAMES, FEATURES } from '../../src/features/registry.ts'
import { createRowCopy } from '../../src/memory/row-view.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { writeRecording } from './recording.ts'

const SYMBOLS = ['ABCUSDT', 'BTCUSDT', 'XYZUSDT']
const RECORDING = writeRecording(SYMBOLS, 60)

let folder = ''
let said = ''

beforeEach(() => {
  folder = temporaryFolder()
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

/** What was refused, or nothing. */
async function run(out: string, ...options: string[]): Promise<string> {
  said = ''
  process.exitCode = undefined
  const words = [RECORDING, '--out', join(folder, out), ...options]
  await featuresCommand().parseAsync(words, { from: 'user' })
  return process.exitCode === undefined ? '' : said
}

type Features = Record<string, number | null>
type JsonRow = { symbol: string; u: number; cts: number; features: Features }

function jsonRows(out: string): JsonRow[] {
  const lines = readFileSync(join(folder, out), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}

async function json(name: string, ...options: string[]): Promise<JsonRow[]> {
  expect(await run(name, ...options)).toBe('')
  return jsonRows(name)
}

describe('formats', () => {
  it('hold the same numbers, to the last bit, with nothing where one is missing', async () => {
    const rows = await json('rows.jsonl')
    expect(rows.length).toBeGreaterThan(1000)
    expect(Object.keys(rows[0].features)).toEqual(FEATURE_NAMES)
    const filled = Object.values(rows.at(-1)?.features ?? {}).filter((value) => value !== null)
    expect(filled.length).toBeGreaterThan(120)
    expect(Object.values(rows[0].features)).toContain(null)

    for (const out of ['rows.csv', 'rows.parquet', 'rows.arrow']) expect(await run(out)).toBe('')
    const file = await asyncBufferFromFile(join(folder, 'rows.parquet'))
    const parquet = await parquetReadObjects({ file })
    const arrow = tableFromIPC(readFileSync(join(folder, 'rows.arrow')))
    const [header, ...lines] = readFileSync(join(folder, 'rows.csv'), 'utf8').trimEnd().split('\n')
    const columns = ['symbol', 'u', 'cts', 'seq', 'tau', ...FEATURE_NAMES]
    expect(header.split(',')).toEqual(columns)
    expect(Object.keys(parquet[0])).toEqual(columns)
    expect(arrow.schema.fields.map(({ name }) => name)).toEqual(columns)
    for (const list of [parquet, lines]) expect(list).toHaveLength(rows.length)
    expect(arrow.numRows).toBe(rows.length)
    const arrowColumns = columns.map((name) => arrow.getChild(name))
    for (const [i, { cts, features, symbol, u }] of rows.entries()) {
      const expected = FEATURE_NAMES.map((name) => features[name])
      const cells = lines[i].split(',')
      expect([cells[0], Number(cells[1]), Number(cells[2])]).toEqual([symbol, u, cts])
      const head = { symbol, u: BigInt(u), cts: BigInt(cts), seq: BigInt(cells[3]) }
      const tau = BigInt(cells[4])
      expect(parquet[i]).toMatchObject({ ...head, tau })
      const fromArrow = arrowColumns.map((column) => column?.get(i))
      expect(fromArrow.slice(0, 5)).toEqual([...Object.values(head), tau])
      const fromCsv = cells.slice(5).map((cell) => (cell === '' ? null : Number(cell)))
      const fromParquet = FEATURE_NAMES.map((name) => parquet[i][name])
      // Object.is of every element: no rounding, and no zero of another sign.
      for (const values of [fromCsv, fromParquet, fromArrow.slice(5)]) {
        expect(values).toStrictEqual(expected)
      }
    }
  })

  it('hold whole files even when there is no row to hold', async () => {
    const none = ['--every', '60m']
    for (const out of ['no.jsonl', 'no.csv', 'no.parquet', 'no.arrow']) await run(out, ...none)
    expect(readFileSync(join(folder, 'no.jsonl'), 'utf8')).toBe('')
    expect(readFileSync(join(folder, 'no.csv'), 'utf8')).toMatch(/^symbol,u,.*\n$/)
    const file = await asyncBufferFromFile(join(folder, 'no.parquet'))
    expect(await parquetReadObjects({ file })).toEqual([])
    expect(tableFromIPC(readFileSync(join(folder, 'no.arrow'))).numRows).toBe(0)
  })

  it('are chosen by --format, else by the ending of the file', async () => {
    await run('a.txt', '--select', 'imb_5')
    await run('b.txt', '--select', 'imb_5', '--format', 'csv')
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toMatch(/^\{"symbol"/)
    expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toMatch(/^symbol,u,cts,seq,tau,imb_5\n/)
    expect(await run('c.csv', '--format', 'parqet')).toContain('did you mean parquet?')
    expect(process.exitCode).toBe(2)
    expect(await run('c.jsonl.gz')).toContain('does not pack')
  })

  it('that go by column write row groups of bounded size', async () => {
    const wide = new RowBatch(FEATURES.map(({ idx }) => idx))
    expect(wide.capacity).toBe(Math.floor(EXPORT_BATCH_VALUES_MAX / FEATURES.length))
    const count = EXPORT_BATCH_ROWS_MAX + 1000
    for (const format of ['parquet', 'arrow'] as const) {
      const file = OutputFile.open(join(folder, `long.${format}`), false)
      if (!file.ok) throw new Error(file.message)
      const shape = { symbols: SYMBOLS, indexes: [20], names: ['imb_5'] }
      const rows = openRows(format, { file: file.value, ...shape })
      const row = createRowCopy()
      for (let i = 0; i < count; i++) {
        row.u = i
        row.values[20] = i % 3 === 0 ? Number.NaN : i / 7
        rows.write(i % SYMBOLS.length, row)
      }
      rows.finish()
      expect(file.value.finish().ok).toBe(true)
    }
    const expected = (i: number) => (i % 3 === 0 ? null : i / 7)
    const file = await asyncBufferFromFile(join(folder, 'long.parquet'))
    const { row_groups: groups } = await parquetMetadataAsync(file)
    expect(groups.map((group) => Number(group.num_rows))).toEqual([EXPORT_BATCH_ROWS_MAX, 1000])
    const parquet = await parquetReadObjects({ file })
    const arrow = tableFromIPC(readFileSync(join(folder, 'long.arrow')))
    expect(arrow.batches.map(({ numRows }) => numRows)).toEqual([EXPORT_BATCH_ROWS_MAX, 1000])
    const column = arrow.getChild('imb_5')
    const isSame = (i: number) =>
      Object.is(parquet[i].imb_5, expected(i)) &&
      Object.is(column?.get(i), expected(i)) &&
      parquet[i].u === BigInt(i) &&
      parquet[i].symbol === SYMBOLS[i % SYMBOLS.length]
    expect(parquet.findIndex((_, i) => !isSame(i))).toBe(-1)
    expect(arrow.numRows).toBe(count)
  })
})

describe('--select', () => {
  it('takes names, groups and patterns, and changes no value', async () => {
    const all = await json('all.jsonl')
    const some = await json('some.jsonl', '--select', 'z_*, imb_5,K,imb_5')
    const names = FEATURES.filter(
      ({ group, name }) => group === 'K' || name === 'imb_5' || name.startsWith('z_'),
    ).map(({ name }) => name)
    expect(Object.keys(some[0].features)).toEqual(names)
    some.forEach(({ features }, i) => {
      for (const name of names) expect(features[name]).toBe(all[i].features[name])
    })
  })

  it.each([...new Set(FEATURES.map(({ group }) => group))])(
    'computes group %s alone as among the others',
    async (group) => {
      const alone = await json('alone.jsonl', '--select', group, '--every', '1s')
      const all = await json('all.jsonl', '--every', '1s')
      expect(alone).toHaveLength(all.length)
      for (const [i, { features }] of alone.entries()) {
        expect(all[i].features).toMatchObject(features)
      }
    },
  )

  it('refuses what it does not know, with the nearest it knows', async () => {
    expect(await run('no.jsonl', '--select', 'imb_6')).toContain('did you mean imb_')
    expect(await run('no.jsonl', '--select', 'y_*')).toContain('no feature is like y_*')
    expect(process.exitCode).toBe(2)
    expect(await run('no.jsonl', '--select', 'A,,B')).toContain('an empty name')
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('--symbols', () => {
  it('writes the rows of some, with the values they have among all', async () => {
    const all = await json('all.jsonl')
    const one = await json('one.jsonl', '--symbols', 'XYZUSDT')
    expect(one).toEqual(all.filter(({ symbol }) => symbol === 'XYZUSDT'))
    // The features across symbols are there to be compared.
    expect(one.at(-1)?.features.corr_leader_60s).not.toBeNull()
    const narrow = await json('narrow.jsonl', '--symbols', 'XYZUSDT', '--select', 'D')
    expect(one.map(({ features }) => features.ofi_1s)).toEqual(
      narrow.map(({ features }) => features.ofi_1s),
    )
  })

  it('refuses a symbol that the recording does not have', async () => {
    expect(await run('no.jsonl', '--symbols', 'BTCUSDC')).toContain('did you mean BTCUSDT?')
  })
})

describe('--every', () => {
  it('passes the last row of each closed interval of a symbol', async () => {
    await run('all.csv', '--select', 'imb_5')
    await run('some.csv', '--select', 'imb_5', '--every', '1s')
    const read = (out: string) =>
      readFileSync(join(folder, out), 'utf8').trimEnd().split('\n').slice(1)
    const bucketOf = (line: string) => Math.floor(Number(line.split(',')[4]) / 1000)
    for (const symbol of SYMBOLS) {
      const of = (lines: string[]) => lines.filter((line) => line.startsWith(symbol))
      const lasts = new Map(of(read('all.csv')).map((line) => [bucketOf(line), line]))
      const expected = [...lasts.values()]
      const sampled = of(read('some.csv'))
      // Whether the last one is closed depends on the trades behind it.
      expect(expected.length - sampled.length).toBeLessThanOrEqual(1)
      expect(sampled).toEqual(expected.slice(0, sampled.length))
      expect(sampled.length).toBeGreaterThan(50)
    }
  })

  it.each(['0ms', '1h', '100', 'second', '-1s'])('refuses %s', async (period) => {
    expect(await run('no.jsonl', `--every=${period}`)).toContain('neither event nor a period')
    expect(process.exitCode).toBe(2)
  })
})

describe('the file', () => {
  it('is not replaced unless told so', async () => {
    const path = join(folder, 'kept.jsonl')
    writeFileSync(path, 'mine')
    expect(await run('kept.jsonl')).toContain('--force replaces it')
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect(await run('kept.jsonl', '--force', '--select', 'imb_1')).toBe('')
    expect(jsonRows('kept.jsonl')[0].features).toHaveProperty('imb_1')
    expect(readdirSync(folder)).toEqual(['kept.jsonl'])
  })

  it('does not begin to exist when the recording cannot be read to its end', async () => {
    const broken = join(folder, 'frames.jsonl')
    writeFileSync(broken, readFileSync(RECORDING))
    const words = [broken, join(folder, 'absent.jsonl'), '--out', join(folder, 'o.jsonl')]
    await featuresCommand().parseAsync(words, { from: 'user' })
    expect(process.exitCode).toBe(1)
    expect(existsSync(join(folder, 'o.jsonl'))).toBe(false)
    expect(readdirSync(folder)).toEqual(['frames.jsonl'])
  })

  it('in a folder that is not there is refused in one line', async () => {
    expect(await run('none/o.jsonl')).toMatch(/o\.jsonl: cannot be written: ENOENT.*\n$/)
  })
})

describe('the progress', () => {
  it('shows how far, how fast and how long, a few times a second', () => {
    const clock = new ManualClock()
    const progress = new Progress('features', 10_240, clock, true)
    progress.at(256, 100)
    expect(said).toBe('')
    clock.advance(2_000_000)
    progress.at(2560, 5000)
    expect(said).toContain('features [######...................] 25%  2,500 rows/s  6 s left')
    said = ''
    progress.at(2816, 5500)
    expect(said).toBe('')
  })
})
