import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Silence } from '../../src/threads/silence.ts'

const MS = 1000
const SHARD = 3

describe('the silence of a thread', () => {
  it('is the time since its last beat while the watcher looks on time', () => {
    const silence = new Silence(500)
    for (let ms = 0; ms <= 6000; ms += 500) silence.look(ms * MS)
    expect(silence.ofThread(SHARD, 1000 * MS, 6000 * MS)).toBe(5000)
  })

  it('leaves out what the watcher slept through, also when the last beat came just before', () => {
    const silence = new Silence(500)
    silence.look(0)
    expect(silence.ofThread(SHARD, 0, 0)).toBe(0)
    // The thread beats at 400 ms, then the machine stands still for an hour.
    const wokenUs = 3_600_000 * MS
    silence.look(wokenUs)
    expect(silence.ofThread(SHARD, 400 * MS, wokenUs)).toBeLessThanOrEqual(500)
    // It did not come back: now it is counted.
    for (let i = 1; i <= 10; i++) silence.look(wokenUs + i * 500 * MS)
    const silentMs = silence.ofThread(SHARD, 400 * MS, wokenUs + 5000 * MS)
    expect(silentMs).toBeGreaterThanOrEqual(5000)
    expect(silentMs).toBeLessThanOrEqual(5500)
  })

  it('begins anew with each beat', () => {
    const silence = new Silence(500)
    silence.look(0)
    silence.look(4000 * MS)
    silence.ofThread(SHARD, 0, 4000 * MS)
    silence.look(4500 * MS)
    expect(silence.ofThread(SHARD, 4400 * MS, 4500 * MS)).toBe(100)
    for (let ms = 5000; ms <= 9400; ms += 500) silence.look(ms * MS)
    expect(silence.ofThread(SHARD, 4400 * MS, 9000 * MS)).toBe(4600)
  })

  it('of a thread that hangs is reached within a bounded number of looks, however late they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 11, maxLength: 11 }),
        (lateMs) => {
          const silence = new Silence(500)
          let nowUs = 0
          silence.look(nowUs)
          let silentMs = silence.ofThread(SHARD, 0, nowUs)
          for (const late of lateMs) {
            nowUs += (500 + late) * MS
            silence.look(nowUs)
            silentMs = silence.ofThread(SHARD, 0, nowUs)
            expect(silentMs).toBeLessThanOrEqual(nowUs / MS)
          }
          expect(silentMs).toBeGreaterThanOrEqual(5000)
        },
      ),
    )
  })
})
