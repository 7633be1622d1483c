import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  DEAD_LETTER_BYTES_MAX,
  DEAD_LETTER_REPEAT_MS,
  DEAD_LETTERS_BYTES_MAX,
  DEAD_LETTERS_FILE_MAX,
  DEAD_LETTERS_SECOND_MAX,
} from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import {
  DEAD_LETTERS_FILE,
  DEAD_LETTERS_OLD_FILE,
  DeadLetterFile,
} from '../../src/execution/dead-letters.ts'
import { AccountMarket } from '../../src/execution/gateway/bybit/account-market.ts'
import { LinkIds } from '../../src/execution/gateway/bybit/link-ids.ts'
import { PrivateStream } from '../../src/execution/gateway/bybit/private-stream.ts'
import { noteUnmatched } from '../../src/execution/unmatched.ts'
import { Counters } from '../../src/memory/counters.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { createInstrument, Rig, START_US } from './rig.ts'

const log = createLogger('test', 'silent')

function spool(folder = temporaryFolder('dead-letters')) {
  const clock = new ManualClock(START_US)
  const counters = new Counters()
  const letters = new DeadLetterFile({ folder, clock, counters, log })
  const keep = (about: string, content: unknown = { about }) =>
    letters.keep({ source: 'order', reason: 'odd', about, content })
  const lines = (name = DEAD_LETTERS_FILE) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return { clock, counters, folder, keep, letters, lines }
}

describe('dead letters', () => {
  it('are lines with time, source, reason and content, for the owner alone', () => {
    const { folder, keep, lines } = spool()
    keep('BTCUSDT', { symbol: 'BTCUSDT', price: Number.NaN, rows: [{ qty: '1' }] })
    expect(lines()).toEqual([
      {
        ...{ time_us: START_US, source: 'order', reason: 'odd', about: 'BTCUSDT' },
        content: { symbol: 'BTCUSDT', price: 'NaN', rows: [{ qty: '1' }] },
      },
    ])
    expect(statSync(join(folder, DEAD_LETTERS_FILE)).mode & 0o777).toBe(0o600)
  })

  it('have no secret, by the name of its field or by its text', () => {
    const { keep, letters, lines } = spool()
    letters.hide('K3Y-TEXT')
    const row = { orderId: 'o', apiKey: 'abc', uid: 5, nested: [{ sign: 's' }], note: 'K3Y-TEXT!' }
    keep('with K3Y-TEXT', row)
    const hidden = '[redacted]'
    const shown = { orderId: 'o', apiKey: hidden, uid: hidden, nested: [{ sign: hidden }] }
    expect(lines()[0]).toMatchObject({
      about: `with ${hidden}`,
      content: { ...shown, note: `${hidden}!` },
    })
  })

  it('are bounded, each in its length and the files in letters and bytes', () => {
    const { clock, counters, folder, keep, lines } = spool()
    const row = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${n}`, 'x'.repeat(400)]))
    const count = DEAD_LETTERS_FILE_MAX + 5
    for (let n = 0; n < count; n++) {
      clock.advance(1e6)
      keep(`row ${n}`, row)
      if (n === 0) expect(JSON.stringify(lines()[0]).length).toBeLessThan(DEAD_LETTER_BYTES_MAX * 2)
    }
    expect(counters.get('dead_letters')).toBe(count)
    for (const name of [DEAD_LETTERS_FILE, DEAD_LETTERS_OLD_FILE]) {
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(DEAD_LETTERS_BYTES_MAX)
    }
    expect(lines().at(-1).about).toBe(`row ${count - 1}`)

    const many = spool()
    for (let n = 0; n < count; n++) {
      many.clock.advance(1e6)
      many.keep(`row ${n}`)
    }
    expect(many.lines(DEAD_LETTERS_OLD_FILE)).toHaveLength(DEAD_LETTERS_FILE_MAX)
    expect(many.lines()).toHaveLength(5)
  })

  it('of one row of every look are kept once an hour, and of a flood only some', () => {
    const { clock, counters, keep, lines } = spool()
    for (let n = 0; n < 100; n++) {
      clock.advance(10e6)
      keep('the same')
    }
    expect(lines()).toHaveLength(1)
    expect(counters.get('dead_letters_repeated')).toBe(99)
    clock.advance(DEAD_LETTER_REPEAT_MS * 1000)
    keep('the same')
    expect(lines()).toHaveLength(2)

    clock.advance(1e6)
    for (let n = 0; n < 50; n++) keep(`row ${n}`)
    expect(lines()).toHaveLength(2 + DEAD_LETTERS_SECOND_MAX)
    expect(counters.get('dead_letters_dropped')).toBe(50 - DEAD_LETTERS_SECOND_MAX)
    clock.advance(1e6)
    keep('row 49')
    expect(lines().at(-1).about).toBe('row 49')
  })

  it('of an earlier run stay and count', () => {
    const first = spool()
    first.keep('first')
    const again = spool(first.folder)
    again.keep('second')
    expect(again.lines().map(({ about }) => about)).toEqual(['first', 'second'])
    for (let n = 2; n < DEAD_LETTERS_FILE_MAX + 1; n++) {
      again.clock.advance(1e6)
      again.keep(`row ${n}`)
    }
    expect(again.lines(DEAD_LETTERS_OLD_FILE)).toHaveLength(DEAD_LETTERS_FILE_MAX)
  })

  it('that no disk takes are counted and nothing else', () => {
    const { counters, folder, keep } = spool(join(temporaryFolder('dead-letters'), 'gone'))
    keep('lost')
    expect(counters.get('dead_letters_dropped')).toBe(1)
    expect(existsSync(folder)).toBe(false)
  })
})

describe('what becomes a dead letter', () => {
  function stream() {
    const { counters, letters: deadLetters, lines } = spool()
    const instruments = [createInstrument(0, 'BTCUSDT')]
    const journaled = { of: () => undefined, openKeys: () => new Set<string>() }
    const orders: string[] = []
    const parts = {
      market: new AccountMarket(instruments, journaled),
      ids: new LinkIds(() => START_US),
      ...{ counters, log, unread: { counters, deadLetters }, nowUs: () => START_US },
      onOrder: ({ orderId }: { orderId: string }) => void orders.push(orderId),
      onExecution: () => {},
    }
    return { counters, lines, orders, stream: new PrivateStream(parts) }
  }

  it('is a row of the private stream that cannot be read; the rows beside it count', () => {
    const { counters, lines, orders, stream: privately } = stream()
    const order = { category: 'linear', symbol: 'BTCUSDT', orderLinkId: 'x', orderStatus: 'New' }
    privately.receive({
      topic: 'order.linear',
      data: [
        { ...order, orderId: 'o-1', orderStatus: 'Paused', price: '1' },
        { ...order, orderId: 'o-2' },
      ],
    })
    privately.receive({ topic: 'execution.linear', data: [{ symbol: 'BTCUSDT', execPnl: '3' }] })
    privately.receive({ topic: 'position.linear', data: [{ symbol: 'BTCUSDT', size: '0.0005' }] })
    privately.receive({ topic: 'wallet', data: [{ accountType: 'UNIFIED', totalEquity: '' }] })
    privately.receive({ topic: 'order.linear', data: 'closed' })
    expect(orders).toEqual(['o-2'])
    expect(lines()).toMatchObject([
      { source: 'stream order', content: { orderId: 'o-1', orderStatus: 'Paused', price: '1' } },
      { source: 'stream execution', content: { execPnl: '3' } },
      { source: 'stream position', content: { size: '0.0005' } },
      { source: 'stream wallet', content: { totalEquity: '' } },
      { source: 'stream order.linear', content: { data: 'closed' } },
    ])
    expect(counters.get('exchange_rows_unread')).toBe(5)
  })

  it('is an event of an order that no record has', () => {
    const { letters: deadLetters, lines } = spool()
    const rig = new Rig({ deadLetters })
    const event = { type: 'canceled', orderLinkId: 'bf-9-9', code: 'ok', timeUs: 5 } as const
    noteUnmatched(rig.ledger, 'bf-9-9', event)
    expect(rig.counters.get('gateway_events_unmatched')).toBe(1)
    expect(lines()).toMatchObject([
      { source: 'event canceled', reason: 'order_unknown', about: 'bf-9-9', content: event },
    ])
  })
})
