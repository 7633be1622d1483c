import { describe, expect, it } from 'vitest'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { decodeJournalRecord, encodeJournalRecord } from '../../src/domain/journal-codec.ts'
import type { Account, Gateway } from '../../src/execution/gateway/gateway.ts'
import type { ApprovedAmend } from '../../src/execution/risk/amend-gate.ts'
import type { ApprovedOrder } from '../../src/execution/risk/risk-gate.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig } from './rig.ts'

/** The way to an exchange whose answers about the account wait until they are let go. */
class SlowLooks implements Gateway {
  readonly account: Account
  readonly #exchange: FakeExchange
  #isHeld = false
  #waiting: (() => void)[] = []

  constructor(exchange: FakeExchange) {
    this.#exchange = exchange
    const { account } = exchange
    this.account = {
      ...account,
      executions: async (sinceUs, nowUs) => this.#wait(await account.executions(sinceUs, nowUs)),
      positions: async (nowUs) => this.#wait(await account.positions(nowUs)),
    }
  }

  hold(): void {
    this.#isHeld = true
  }

  /** Answers what was asked so far, as it was then. */
  letGo(): void {
    this.#isHeld = false
    for (const answer of this.#waiting.splice(0)) answer()
  }

  async #wait<T>(value: T): Promise<T> {
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return value
  }

  submit(approved: ApprovedOrder) {
    return this.#exchange.submit(approved)
  }

  cancel(orderLinkId: string, nowUs: number) {
    return this.#exchange.cancel(orderLinkId, nowUs)
  }

  amend(amend: ApprovedAmend, nowUs: number) {
    return this.#exchange.amend(amend, nowUs)
  }

  query(orderLinkId: string, nowUs: number) {
    return this.#exchange.query(orderLinkId, nowUs)
  }

  async openOrders() {
    return this.#wait(await this.#exchange.openOrders())
  }

  advance(): void {}

  nextEvent() {
    return this.#exchange.nextEvent()
  }

  nextDueUs(): number {
    return this.#exchange.nextDueUs()
  }
}

async function open(): Promise<{ rig: Rig; exchange: FakeExchange; looks: SlowLooks }> {
  const exchange = new FakeExchange()
  const looks = new SlowLooks(exchange)
  const rig = new Rig({ gateway: () => looks })
  expect((await rig.start()).ok).toBe(true)
  rig.quote(0, 10_000)
  return { rig, exchange, looks }
}

function types(rig: Rig): JournalRecord['type'][] {
  return rig.memory.records.map(({ type }) => type)
}

describe('an answer about the account', () => {
  it('that was asked for before the link was lost proves nothing after it', async () => {
    const { rig, exchange, looks } = await open()
    looks.hold()
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(100)
    exchange.link(false, rig.clock.nowUs())
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(100)
    // Flat when it was asked; by now it is not.
    exchange.positions.set('linear:S0USDT', 3)
    looks.letGo()
    await rig.pass(500)
    expect(rig.actor.truth.isHealthy).toBe(false)
    expect(types(rig)).not.toContain('account_reconciled')
    await rig.pass(15_000, 50)
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(rig.lots(0)).toBe(3)
    // Every record of it can be read again.
    for (const record of rig.memory.records) {
      expect(decodeJournalRecord(encodeJournalRecord(record)).ok).toBe(true)
    }
  })

  it('knows the orders that were made while it was on its way', async () => {
    const { rig, exchange, looks } = await open()
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(3_000)
    expect(rig.actor.truth.isHealthy).toBe(true)
    // The periodic look begins, and an order is made and filled before its answer comes.
    const ask = exchange.calls
    looks.hold()
    for (let i = 0; i < 20_000 && exchange.calls === ask; i += 50) await rig.pass(50, 50)
    expect(exchange.calls).toBeGreaterThan(ask)
    exchange.isTelling = false
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    const [id] = [...rig.state.orders.keys()]
    exchange.fill(id, 1, rig.clock.nowUs())
    looks.letGo()
    await rig.pass(60_000, 100)
    expect(types(rig)).not.toContain('external_fill')
    expect(types(rig).filter((type) => type === 'fill')).toHaveLength(1)
    expect(exchange.canceled.filter((other) => other !== id)).toEqual([])
    expect(rig.lots(0)).toBe(1)
  })
})

describe('an order whose fate nobody could tell', () => {
  it('is looked up again once the exchange answers, after it was given to a person', async () => {
    const { rig, exchange } = await open()
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(3_000)
    exchange.isDeaf = true
    exchange.isDown = true
    exchange.isTelling = false
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    const [id] = [...rig.state.orders.keys()]
    await rig.pass(120_000, 500)
    expect(rig.counters.get('orders_unresolved')).toBe(1)
    expect(rig.state.tradingState).toBe('halted')
    expect(rig.state.unfinished.has(id)).toBe(true)
    exchange.isDown = false
    await rig.pass(120_000, 500)
    expect(rig.state.unfinished.size).toBe(0)
    expect(rig.counters.get('orders_unresolved')).toBe(1)
    expect(rig.actor.truth.isHealthy).toBe(true)
  })
})

describe('a cancel that did not get there', () => {
  it('is sent again for as long as the exchange says that the order is open', async () => {
    const { rig, exchange } = await open()
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(3_000)
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    const [id] = [...rig.state.orders.keys()]
    const { cancel } = exchange
    let lost = 0
    exchange.cancel = () => {
      lost++
      return Promise.resolve({ kind: 'unknown', message: 'no answer' })
    }
    await rig.pass(20_000, 100)
    expect(rig.state.orders.get(id)?.state).toBe('canceling')
    // About once in each time to look it up, not at every look.
    expect(lost).toBeGreaterThanOrEqual(3)
    expect(lost).toBeLessThanOrEqual(8)
    exchange.cancel = cancel.bind(exchange)
    await rig.pass(20_000, 100)
    expect(rig.state.orders.get(id)?.state).toBe('canceled')
    expect(rig.state.tradingState).toBe('active')
  })
})

describe('a record that could not be read back', () => {
  it('is refused before anything builds on it', async () => {
    const { rig } = await open()
    const before = rig.state.records
    const isKept = rig.ledger.commit({
      type: 'day_started',
      time_us: rig.clock.nowUs(),
      day: 0.5,
      equity_quote: Number.NaN,
    })
    expect(isKept).toBe(false)
    expect(rig.state.records).toBe(before)
    expect(await rig.ledger.flush()).toBe(true)
    expect(types(rig)).not.toContain('day_started')
  })
})
