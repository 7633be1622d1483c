import { describe, expect, it } from 'vitest'
import {
  CLIENT_BACKLOG_BYTES_MAX,
  CLIENT_BACKLOG_BYTES_SOFT,
  CLIENT_CHANNELS_MAX,
  CLIENT_STALLED_MS_MAX,
} from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { createDeskStream, createDeskWorld } from './desk-fixture.ts'

const SYMBOLS = Array.from({ length: 60 }, (_, at) => `COIN${at}USDT`)
const PLAIN = { protocol: '', authorization: '', origin: '' }

/** A client whose socket holds as much as the test says. */
function open() {
  const clock = new ManualClock(1_000_000)
  const world = createDeskWorld(SYMBOLS, 20, () => clock.nowUs())
  SYMBOLS.forEach((_, at) => {
    world.book(at, [[100, 5]], [[101, 5]])
    world.row(at, at)
  })
  const stream = createDeskStream(world, clock)
  const socket = {
    frames: [] as { op?: string; channel?: string; code?: string; seq?: number }[],
    closed: undefined as readonly [number, string] | undefined,
    backlog: 0,
    /** Of one turn; each frame more waits. */
    room: Number.POSITIVE_INFINITY,
    send(bytes: Uint8Array): void {
      socket.frames.push(JSON.parse(Buffer.from(bytes).toString()))
      if (--socket.room < 0) socket.backlog = CLIENT_BACKLOG_BYTES_SOFT + 1
    },
    backlogBytes: () => socket.backlog,
    batch: (write: () => void) => write(),
    close(code: number, reason: string): void {
      socket.closed = [code, reason]
    },
  }
  const events = stream.accept(socket, PLAIN)
  return {
    socket,
    ask: (request: object) => events.onMessage(JSON.stringify(request)),
    /** So much later, a new row of every symbol and one turn of the stream. */
    turn(laterMs: number): void {
      clock.advance(laterMs * 1000)
      for (let at = 0; at < SYMBOLS.length; at++) world.row(at, 0)
      stream.doWork()
    },
  }
}

describe('a client in whose socket much waits', () => {
  it('is closed at once above the hard bound, and not at it', () => {
    const { ask, socket, turn } = open()
    ask({ op: 'subscribe', channels: ['features.*'] })
    socket.backlog = CLIENT_BACKLOG_BYTES_MAX
    turn(5)
    expect(socket.closed).toBe(undefined)
    socket.backlog = CLIENT_BACKLOG_BYTES_MAX + 1
    turn(5)
    expect(socket.closed).toEqual([1013, 'slow_consumer'])
  })

  it('is closed when it only asks and never reads', () => {
    const { ask, socket } = open()
    socket.backlog = CLIENT_BACKLOG_BYTES_MAX
    ask({ op: 'ping' })
    expect(socket.closed).toBe(undefined)
    socket.backlog = CLIENT_BACKLOG_BYTES_MAX + 1
    ask({ op: 'ping' })
    expect(socket.closed).toEqual([1013, 'slow_consumer'])
  })

  it('is closed for how long it waits without a pause', () => {
    const { ask, socket, turn } = open()
    ask({ op: 'subscribe', channels: ['features.*'] })
    socket.backlog = CLIENT_BACKLOG_BYTES_SOFT + 1
    turn(5)
    turn(CLIENT_STALLED_MS_MAX - 1000)
    socket.backlog = 0
    turn(5)
    socket.backlog = CLIENT_BACKLOG_BYTES_SOFT + 1
    turn(5)
    turn(CLIENT_STALLED_MS_MAX)
    expect(socket.closed).toBe(undefined)
    turn(1)
    expect(socket.closed).toEqual([1013, 'slow_consumer'])
  })

  it('sees all of its channels in turn when there is room for a few', () => {
    const { ask, socket, turn } = open()
    ask({ op: 'subscribe', channels: ['features.*'] })
    socket.frames.length = 0
    for (let round = 0; round < SYMBOLS.length / 3; round++) {
      socket.backlog = 0
      socket.room = 2
      turn(5)
    }
    const seen = new Set(socket.frames.map(({ channel }) => channel))
    expect(socket.frames).toHaveLength(SYMBOLS.length)
    expect(seen.size).toBe(SYMBOLS.length)
  })
})

describe('a client that asks for much', () => {
  it('has so many channels and no more, over all of its requests', () => {
    const { ask, socket } = open()
    const depths = Math.floor(CLIENT_CHANNELS_MAX / SYMBOLS.length)
    for (let depth = 1; depth <= depths; depth++) {
      ask({ op: 'subscribe', channels: [`book.${depth}.*`] })
    }
    expect(socket.frames.map(({ op }) => op)).not.toContain('error')
    ask({ op: 'subscribe', channels: [`book.${depths + 1}.*`] })
    expect(socket.frames.at(-1)).toMatchObject({ op: 'error', code: 'too_many_channels' })
    // What it has already costs nothing more.
    ask({ op: 'subscribe', channels: ['book.1.*'] })
    expect(socket.frames.at(-1)?.op).toBe('subscribed')
    ask({ op: 'unsubscribe', channels: ['book.1.*'] })
    ask({ op: 'subscribe', channels: [`book.${depths + 1}.*`] })
    expect(socket.frames.at(-1)?.op).toBe('subscribed')
    expect(socket.closed).toBe(undefined)
  })
})
