import { describe, expect, it } from 'vitest'
import type { ExecutionOptions } from '../../src/execution/options.ts'
import { type Rig, startRig } from './rig.ts'

const RESTING = { entryTimeInForce: 'gtc', restMsMax: 60_000 } as const

/** One order rests, one position is open with a stop that the next book passes. */
async function busyRig(options: Partial<ExecutionOptions> = {}): Promise<Rig> {
  const rig = await startRig({ options: { ...RESTING, ...options } })
  rig.enter(0, 'enter_long', 9_990)
  rig.enter(1, 'enter_long', 10_001, { stop: 9_950 })
  await rig.pass(50)
  expect([...rig.state.unfinished.values()].map(({ state }) => state)).toEqual(['open'])
  expect(rig.lots(1)).toBeGreaterThan(0)
  return rig
}

describe('an actor that winds down', () => {
  it('cancels what rests, takes no intent, closes nothing, and is done when nothing is open', async () => {
    const rig = await busyRig()
    const held = rig.lots(1)
    rig.actor.windDown()
    expect(rig.control.state).toBe('halted') // shards may stop asking before anything else
    expect(rig.actor.isWoundDown).toBe(false)
    rig.enter(0, 'enter_long', 10_001)
    rig.quote(1, 9_900)
    await rig.pass(50)
    expect(rig.actor.isWoundDown).toBe(true)
    expect(rig.records('order_created')).toHaveLength(2)
    expect(rig.lots(1)).toBe(held)
    // A state that only this end made is none that the next run has to keep.
    expect(rig.state.tradingState).toBe('active')
    expect(await rig.actor.stop()).toBe(true)
    expect(rig.memory.records.at(-1)?.type).toBe('run_stopped')
  })

  it('says nothing of books that end after it', async () => {
    const rig = await busyRig()
    rig.actor.windDown()
    for (const { index } of rig.instruments) rig.books.lose(index)
    await rig.pass(100)
    expect(rig.counters.get('exits_blind')).toBe(0)
  })

  it('leaves resting orders where the configuration says so, and waits for those in flight', async () => {
    const rig = await busyRig({ atStop: 'keep_orders' })
    rig.enter(1, 'enter_long', 9_990)
    await rig.actor.turn() // on its way, and not answered yet
    rig.actor.windDown()
    expect(rig.actor.isWoundDown).toBe(false)
    await rig.pass(50)
    expect(rig.records('order_state').filter(({ event }) => event === 'requestCancel')).toEqual([])
    expect(rig.actor.isWoundDown).toBe(true)
    const states = [...rig.state.unfinished.values()].map(({ state }) => state)
    expect(states).toEqual(['open', 'open'])
  })
})
