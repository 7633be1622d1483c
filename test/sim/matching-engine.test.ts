import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ASK,
  BID,
  CANCELED,
  FILLED,
  GTC,
  IOC,
  MARKET_TICKS,
  MatchingEngine,
  POST_ONLY,
  REJECTED_WOULD_TAKE,
  RESTING,
} from '../../src/sim/matching-engine.ts'

/** The same rules with one sorted list of orders: slow and plain. */
type ReferenceOrder = { id: number; side: number; ticks: number; lots: number; age: number }
type ReferenceFill = { maker: number; ticks: number; lots: number }

class ReferenceBook {
  orders: ReferenceOrder[] = []
  age = 0

  side(side: number): ReferenceOrder[] {
    const better = (a: ReferenceOrder, b: ReferenceOrder) =>
      (side === BID ? b.ticks - a.ticks : a.ticks - b.ticks) || a.age - b.age
    return this.orders.filter((order) => order.side === side).sort(better)
  }

  submit(id: number, side: number, ticks: number, lots: number, kind: number): ReferenceFill[] {
    const fills: ReferenceFill[] = []
    const isMatch = (maker: ReferenceOrder) =>
      side === BID ? maker.ticks <= ticks : maker.ticks >= ticks
    let left = lots
    for (const maker of this.side(1 - side)) {
      if (left === 0 || !isMatch(maker)) break
      const size = Math.min(left, maker.lots)
      fills.push({ maker: maker.id, ticks: maker.ticks, lots: size })
      maker.lots -= size
      left -= size
    }
    this.orders = this.orders.filter((order) => order.lots > 0)
    if (left > 0 && kind !== IOC) {
      this.orders.push({ id, side, ticks, lots: left, age: this.age++ })
    }
    return fills
  }

  levels(side: number): [number, number][] {
    const totals = new Map<number, number>()
    for (const order of this.side(side)) {
      totals.set(order.ticks, (totals.get(order.ticks) ?? 0) + order.lots)
    }
    return [...totals]
  }
}

function levelsOf(engine: MatchingEngine, side: number): [number, number][] {
  const table = side === BID ? engine.bids : engine.asks
  const levels: [number, number][] = []
  for (let at = table.end - 1; at >= table.start; at--) {
    levels.push([Math.abs(table.keys[at]), table.lots[at]])
  }
  return levels
}

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('submit' as const),
      side: fc.constantFrom(BID, ASK),
      ticks: fc.integer({ min: 90, max: 110 }),
      lots: fc.integer({ min: 1, max: 20 }),
      kind: fc.constantFrom(GTC, GTC, IOC, POST_ONLY),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('cancel' as const), pick: fc.nat(1000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('amend' as const),
      pick: fc.nat(1000),
      lots: fc.integer({ min: 1, max: 10 }),
    }),
  },
)

describe('matching engine', () => {
  it('does the same as a slow reference, command by command', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const engine = new MatchingEngine(1)
        const reference = new ReferenceBook()
        for (const c of commands) {
          if (c.type === 'submit') {
            const opposite = reference.side(1 - c.side)[0]
            const wouldTake =
              opposite !== undefined &&
              (c.side === BID ? opposite.ticks <= c.ticks : opposite.ticks >= c.ticks)
            const status = engine.submit(c.side, c.ticks, c.lots, c.kind, 0)
            if (c.kind === POST_ONLY && wouldTake) {
              expect(status).toBe(REJECTED_WOULD_TAKE)
            } else {
              const fills = reference.submit(engine.lastId, c.side, c.ticks, c.lots, c.kind)
              const seen = []
              for (let i = 0; i < engine.fills.count; i++) {
                seen.push({
                  maker: engine.fills.makerIds[i],
                  ticks: engine.fills.ticks[i],
                  lots: engine.fills.lots[i],
                })
              }
              expect(seen).toEqual(fills)
              const filled = fills.reduce((sum, fill) => sum + fill.lots, 0)
              expect(engine.filledLots).toBe(filled)
              const expected = filled === c.lots ? FILLED : c.kind === IOC ? CANCELED : RESTING
              expect(status).toBe(expected)
              // Conservation: every lot of the order is filled, resting or canceled.
              const canceled = status === CANCELED ? c.lots - filled : 0
              expect(engine.filledLots + engine.restingLots + canceled).toBe(c.lots)
            }
          } else if (reference.orders.length > 0) {
            const order = reference.orders[c.pick % reference.orders.length]
            if (c.type === 'cancel') {
              expect(engine.cancel(order.id)).toBe(order.lots)
              expect(engine.cancel(order.id)).toBe(0)
              reference.orders = reference.orders.filter((o) => o !== order)
            } else {
              expect(engine.amendDown(order.id, c.lots)).toBe(c.lots < order.lots)
              order.lots = Math.min(order.lots, c.lots)
            }
          }
          for (const side of [BID, ASK]) {
            expect(levelsOf(engine, side)).toEqual(reference.levels(side))
          }
          const bid = levelsOf(engine, BID)[0]
          const ask = levelsOf(engine, ASK)[0]
          if (bid !== undefined && ask !== undefined) expect(bid[0]).toBeLessThan(ask[0])
          expect(engine.orderCount).toBe(reference.orders.length)
        }
        for (const side of [BID, ASK]) {
          for (const [ticks] of reference.levels(side)) {
            const queue = reference.side(side).filter((o) => o.ticks === ticks)
            expect(engine.queueAt(side, ticks)).toEqual(queue.map((o) => o.id))
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('fills the oldest order of a level first, and a smaller amendment keeps its place', () => {
    const engine = new MatchingEngine(1)
    engine.submit(BID, 100, 5, GTC, 0)
    const first = engine.lastId
    engine.submit(BID, 100, 5, GTC, 0)
    const second = engine.lastId
    expect(engine.amendDown(first, 2)).toBe(true)
    engine.submit(ASK, 100, 3, IOC, 0)
    expect([...engine.fills.makerIds.slice(0, engine.fills.count)]).toEqual([first, second])
    expect([...engine.fills.lots.slice(0, engine.fills.count)]).toEqual([2, 1])
  })

  it('lets a market order sweep the whole side and drops its rest', () => {
    const engine = new MatchingEngine(1)
    engine.submit(ASK, 101, 5, GTC, 0)
    engine.submit(ASK, 150, 5, GTC, 0)
    expect(engine.submit(BID, MARKET_TICKS, 100, IOC, 0)).toBe(CANCELED)
    expect(engine.filledLots).toBe(10)
    expect(levelsOf(engine, ASK)).toEqual([])
    expect(levelsOf(engine, BID)).toEqual([])
  })

  it('rebuilds the book of any recent moment from its journal', () => {
    const engine = new MatchingEngine(1)
    const seen: { position: number; bids: [number, number][]; asks: [number, number][] }[] = []
    let state = 7
    const next = (bound: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % bound
    }
    const ids: number[] = []
    for (let i = 0; i < 30_000; i++) {
      if (ids.length > 500) engine.cancel(ids.splice(next(ids.length), 1)[0])
      engine.submit(next(2), 1000 + next(400), 1 + next(50), GTC, 0)
      ids.push(engine.lastId)
      if (i > 25_000 && i % 50 === 0) {
        const { position } = engine.journal
        seen.push({ position, bids: levelsOf(engine, BID), asks: levelsOf(engine, ASK) })
      }
    }
    for (const moment of seen) {
      const book = engine.journal.bookAt(moment.position, 10_000)
      expect(book?.bids.ticks.map((t, i) => [t, book.bids.lots[i]])).toEqual(moment.bids)
      expect(book?.asks.ticks.map((t, i) => [t, book.asks.lots[i]])).toEqual(moment.asks)
    }
    expect(engine.journal.bookAt(10, 10)).toBeUndefined()
  })
})
