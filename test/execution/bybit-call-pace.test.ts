import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import {
  CALL_CLASSES,
  CALL_LIMITS_DEFAULT,
  type CallClass,
  CallPace,
} from '../../src/execution/gateway/bybit/call-pace.ts'
import { CallQueue } from '../../src/execution/gateway/bybit/call-queue.ts'

const START_US = 1_763_719_200_000_000

function most(times: readonly number[], windowUs: number): number {
  return Math.max(0, ...times.map((t) => times.filter((o) => o >= t && o < t + windowUs).length))
}

describe('the pace of calls', () => {
  it('is never above the limit of a class or of the address', () => {
    const step = fc.record({
      waitUs: fc.integer({ min: 0, max: 60_000 }),
      callClass: fc.constantFrom(...CALL_CLASSES),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const pace = new CallPace()
        const taken = new Map<CallClass, number[]>()
        let nowUs = START_US
        for (const { callClass, waitUs } of steps) {
          nowUs += waitUs
          if (pace.take(callClass, true, nowUs) > 0) continue
          taken.set(callClass, [...(taken.get(callClass) ?? []), nowUs])
        }
        for (const [callClass, times] of taken) {
          expect(most(times, 1_000_000)).toBeLessThanOrEqual(CALL_LIMITS_DEFAULT[callClass])
        }
      }),
      { numRuns: 50 },
    )
  })

  it('leaves room for cancels when everything else has used up the address', () => {
    const limits = { ...CALL_LIMITS_DEFAULT, orders: 10_000, cancel: 10_000 }
    const pace = new CallPace(limits)
    let taken = 0
    while (pace.take('orders', true, START_US) === 0) taken++
    expect(taken).toBe(500)
    for (let n = 0; n < 100; n++) expect(pace.take('cancel', true, START_US)).toBe(0)
    expect(pace.take('cancel', true, START_US)).toBeGreaterThan(0)
    expect(pace.take('orders', false, START_US)).toBe(0) // over a socket: another limit
  })

  it('closes a class until the reset that the exchange named, and no other', () => {
    const pace = new CallPace()
    pace.close('create', START_US + 700_000)
    pace.close('create', START_US + 300_000)
    expect(pace.take('create', false, START_US)).toBe(700_000)
    expect(pace.take('cancel', false, START_US)).toBe(0)
    expect(pace.take('create', false, START_US + 700_000)).toBe(0)
  })

  it('is first come first served, and says no after the longest wait', async () => {
    const clock = new ManualClock(START_US)
    const timers = new ManualTimers()
    const queue = new CallQueue(new CallPace(), clock, timers)
    const left: string[] = []
    const ask = (name: string, waitMsMax: number) =>
      void queue.turn('cancel', false, waitMsMax).then((go) => left.push(`${name} ${go}`))
    for (let n = 0; n < 10; n++) ask(`${n}`, 0)
    ask('late', 5000)
    ask('later', 5000)
    ask('hurried', 0)
    const pass = async (ms: number) => {
      for (let n = 0; n < ms; n += 10) {
        clock.advance(10_000)
        timers.advance(10)
        await Promise.resolve()
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    await pass(500)
    expect(left).toHaveLength(11)
    expect(left).toContain('hurried false')
    await pass(1000)
    expect(left.slice(11)).toEqual(['late true', 'later true'])
    for (let n = 0; n < 8; n++) ask('x', 0)
    ask('never', 300)
    await pass(400)
    expect(left.at(-1)).toBe('never false')
  })

  it('keeps a fifth of the limit of orders for those that close', () => {
    const pace = new CallPace()
    let opening = 0
    while (pace.take('create', false, START_US + opening) === 0) opening++
    expect(opening).toBe(8)
    // The place that is free next is that of the first call.
    expect(pace.take('create', false, START_US + 8)).toBe(1_100_000 - 8)
    for (let n = 0; n < 2; n++) expect(pace.take('create', false, START_US + 9, true)).toBe(0)
    expect(pace.take('create', false, START_US + 10, true)).toBe(1_100_000 - 10)
    // Three are free again, and two of them are kept.
    expect(pace.take('create', false, START_US + 1_100_002)).toBe(0)
    expect(pace.take('create', false, START_US + 1_100_002)).toBeGreaterThan(0)
    expect(pace.take('create', false, START_US + 1_100_002, true)).toBe(0)
    const small = new CallPace({ ...CALL_LIMITS_DEFAULT, create: 1 })
    expect(small.take('create', false, START_US)).toBe(0)
  })

  it('lets what closes go first, also when the class was closed, and forgets nobody', async () => {
    const clock = new ManualClock(START_US)
    const timers = new ManualTimers()
    const pace = new CallPace()
    const queue = new CallQueue(pace, clock, timers)
    const left: string[] = []
    const ask = (name: string, waitMsMax: number, isClosing: boolean) =>
      void queue
        .turn('create', false, waitMsMax, isClosing)
        .then((go) => left.push(`${name} ${go}`))
    const pass = async (ms: number) => {
      for (let n = 0; n < ms; n += 10) {
        clock.advance(10_000)
        timers.advance(10)
        await Promise.resolve()
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    pace.close('create', START_US + 500_000)
    ask('open', 2000, false)
    ask('open in a hurry', 200, false)
    ask('close', 2000, true)
    ask('close next', 2000, true)
    await pass(300)
    expect(left).toEqual(['open in a hurry false'])
    await pass(300)
    expect(left.slice(1)).toEqual(['close true', 'close next true', 'open true'])
    for (let n = 0; n < 5; n++) ask('x', 0, false)
    ask('waits', 5000, false)
    ask('at once', 0, true)
    await pass(10)
    expect(left.at(-1)).toBe('at once true')
    expect(left).not.toContain('waits true')
    await pass(1200)
    expect(left.at(-1)).toBe('waits true')
  })

  it('says no to a turn that comes after the longest wait, as the thread stood still', async () => {
    const clock = new ManualClock(START_US)
    const timers = new ManualTimers()
    const pace = new CallPace()
    const queue = new CallQueue(pace, clock, timers)
    pace.close('create', START_US + 100_000)
    const turn = queue.turn('create', false, 200)
    clock.advance(60_000_000)
    timers.advance(60_000)
    expect(await turn).toBe(false)
  })
})
