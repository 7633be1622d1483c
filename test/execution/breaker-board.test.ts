import { describe, expect, it } from 'vitest'
import { BreakerBoard } from '../../src/execution/breaker/breaker-board.ts'
import { GuardedGateway } from '../../src/execution/breaker/guarded-gateway.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig, startRig } from './rig.ts'

const S = 1_000_000

function createBoard() {
  const rig = new Rig()
  const states: string[] = []
  const signs = { setBreaker: (name: string, state: string) => states.push(`${name} ${state}`) }
  const board = new BreakerBoard(DEFAULT_EXECUTION_OPTIONS.breakers, rig.ledger, signs)
  return { board, rig, states }
}

describe('the breakers', () => {
  it('are one a class: placement opens at the third failure, the others at the fifth', () => {
    const { board, states } = createBoard()
    for (const endpoint of ['placement', 'account', 'market'] as const) {
      for (let i = 0; i < 4; i++) board.note(endpoint, 'failed', i * S)
    }
    expect(states).toEqual(['placement open'])
    expect(board.claim('placement', 4 * S)).toBe(false)
    expect(board.claim('account', 4 * S)).toBe(true)
    board.note('account', 'failed', 4 * S)
    expect(board.claim('account', 5 * S)).toBe(false)
    expect(board.claim('market', 5 * S)).toBe(true)
  })

  it('never keep back a cancel or a close, however often those fail', () => {
    const { board, states } = createBoard()
    for (let i = 0; i < 50; i++) board.note('cancel', 'failed', i)
    expect(states).toEqual(['cancel open'])
    expect(board.claim('cancel', 60)).toBe(true)
  })

  it('take a business refusal for an answer, and count each outcome by itself', () => {
    const { board, rig, states } = createBoard()
    for (let i = 0; i < 100; i++) board.note('placement', 'rejected', i)
    board.note('placement', 'ok', 100)
    board.note('placement', 'failed', 101)
    expect(states).toEqual([])
    const { counters } = rig
    expect(counters.get('calls_placement_rejected')).toBe(100)
    expect(counters.get('calls_placement_ok')).toBe(1)
    expect(counters.get('calls_placement_failed')).toBe(1)
  })

  it('are on record by name', () => {
    const { board, rig } = createBoard()
    for (let i = 0; i < 5; i++) board.note('account', 'failed', i * S)
    void rig.ledger.flush()
    expect(rig.records('breaker')).toMatchObject([{ breaker: 'account', state: 'open' }])
    expect(rig.counters.get('breaker_trips')).toBe(1)
  })
})

describe('the gateway behind them', () => {
  it('takes what never left for no answer, and gives its permission back', async () => {
    const { board, rig, states } = createBoard()
    const exchange = new FakeExchange()
    const unsent = { kind: 'rejected', code: 'exchange_call_limit', message: '' } as const
    exchange.submit = () => Promise.resolve({ ...unsent, isUnsent: true })
    const gateway = new GuardedGateway(exchange, board, rig.clock, () => false)
    for (let i = 0; i < 3; i++) board.note('placement', 'failed', rig.clock.nowUs())
    rig.clock.advance(61 * S)
    const checked = new RiskGate(DEFAULT_EXECUTION_OPTIONS).check(CALM_INTENT, CALM_FACTS)
    if (!checked.ok) return expect.unreachable(checked.message)
    expect(board.placement.claim(rig.clock.nowUs(), checked.value)).toBe(true)
    await gateway.submit(checked.value, rig.clock.nowUs())
    gateway.review(rig.clock.nowUs())
    expect(states.at(-1)).toBe('placement half_open')
    expect(board.placement.allows(rig.clock.nowUs())).toBe(true)
  })

  it('asks for transfers while the account is well alone, and takes no word from them', async () => {
    const { board, rig, states } = createBoard()
    const exchange = new FakeExchange()
    exchange.isSilentOfTransfers = true
    const { account } = new GuardedGateway(exchange, board, rig.clock, () => false)
    for (let i = 0; i < 9; i++) await account?.transfers?.(0, rig.clock.nowUs())
    expect(states).toEqual([])
    for (let i = 0; i < 5; i++) board.note('account', 'failed', rig.clock.nowUs())
    const { calls } = exchange
    expect(await account?.transfers?.(0, rig.clock.nowUs())).toMatchObject({ kind: 'unknown' })
    expect(exchange.calls).toBe(calls)
  })

  it('is not asked for lists while the breaker of the account is open, but for a kill', async () => {
    const { board, rig } = createBoard()
    const exchange = new FakeExchange()
    let isUrgent = false
    const gateway = new GuardedGateway(exchange, board, rig.clock, () => isUrgent)
    for (let i = 0; i < 5; i++) board.note('account', 'failed', rig.clock.nowUs())
    expect(await gateway.account?.positions(0)).toMatchObject({ kind: 'unknown' })
    expect(await gateway.openOrders(0)).toMatchObject({ kind: 'unknown' })
    expect(exchange.calls).toBe(0)
    expect(rig.counters.get('calls_kept_back')).toBe(2)
    expect(await gateway.query('bf-1-1', 0)).toMatchObject({ kind: 'not_found' })
    isUrgent = true
    expect(await gateway.account?.positions(0)).toMatchObject({ kind: 'positions' })
    expect(exchange.calls).toBe(1)
  })

  it('tells of calls that it makes by itself', () => {
    const { board, rig } = createBoard()
    const exchange = Object.assign(new FakeExchange(), {
      takeOwnCalls: () => [{ endpoint: 'market', outcome: 'failed' } as const],
    })
    const gateway = new GuardedGateway(exchange, board, rig.clock, () => false)
    for (let i = 0; i < 5; i++) gateway.review(i * S)
    expect(rig.counters.get('calls_market_failed')).toBe(5)
    expect(board.claim('market', 5 * S)).toBe(false)
  })

  it('counts what a closing order comes to as a close, and not as a placement', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(20)
    rig.enter(0, 'exit', 9_990)
    await rig.pass(20)
    expect(rig.lots(0)).toBe(0)
    expect(rig.counters.get('calls_placement_ok')).toBe(1)
    expect(rig.counters.get('calls_cancel_ok')).toBe(1)
    expect(rig.counters.get('positions_opened')).toBe(1)
    expect(rig.counters.get('positions_closed')).toBe(1)
    // Bought at the ask and sold at the bid, with fees.
    expect(rig.counters.get('positions_won')).toBe(0)
  })
})

it('an actor whose way out was closed sends nothing when it wakes up', async () => {
  const rig = await startRig()
  Object.assign(rig.control, { isWayOutClosed: () => true })
  rig.enter(0, 'enter_long', 10_003)
  await rig.pass(50)
  expect(rig.records('order_state').at(-1)).toMatchObject({
    to: 'canceled',
    reason: 'actor_silent',
  })
  expect(rig.lots(0)).toBe(0)
})
