import { describe, expect, it } from 'vitest'
import { PaperGateway } from '../../src/execution/gateway/paper-gateway.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { FakeExchange } from './fake-exchange.ts'
import { createInstrument, Rig, type RigOptions, startRig } from './rig.ts'

const KEY = 'linear:S0USDT'
const WHO = { who: 'ann', reason: 'tried in a test' }

/** What execution answered to the command. */
function answer(rig: Rig, command: number): number | undefined {
  const answers = rig.seen('trading_state').filter((each) => each[audit.AUDIT_COMMAND] === command)
  return answers.at(-1)?.[audit.AUDIT_REASON]
}

function phases(rig: Rig): string[] {
  return rig.records('stop').map(({ phase, stop }) => `${stop} ${phase}`)
}

/** Long 99 lots of the first instrument on paper. */
async function open(options: RigOptions = {}): Promise<Rig> {
  const rig = await startRig(options)
  rig.enter(0, 'enter_long', 10_003)
  await rig.pass(20)
  expect(rig.lots(0)).toBe(99)
  return rig
}

/** An actor on an exchange with an account, agreed with it. */
async function connect(exchange = new FakeExchange()) {
  const rig = new Rig({
    gateway: () => exchange,
    options: { entryTimeInForce: 'gtc', restMsMax: 1e6 },
  })
  await rig.start()
  for (const { index } of rig.instruments) rig.quote(index, 10_000)
  exchange.link(true, rig.clock.nowUs())
  await rig.pass(200)
  expect(rig.actor.truth.isHealthy).toBe(true)
  return { rig, exchange }
}

/** Fills whatever of ours is open and closes something, as a market would. */
async function passFilling(rig: Rig, exchange: FakeExchange, durationMs: number): Promise<void> {
  for (let ms = 0; ms < durationMs; ms += 50) {
    for (const [id, { approved, order }] of exchange.orders) {
      if (approved?.isReduceOnly === true && order.state === 'open') {
        exchange.fill(id, order.lots, rig.clock.nowUs())
      }
    }
    await rig.pass(50, 50)
  }
}

describe('a kill on paper', () => {
  it('cancels, closes, sees that all is flat, and stays halted', async () => {
    const rig = await open({ options: { entryTimeInForce: 'gtc', restMsMax: 60_000 } })
    rig.enter(1, 'enter_long', 9_990)
    await rig.pass(20)
    expect(rig.state.unfinished.size).toBe(1)
    const number = rig.command('kill', -1, WHO)
    await rig.pass(2_000)
    expect(answer(rig, number)).toBe(0)
    expect(rig.lots(0)).toBe(0)
    expect(rig.state.unfinished.size).toBe(0)
    expect(phases(rig)).toEqual(['kill ordered', 'kill flat'])
    expect(rig.records('stop')[0]).toMatchObject({ ...WHO, command: number, positions_open: 1 })
    expect(rig.control.state).toBe('halted')
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(1_500)
    expect(rig.records('intent_denied').at(-1)?.reason).toBe('kill_latch')
  })

  it('is one kill however often it is asked for', async () => {
    const rig = await open()
    rig.command('kill')
    rig.command('kill')
    rig.control.killed = true
    await rig.pass(2_000)
    rig.command('kill')
    await rig.pass(2_000)
    expect(phases(rig)).toEqual(['kill ordered', 'kill flat'])
    expect(rig.records('command')).toHaveLength(3)
  })

  it('is undone by nothing but a release with a name and a reason', async () => {
    const rig = await open()
    rig.books.lose(0)
    rig.command('kill')
    await rig.pass(100)
    const early = rig.command('release', -1, WHO)
    rig.quote(0, 10_000)
    await rig.pass(2_000)
    const refused = [
      rig.command('resume', -1, WHO),
      rig.command('reduce_only', -1, WHO),
      rig.command('release'),
      rig.command('release', -1, { who: ' ', reason: 'x' }),
    ]
    await rig.pass(20)
    expect([early, ...refused].map((number) => answer(rig, number))).toEqual([
      221, 216, 216, 401, 401,
    ])
    expect(rig.control.state).toBe('halted')
    const released = rig.command('release', -1, WHO)
    await rig.pass(20)
    expect(answer(rig, released)).toBe(0)
    expect(rig.control.state).toBe('halted')
    expect(rig.records('command').at(-1)).toMatchObject({ ...WHO, command: 'release', code: 'ok' })
    const resumed = rig.command('resume')
    await rig.pass(20)
    expect(answer(rig, resumed)).toBe(0)
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(20)
    expect(rig.lots(0)).toBe(99)
  })

  it('goes on after a crash, and stays after it', async () => {
    const rig = await open()
    rig.books.lose(0)
    rig.command('kill', -1, WHO)
    await rig.pass(100)
    expect(rig.lots(0)).toBe(99)
    const again = await startRig({ records: rig.memory.records, run: 2, clock: rig.clock })
    await again.pass(2_000)
    expect(again.lots(0)).toBe(0)
    expect(again.state.stops.kill?.phase).toBe('flat')
    const third = await startRig({ records: again.memory.records, run: 3, clock: rig.clock })
    const resumed = third.command('resume')
    await third.pass(100)
    expect(answer(third, resumed)).toBe(216)
    expect(third.control.state).toBe('halted')
  })

  it('closes in a book that is thin, at market once a limit found nobody', async () => {
    const rig = await open()
    rig.books.set(
      0,
      [
        [9_999, 10],
        [9_700, 1000],
      ],
      [[10_001, 10]],
    )
    rig.command('kill')
    await rig.pass(30_000, 50)
    expect(rig.lots(0)).toBe(0)
  })

  it('tells a person after its bound, and is flat as soon as it can be', async () => {
    const rig = await open()
    rig.books.lose(0)
    rig.command('kill')
    await rig.pass(240_000, 500)
    expect(phases(rig)).toEqual(['kill ordered', 'kill stuck'])
    expect(rig.counters.get('stops_stuck')).toBe(1)
    rig.quote(0, 10_000)
    await rig.pass(20_000, 100)
    expect(phases(rig)).toEqual(['kill ordered', 'kill stuck', 'kill flat'])
    expect(rig.lots(0)).toBe(0)
  })
})

describe('a kill on an account', () => {
  it('closes what only the exchange knows, with the private stream down', async () => {
    const { rig, exchange } = await connect()
    exchange.isTelling = false
    exchange.link(false, rig.clock.nowUs())
    exchange.positions.set(KEY, -7)
    await rig.pass(100)
    expect(rig.lots(0)).toBe(0)
    rig.command('kill')
    await passFilling(rig, exchange, 20_000)
    expect(exchange.positions.get(KEY)).toBe(0)
    expect(rig.lots(0)).toBe(0)
    expect(phases(rig).at(-1)).toBe('kill flat')
  })

  it('is not flat while a call fails, and goes on with those that do not', async () => {
    const exchange = new FakeExchange()
    const { cancelAll } = exchange.account
    let cancels = 0
    Object.assign(exchange.account, {
      cancelAll: async (nowUs: number) => {
        cancels++
        return cancels < 4 ? { kind: 'unknown', message: 'lost' } : cancelAll(nowUs)
      },
    })
    const { rig } = await connect(exchange)
    exchange.positions.set(KEY, 7)
    await passFilling(rig, exchange, 80_000)
    expect(rig.lots(0)).toBe(7)
    exchange.isDown = true
    rig.command('kill')
    await passFilling(rig, exchange, 10_000)
    expect(exchange.positions.get(KEY)).toBe(0)
    expect(phases(rig)).toEqual(['kill ordered'])
    expect(rig.counters.get('kill_calls_failed')).toBeGreaterThan(5)
    expect(cancels).toBeGreaterThan(3)
    exchange.isDown = false
    await passFilling(rig, exchange, 10_000)
    expect(phases(rig)).toEqual(['kill ordered', 'kill flat'])
  })

  it('closes although nobody tells the fate of an order of the symbol, and is not flat', async () => {
    const { rig, exchange } = await connect()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(20)
    const [id] = [...exchange.orders.keys()]
    exchange.fill(id, 50, rig.clock.nowUs())
    await rig.pass(20)
    expect(rig.lots(0)).toBe(50)
    const { query } = exchange
    exchange.query = () => Promise.resolve({ kind: 'unknown', message: 'no answer' })
    exchange.isTelling = false // that the rest of it is canceled
    rig.command('kill')
    await rig.pass(10)
    exchange.isTelling = true
    await passFilling(rig, exchange, 12_000)
    expect(rig.state.orders.get(id)?.state).toBe('canceling')
    expect(exchange.positions.get(KEY)).toBe(0)
    expect(rig.lots(0)).toBe(0)
    expect(phases(rig)).toEqual(['kill ordered'])
    exchange.query = query
    await passFilling(rig, exchange, 20_000)
    expect(phases(rig)).toEqual(['kill ordered', 'kill flat'])
  })

  it('closes again when a closing order got lost and nobody tells its fate', async () => {
    const { rig, exchange } = await connect()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(20)
    const [id] = [...exchange.orders.keys()]
    exchange.fill(id, 99, rig.clock.nowUs())
    await rig.pass(20)
    exchange.query = () => Promise.resolve({ kind: 'unknown', message: 'no answer' })
    exchange.isLosing = true
    rig.command('kill')
    await rig.pass(9_000, 50)
    expect(rig.state.orders.size).toBe(2)
    exchange.isLosing = false
    await passFilling(rig, exchange, 5_000)
    expect(exchange.positions.get(KEY)).toBe(0)
    expect([...rig.state.orders.values()].map(({ terms }) => terms.reduce_only)).toEqual([
      false,
      true,
      true,
    ])
  })

  it('asks no breaker', async () => {
    const { rig, exchange } = await connect()
    exchange.positions.set(KEY, 7)
    await passFilling(rig, exchange, 80_000)
    exchange.isDown = true
    for (let i = 0; i < 3; i++) {
      rig.actor.truth.request(rig.clock.nowUs())
      await rig.pass(70_000, 1000)
    }
    expect(rig.records('breaker').at(-1)).toMatchObject({ breaker: 'account', state: 'open' })
    exchange.isDown = false
    rig.command('kill')
    await passFilling(rig, exchange, 5_000)
    expect(exchange.positions.get(KEY)).toBe(0)
    expect(phases(rig)).toEqual(['kill ordered', 'kill flat'])
  })

  it('closes without a live book, at the last price that is known', async () => {
    const { rig, exchange } = await connect()
    exchange.positions.set(KEY, 7)
    await passFilling(rig, exchange, 80_000)
    rig.books.lose(0)
    rig.command('kill')
    await passFilling(rig, exchange, 5_000)
    expect(rig.records('order_created').at(-1)).toMatchObject({ side: 'sell', lots: 7 })
    expect(phases(rig)).toEqual(['kill ordered', 'kill flat'])
  })

  it('looks on when it is flat, and closes what somebody opens', async () => {
    const { rig, exchange } = await connect()
    rig.command('kill')
    await rig.pass(2_000)
    expect(phases(rig)).toEqual(['kill ordered', 'kill flat'])
    exchange.isTelling = false
    exchange.fillForeign(KEY, 'buy', 5, rig.clock.nowUs())
    await passFilling(rig, exchange, 60_000)
    expect(exchange.positions.get(KEY)).toBe(0)
    expect(phases(rig).slice(2)).toEqual(['kill ordered', 'kill flat'])
  })
})

describe('a flatten', () => {
  it('is on record until it is flat, and goes on after a crash', async () => {
    const rig = await open()
    rig.books.lose(0)
    rig.command('flatten', -1, WHO)
    await rig.pass(100)
    expect(phases(rig)).toEqual(['flatten ordered'])
    const again = await startRig({ records: rig.memory.records, run: 2, clock: rig.clock })
    await again.pass(1_000)
    expect(again.lots(0)).toBe(0)
    expect(phases(again)).toEqual(['flatten ordered', 'flatten flat'])
    expect(again.control.state).toBe('reduce_only')
  })

  it('of one symbol leaves the others alone, and a resume ends it', async () => {
    const instruments = [createInstrument(0), createInstrument(1)]
    const rig = await open({ instruments })
    rig.books.lose(0)
    rig.command('flatten', 0)
    await rig.pass(100)
    expect(rig.records('stop')[0]).toMatchObject({ symbol: 'S0USDT', category: 'linear' })
    rig.command('resume', -1, WHO)
    rig.quote(0, 10_000)
    await rig.pass(100)
    expect(phases(rig)).toEqual(['flatten ordered', 'flatten released'])
    expect(rig.lots(0)).toBe(99)
  })
})

it('a closing order leaves through a paper gateway that refuses everything that opens', async () => {
  const rig = await open({
    gateway: (paper) => {
      const submit = paper.submit.bind(paper)
      let isDown = false
      paper.submit = (order, nowUs) => {
        if (isDown && !order.isReduceOnly) {
          return Promise.resolve({ kind: 'unknown', message: 'lost' })
        }
        isDown = true
        return submit(order, nowUs)
      }
      expect(paper).toBeInstanceOf(PaperGateway)
      return paper
    },
  })
  rig.command('kill')
  await rig.pass(2_000)
  expect(rig.lots(0)).toBe(0)
})
