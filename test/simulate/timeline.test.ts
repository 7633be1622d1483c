import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Timeline } from '../../src/simulate/timeline.ts'

describe('the timeline', () => {
  it('does everything in order of time, and of asking within one moment', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (durations) => {
        const timeline = new Timeline(0)
        const done: [number, number][] = []
        for (const [i, duration] of durations.entries()) {
          timeline.after(duration, () => done.push([timeline.nowUs(), i]))
        }
        while (timeline.step(100));
        const wanted = durations
          .map((duration, i): [number, number] => [duration, i])
          .sort(([a, i], [b, j]) => a - b || i - j)
        expect(done).toEqual(wanted)
        expect(timeline.nowUs()).toBe(100)
      }),
    )
  })

  it('stops at the time it is told, and does the rest later', () => {
    const timeline = new Timeline(0)
    let isDone = false
    timeline.after(10, () => {
      isDone = true
    })
    expect(timeline.step(9)).toBe(false)
    expect(isDone).toBe(false)
    expect(timeline.step(10)).toBe(true)
    expect(isDone).toBe(true)
  })
})
