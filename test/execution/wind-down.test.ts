import { describe, expect, it, vi } from 'vitest'
import type { Gateway } from '../../src/execution/gateway/gateway.ts'
import type { ExecutionOptions } from '../../src/execution/options.ts'
import { endInOrder } from '../../src/execution/wind-down.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig, startRig } from './rig.ts'

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

  it('goes on closing what a kill closes, and is done when all is flat', async () => {
    const rig = await busyRig()
    rig.command('kill')
    rig.actor.windDown()
    expect(rig.actor.isWoundDown).toBe(false)
    for (let i = 0; i < 40 && !rig.actor.isWoundDown; i++) await rig.pass(50)
    expect(rig.actor.isWoundDown).toBe(true)
    expect(rig.lots(1)).toBe(0)
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

/** An order rests at an exchange with an account. */
async function restAtExchange(options: Partial<ExecutionOptions> = {}) {
  const exchange = new FakeExchange()
  const rig = new Rig({ gateway: () => exchange, options: { ...RESTING, ...options } })
  await rig.start()
  for (const { index } of rig.instruments) rig.quote(index, 10_000)
  exchange.link(true, rig.clock.nowUs())
  await rig.pass(200)
  rig.enter(0, 'enter_long', 9_990)
  await rig.pass(50)
  expect([...exchange.orders.keys()]).toEqual(['bf-1-1'])
  return { exchange, rig }
}

/** How long the end took, and what was said of orders. */
async function end(rig: Rig, hasAccount: boolean) {
  const error = vi.spyOn(rig.ledger.log, 'error')
  const startUs = rig.clock.nowUs()
  const isStopped = await endInOrder(rig.actor, hasAccount, rig.clock, () => rig.pass(100, 100))
  const lines = error.mock.calls.map(([line]) => line)
  expect(isStopped).toBe(true)
  expect(rig.memory.records.at(-1)?.type).toBe('run_stopped')
  return { ms: (rig.clock.nowUs() - startUs) / 1000, left: rig.counters.get('orders_left'), lines }
}

describe('an end in order', () => {
  it('waits for an exchange that takes its time to answer', async () => {
    const { exchange, rig } = await restAtExchange()
    const cancel = exchange.cancel.bind(exchange)
    const answerUs = rig.clock.nowUs() + 5_000_000
    let isLate = false
    exchange.cancel = (id) => (isLate ? cancel(id, answerUs) : new Promise(() => {}))
    exchange.advance = () => {
      if (isLate || rig.clock.nowUs() < answerUs) return
      isLate = true
      void cancel('bf-1-1', answerUs)
    }
    const { left, lines, ms } = await end(rig, true)
    expect({ left, lines }).toEqual({ left: 0, lines: [] })
    expect(ms).toBeGreaterThanOrEqual(5_000)
    expect(ms).toBeLessThan(5_500)
  })

  it('names the orders that may still be open when its time is over', async () => {
    const { exchange, rig } = await restAtExchange()
    exchange.cancel = () => new Promise(() => {})
    exchange.isQueryHeld = true
    const { left, lines, ms } = await end(rig, true)
    expect({ left, ms }).toEqual({ left: 1, ms: 12_000 })
    expect(lines).toEqual([{ order_link_ids: ['bf-1-1'] }])
  })

  it('says nothing of orders that are kept, but of one whose fate is not known', async () => {
    const kept = await restAtExchange({ atStop: 'keep_orders' })
    expect(await end(kept.rig, true)).toMatchObject({ ms: 100, left: 0, lines: [] })
    const lost = await restAtExchange({ atStop: 'keep_orders' })
    Object.assign(lost.exchange, { isLosing: true, isQueryHeld: true })
    lost.rig.enter(1, 'enter_long', 9_990)
    await lost.rig.pass(50)
    const { lines } = await end(lost.rig, true)
    expect(lines.at(-1)).toEqual({ order_link_ids: ['bf-1-2'] })
  })

  it('takes a second on paper, and names what is left there too', async () => {
    const deaf = (paper: Gateway): Gateway => ({
      account: undefined,
      ...{ submit: paper.submit.bind(paper), amend: paper.amend.bind(paper) },
      ...{ query: paper.query.bind(paper), openOrders: paper.openOrders.bind(paper) },
      ...{ advance: paper.advance.bind(paper), nextEvent: paper.nextEvent.bind(paper) },
      nextDueUs: paper.nextDueUs.bind(paper),
      cancel: () => new Promise(() => {}),
    })
    const rig = await startRig({ options: RESTING, gateway: deaf })
    rig.enter(0, 'enter_long', 9_990)
    await rig.pass(50)
    expect(await end(rig, false)).toMatchObject({ ms: 1_000, left: 1 })
  })
})
