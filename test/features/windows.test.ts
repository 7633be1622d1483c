import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventLog, WindowSums } from '../../src/features/event-log.ts'
import { HawkesIntensity } from '../../src/features/hawkes.ts'
import { SortedLots } from '../../src/features/sorted-lots.ts'
import { TradeIds } from '../../src/features/trade-ids.ts'

const VALUE = 1

function append(log: EventLog, timeMs: number, value: number): void {
  const at = log.claim(timeMs)
  log.records[at + VALUE] = value
  log.commit()
}

describe('windows over a log', () => {
  it('sum exactly the events of their time, however the log grows', () => {
    const events = fc.array(
      fc.record({
        afterMs: fc.oneof(fc.constantFrom(0, 1, 99, 100, 101), fc.nat(400)),
        value: fc.integer({ min: -1e9, max: 1e9 }),
      }),
      { maxLength: 900 },
    )
    fc.assert(
      fc.property(events, (list) => {
        const long = new WindowSums(1000, VALUE, VALUE)
        const short = new WindowSums(100, VALUE, VALUE)
        const log = new EventLog(2, [long, short])
        let nowMs = 5
        const past: { timeMs: number; value: number }[] = []
        for (const { afterMs, value } of list) {
          nowMs += afterMs
          append(log, nowMs, value)
          past.push({ timeMs: nowMs, value })
          for (const window of [long, short]) {
            const inside = past.filter((event) => event.timeMs > nowMs - window.widthMs)
            expect(window.count).toBe(inside.length)
            expect(window.sums[VALUE]).toBe(inside.reduce((sum, event) => sum + event.value, 0))
          }
        }
        expect(log.overflows).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  it('are back at exactly zero after a silence', () => {
    const window = new WindowSums(1000, VALUE, VALUE)
    const log = new EventLog(2, [window])
    for (let i = 0; i < 5000; i++) append(log, i, i % 2 === 0 ? 3 : -7)
    log.advance(10_000)
    expect([window.count, window.sums[VALUE]]).toEqual([0, 0])
  })

  it('let the oldest events go early and count them once the log is full', () => {
    const long = new WindowSums(1000, VALUE, VALUE)
    const short = new WindowSums(10, VALUE, VALUE)
    const log = new EventLog(2, [long, short], 1024)
    for (let i = 1; i <= 1500; i++) append(log, 7, i)
    expect(log.overflows).toBe(476)
    const latest = (1500 * 1501) / 2 - (476 * 477) / 2
    expect([long.count, long.sums[VALUE]]).toEqual([1024, latest])
    expect([short.count, short.sums[VALUE]]).toEqual([1024, latest])
    log.advance(5000)
    expect([long.count, long.sums[VALUE], short.sums[VALUE]]).toEqual([0, 0, 0])
  })
})

describe('sorted sizes', () => {
  const lowerMedian = (sorted: readonly number[]): number => sorted[(sorted.length - 1) >> 1]

  it('know total, ranks, median, MAD and the sum of the large ones as a sorted list does', () => {
    const size = fc.oneof(fc.nat(4), fc.nat(1000), fc.nat(1e9))
    const steps = fc.array(fc.tuple(size, fc.boolean()), { minLength: 1, maxLength: 1500 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 10, max: 700 }), (list, kept) => {
        const lots = new SortedLots()
        const queue: number[] = []
        list.forEach(([value, isChecked], i) => {
          lots.insert(value)
          queue.push(value)
          while (queue.length > kept) lots.remove(queue.shift() ?? Number.NaN)
          if (!isChecked || i % 25 !== 0) return
          const sorted = queue.toSorted((a, b) => a - b)
          const median = lowerMedian(sorted)
          const mad = lowerMedian(sorted.map((q) => Math.abs(q - median)).sort((a, b) => a - b))
          const large = sorted.filter((q) => 1000 * (q - median) > 7413 * mad)
          expect(lots.size).toBe(queue.length)
          expect(lots.total).toBe(queue.reduce((sum, q) => sum + q, 0))
          expect(sorted.map((_, rank) => lots.at(rank))).toEqual(sorted)
          expect([lots.lowerMedian(), lots.lowerMad()]).toEqual([median, mad])
          expect(lots.sumOfLarge(median, mad)).toBe(large.reduce((sum, q) => sum + q, 0))
        })
        for (const value of queue) lots.remove(value)
        expect([lots.size, lots.total]).toEqual([0, 0])
      }),
      { numRuns: 40 },
    )
  })

  it('refuse to remove what was never inserted', () => {
    const lots = new SortedLots()
    lots.insert(5)
    expect(() => lots.remove(6)).toThrow('only a value that was inserted is removed')
  })
})

describe('trade ids', () => {
  it('know the latest ids and forget the oldest first', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 4000 })
    fc.assert(
      fc.property(ids, (list) => {
        const known = new TradeIds(512)
        const queue: string[] = []
        for (const number of list) {
          const id = `${number.toString(16).padStart(8, '0')}-5f3a-57b1-9d0c-0123456789ab`
          expect(known.add(id)).toBe(!queue.includes(id))
          if (queue.includes(id)) continue
          queue.push(id)
          if (queue.length > 512) queue.shift()
        }
      }),
      { numRuns: 15 },
    )
  })

  it('do not mistake one of a million different ids for another', () => {
    const known = new TradeIds()
    let refused = 0
    for (let i = 0; i < 1_000_000; i++) if (!known.add(`aaausdt-${i}`)) refused++
    expect(refused).toBe(0)
    expect(known.add('aaausdt-999999')).toBe(false)
    expect(known.add(`aaausdt-${1_000_000 - 65_536}`)).toBe(false)
    expect(known.add(`aaausdt-${1_000_000 - 65_537}`)).toBe(true)
  })

  it('take an empty id for no id', () => {
    const known = new TradeIds()
    expect([known.add(''), known.add('')]).toEqual([true, true])
  })
})

describe('the Hawkes intensities', () => {
  it('jump by the kernels at a trade and fall back to the base rate', () => {
    const hawkes = new HawkesIntensity(0.1, 0.6, 0.2, 1.2)
    expect([hawkes.buyRate(0), hawkes.sellRate(0)]).toEqual([0.1, 0.1])
    hawkes.addTrade(1000, 1)
    expect(hawkes.buyRate(1000)).toBeCloseTo(0.7, 12)
    expect(hawkes.sellRate(1000)).toBeCloseTo(0.3, 12)
    expect(hawkes.buyRate(2000)).toBeCloseTo(0.1 + 0.6 * Math.exp(-1.2), 12)
    expect(hawkes.sellRate(1e9)).toBe(0.1)
  })
})
