import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import { Rig, startRig } from './rig.ts'

const LIMITS = new Rig().options.limits
const DAY_US = 86_400_000_000
/** 2025-11-21 23:59:50 UTC. */
const BEFORE_MIDNIGHT_US = 1_763_769_590_000_000
const DAY = Math.floor(BEFORE_MIDNIGHT_US / DAY_US)

/** Has lost some 15 of 100,000 with a position that is still open. */
async function losing(dailyLossFractionMax: number): Promise<Rig> {
  const options = { limits: { ...LIMITS, dailyLossFractionMax } }
  const rig = await startRig({ options, clock: new ManualClock(BEFORE_MIDNIGHT_US) })
  rig.enter(0, 'enter_long', 10_003, { notional: 1000 })
  await rig.pass(20)
  rig.quote(0, 9_850)
  await rig.pass(50)
  return rig
}

/** A run after another, at a time of its own: within one run the clock never goes back. */
async function restart({ memory, options }: Rig, timeUs: number): Promise<Rig> {
  const { records, run } = memory
  const rig = new Rig({ options, records, run: run + 1, clock: new ManualClock(timeUs) })
  expect((await rig.start()).ok).toBe(true)
  rig.quote(0, 9_850)
  await rig.pass(50)
  return rig
}

describe('the base of the loss of a day', () => {
  it('is one for each day, however often the clock steps over midnight', async () => {
    let rig = await losing(1)
    for (const seconds of [20, 0, 20, 0]) {
      rig = await restart(rig, BEFORE_MIDNIGHT_US + seconds * 1_000_000)
    }
    const days = rig.records('day_started')
    expect(days.map(({ day }) => day)).toEqual([DAY, DAY + 1])
    expect(days[0].equity_quote).toBe(100_000)
    expect(days[1].equity_quote).toBeLessThan(99_990)
  })

  it('that a clock of tomorrow hid is in force again with the right time', async () => {
    const rig = await losing(0.0001) // 10 of 100,000
    expect(rig.state.tradingReason).toBe('daily_loss')
    const tomorrow = await restart(rig, BEFORE_MIDNIGHT_US + DAY_US)
    const again = await restart(tomorrow, BEFORE_MIDNIGHT_US)
    again.command('resume')
    await again.pass(50)
    expect(again.state.tradingState).toBe('halted')
    expect(again.records('day_started')).toHaveLength(2)
  })

  it('is the first on record, in a journal that has two of a day', () => {
    const state = new ExecutionState()
    for (const [day, equity_quote] of [
      [DAY, 100],
      [DAY + 1, 90],
      [DAY, 80],
    ]) {
      state.apply({ type: 'day_started', time_us: BEFORE_MIDNIGHT_US, day, equity_quote })
    }
    expect(state.days.equityQuote(DAY)).toBe(100)
    expect(state.days.equityQuote(DAY + 2)).toBeNaN()
    const restored = new ExecutionState()
    expect(restoreState(encodeState(state), restored)).toBeUndefined()
    expect([restored.days.equityQuote(DAY), restored.days.equityQuote(DAY + 1)]).toEqual([100, 90])
  })

  it('is found in a checkpoint that knew the last day alone', () => {
    const saved = JSON.parse(new TextDecoder().decode(encodeState(new ExecutionState())))
    const day = { type: 'day_started', time_us: BEFORE_MIDNIGHT_US, day: DAY, equity_quote: 70 }
    const { days: _, ...early } = saved
    const restored = new ExecutionState()
    const bytes = new TextEncoder().encode(JSON.stringify({ ...early, day }))
    expect(restoreState(bytes, restored)).toBeUndefined()
    expect(restored.days.equityQuote(DAY)).toBe(70)
  })

  it('is forgotten after a week of days', () => {
    const state = new ExecutionState()
    for (let day = 0; day < 20; day++) {
      state.apply({ type: 'day_started', time_us: 0, day, equity_quote: day })
    }
    expect(state.days.equityQuote(11)).toBeNaN()
    expect(state.days.equityQuote(12)).toBe(12)
  })
})
