import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { GeneratedJournal } from '../../bench/generated-journal.ts'
import { journalCommand } from '../../src/cli/journal.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { openJournal } from '../../src/execution/journal/journal.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const folder = temporaryFolder('inspect')
const journal = join(folder, 'journal')
const records: JournalRecord[] = []
const state = new ExecutionState()

beforeAll(async () => {
  const generated = new GeneratedJournal(1, 0.2)
  while (records.length < 600) records.push(...generated.next())
  for (const record of records) state.apply(record)
  const opened = await openJournal({ dataFolder: folder, clock: systemClock }, () => undefined)
  if (!opened.ok) expect.fail(opened.message)
  for (const [at, record] of records.entries()) {
    opened.value.journal.append(record)
    if (at % 100 === 0) await opened.value.journal.flush()
  }
  await opened.value.journal.close()
})
beforeEach(() => {
  process.exitCode = 0
})

async function run(...words: string[]) {
  const out: string[] = []
  const errors: string[] = []
  const write = (lines: string[]) => (text: string | Uint8Array) => {
    lines.push(...String(text).trimEnd().split('\n'))
    return true
  }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(write(out)),
    vi.spyOn(process.stderr, 'write').mockImplementation(write(errors)),
  ]
  await journalCommand().parseAsync([folder, ...words], { from: 'user' })
  for (const spy of spies) spy.mockRestore()
  const exitCode = process.exitCode
  process.exitCode = 0
  return { out, errors, exitCode }
}

describe('bookflow journal', () => {
  it('lists every record, as lines and as JSON', async () => {
    const { errors, exitCode, out } = await run('--json')
    expect(out.map((line) => JSON.parse(line))).toEqual(
      records.map((record, at) => ({ sequence: at + 1, ...record })),
    )
    expect([errors, exitCode]).toEqual([[], 0])
    expect((await run()).out).toHaveLength(records.length)
  })

  it('follows one order through its life, with times, causes and trace', async () => {
    const filled = records.find((record) => record.type === 'fill')
    const id = filled?.type === 'fill' ? filled.order_link_id : ''
    const { out } = await run('--order', id)
    const own = records.filter((record) => 'order_link_id' in record && record.order_link_id === id)
    expect(out).toHaveLength(own.length)
    expect(out[1]).toMatch(
      /^ +\d+ {2}2025-11-21T\S+Z {2}order_state +bf-1-\d+ {2}created -> submitted {2}by submit, ok {2}\w+USDT-\d+$/,
    )
    expect(await run('--order', 'bf-9-9')).toMatchObject({ exitCode: 1, out: [] })
  })

  it('shows orders, fills and positions as the fold knows them', async () => {
    const orders = (await run('--orders', '--json')).out.map((line) => JSON.parse(line))
    expect(orders).toHaveLength(records.filter(({ type }) => type === 'order_created').length)
    for (const order of orders) {
      const known = state.orders.get(order.order_link_id)
      expect(order).toMatchObject({ state: known?.state, filled_lots: known?.filledLots })
    }
    const fills = (await run('--fills')).out
    expect(fills).toHaveLength(records.filter(({ type }) => type.endsWith('fill')).length)
    for (const line of (await run('--positions', '--json')).out) {
      const { instrument, lots, realized_pnl_quote } = JSON.parse(line)
      const position = state.holdings.get(instrument)?.position
      expect({ lots, realized_pnl_quote }).toEqual({
        lots: position?.lots,
        realized_pnl_quote: position?.realizedQuote,
      })
    }
  })

  it('prints orders and fills in the units of their instruments', async () => {
    const [order] = records.filter((record) => record.type === 'order_created')
    const [fill] = records.filter((record) => record.type === 'fill')
    // Of a tick of 0.1 and a lot of 0.001.
    const price = (ticks: number) => (ticks / 10).toFixed(1)
    const size = (lots: number) => (lots / 1000).toFixed(3)
    const find = (lines: readonly string[], id: string) => lines.find((line) => line.includes(id))
    const known = state.orders.get(order.order_link_id)
    if (known === undefined) return expect.unreachable('no order')
    const { limit_ticks, lots } = known.terms // as changed since
    const line = find((await run('--orders')).out, ` ${order.order_link_id} `)
    expect(line).toContain(` ${size(lots)} at ${price(limit_ticks)}  filled `)
    const text = find((await run('--orders', '--json')).out, `"${order.order_link_id}"`)
    expect(JSON.parse(text ?? '')).toMatchObject({
      ...{ limit_ticks, limit_price: price(limit_ticks) },
      ...{ qty: size(lots), filled_qty: size(known.filledLots) },
    })
    const filled = find((await run('--fills')).out, fill.exec_id)
    expect(filled).toContain(` ${size(fill.lots)} at ${price(fill.ticks)}  fee `)
    expect(filled).toContain(`position ${size(fill.position_lots_after)}  `)
  })

  it('shows what is younger than a time, and refuses what is none', async () => {
    const middle = records[300].time_us
    const { out } = await run('--since', String(middle))
    expect(out).toHaveLength(records.filter(({ time_us }) => time_us >= middle).length)
    const iso = new Date(Math.ceil(middle / 1000)).toISOString()
    expect((await run('--since', iso)).out.length).toBeGreaterThan(200)
    expect(await run('--since', 'yesterday')).toMatchObject({ exitCode: 2, out: [] })
    expect(await run('--orders', '--fills')).toMatchObject({ exitCode: 2, out: [] })
  })

  it('verifies a whole journal, reads on a torn tail, changes nothing', async () => {
    const file = join(journal, readdirSync(journal).sort().at(-1) ?? '')
    const before = readFileSync(file)
    expect(JSON.parse((await run('--verify', '--json')).out[0])).toMatchObject({
      ok: true,
      records: records.length,
      fills: state.fills,
      torn_bytes: 0,
      failure: null,
    })
    appendFileSync(file, Buffer.alloc(11))
    const torn = await run('--verify', '--json')
    expect(JSON.parse(torn.out[0])).toMatchObject({ ok: true, torn_bytes: 11 })
    expect((await run('--orders')).errors[0]).toContain('11 bytes after the last whole record')
    expect(readFileSync(file)).toHaveLength(before.length + 11)
    writeFileSync(file, before)
  })

  it('names the file and the offset of a flipped bit, and exits with 1', async () => {
    const file = join(journal, readdirSync(journal).sort()[0])
    const whole = readFileSync(file)
    const damaged = Buffer.from(whole)
    damaged[1000] ^= 4
    writeFileSync(file, damaged)
    const { exitCode, out } = await run('--verify')
    writeFileSync(file, whole)
    expect(exitCode).toBe(1)
    expect(out.join('\n')).toMatch(/ok +false/)
    expect(out.join('\n')).toMatch(
      /failure +.*journal-00000001\.rec: offset \d+: record \d+ is damaged/,
    )
  })

  it('says so when there is no journal', async () => {
    mkdirSync(join(folder, 'none'))
    process.exitCode = 0
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
    await journalCommand().parseAsync([join(folder, 'none')], { from: 'user' })
    expect(String(spy.mock.calls[0][0])).toContain('cannot list')
    spy.mockRestore()
    expect(process.exitCode).toBe(1)
    process.exitCode = 0
  })
})
