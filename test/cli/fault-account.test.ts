import { describe, expect, it } from 'vitest'
import { type BookLine, FaultLedger, isSettled } from '../../src/cli/fault-account.ts'
import type { BookReason, BookState } from '../../src/domain/book.ts'
import { type FaultKind, faultTraits } from '../../src/sim/fault-kinds.ts'
import type { FaultEntry } from '../../src/sim/fault-log.ts'

const TOPIC = 'orderbook.50.XUSDT'
const S = 1_000_000

function fault(kind: FaultKind, seconds: number, topics: readonly string[] = [TOPIC]): FaultEntry {
  return { id: seconds, kind, effect: faultTraits(kind).effect, topics, u: 7, at_us: seconds * S }
}

/** A book that was LIVE, with changes at seconds of the run. */
function line(...changes: [seconds: number, state: BookState, reason: BookReason][]): BookLine {
  return {
    topic: TOPIC,
    wasLive: true,
    changes: changes.map(([seconds, state, reason]) => ({
      state,
      reason,
      u: 7,
      atUs: seconds * S,
    })),
  }
}

const NO_LINES = { lostUs: [], openedUs: [] }

function ledger(...changes: Parameters<typeof line>) {
  return new FaultLedger([line(...changes)], NO_LINES)
}

/** A book that another connection kept LIVE, while lines were lost and opened. */
function carried(lost: readonly number[], opened: readonly number[]) {
  const us = (seconds: readonly number[]) => seconds.map((second) => second * S)
  return new FaultLedger([line()], { lostUs: us(lost), openedUs: us(opened) })
}

describe('the account of faults', () => {
  it('finds the outage of a fault, and how long it took', () => {
    const books = ledger([10.5, 'SYNCING', 'gap'], [11, 'LIVE', 'snapshot'])
    const account = books.account([fault('drop_delta', 10)])
    expect(account.drop_delta).toEqual({
      injected: 1,
      detected: 1,
      repaired: 1,
      repair_ms_p50: 1000,
      repair_ms_p99: 1000,
    })
    expect(isSettled(account)).toBe(true)
    expect(books.open([fault('drop_delta', 10)])).toEqual([])
    expect(books.unexplained([fault('drop_delta', 10)])).toEqual([])
  })

  it('is not settled by a fault that nobody noticed, and names it', () => {
    const books = ledger()
    expect(isSettled(books.account([fault('drop_delta', 10)]))).toBe(false)
    expect(books.open([fault('drop_delta', 10)])).toEqual([
      { what: 'fault', kind: 'drop_delta', topic: TOPIC, u: 7, at_ms: 10_000 },
    ])
  })

  it('is not settled by a book that is not LIVE again', () => {
    const books = ledger([10.5, 'SYNCING', 'gap'])
    expect(books.account([fault('drop_delta', 10)]).drop_delta).toMatchObject({
      detected: 1,
      repaired: 0,
    })
    expect(books.open([fault('drop_delta', 10)])).toHaveLength(1)
  })

  it('does not take an outage long after a fault for its own', () => {
    const books = ledger([30, 'SYNCING', 'gap'], [31, 'LIVE', 'snapshot'])
    expect(isSettled(books.account([fault('drop_delta', 10)]))).toBe(false)
    expect(books.unexplained([fault('drop_delta', 10)])).toMatchObject([
      { what: 'book', kind: 'gap', topic: TOPIC, at_ms: 30_000 },
    ])
  })

  it('lets a message that was sent into a dead line be felt when the line is', () => {
    const books = ledger([25, 'SYNCING', 'connection_lost'], [26, 'LIVE', 'snapshot'])
    const faults = [fault('half_open', 8), fault('wrong_symbol', 10)]
    expect(isSettled(books.account(faults))).toBe(true)
    expect(books.open([fault('wrong_symbol', 10)])).toHaveLength(1)
    const elsewhere = [fault('half_open', 8, ['orderbook.50.YUSDT']), fault('wrong_symbol', 10)]
    expect(books.open(elsewhere).map(({ kind }) => kind)).toEqual(['wrong_symbol'])
  })

  it('asks nothing of harmless faults and of topics that nobody follows', () => {
    const books = ledger()
    const faults = [fault('spaces', 1), fault('drop_delta', 2, ['orderbook.1.XUSDT'])]
    const account = books.account(faults)
    expect(account.spaces).toMatchObject({ injected: 1, detected: 1, repaired: 1 })
    expect(account.drop_delta).toBeUndefined()
  })

  it('does not take what one outage goes through for further outages', () => {
    const books = ledger(
      [10.1, 'SYNCING', 'bad_data'],
      [19, 'SYNCING', 'bad_data'],
      [20, 'LIVE', 'snapshot'],
    )
    expect(books.unexplained([fault('tick_change', 10)])).toEqual([])
    expect(books.unexplained([])).toHaveLength(1)
  })
})

describe('the account of lines', () => {
  it('finds a line that a second connection hid lost and back, and how long that took', () => {
    const account = carried([10.2], [10.7]).account([fault('kill_connection', 10)])
    expect(account.kill_connection).toEqual({
      injected: 1,
      detected: 1,
      repaired: 1,
      repair_ms_p50: 700,
      repair_ms_p99: 700,
    })
  })

  it('has one loss prove one fault', () => {
    const faults = [fault('kill_connection', 10), fault('close_1000', 10.1)]
    const books = carried([10.2], [10.7])
    expect(books.open(faults)).toMatchObject([{ kind: 'close_1000' }])
    expect(carried([10.2, 10.3], [10.7, 10.8]).open(faults)).toEqual([])
  })

  it('gives a loss to the fault that is felt the soonest', () => {
    const faults = [fault('half_open', 9), fault('kill_connection', 10)]
    expect(carried([10.2], [10.7]).open(faults)).toMatchObject([{ kind: 'half_open' }])
    expect(carried([10.2, 13], [10.7, 13.5]).open(faults)).toEqual([])
  })

  it('finds a loss that a starved engine noticed late, and none that came much later', () => {
    expect(carried([23], [24]).open([fault('kill_connection', 10)])).toEqual([])
    expect(carried([53], [54]).open([fault('kill_connection', 10)])).toHaveLength(1)
  })

  it('is not settled before the line is open again', () => {
    const faults = [fault('kill_connection', 10)]
    const account = carried([10.2], [9.9]).account(faults)
    expect(account.kill_connection).toMatchObject({ detected: 1, repaired: 0 })
    expect(isSettled(account)).toBe(false)
  })

  it('is not misled by an outage that another fault of the book made', () => {
    const gap = line([10.3, 'SYNCING', 'gap'], [10.4, 'LIVE', 'snapshot'])
    const faults = [fault('kill_connection', 10), fault('drop_delta', 10)]
    const books = new FaultLedger([gap], NO_LINES)
    expect(books.open(faults)).toMatchObject([{ kind: 'kill_connection' }])
  })

  it('asks for the books too where no other connection had them', () => {
    const book = line([10.2, 'SYNCING', 'connection_lost'], [11, 'LIVE', 'snapshot'])
    const books = new FaultLedger([book], { lostUs: [10.2 * S], openedUs: [10.6 * S] })
    const { kill_connection } = books.account([fault('kill_connection', 10)])
    expect(kill_connection).toMatchObject({ repaired: 1, repair_ms_p50: 1000 })
  })

  it('counts the lines of a topic that faults had broken at a time', () => {
    const faults = [fault('kill_connection', 10), fault('close_1000', 11)]
    const lines = carried([10.2, 11.2], [14, 14.5]).lines(faults)
    expect(lines.brokenLines(TOPIC, 11.3 * S, 13 * S)).toBe(2)
    expect(lines.brokenLines(TOPIC, 10.3 * S, 10.9 * S)).toBe(1)
    expect(lines.brokenLines('orderbook.50.YUSDT', 11.3 * S, 13 * S)).toBe(0)
    expect(lines.brokenLines(TOPIC, 30 * S, 31 * S)).toBe(0)
  })
})
