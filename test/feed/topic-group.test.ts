import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ROTATION_MS_MAX, ROTATION_OVERLAP_MS } from '../../src/constants.ts'
import { bookTopics, createHarness, type Harness, ManualTime, turn } from './pool-harness.ts'
import { ScriptedExchange } from './scripted-exchange.ts'

let exchange: ScriptedExchange
let harness: Harness
let time: ManualTime
let left: { topics: readonly number[]; connection: number }[]
let outOfChain: Set<number>

beforeEach(async () => {
  exchange = await ScriptedExchange.start()
  time = new ManualTime()
  left = []
  outOfChain = new Set()
})

afterEach(async () => {
  const stopped = harness.pool.stop()
  await time.advance(1500)
  await stopped
  await exchange.stop()
})

type Overrides = Partial<Parameters<typeof createHarness>[1]>

async function start(overrides: Overrides): Promise<void> {
  harness = createHarness(exchange, {
    ...time.ports,
    topics: bookTopics(2, 2),
    onCarrierLeft: (topics, connection) => left.push({ topics, connection }),
    isInChain: (_, connection) => !outOfChain.has(connection),
    ...overrides,
  })
  harness.pool.start()
  await settle()
}

/** The loopback is slower than a turn when the machine is busy. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

function indexes(): number[] {
  return harness.pool.status().connections.map(({ connection }) => connection)
}

async function advance(durationMs: number): Promise<void> {
  await time.advance(durationMs)
  await settle()
}

const ALL = [0, 1, 2, 3]

describe('topics that two connections carry', () => {
  it('are subscribed on both, and lost with the second connection only', async () => {
    await start({ redundancy: 2 })
    expect(exchange.connections.map(({ subscribed }) => subscribed.size)).toEqual([4, 4])
    exchange.connections[0].tcp.destroy()
    await settle()
    expect(left).toEqual([{ topics: ALL, connection: 0 }])
    expect(harness.lost).toEqual([])
    exchange.connections[1].tcp.destroy()
    await settle()
    expect(left.map(({ connection }) => connection)).toEqual([0, 1])
    expect(harness.lost.map(({ topics }) => topics)).toEqual([ALL])
  })

  it('are lost with the first where the second has not said yes to them', async () => {
    exchange.script.ignores = ({ op, args }, { number }) =>
      op === 'subscribe' && number === 1 && args?.includes('publicTrade.S001USDT') === true
    await start({ redundancy: 2, topics: bookTopics(2, 2).slice(1) })
    expect(exchange.open).toHaveLength(2)
    exchange.connections[0].tcp.destroy()
    await settle()
    expect(harness.lost.map(({ topics }) => topics)).toEqual([[1, 2, 3]])
  })

  it('are asked for anew on one connection, and on the other the next time', async () => {
    await start({ redundancy: 2 })
    harness.pool.resync(0, 'gap')
    await advance(100)
    harness.pool.resync(0, 'gap')
    await advance(3000)
    const asked = exchange.connections.map(
      ({ requests }) => requests.filter(({ op }) => op === 'unsubscribe').length,
    )
    expect(asked).toEqual([1, 1])
  })

  it('are asked for anew at once while the other connection is down', async () => {
    await start({ redundancy: 2 })
    exchange.script.isMute = true
    exchange.connections[0].tcp.destroy()
    await settle()
    harness.pool.resync(0, 'gap')
    await settle()
    const asked = exchange.connections[1].requests.filter(({ op }) => op === 'unsubscribe')
    expect(asked).toHaveLength(1)
  })
})

describe('two connections of the same topics', () => {
  /** What each brings in each of so many seconds. */
  async function bring(first: number, second: number, seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      const [a, b] = exchange.open
      const due = harness.frames.length + first + second
      for (let n = 0; n < first; n++) a.socket.send('{"topic":"x"}')
      for (let n = 0; n < second; n++) b.socket.send('{"topic":"x"}')
      while (harness.frames.length < due) await settle()
      await advance(1000)
    }
  }

  it('are cut apart when one brings nothing while the other does, and nothing is lost', async () => {
    await start({ redundancy: 2 })
    await bring(1, 30, 2)
    await bring(0, 30, 2)
    expect(harness.counters.get('connections_behind')).toBe(0)
    await bring(0, 30, 1)
    expect(harness.counters.get('connections_behind')).toBe(1)
    expect(left).toEqual([{ topics: ALL, connection: 0 }])
    expect(harness.lost).toEqual([])
    await advance(5000)
    expect(exchange.open).toHaveLength(2)
    expect(exchange.open.at(-1)?.subscribed.size).toBe(4)
  })

  it('stay when both are quiet, when one is slower, and when the other hardly speaks', async () => {
    await start({ redundancy: 2 })
    await bring(0, 0, 5)
    await bring(1, 30, 5)
    await bring(0, 5, 5)
    expect(harness.counters.get('connections_behind')).toBe(0)
    expect(harness.counters.get('connections_lost')).toBe(0)
  })
})

describe('a connection that rotates', () => {
  /** Nobody trades here: silence is no reason to cut. */
  const ROTATE = { rotateAfterMs: 10_000, limits: { dataSilentMs: 0 } }

  it('is closed only after its successor has been in step for the overlap', async () => {
    outOfChain.add(1)
    await start(ROTATE)
    await advance(12_600)
    expect(exchange.open).toHaveLength(2)
    await advance(5000)
    expect([indexes(), left]).toEqual([[0], []])
    outOfChain.delete(1)
    await advance(ROTATION_OVERLAP_MS - 200)
    expect(exchange.open).toHaveLength(2)
    await advance(500)
    expect(exchange.open.map(({ number }) => number)).toEqual([1])
    expect(exchange.connections[0].closeCode).toBe(1000)
    expect([indexes(), left]).toEqual([[1], [{ topics: ALL, connection: 0 }]])
    expect(harness.lost).toEqual([])
    expect(harness.counters.get('connections_rotated')).toBe(1)
  })

  it('goes on when its successor does not come into step, and tries again later', async () => {
    outOfChain.add(1)
    await start(ROTATE)
    await advance(12_600 + ROTATION_MS_MAX)
    expect(harness.counters.get('rotations_failed')).toBe(1)
    expect(indexes()).toEqual([0])
    expect(left.map(({ connection }) => connection)).toEqual([1])
    expect(exchange.connections[0].closeCode).toBe(0)
    await advance(12_600 + ROTATION_OVERLAP_MS)
    expect(indexes()).toEqual([2])
    expect(harness.lost).toEqual([])
  })

  it('goes on when its successor cannot connect at all', async () => {
    await start(ROTATE)
    exchange.script.refuseStatus = 503
    await advance(12_600 + ROTATION_MS_MAX)
    expect(harness.counters.get('rotations_failed')).toBe(1)
    expect(harness.lost).toEqual([])
    expect(exchange.open.map(({ number }) => number)).toEqual([0])
  })

  it('may be lost while its successor takes over: nothing is lost with it', async () => {
    await start(ROTATE)
    while (exchange.open.length < 2) await advance(100)
    exchange.connections[0].tcp.destroy()
    await settle()
    expect(harness.lost).toEqual([])
    await advance(3000)
    expect(indexes()).toEqual([1])
  })
})
