import { describe, expect, it } from 'vitest'
import { ManualClock, systemClock } from '../../src/core/clock.ts'
import { Random } from '../../src/core/random.ts'
import { ManualTimers } from '../../src/core/timer.ts'

describe('clocks', () => {
  it('reads integer microseconds of the wall clock and never runs backwards', () => {
    let last = systemClock.nowUs()
    expect(Math.abs(last / 1000 - Date.now())).toBeLessThan(5000)
    for (let i = 0; i < 1000; i++) {
      const now = systemClock.nowUs()
      expect(Number.isInteger(now)).toBe(true)
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
  })

  it('ignores a step backwards of a manual clock', () => {
    const clock = new ManualClock(10)
    clock.moveTo(5)
    expect(clock.nowUs()).toBe(10)
  })
})

describe('ManualTimers', () => {
  it('runs calls in order of time, then of creation', () => {
    const timers = new ManualTimers()
    const calls: string[] = []
    timers.after(20, () => calls.push('late'))
    timers.after(10, () => calls.push('first'))
    timers.after(10, () => calls.push('second'))
    timers.every(7, () => calls.push('every'))
    timers.advance(21)
    expect(calls).toEqual(['every', 'first', 'second', 'every', 'late', 'every'])
  })

  it('forgets a cancelled call, also one cancelled by another', () => {
    const timers = new ManualTimers()
    const calls: string[] = []
    const cancel = timers.after(5, () => calls.push('never'))
    timers.after(1, cancel)
    timers.advance(10)
    expect(calls).toEqual([])
  })
})

describe('Random', () => {
  it('repeats itself for a seed and differs for another', () => {
    const draw = (seed: number) =>
      Array.from(
        { length: 5 },
        (
          (r) => () =>
            r.uint32()
        )(new Random(seed)),
      )
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('is uniform enough in [0, 1)', () => {
    const random = new Random(1)
    const buckets = new Array(10).fill(0)
    for (let i = 0; i < 100_000; i++) buckets[Math.floor(random.float() * 10)]++
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })
})
