import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fingerprintText } from '../../src/core/fingerprint.ts'
import { Random } from '../../src/core/random.ts'
import { EventLog } from '../../src/features/event-log.ts'
import { WindowSums } from '../../src/features/event-window.ts'
import { HawkesIntensity } from '../../src/features/hawkes.ts'
import { SortedLots } from '../../src/features/sorted-lots.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import { TradeIds } from '../../src/features/trade-ids.ts'

const VALUE = 1

function at(tauMs: number): StreamTime {
  const time = new StreamTime()
  time.tauMs = tauMs
  return time
}

function append(log: EventLog, timeMs: number, value: number): void {
  const offset = log.claim(at(timeMs))
  log.records[offset + VALUE] = value
  log.commit()
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

describe('windows over a log', () => {
  it('sum exactly the events of their time, however the log grows', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = new Random(seed)
        const long = new WindowSums(1000, VALUE, VALUE)
        const short = new WindowSums(100, VALUE, VALUE)
        const log = new EventLog(2, [long, short])
        const past: { timeMs: number; value: number }[] = []
        let nowMs = 5
        for (let i = 0; i < 700; i++) {
          // Bursts within a millisecond fill the log, long pauses empty it; edges are met exactly.
          nowMs += i % 300 < 290 ? [0, 0, 0, 1, 99, 100, 101][random.below(7)] : random.below(2000)
          const value = random.below(2e9) - 1e9
          append(log, nowMs, value)
          past.push({ timeMs: nowMs, value })
          for (const window of [long, short]) {
            const inside = past.filter((event) => event.timeMs > nowMs - window.widthMs)
            const sum = inside.reduce((total, event) => total + event.value, 0)
            if (window.count === inside.length && window.sums[VALUE] === sum) continue
            expect.fail(`event ${i}: ${window.count} sum to ${window.sums[VALUE]}, not ${sum}`)
          }
        }
      }),
      { numRuns: 10 },
    )
  })

  it('are back at exactly zero after a silence', () => {
    const window = new WindowSums(1000, VALUE, VALUE)
    const log = new EventLog(2, [window])
    for (let i = 0; i < 5000; i++) append(log, i, i % 2 === 0 ? 3 : -7)
    log.advance(at(10_000))
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
    log.advance(at(5000))
    expect([long.count, long.sums[VALUE], short.sums[VALUE]]).toEqual([0, 0, 0])
  })
})

describe('sorted sizes', () => {
  const lowerMedian = (sorted: readonly number[]): number => sorted[(sorted.length - 1) >> 1]

  it('know total, ranks, median, MAD and the sum of the large ones as a sorted list does', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 10, max: 700 }), (seed, kept) => {
        const random = new Random(seed)
        const lots = new SortedLots()
        const queue: number[] = []
        for (let i = 0; i < 1500; i++) {
          const value = random.below([4, 1000, 1e9][random.below(3)])
          lots.insert(value)
          queue.push(value)
          while (queue.length > kept) lots.remove(queue.shift() ?? Number.NaN)
          if (i % 50 !== 0) continue
          const sorted = queue.toSorted((a, b) => a - b)
          const median = lowerMedian(sorted)
          const mad = lowerMedian(sorted.map((q) => Math.abs(q - median)).sort((a, b) => a - b))
          const large = sorted.filter((q) => 1000 * (q - median) > 7413 * mad)
          expect([lots.size, lots.total]).toEqual([queue.length, sumOf(queue)])
          expect(sorted.map((_, rank) => lots.at(rank))).toEqual(sorted)
          expect([lots.lowerMedian(), lots.lowerMad()]).toEqual([median, mad])
          expect(lots.sumOfLarge(median, mad)).toBe(sumOf(large))
        }
        for (const value of queue) lots.remove(value)
        expect([lots.size, lots.total]).toEqual([0, 0])
      }),
      { numRuns: 15 },
    )
  })

  it('take five deviations for large, to the lot', () => {
    const lots = new SortedLots()
    // Median 10,000 and MAD 1000, so that the bound lies at exactly 17,413.
    for (const value of [9000, 9000, 9000, 10_000, 10_000, 11_000, 17_413, 17_414]) {
      lots.insert(value)
    }
    expect([lots.lowerMedian(), lots.lowerMad()]).toEqual([10_000, 1000])
    expect(lots.sumOfLarge(10_000, 1000)).toBe(17_414)
  })

  it('refuse to remove what was never inserted', () => {
    const lots = new SortedLots()
    lots.insert(5)
    expect(() => lots.remove(6)).toThrow('only a value that was inserted is removed')
  })
})

/** `TradeIds` for texts. */
class TextIds {
  readonly #ids: TradeIds
  readonly #low = new Int32Array(1)
  readonly #high = new Int32Array(1)

  constructor(capacityMax?: number) {
    this.#ids = new TradeIds(capacityMax)
  }

  add(id: string): boolean {
    fingerprintText(id, this.#low, this.#high, 0)
    return this.#ids.add(this.#low[0], this.#high[0])
  }
}

describe('trade ids', () => {
  it('know the latest ids and forget the oldest first', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = new Random(seed)
        const known = new TextIds(512)
        const queue = new Set<string>() // in order of arrival
        for (let i = 0; i < 4000; i++) {
          const number = random.below(1500).toString(16).padStart(8, '0')
          const id = `${number}-5f3a-57b1-9d0c-0123456789ab`
          if (known.add(id) === queue.has(id)) expect.fail(`id ${i} is mistaken`)
          queue.add(id)
          for (const oldest of queue) {
            if (queue.size <= 512) break
            queue.delete(oldest)
          }
        }
      }),
      { numRuns: 15 },
    )
  })

  it('do not mistake one of a million different ids for another', () => {
    const known = new TextIds()
    let refused = 0
    for (let i = 0; i < 1_000_000; i++) if (!known.add(`aaausdt-${i}`)) refused++
    expect(refused).toBe(0)
    expect(known.add('aaausdt-999999')).toBe(false)
    expect(known.add(`aaausdt-${1_000_000 - 65_536}`)).toBe(false)
    expect(known.add(`aaausdt-${1_000_000 - 65_537}`)).toBe(true)
  })

  it('take an empty id for no id', () => {
    const known = new TextIds()
    expect([known.add(''), known.add('')]).toEqual([true, true])
  })
})

describe('the Hawkes intensities', () => {
  it('jump by the kernels at a trade and fall back to the base rate', () => {
    const hawkes = new HawkesIntensity(0.1, 0.6, 0.2, 1.2)
    const rates = (tauMs: number) => {
      const out = new Float64Array(2)
      hawkes.writeRates(at(tauMs), out, 0)
      return [...out]
    }
    expect(rates(0)).toEqual([0.1, 0.1])
    hawkes.addTrade(at(1000), 1)
    expect(rates(1000)[0]).toBeCloseTo(0.7, 12)
    expect(rates(1000)[1]).toBeCloseTo(0.3, 12)
    expect(rates(2000)[0]).toBeCloseTo(0.1 + 0.6 * Math.exp(-1.2), 12)
    expect(rates(1e9)[1]).toBe(0.1)
  })
})
