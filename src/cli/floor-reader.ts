import { connect, type Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { SUBSCRIBE_ARGS_MAX } from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import { Histogram } from '../core/histogram.ts'
import { systemTimers } from '../core/timer.ts'
import { type Quantiles, quantilesOf } from './load-quantiles.ts'

/**
 * The bare reader (load-floor.ts): a socket, just enough WebSocket framing to find where messages
 * begin, and a clock. Asked and answered by messages of its parent; ends with it.
 */
export type FloorRequest =
  | Readonly<{ type: 'connect'; port: number; path: string; topics: readonly string[] }>
  | Readonly<{ type: 'begin' }>
  | Readonly<{ type: 'report' }>

export type FloorReport = Readonly<{
  /** Every message since the connection opened, answers to requests included. */
  frames: number
  cpuSeconds: number
  /** Exchange's push stamp of book messages to their arrival here, in microseconds. */
  pushToSocket: Quantiles
  /** Lateness of a timer of 1 ms in a process that has almost nothing to do, in microseconds. */
  wakeLag: Quantiles
}>

const LAG_PERIOD_MS = 1
const PING_PERIOD_MS = 15_000
const STAMP = Buffer.from('"ts":')
const BOOK_TOPIC = Buffer.from('"orderbook.')
/** Topic and stamp stand at the beginning of a message. */
const HEAD_BYTES = 160
const ZERO = 0x30

const arrivals = new Histogram()
const lag = monitorEventLoopDelay({ resolution: LAG_PERIOD_MS })
let frames = 0

function report(): FloorReport {
  const { user, system } = process.cpuUsage()
  const late = (ns: number) => Math.max(0, Math.round(ns / 1000 - LAG_PERIOD_MS * 1000))
  return {
    frames,
    cpuSeconds: (user + system) / 1e6,
    pushToSocket: quantilesOf(arrivals),
    wakeLag: {
      p50: late(lag.percentile(50)),
      p90: late(lag.percentile(90)),
      p99: late(lag.percentile(99)),
      p999: late(lag.percentile(99.9)),
      max: late(lag.max),
      count: lag.count,
    },
  }
}

/** A frame of a client, masked with zeros: shorter than 64 KB. */
function clientFrame(text: string): Buffer {
  const body = Buffer.from(text)
  const isShort = body.length < 126
  const head = Buffer.alloc(isShort ? 6 : 8)
  head[0] = 0x81
  head[1] = 0x80 | (isShort ? body.length : 126)
  if (!isShort) head.writeUInt16BE(body.length, 2)
  return Buffer.concat([head, body])
}

/** Cuts the stream into frames; a message of the mock is never in fragments. */
class FrameCutter {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer, nowUs: number): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at + 2 <= bytes.length) {
      const short = bytes[at + 1] & 0x7f
      const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
      if (at + headBytes > bytes.length) break
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(at + 2)
            : Number(bytes.readBigUInt64BE(at + 2))
      const from = at + headBytes
      if (from + length > bytes.length) break
      takeFrame(bytes, from, from + length, nowUs)
      at = from + length
    }
    this.#rest = bytes.subarray(at)
  }
}

function takeFrame(bytes: Buffer, from: number, to: number, nowUs: number): void {
  frames++
  const head = bytes.subarray(from, Math.min(to, from + HEAD_BYTES))
  if (head.indexOf(BOOK_TOPIC) === -1) return
  let at = head.indexOf(STAMP) + STAMP.length
  if (at < STAMP.length) return
  let stampMs = 0
  for (; head[at] >= ZERO && head[at] <= ZERO + 9; at++) stampMs = stampMs * 10 + head[at] - ZERO
  arrivals.record(nowUs - stampMs * 1000)
}

function open(port: number, path: string, topics: readonly string[], ready: () => void): Socket {
  const socket = connect({ port, host: '127.0.0.1' })
  const cutter = new FrameCutter()
  let isUpgraded = false
  socket.setNoDelay(true)
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: Ym9va2Zsb3cgZmxvb3IgIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  socket.on('data', (chunk: Buffer) => {
    const nowUs = systemClock.nowUs()
    if (isUpgraded) return cutter.push(chunk, nowUs)
    const end = chunk.indexOf('\r\n\r\n')
    if (end === -1 || !chunk.toString('latin1').startsWith('HTTP/1.1 101')) return socket.destroy()
    isUpgraded = true
    for (let i = 0; i < topics.length; i += SUBSCRIBE_ARGS_MAX) {
      const args = topics.slice(i, i + SUBSCRIBE_ARGS_MAX)
      socket.write(clientFrame(JSON.stringify({ op: 'subscribe', args })))
    }
    cutter.push(chunk.subarray(end + 4), nowUs)
    ready()
  })
  // Without it there is no floor, and no reason to stay.
  socket.on('error', () => process.exit(1))
  socket.on('close', () => process.exit(1))
  systemTimers.every(PING_PERIOD_MS, () => socket.write(clientFrame('{"op":"ping"}')))
  return socket
}

process.on('message', (request: FloorRequest) => {
  const answer = () => process.send?.(report())
  if (request.type === 'connect') {
    open(request.port, request.path, request.topics, answer)
    lag.enable()
    return
  }
  if (request.type === 'begin') {
    arrivals.clear()
    lag.reset()
  }
  answer()
})
process.on('disconnect', () => process.exit(0))
