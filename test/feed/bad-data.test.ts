import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { Random } from '../../src/core/random.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { ResyncQueue } from '../../src/feed/resync-queue.ts'
import { Counters } from '../../src/memory/counters.ts'

function rig() {
  const clock = new ManualClock(1e15)
  const timers = new ManualTimers()
  const renewed: number[] = []
  const warnings: string[] = []
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line)
    if (level >= 40) warnings.push(msg)
  }
  const queue = new ResyncQueue({
    limits: { perSecond: 10, burst: 20, spacingMs: 1000 },
    clock,
    timers,
    random: new Random(3),
    counters: new Counters(),
    log: pino({ level: 'info' }, { write }),
    outlook: () => 'now',
    renew: () => renewed.push(clock.nowUs()),
  })
  /** Ten requests a second, as a topic that is subscribed and always bad makes. */
  const live = (seconds: number, reason: string | undefined) => {
    for (let step = 0; step < seconds * 10; step++) {
      if (reason !== undefined) queue.request(0, reason)
      clock.advance(100_000)
      timers.advance(100)
    }
  }
  return { live, queue, renewed, warnings }
}

describe('a topic whose data stays bad', () => {
  it('is asked for less and less, once a minute in the end, and a person is told once', () => {
    const { live, renewed, warnings } = rig()
    live(600, 'bad_data')
    // 1, 2, 4 ... 32 s, then at least 60 s each, with jitter: 16 at most in ten minutes.
    expect(renewed.length).toBeGreaterThan(8)
    expect(renewed.length).toBeLessThanOrEqual(16)
    const waits = renewed.slice(1).map((us, i) => (us - renewed[i]) / 1e6)
    expect(waits[0]).toBeLessThan(2)
    expect(Math.min(...waits.slice(-3))).toBeGreaterThanOrEqual(60)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch('tick or lot size may have changed')
  })

  it('begins anew after it was good for long enough', () => {
    const { live, renewed } = rig()
    live(60, 'bad_data')
    live(300, undefined)
    const before = renewed.length
    live(3, 'bad_data')
    expect(renewed.length - before).toBeGreaterThanOrEqual(2)
  })

  it('does not slow down a topic that has gaps', () => {
    const { live, renewed, warnings } = rig()
    live(60, 'gap')
    expect(renewed.length).toBeGreaterThan(30)
    expect(warnings).toEqual([])
  })
})
