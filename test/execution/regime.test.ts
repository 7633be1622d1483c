import { describe, expect, it } from 'vitest'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { RESULT_CODES } from '../../src/domain/result-codes.ts'
import type { Regime } from '../../src/domain/trading.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { type Rig, startRig } from './rig.ts'

const WHO = { who: 'ann', reason: 'the market is torn' }

function denials(rig: Rig): number[] {
  return rig.seen('denied').map((record) => record[audit.AUDIT_REASON])
}

function restart(records: readonly JournalRecord[], regime: Regime) {
  return startRig({ records, run: 2, options: { regime } })
}

describe('the regime', () => {
  it('of risk_off by command denies entries, cancels resting ones, lets closing go on, and is on record', async () => {
    const rig = await startRig({ options: { entryTimeInForce: 'gtc', restMsMax: 60_000 } })
    rig.enter(0, 'enter_long', 10_001)
    rig.enter(1, 'enter_long', 9_990)
    await rig.pass(50)
    expect(rig.lots(0)).toBeGreaterThan(0)
    expect(rig.state.unfinished.size).toBe(1)

    const number = rig.command('risk_off', -1, WHO)
    expect(rig.control.regime).toBe('risk_off')
    await rig.pass(50)
    expect(rig.state.unfinished.size).toBe(0)
    rig.enter(1, 'enter_long', 10_001)
    await rig.pass(20)
    expect(denials(rig)).toEqual([RESULT_CODES.risk_off])
    rig.enter(0, 'exit', 9_900)
    await rig.pass(50)
    expect(rig.lots(0)).toBe(0)

    const last = rig.records('regime').at(-1)
    expect(last).toMatchObject({ regime: 'risk_off', reason: 'command', command: number })
    expect(rig.records('command').at(-1)).toMatchObject({ command: 'risk_off', code: 'ok', ...WHO })
    const answers = rig.seen('trading_state').map((record) => record[audit.AUDIT_COMMAND])
    expect(answers).toContain(number)
    // The trading state is another matter.
    expect(rig.state.tradingState).toBe('active')

    rig.command('risk_on')
    rig.enter(1, 'enter_long', 10_001)
    await rig.pass(50)
    expect(rig.lots(1)).toBeGreaterThan(0)
    expect(rig.control.regime).toBe('risk_on')
  })

  it('stops an entry that passed the gate and waits for the disk', async () => {
    let isDue = false
    const rig: Rig = await startRig({
      journal: (memory) => ({
        run: memory.run,
        append: (record) => memory.append(record),
        close: () => memory.close(),
        flush: () => {
          if (isDue) rig.command('risk_off')
          isDue = false
          return memory.flush()
        },
      }),
    })
    rig.enter(0, 'enter_long', 10_001)
    isDue = true
    await rig.pass(50)
    const [order] = rig.records('order_created')
    expect(rig.state.orders.get(order.order_link_id)).toMatchObject({ state: 'canceled' })
    expect(rig.lots(0)).toBe(0)
  })

  it('of risk_off by a person outlives a restart and a resume, until a person takes it back', async () => {
    const first = await startRig()
    first.command('risk_off', -1, WHO)
    await first.settle()
    const second = await restart(first.memory.records, 'risk_on')
    expect([second.state.regime, second.control.regime]).toEqual(['risk_off', 'risk_off'])
    second.command('resume')
    second.enter(0, 'enter_long', 10_001)
    await second.pass(50)
    expect(second.records('order_created')).toEqual([])
    second.command('risk_on')
    await second.settle()
    const third = await startRig({ records: second.memory.records, run: 3 })
    expect(third.state.regime).toBe('risk_on')
  })

  it('as configured holds at each start, and is let go when the configuration is', async () => {
    const first = await startRig({ options: { regime: 'risk_off' } })
    first.enter(0, 'enter_long', 10_001)
    await first.pass(50)
    expect(denials(first)).toEqual([RESULT_CODES.risk_off])
    const second = await restart(first.memory.records, 'risk_on')
    expect(second.state.regime).toBe('risk_on')
    // What a person allowed in one run does not outlive a configuration that forbids it.
    second.command('risk_on')
    await second.settle()
    const third = await startRig({
      records: second.memory.records,
      run: 3,
      options: { regime: 'risk_off' },
    })
    expect(third.state.regime).toBe('risk_off')
  })

  it('of a watcher may be stricter than the one on record, never looser', async () => {
    const world: { regime: Regime } = { regime: 'risk_on' }
    const rig = await startRig({ guards: { regime: () => world.regime } })
    rig.command('risk_off')
    rig.enter(0, 'enter_long', 10_001)
    await rig.pass(20)
    rig.command('risk_on')
    world.regime = 'risk_off'
    rig.enter(0, 'enter_long', 10_002)
    await rig.pass(1100)
    expect(rig.records('order_created')).toEqual([])
    world.regime = 'risk_on'
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.records('order_created')).toHaveLength(1)
  })

  it('is part of a checkpoint', async () => {
    const rig = await startRig()
    rig.command('risk_off')
    await rig.settle()
    const restored = new ExecutionState()
    expect(restoreState(encodeState(rig.state), restored)).toBeUndefined()
    expect([restored.regime, restored.regimeReason]).toEqual(['risk_off', 'command'])
  })
})
