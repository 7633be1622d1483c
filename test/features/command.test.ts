import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { featuresCommand } from '../../src/cli/features.ts'
import { toInstrument } from '../../src/features/instruments-file.ts'
import { agrees } from '../reference/agreement.ts'
import { drawCase, type FeatureCase } from '../reference/feature-case.ts'
import { referenceRow, simpleFeatures } from '../reference/features-reference.ts'
import { type Market, marketFeatures, recordMarket } from '../reference/market-reference.ts'
import { isRawBook, symbolOf } from '../reference/raw-message.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { instrumentsText, recordingText } from './command-stream.ts'

/**
 * The command from its arguments to its lines, beside the slow reference on the same messages: with
 * scanner, book and all the ways to write a recording, where reference.test.ts has only the features.
 */
const MESSAGES = 200
const WHOLE_EVERY = 12

type Row = { symbol: string; u: number; cts: number; features: Record<string, number | null> }

afterEach(() => {
  vi.restoreAllMocks()
})

/** The rows that the command makes of the case, in two files of which one is packed. */
async function rowsOf(one: FeatureCase): Promise<Row[]> {
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const folder = temporaryFolder()
  const [first, second, instruments, out] = ['a.jsonl', 'b.jsonl.gz', 'i.json', 'rows.jsonl'].map(
    (name) => join(folder, name),
  )
  const cut = one.seed % one.messages.length
  writeFileSync(first, recordingText(one.messages.slice(0, cut), one.seed))
  writeFileSync(second, gzipSync(recordingText(one.messages.slice(cut), one.seed)))
  writeFileSync(instruments, instrumentsText(one))
  const words = [first, second, '--instruments', instruments, '--out', out]
  await featuresCommand().parseAsync(words, { from: 'user' })
  expect(process.exitCode).toBeUndefined()
  const text = readFileSync(out, 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

/** The first symbol has no book, and the leader no messages. */
function withSilence(one: FeatureCase): FeatureCase {
  const [symbol] = one.instruments.keys()
  const entry = { tickSize: '1', qtyStep: '1', vpinBucketQty: '1', refNotional: '1', bandTicks: 1 }
  const silent = toInstrument(one.instruments.size, 'ZZZUSDT', entry)
  return {
    ...one,
    leader: 'ZZZUSDT',
    instruments: new Map([...one.instruments, ['ZZZUSDT', silent]]),
    messages: one.messages.filter((some) => !isRawBook(some) || symbolOf(some) !== symbol),
  }
}

type Expected = { symbol: string; at: number; position: number; u: number; cts: number }

function expectedRows(market: Market): Expected[] {
  const rows = [...market.pasts].flatMap(([symbol, { history }]) =>
    history.rows.map(({ position, u, cts }, at) => ({ symbol, at, position, u, cts })),
  )
  return rows.sort((x, y) => x.position - y.position)
}

async function differences(one: FeatureCase): Promise<string[]> {
  const rows = await rowsOf(one)
  const market = recordMarket(one.messages, one.instruments, one.depth, one.params, one.leader)
  const expected = expectedRows(market)
  const heads = rows.map(({ symbol, u, cts }) => ({ symbol, u, cts }))
  expect(heads).toEqual(expected.map(({ symbol, u, cts }) => ({ symbol, u, cts })))
  return expected.flatMap(({ symbol, at }, i) => {
    const past = market.pasts.get(symbol)
    if (past === undefined) return [`${symbol} has no past`]
    const slow =
      (i + one.seed) % WHOLE_EVERY === 0
        ? { ...referenceRow(past, at), ...marketFeatures(market, symbol, at) }
        : simpleFeatures(past, at)
    return Object.entries(slow)
      .filter(([name, value]) => !agrees(rows[i].features[name] ?? Number.NaN, value))
      .map(
        ([name, value]) => `${symbol} row ${at} ${name}: ${rows[i].features[name]}, not ${value}`,
      )
  })
}

describe('the rows of the command equal the slow recomputation', () => {
  it.each([702, 703, 704, 705])('however the recording is written, of stream %i', async (seed) => {
    expect(await differences(drawCase(seed, MESSAGES))).toEqual([])
  })

  it.each([714, 716])(
    'with trades of a symbol without a book and a leader that is silent, of stream %i',
    async (seed) => {
      const one = withSilence(drawCase(seed, MESSAGES))
      expect(one.instruments.size).toBeGreaterThan(2)
      expect(await differences(one)).toEqual([])
    },
  )
})
