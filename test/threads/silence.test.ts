import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Silence } from '../../src/threads/silence.ts'
import { ownThreadId, type ThreadTurns, turnsOf } from '../../src/threads/thread-gauge.ts'

const MS = 1000
const PERIOD_MS = 500
const SHARD = 3

/** A watcher of one thread, whose last beat was at 0. Times in milliseconds. */
class Rig {
  readonly #silence = new Silence(PERIOD_MS)
  nowMs = 0
  turns: ThreadTurns | undefined
  beatMs = 0

  constructor() {
    this.look(0)
  }

  look(passedMs = PERIOD_MS): number {
    const { turns } = this
    this.nowMs += passedMs
    this.#silence.look(this.nowMs * MS)
    const beatUs = this.beatMs * MS
    return turns === undefined
      ? this.#silence.ofThread(SHARD, beatUs)
      : this.#silence.ofThread(SHARD, beatUs, () => turns)
  }

  /** The thread ran and waited so long until now, then there is a look. */
  lookAfter(ranMs: number, waitedMs: number, isReady: boolean, passedMs = PERIOD_MS): number {
    const { cpuSeconds, waitSeconds } = this.turns ?? { cpuSeconds: 0, waitSeconds: 0 }
    this.turns = {
      cpuSeconds: cpuSeconds + ranMs / 1000,
      waitSeconds: waitSeconds + waitedMs / 1000,
      isReady,
    }
    return this.look(passedMs)
  }
}

describe('the silence of a thread', () => {
  it('is the time since its last beat while the watcher looks on time', () => {
    const rig = new Rig()
    rig.beatMs = 300
    for (let i = 1; i <= 10; i++) expect(rig.look()).toBe(Math.max(0, i * PERIOD_MS - 300))
  })

  it('leaves out what the watcher slept through, also when the last beat came just before', () => {
    const rig = new Rig()
    // The thread beats at 400 ms, then the machine stands still for an hour.
    rig.beatMs = 400
    expect(rig.look(3_600_000)).toBeLessThanOrEqual(PERIOD_MS)
    // It did not come back: now it is counted.
    let silentMs = 0
    for (let i = 1; i <= 10; i++) silentMs = rig.look()
    expect(silentMs).toBeGreaterThanOrEqual(5000)
    expect(silentMs).toBeLessThanOrEqual(5500)
  })

  it('begins anew with each beat, and owes nothing for a sleep before it', () => {
    const rig = new Rig()
    rig.beatMs = 9900
    expect(rig.look(10_000)).toBe(0)
    // At most what had passed since the beat was excused.
    expect(rig.look()).toBe(500)
    expect(rig.look()).toBe(1000)
    rig.beatMs = 11_400
    expect(rig.look()).toBe(100)
  })

  it('leaves out what the thread waited for a processor', () => {
    const rig = new Rig()
    rig.lookAfter(0, 0, true)
    // It gets a tenth of one: a busy thread on a machine with ten others.
    let silentMs = 0
    for (let i = 0; i < 100; i++) silentMs = rig.lookAfter(50, 450, true)
    expect(rig.nowMs).toBeGreaterThan(50_000)
    expect(silentMs).toBeCloseTo(500 + 100 * 50, 3)
  })

  it('leaves out a wait that has not ended, which the kernel does not count yet', () => {
    const rig = new Rig()
    rig.lookAfter(0, 0, true)
    for (let i = 0; i < 40; i++) expect(rig.lookAfter(0, 0, true)).toBe(500)
    // It ends after 20 s, and is then counted at once: that excuses no more than it did.
    expect(rig.lookAfter(100, 20_000, true)).toBe(500)
    expect(rig.lookAfter(500, 0, true)).toBe(1000)
  })

  it('of a thread that sleeps is counted, though it does not run', () => {
    const rig = new Rig()
    let silentMs = 0
    for (let i = 0; i < 10; i++) silentMs = rig.lookAfter(0, 0, false)
    expect(silentMs).toBe(5000)
  })

  it('of a thread that runs and never ends its turn is counted', () => {
    const rig = new Rig()
    let silentMs = 0
    for (let i = 0; i < 10; i++) silentMs = rig.lookAfter(500, 0, true)
    expect(silentMs).toBe(5000)
  })

  it('is counted in full where the kernel does not tell', () => {
    const rig = new Rig()
    rig.turns = turnsOf(0)
    expect(rig.turns.cpuSeconds).toBeNaN()
    let silentMs = 0
    for (let i = 0; i < 10; i++) silentMs = rig.look()
    expect(silentMs).toBe(5000)
  })

  it('of a thread that hangs is reached within a bounded number of looks, however late they come', () => {
    const late = fc.integer({ min: 0, max: 20_000 })
    fc.assert(
      fc.property(fc.array(late, { minLength: 11, maxLength: 11 }), (lateMs) => {
        const rig = new Rig()
        let silentMs = 0
        for (const ms of lateMs) {
          silentMs = rig.lookAfter(0, 0, false, PERIOD_MS + ms)
          expect(silentMs).toBeLessThanOrEqual(rig.nowMs)
        }
        expect(silentMs).toBeGreaterThanOrEqual(5000)
      }),
    )
  })

  it('of a thread that spins is reached when it has run so long, whatever else the machine does', () => {
    const share = fc.integer({ min: 10, max: PERIOD_MS })
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 400 }), (ranMs) => {
        const rig = new Rig()
        rig.lookAfter(0, 0, true, 0)
        let silentMs = 0
        let sumMs = 0
        for (const ms of ranMs) {
          silentMs = rig.lookAfter(ms, PERIOD_MS - ms, true)
          sumMs += ms
        }
        expect(silentMs).toBeGreaterThan(sumMs - 1)
        expect(silentMs).toBeLessThan(sumMs + 1)
      }),
    )
  })
})

describe('the turns of a thread', () => {
  it.skipIf(ownThreadId() === 0)('say of the one that asks that it runs', () => {
    const before = turnsOf(ownThreadId())
    for (let end = process.cpuUsage().user + 50_000; process.cpuUsage().user < end; );
    const after = turnsOf(ownThreadId())
    expect(after.isReady).toBe(true)
    expect(after.cpuSeconds).toBeGreaterThan(before.cpuSeconds)
    expect(after.waitSeconds).toBeGreaterThanOrEqual(before.waitSeconds)
  })
})
