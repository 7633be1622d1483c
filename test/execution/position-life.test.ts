import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POSITION_STATES } from '../../src/domain/trading.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import {
  nextPositionState,
  POSITION_EVENTS,
  PositionLives,
  positionEvent,
} from '../../src/execution/position-life.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { type AtExchange, atExchange } from './at-exchange.ts'
import type { Rig } from './rig.ts'

const KEY = 'linear:S0USDT'

describe('the life of a position', () => {
  it('allows exactly these of its 21 cells', () => {
    const cell = (text: string) => text.padEnd(8)
    const rows = POSITION_STATES.map((state) => {
      const cells = POSITION_EVENTS.map((event) => cell(nextPositionState(state, event) ?? '.'))
      return `${cell(state)} | ${cells.join(' ').trimEnd()}`
    })
    const head = `${cell('')} | ${POSITION_EVENTS.map(cell).join(' ')}`
    expect(`\n${[head.trimEnd(), ...rows].join('\n')}\n`).toMatchInlineSnapshot(`
      "
               | open     enlarge  reduce   close    turn     leave    stay
      closed   | open     .        .        .        .        .        .
      open     | .        open     open     closed   open     closing  .
      closing  | .        closing  closing  closed   closing  .        open
      "
    `)
  })

  it('follows every way in which lots and closing orders can change', () => {
    const step = fc.record({ lots: fc.integer({ min: -3, max: 3 }), isLeaving: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const lives = new PositionLives()
        let before = 0
        for (const { isLeaving, lots } of steps) {
          lives.move(KEY, before, lots, isLeaving)
          before = lots
          const expected = isLeaving ? 'closing' : 'open'
          expect(lives.of(KEY)).toBe(lots === 0 ? 'closed' : expected)
        }
      }),
    )
  })

  it('calls each change of the size by one name', () => {
    const names = [
      [0, 2],
      [-2, 0],
      [1, -1],
      [-1, -3],
      [3, 1],
      [2, 2],
    ].map(([before, after]) => positionEvent(before, after))
    expect(names).toEqual(['open', 'close', 'turn', 'enlarge', 'reduce', undefined])
  })
})

describe('a position of the actor', () => {
  async function hold(): Promise<AtExchange> {
    const { exchange, rig } = await atExchange()
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    const [id] = rig.state.orders.keys()
    exchange.fill(id, rig.state.orders.get(id)?.terms.lots ?? 0, rig.clock.nowUs())
    await rig.settle()
    return { rig, exchange }
  }

  const told = (rig: Rig) =>
    rig.seen('position').map((record) => POSITION_STATES[record[audit.AUDIT_STATE]])

  it('opens, is closing while an exit is on its way, and closes; each is told', async () => {
    const { rig, exchange } = await hold()
    expect(rig.state.lives.of(KEY)).toBe('open')
    rig.enter(0, 'exit', 9_990)
    await rig.settle()
    expect(rig.state.lives.of(KEY)).toBe('closing')
    const exit = [...rig.state.orders.keys()].at(-1) ?? ''
    const { lots } = rig.state.orders.get(exit)?.terms ?? { lots: 0 }
    exchange.fill(exit, 1, rig.clock.nowUs())
    await rig.settle()
    expect(rig.state.lives.of(KEY)).toBe('closing')
    exchange.fill(exit, lots - 1, rig.clock.nowUs())
    await rig.settle()
    expect(rig.state.lives.of(KEY)).toBe('closed')
    expect(told(rig)).toEqual(['open', 'closing', 'closing', 'closed'])
  })

  it('is open again when its exit ended with something left, and so in a saved state', async () => {
    const { rig, exchange } = await hold()
    rig.enter(0, 'exit', 9_990)
    await rig.settle()
    const saved = new ExecutionState()
    expect(restoreState(encodeState(rig.state), saved)).toBeUndefined()
    expect(saved.lives).toEqual(rig.state.lives)
    rig.command('cancel_all')
    await rig.pass(50)
    expect(exchange.canceled).toHaveLength(1)
    expect(rig.state.lives.of(KEY)).toBe('open')
    expect(told(rig).at(-1)).toBe('open')
    exchange.fillForeign(KEY, 'sell', rig.lots(0), rig.clock.nowUs())
    await rig.pass(50)
    expect(rig.state.lives.of(KEY)).toBe('closed')
  })
})
