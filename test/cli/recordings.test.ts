import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { booksCommand } from '../../src/cli/books.ts'
import { featuresCommand } from '../../src/cli/features.ts'
import { temporaryFolder } from '../temporary-folder.ts'

let folder = ''
let said = ''
let shown = ''

beforeEach(() => {
  folder = temporaryFolder()
  said = ''
  shown = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    shown += String(text)
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

function book(depth: number, u: number, bid: string, type = 'delta'): string {
  const data = { s: 'XUSDT', b: [[bid, '4']], a: u === 7 ? [['10', '3']] : [], u, seq: u }
  return JSON.stringify({ topic: `orderbook.${depth}.XUSDT`, type, ts: 1000 + u, data, cts: u })
}

const LINES = [book(50, 7, '9', 'snapshot'), book(50, 8, '8'), book(50, 9, '7')]

function recording(text: string): string {
  const path = join(folder, 'some.jsonl')
  writeFileSync(path, text)
  return path
}

/** `u` of the rows that the command makes of it. */
async function rowsOf(text: string, ...options: string[]): Promise<number[]> {
  const out = join(folder, 'rows.jsonl')
  const words = [recording(text), '--out', out, '--force', ...options]
  await featuresCommand().parseAsync(words, { from: 'user' })
  if (process.exitCode !== undefined) return []
  const lines = readFileSync(out, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line).u)
}

describe('a recording', () => {
  it.each([
    ['begins with a byte order mark', `\uFEFF${LINES.join('\n')}`],
    ['has spaces around its lines', LINES.map((line) => `  ${line}\t`).join('\n')],
    ['is an array with one message a line', `[\n${LINES.join(',\n')}\n]`],
    ['ends its lines as Windows does', LINES.join('\r\n')],
  ])('may be one that %s', async (_, text) => {
    expect(await rowsOf(text)).toEqual([7, 8, 9])
  })

  it('with lines that are no messages is told so, with their number', async () => {
    const text = [LINES[0], '', LINES[1], 'what?', `${LINES[2].slice(0, 60)}}`, LINES[2]].join('\n')
    expect(await rowsOf(text)).toEqual([7, 8, 9])
    expect(said).toContain('; 0 gaps, 0 refused messages, 2 lines without a message')
    said = ''
    await booksCommand().parseAsync([join(folder, 'some.jsonl')], { from: 'user' })
    expect(said).toContain('0 gaps, 0 refused messages, 2 lines without a message')
    expect(shown).toContain('orderbook.50.XUSDT  LIVE')
  })

  it('that is whole gets no such remark, also with what its recorder says of itself', async () => {
    const own = [
      '{"t":"send","conn":"a","ts":1.5,"data":"{}"}',
      'wss://stream.example/v5 <- 1749833474.0: {"op":"subscribe"}',
    ]
    expect(await rowsOf([...own, ...LINES].join('\n'))).toEqual([7, 8, 9])
    expect(said).toMatch(/^3 rows from 3 frames, [\d,]+ rows\/s\n$/)
  })

  it('that is a pipe is refused, as it is read twice', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    await featuresCommand().parseAsync([pipe], { from: 'user' })
    expect(process.exitCode).toBe(1)
    expect(said).toContain(`${pipe}: is read twice, which a pipe does not allow: give a file`)
  })

  it('that is a folder is refused', async () => {
    const inner = join(folder, 'inner')
    mkdirSync(inner)
    await featuresCommand().parseAsync([inner], { from: 'user' })
    expect(process.exitCode).toBe(1)
    expect(said).toContain(`${inner}: cannot be read`)
  })
})

describe('symbols that the instruments file does not name', () => {
  const other = book(50, 7, '9', 'snapshot').replaceAll('XUSDT', 'YUSDT')
  const entry = { tickSize: '1', qtyStep: '1', vpinBucketQty: '1', refNotional: '1', bandTicks: 1 }

  async function runBoth(symbol: string): Promise<void> {
    const file = join(folder, 'i.json')
    writeFileSync(file, JSON.stringify({ symbols: { [symbol]: entry } }))
    const path = recording([...LINES, other].join('\n'))
    await featuresCommand().parseAsync([path, '--instruments', file], { from: 'user' })
    await booksCommand().parseAsync([path, '--instruments', file], { from: 'user' })
  }

  it('are skipped, and named', async () => {
    await runBoth('YUSDT')
    expect(process.exitCode).toBeUndefined()
    expect(said.match(/^skipped, not in .*i\.json: XUSDT$/gm)).toHaveLength(2)
    expect(shown).toContain('orderbook.50.YUSDT  LIVE')
    expect(shown).not.toContain('XUSDT')
  })

  it('are no result when they are all there is', async () => {
    await runBoth('ZUSDT')
    expect(process.exitCode).toBe(1)
    expect(said.match(/skipped, not in .*i\.json: XUSDT, YUSDT$/gm)).toHaveLength(2)
    expect(shown).toBe('')
  })
})

describe('a trade that comes again', () => {
  it('counts once, however many came between', async () => {
    const trades = (from: number, count: number, T: number) => {
      const data = Array.from({ length: count }, (_, i) => {
        return { T, s: 'XUSDT', S: 'Buy', v: '1', p: '10', i: `t${from + i}`, BT: false, seq: 1 }
      })
      return JSON.stringify({ topic: 'publicTrade.XUSDT', type: 'snapshot', ts: T, data })
    }
    const lines = [trades(0, 1, 1)]
    for (let k = 0; k < 70; k++) lines.push(trades(1 + 1000 * k, 1000, 2))
    lines.push(trades(0, 1, 5), trades(70_001, 1, 4), LINES[0]) // the book is of time 7
    await rowsOf(lines.join('\n'))
    const [row] = readFileSync(join(folder, 'rows.jsonl'), 'utf8').split('\n')
    expect(JSON.parse(row).features).toMatchObject({ trade_run: 70_002, ms_since_trade: 3 })
  })
})

describe('the final book of a recording', () => {
  type Final = { state: string; reason: string; u: number; bids: unknown[]; stats: object }

  async function finalBook(...lines: readonly string[]): Promise<Final> {
    shown = ''
    await booksCommand().parseAsync([recording(lines.join('\n')), '--json'], { from: 'user' })
    const [final] = JSON.parse(shown)
    return final
  }

  it('ignores a number that was used before, however new the rest of the message is', async () => {
    const late = book(50, 8, '6').replace('"seq":8', '"seq":30')
    const final = await finalBook(LINES[0], LINES[1], late, LINES[2])
    expect(final).toMatchObject({ state: 'LIVE', u: 9, stats: { gaps: 0 } })
    expect(final.bids).toEqual([
      ['9', '4'],
      ['8', '4'],
      ['7', '4'],
    ])
  })

  it('of an instrument that is gone is none, and one again with the next level', async () => {
    const gone = book(50, 1, '9').replace('[["9","4"]]', '[]')
    expect(await finalBook(...LINES, gone)).toMatchObject({ state: 'NO_BOOK', reason: 'delisted' })
    const final = await finalBook(...LINES, gone, book(50, 2, '5'))
    expect(final).toMatchObject({ state: 'LIVE', u: 2, bids: [['5', '4']] })
  })

  it('is none after a gap', async () => {
    const final = await finalBook(LINES[0], LINES[2])
    expect(final).toMatchObject({ state: 'SYNCING', reason: 'gap', bids: [], stats: { gaps: 1 } })
  })
})

describe('several books of one symbol', () => {
  const both = [book(1, 7, '9', 'snapshot'), ...LINES, book(1, 8, '9.5', 'snapshot')].join('\n')

  it('give the features of the first, and the others are named', async () => {
    expect(await rowsOf(both)).toEqual([7, 8])
    expect(said).toContain('left out, choose with --book-depth: orderbook.50.XUSDT\n')
  })

  it('may be chosen from by their depth', async () => {
    expect(await rowsOf(both, '--book-depth', '50')).toEqual([7, 8, 9])
    expect(said).not.toContain('left out')
    await rowsOf(both, '--book-depth', '200')
    expect(process.exitCode).toBe(1)
    expect(said).toContain('no book of 200 levels, only orderbook.1.XUSDT, orderbook.50.XUSDT')
  })
})
