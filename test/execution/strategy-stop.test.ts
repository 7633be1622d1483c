import { describe, expect, it } from 'vitest'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { RESULT_CODES } from '../../src/domain/result-codes.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { Rig, type RigOptions } from './rig.ts'

const CONFIG = { strategies: [{ name: 'loser' }, { name: 'winner' }] }
const SWAPPED = { strategies: [{ name: 'winner' }, { name: 'loser' }] }

async function open(options: RigOptions = {}): Promise<Rig> {
  const rig = new Rig({ config: CONFIG, ...options })
  expect((await rig.start()).ok).toBe(true)
  rig.quote(0, 10_000)
  rig.quote(1, 10_000)
  await rig.pass(20)
  return rig
}

function denials(rig: Rig): number[] {
  return rig.seen('denied').map((record) => record[audit.AUDIT_REASON])
}

function answerOf(rig: Rig, number: number): number | undefined {
  const answers = rig.seen('trading_state')
  return answers.find((record) => record[audit.AUDIT_COMMAND] === number)?.[audit.AUDIT_REASON]
}

function restart(records: readonly JournalRecord[], config = CONFIG): Promise<Rig> {
  return open({ records, run: 2, config })
}

describe('a strategy that a person stopped', () => {
  it('opens nothing, closes what it has, and leaves the others alone', async () => {
    const rig = await open()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(50)
    expect(rig.lots(0)).toBeGreaterThan(0)

    const number = rig.commandStrategy('stop_strategy', 0)
    await rig.pass(20)
    expect(answerOf(rig, number)).toBe(RESULT_CODES.ok)
    expect(rig.control.stoppedStrategies).toBe(0b01)
    rig.enter(1, 'enter_long', 10_003)
    await rig.pass(20)
    expect(denials(rig)).toEqual([RESULT_CODES.strategy_stopped])
    expect(rig.lots(1)).toBe(0)
    rig.enter(0, 'exit', 9_900)
    await rig.pass(50)
    expect(rig.lots(0)).toBe(0)
    rig.enter(1, 'enter_long', 10_003, { strategy: 1 })
    await rig.pass(50)
    expect(rig.lots(1)).toBeGreaterThan(0)
    expect(rig.state.tradingState).toBe('active')

    rig.commandStrategy('start_strategy', 0)
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(50)
    expect(rig.lots(0)).toBeGreaterThan(0)
    expect(rig.control.stoppedStrategies).toBe(0)
  })

  it('is on record with who stopped it and why, and one that is none is refused', async () => {
    const rig = await open()
    rig.commandStrategy('stop_strategy', 1)
    const number = rig.commandStrategy('stop_strategy', 7)
    await rig.pass(20)
    expect(rig.records('command')).toMatchObject([
      { command: 'stop_strategy', code: 'ok', who: 'ann', reason: 'it loses' },
      { command: 'stop_strategy', code: 'not_found' },
    ])
    expect(rig.records('command')[0].asked).toEqual({ strategy: 'winner' })
    expect(answerOf(rig, number)).toBe(RESULT_CODES.not_found)
    expect(rig.control.stoppedStrategies).toBe(0b10)
  })

  it('has its resting entries canceled, and only those', async () => {
    const options = { entryTimeInForce: 'gtc', restMsMax: 60_000 } as const
    const rig = await open({ options })
    rig.enter(0, 'enter_long', 9_990)
    rig.enter(1, 'enter_long', 9_990, { strategy: 1 })
    await rig.pass(50)
    expect(rig.state.unfinished.size).toBe(2)
    rig.commandStrategy('stop_strategy', 0)
    await rig.pass(50)
    const left = [...rig.state.unfinished.values()].map(({ terms }) => terms.strategy)
    expect(left).toEqual([1])
    const [first] = rig.state.orders.values()
    expect(first.state).toBe('canceled')
    const asked = rig.records('order_state').filter(({ event }) => event === 'requestCancel')
    expect(asked).toMatchObject([{ reason: 'strategy_stopped' }])
  })

  it('does not get an entry out that passed the gate and waits for the disk', async () => {
    let isDue = false
    const rig: Rig = await open({
      journal: (memory) => ({
        run: memory.run,
        append: (record) => memory.append(record),
        close: () => memory.close(),
        flush: () => {
          if (isDue) rig.commandStrategy('stop_strategy', 0)
          isDue = false
          return memory.flush()
        },
      }),
    })
    rig.enter(0, 'enter_long', 10_003)
    isDue = true
    await rig.pass(50)
    expect(rig.lots(0)).toBe(0)
    const [order] = rig.state.orders.values()
    expect(order).toMatchObject({ state: 'canceled' })
  })

  it('stays stopped over a restart, a resume and another place in the list', async () => {
    const first = await open()
    first.commandStrategy('stop_strategy', 0)
    await first.pass(20)
    const second = await restart(first.memory.records, SWAPPED)
    expect(second.control.stoppedStrategies).toBe(0b10)
    second.command('resume', -1, { who: 'ann', reason: 'go on' })
    second.enter(0, 'enter_long', 10_003, { strategy: 1 })
    await second.pass(20)
    expect(denials(second)).toEqual([RESULT_CODES.strategy_stopped])
    second.enter(0, 'enter_long', 10_003, { strategy: 0 })
    await second.pass(50)
    expect(second.lots(0)).toBeGreaterThan(0)
  })

  it('is in a checkpoint, and an early one without it is read', async () => {
    const rig = await open()
    rig.commandStrategy('stop_strategy', 0)
    await rig.pass(20)
    const bytes = encodeState(rig.state)
    const again = new ExecutionState()
    expect(restoreState(bytes, again)).toBeUndefined()
    expect(again.strategyStops.has('loser')).toBe(true)
    const { strategyStops: _, ...early } = JSON.parse(new TextDecoder().decode(bytes))
    const old = new ExecutionState()
    expect(restoreState(new TextEncoder().encode(JSON.stringify(early)), old)).toBeUndefined()
    expect(old.strategyStops.has('loser')).toBe(false)
  })

  it('is stopped once for a key, and the same request is answered again', async () => {
    const key = { keyHash: 'k', requestHash: 'stop loser' }
    const rig = await open()
    rig.commandStrategy('stop_strategy', 0, key)
    rig.commandStrategy('start_strategy', 0)
    const number = rig.commandStrategy('stop_strategy', 0, key)
    await rig.pass(20)
    expect(answerOf(rig, number)).toBe(RESULT_CODES.ok)
    expect(rig.control.stoppedStrategies).toBe(0)
  })
})
