import { afterEach, describe, expect, test } from 'vitest'
import { CLIENT_BACKLOG_BYTES_MAX, CLIENT_BACKLOG_BYTES_SOFT } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { Counters } from '../../src/memory/counters.ts'
import type { DeskStream } from '../../src/stream/desk-stream.ts'
import type { DeskSocket, StreamServer } from '../../src/stream/stream-server.ts'
import { listenUws } from '../../src/stream/uws-server.ts'
import { listenWs } from '../../src/stream/ws-server.ts'
import { createDeskStream, createDeskWorld, type DeskWorld } from './desk-fixture.ts'
import { SERVERS } from './desk-run.ts'
import { RawClient, until, type Wire } from './raw-client.ts'

const SYMBOLS = Array.from({ length: 40 }, (_, at) => `COIN${at}USDT`)
/**
 * Largest single frame in these tests: a row as JSON. What is sent just below the bound may pass it
 * by one frame.
 */
const FRAME_BYTES = 16 * 1024

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A stream whose loop the test turns by hand, and whose sockets it can look into. */
async function serve(world: DeskWorld, kind: string, clock: ManualClock) {
  const stream = createDeskStream(world, clock)
  const sockets: DeskSocket[] = []
  const listen = kind === 'uws' ? listenUws : listenWs
  const listening = await listen(
    {
      host: '127.0.0.1',
      port: 0,
      requestBytesMax: 65_536,
      backlogBytesMax: CLIENT_BACKLOG_BYTES_MAX,
      pingPeriodMs: 30_000,
    },
    (socket, request) => {
      sockets.push(socket)
      return stream.accept(socket, request)
    },
  )
  if (!listening.ok) throw new Error(listening.message)
  const server: StreamServer = listening.value
  closers.push(() => server.close())
  return { stream, sockets, port: server.port }
}

async function connect(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  closers.push(() => client.close())
  return client
}

/** Subscribes one client to every channel of features, with its snapshots received. */
async function follow(stream: DeskStream, port: number): Promise<RawClient> {
  const client = await connect(port)
  client.ask({ op: 'subscribe', channels: ['features.*', 'trades.*'] })
  await client.answer('subscribed')
  stream.doWork()
  await until(() => client.messages.length === 1 + 2 * SYMBOLS.length)
  return client
}

/** One row of every symbol, one tick, one turn of the event loop. */
async function turn(world: DeskWorld, stream: DeskStream, clock: ManualClock): Promise<void> {
  clock.advance(5000)
  for (let at = 0; at < SYMBOLS.length; at++) world.row(at, 0)
  stream.doWork()
  await new Promise((resolve) => setImmediate(resolve))
}

describe.each(SERVERS)('a client that stops reading, served by %s', (kind, loads) => {
  const check = loads ? test : test.skip
  const why = loads ? '' : ' (skipped: uWebSockets.js has no binary here)'

  check(`holds a bounded backlog, delays nobody, and is told what it missed${why}`, async () => {
    const clock = new ManualClock(1_000_000)
    const world = createDeskWorld(SYMBOLS, 5, () => clock.nowUs())
    SYMBOLS.forEach((_, at) => {
      world.book(at, [[100, 5]], [[101, 5]])
      world.row(at, at)
    })
    const { stream, sockets, port } = await serve(world, kind, clock)
    const slow = await follow(stream, port)
    const fast = await follow(stream, port)
    slow.socket.pause()

    let turns = 0
    let backlogMax = 0
    let stalledTurns = 0
    while (stalledTurns < 100) {
      await turn(world, stream, clock)
      if (++turns % 10 === 0) world.trade(0, 1000 + turns, 1, 1)
      const backlog = sockets[0].backlogBytes()
      backlogMax = Math.max(backlogMax, backlog)
      if (backlog > CLIENT_BACKLOG_BYTES_SOFT) stalledTurns++
    }
    // A hundred turns of 40 rows would be 12 MB more, had they been queued.
    expect(backlogMax).toBeLessThan(CLIENT_BACKLOG_BYTES_SOFT + FRAME_BYTES)

    await until(() => fast.of('features.COIN7USDT').length === turns + 1)
    for (const symbol of SYMBOLS) expectWhole(fast.of(`features.${symbol}`), 0)

    slow.socket.resume()
    let drained = 0
    while (drained++ < 20 || sockets[0].backlogBytes() > 0) await turn(world, stream, clock)
    const newest = turns + drained
    await until(() => slow.of('features.COIN39USDT').some((frame) => frame.row === newest))
    let missed = 0
    for (const symbol of SYMBOLS) missed += expectWhole(slow.of(`features.${symbol}`), 1)
    expect(missed).toBeGreaterThan(90 * SYMBOLS.length)
    expect(fast.messages.every((message) => !message.missed)).toBe(true)
    const conflated = new Counters(world.buffers.counters).get('stream_conflated')
    expect(conflated).toBeGreaterThanOrEqual(missed)
  })

  check(`is closed with 1013 when it stays stalled${why}`, async () => {
    const clock = new ManualClock(1_000_000)
    const world = createDeskWorld(SYMBOLS, 5, () => clock.nowUs())
    SYMBOLS.forEach((_, at) => {
      world.book(at, [[100, 5]], [[101, 5]])
    })
    SYMBOLS.forEach((_, at) => {
      world.row(at, at)
    })
    const { stream, sockets, port } = await serve(world, kind, clock)
    const slow = await follow(stream, port)
    const fast = await follow(stream, port)
    slow.socket.pause()
    while (sockets[0].backlogBytes() <= CLIENT_BACKLOG_BYTES_SOFT) await turn(world, stream, clock)
    await turn(world, stream, clock)
    const counters = new Counters(world.buffers.counters)
    expect(counters.get('clients_closed_slow')).toBe(0)
    clock.advance(61_000_000)
    await turn(world, stream, clock)
    expect(counters.get('clients_closed_slow')).toBe(1)
    slow.socket.resume()
    expect(await slow.closed()).toBe(1013)
    const before = fast.of('features.COIN0USDT').length
    await turn(world, stream, clock)
    await until(() => fast.of('features.COIN0USDT').length > before)
  })
})

/** Every row is either there or counted in `missed`; answers the sum of the latter. */
function expectWhole(frames: Wire[], missedMin: number): number {
  let missed = 0
  frames.forEach((frame, at) => {
    expect(frame.seq).toBe(at + 1)
    missed += Number(frame.missed)
    expect(Number(frame.row)).toBe(at + 1 + missed)
  })
  expect(missed).toBeGreaterThanOrEqual(missedMin)
  return missed
}
