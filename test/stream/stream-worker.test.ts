import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import * as audit from '../../src/memory/audit-record.ts'
import { ControlBlock, STREAM_BEAT } from '../../src/memory/control-block.ts'
import { connectDesk, type DeskFrame } from '../../src/stream/client.ts'
import { releaseStreamAtExit } from '../../src/threads/stream-exit.ts'
import type { StreamWorkerData } from '../../src/threads/stream-worker-data.ts'
import { createDeskWorld, type DeskWorld, ORDER, orderState } from './desk-fixture.ts'
import { until } from './raw-client.ts'

const entry = new URL('../../dist/threads/stream.worker.js', import.meta.url)
const isBuilt = existsSync(entry)
const workers: Worker[] = []

afterEach(async () => {
  for (const worker of workers.splice(0)) {
    const exit = new Promise((resolve) => worker.once('exit', resolve))
    if (worker.threadId === -1) continue // has ended
    worker.postMessage({ type: 'stop' })
    await exit
  }
})

async function start(world: DeskWorld, options: Partial<StreamWorkerData['options']> = {}) {
  const data: StreamWorkerData = {
    ...world.buffers,
    options: { host: '127.0.0.1', port: 0, tickMs: 2, clientsMax: 4, ...options },
    logLevel: 'silent',
  }
  const worker = new Worker(entry, { workerData: data })
  workers.push(worker)
  const message = await new Promise<unknown>((resolve) => worker.once('message', resolve))
  return { worker, message }
}

function portOf(message: unknown): number {
  expect(message).toMatchObject({ type: 'ready' })
  if (typeof message !== 'object' || message === null || !('port' in message)) return 0
  return Number(message.port)
}

test('main waits for the stream only while it holds sockets, and not for ever', () => {
  const control = new ControlBlock(createDeskWorld(['BTCUSDT']).buffers.control)
  expect(control.releaseStream(60_000)).toBe(true)
  expect(control.isStreamAskedToLeave()).toBe(true)
  control.setStreamNative(true)
  expect(control.releaseStream(5)).toBe(false)
  control.setStreamNative(false)
  expect(control.releaseStream(60_000)).toBe(true)
})

describe.skipIf(!isBuilt)('the stream worker (skipped unless dist/ is built)', () => {
  test('serves the shared memory it is given, beats, and leaves cleanly when asked', async () => {
    const world = createDeskWorld(['BTCUSDT'])
    world.book(0, [[100, 5]], [[101, 5]])
    world.row(0, 0.5)
    world.audit({
      [audit.AUDIT_NUMBER]: 1,
      [audit.AUDIT_KIND]: ORDER,
      [audit.AUDIT_TIME_US]: 5,
      [audit.AUDIT_INSTRUMENT]: 0,
      [audit.AUDIT_RUN]: 1,
      [audit.AUDIT_ORDER_NUMBER]: 1,
      [audit.AUDIT_STATE]: orderState('open'),
    })
    const { worker, message } = await start(world)
    const control = new ControlBlock(world.buffers.control)
    await until(() => control.lastBeatUs(STREAM_BEAT) > 0)
    const client = connectDesk({ url: `ws://127.0.0.1:${portOf(message)}` })
    const frames: DeskFrame[] = []
    client.subscribe(['features.*', 'orders'], { any: (frame) => frames.push(frame) })
    await until(() => frames.length >= 2)
    world.row(0, 0.75)
    await until(() => frames.some((frame) => frame.kind === 'features' && frame.seq === 2))
    const orders = frames.find((frame) => frame.kind === 'orders')
    expect(orders).toMatchObject({ orders: [{ state: 'open', symbol: 'BTCUSDT' }] })
    const exit = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage({ type: 'stop' })
    expect(await exit).toBe(0)
    client.close()
  })

  test('says why it failed in one line and ends', async () => {
    const first = await start(createDeskWorld(['BTCUSDT']))
    const port = portOf(first.message)
    const second = await start(createDeskWorld(['BTCUSDT']), { port })
    expect(second.message).toMatchObject({ type: 'failed', code: 'port_in_use' })
    const exposed = await start(createDeskWorld(['BTCUSDT']), { host: '0.0.0.0' })
    expect(exposed.message).toMatchObject({ type: 'failed', code: 'config_invalid' })
  })

  test('lets the process exit with its own code while clients are connected', () => {
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', EXIT_SCRIPT], {
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
    })
    expect(child.stderr).toBe('')
    expect(child.stdout).toBe('connected\n')
    expect(child.status).toBe(7)
  })
})

/** Main of a process that exits in the middle of everything. */
const EXIT_SCRIPT = `
  import { Worker } from 'node:worker_threads'
  import { WebSocket } from 'ws'
  import { ControlBlock } from './dist/memory/control-block.js'
  import { createEngineMemory } from './dist/threads/engine-memory.js'
  import { ${releaseStreamAtExit.name} } from './dist/threads/stream-exit.js'
  const memory = createEngineMemory(1, 1, 5)
  const workerData = {
    ...memory, trades: [], signals: [], gaps: [], alerts: [], candles: [], candleIntervals: [],
    counters: memory.streamCounters, otherCounters: [],
    instruments: [{ index: 0, symbol: 'BTCUSDT' }], logLevel: 'silent',
    features: { hash: '', names: [], units: [], built: [] },
    options: { host: '127.0.0.1', port: 0, tickMs: 5, clientsMax: 4 },
  }
  releaseStreamAtExit(new ControlBlock(memory.control))
  const worker = new Worker('./dist/threads/stream.worker.js', { workerData, execArgv: [] })
  worker.once('message', ({ port }) => {
    new WebSocket('ws://127.0.0.1:' + port).on('open', () => {
      process.stdout.write('connected\\n')
      process.exit(7)
    })
  })
`
