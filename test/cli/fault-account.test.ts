import { describe, expect, it } from 'vitest'
import { type BookLine, FaultLedger, isSettled } from '../../src/cli/fault-account.ts'
import type { BookReason, BookState } from '../../src/domain/book.ts'
import { type FaultKind, faultTraits } from '../../src/sim/fault-kinds.ts'
import type { FaultEntry } from '../../src/sim/fault-log.ts'

const TOPIC = 'orderbook.50.XUSDT'
const S = 1_000_000

function fault(kind: FaultKind, seconds: number, topics: readonly string[] = [TOPIC]): FaultEntry {
  return { id: 0, kind, effect: faultTraits(kind).effect, topics, u: 7, at_us: seconds * S }
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

function ledger(...changes: Parameters<typeof line>) {
  return new FaultLedger([line(...changes)], [])
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
})
