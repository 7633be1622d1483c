import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QueuePosition } from '../../src/execution/gateway/queue-position.ts'
import type { QueueModel } from '../../src/execution/options.ts'
import { START_US } from './rig.ts'

/**
 * One price of the exchange, order by order: the slow truth. Ours stands where it came; everybody
 * before it is served first.
 */
class SlowQueue {
  ahead: number[]
  behind: number[] = []
  filled = 0
  readonly #ours: number

  constructor(ahead: readonly number[], ours: number) {
    this.ahead = [...ahead]
    this.#ours = ours
  }

  trade(lots: number): void {
    let left = lots
    while (left > 0 && this.ahead.length > 0) {
      const taken = Math.min(left, this.ahead[0])
      left -= taken
      this.ahead[0] -= taken
      if (this.ahead[0] === 0) this.ahead.shift()
    }
    this.filled += Math.min(left, this.#ours - this.filled)
  }
}

type Event =
  | Readonly<{ kind: 'trade'; lots: number; isBookFirst: boolean }>
  | Readonly<{ kind: 'cancel'; at: number }>
  | Readonly<{ kind: 'add'; lots: number }>

const size = fc.integer({ min: 1, max: 20 })
const trade = fc.record({
  kind: fc.constant('trade' as const),
  lots: size,
  isBookFirst: fc.boolean(),
})
const cancel = fc.record({ kind: fc.constant('cancel' as const), at: fc.nat(30) })
const add = fc.record({ kind: fc.constant('add' as const), lots: size })
const OURS = 15

/** The market without us, as a feed shows it: others' orders by name, so that ours is not there. */
class Feed {
  orders: { lots: number; isAhead: boolean }[]

  constructor(ahead: readonly number[]) {
    this.orders = ahead.map((lots) => ({ lots, isAhead: true }))
  }

  get level(): number {
    return this.orders.reduce((sum, { lots }) => sum + lots, 0)
  }

  trade(lots: number): number {
    let left = Math.min(lots, this.level)
    const traded = left
    for (const order of this.orders) {
      const taken = Math.min(left, order.lots)
      order.lots -= taken
      left -= taken
    }
    this.orders = this.orders.filter((order) => order.lots > 0)
    return traded
  }
}

/** Fills after each event: of the model, and of the exchange. */
function race(
  model: QueueModel,
  ahead: readonly number[],
  events: readonly Event[],
): { model: number; truth: number }[] {
  const truth = new SlowQueue(ahead, OURS)
  const feed = new Feed(ahead)
  const queue = new QueuePosition(model)
  let filled = 0
  let nowUs = START_US
  queue.look(feed.level, Number.NaN, nowUs)
  return events.map((event) => {
    nowUs += 1_000_000
    if (event.kind === 'add') feed.orders.push({ lots: event.lots, isAhead: false })
    else if (event.kind === 'cancel') {
      const gone = feed.orders.splice(event.at % Math.max(1, feed.orders.length), 1)[0]
      if (gone?.isAhead) truth.ahead.splice(truth.ahead.indexOf(gone.lots), 1)
    } else {
      const lots = feed.trade(event.lots)
      truth.trade(lots)
      if (event.isBookFirst) queue.look(feed.level, Number.NaN, nowUs)
      if (lots > 0) filled += Math.min(OURS - filled, queue.trade(lots, Number.NaN, nowUs))
    }
    queue.look(feed.level, Number.NaN, nowUs + 1000)
    return { model: filled, truth: truth.filled }
  })
}

const levels = fc.array(size, { minLength: 0, maxLength: 6 })
const market = fc.array(fc.oneof(trade, cancel, add), { minLength: 1, maxLength: 40 })

describe('the queue before a resting order, beside the exchange order by order', () => {
  it('fills nothing earlier than the exchange when it is conservative', () => {
    fc.assert(
      fc.property(levels, market, (ahead, events) => {
        for (const { model, truth } of race('conservative', ahead, events)) {
          expect(model).toBeLessThanOrEqual(truth)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('fills nothing later than the exchange when there is none', () => {
    fc.assert(
      fc.property(levels, market, (ahead, events) => {
        for (const { model, truth } of race('none', ahead, events)) {
          expect(model).toBeGreaterThanOrEqual(truth)
        }
      }),
    )
  })

  it('is exact where nobody cancels, whichever of trade and book is told first', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('conservative' as const, 'proportional' as const),
        levels,
        fc.array(fc.oneof(trade, add), { minLength: 1, maxLength: 40 }),
        (model, ahead, events) => {
          for (const step of race(model, ahead, events)) expect(step.model).toBe(step.truth)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is never longer by the proportional rule than by the conservative one', () => {
    fc.assert(
      fc.property(levels, market, (ahead, events) => {
        const careful = race('conservative', ahead, events).at(-1)?.model ?? 0
        expect(race('proportional', ahead, events).at(-1)?.model).toBeGreaterThanOrEqual(careful)
      }),
    )
  })
})

describe('the queue before a resting order', () => {
  it('shrinks with cancels in proportion, or not at all', () => {
    const aheadAfter = (model: QueueModel) => {
      const queue = new QueuePosition(model)
      queue.look(30, Number.NaN, START_US)
      queue.look(60, Number.NaN, START_US) // 30 more came behind us
      queue.look(40, Number.NaN, START_US)
      return queue.aheadLots
    }
    expect(aheadAfter('conservative')).toBe(30)
    expect(aheadAfter('proportional')).toBe(20)
    expect(aheadAfter('none')).toBe(0)
  })

  it('is not known beyond what the book shows, and then nothing comes to us', () => {
    const queue = new QueuePosition('conservative')
    queue.look(undefined, Number.NaN, START_US)
    expect(queue.trade(100, Number.NaN, START_US)).toBe(0)
    queue.look(10, Number.NaN, START_US)
    expect(queue.trade(15, Number.NaN, START_US)).toBe(5)
  })

  it('does not shrink by trades that are older than the book that showed it', () => {
    const queue = new QueuePosition('conservative')
    queue.look(10, 500, START_US)
    expect(queue.trade(15, 500, START_US)).toBe(0)
    expect(queue.aheadLots).toBe(10)
    expect(queue.trade(15, 501, START_US)).toBe(5)
  })

  it('does not lay a trade against a loss of half a second ago', () => {
    const queue = new QueuePosition('conservative')
    queue.look(10, Number.NaN, START_US)
    queue.look(4, Number.NaN, START_US)
    expect(queue.trade(6, Number.NaN, START_US + 500_001)).toBe(2)
  })
})
