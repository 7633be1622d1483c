import { parentPort, workerData } from 'node:worker_threads'
import { HEARTBEAT_PERIOD_MS } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import { createLogger } from '../core/log.ts'
import { systemTimers } from '../core/timer.ts'
import { formatOrderLinkId } from '../execution/order/order-link-id.ts'
import { STREAM_BEAT } from '../memory/control-block.ts'
import { openDeskMemory } from '../stream/desk-memory.ts'
import { startDeskServer } from '../stream/desk-server.ts'
import type {
  StreamWorkerCommand,
  StreamWorkerData,
  StreamWorkerMessage,
} from './stream-worker-data.ts'
import { ownThreadId } from './thread-gauge.ts'

/**
 * The stream thread: opens the shared memory it was given, serves the desk, beats, and ends when
 * asked to.
 */
async function runStream(data: StreamWorkerData): Promise<void> {
  const port = parentPort
  assert(port !== null, 'the stream runs in a worker')
  const post = (message: StreamWorkerMessage) => port.postMessage(message)
  const memory = openDeskMemory(data)
  const { host, port: wanted, token, tickMs, clientsMax } = data.options
  const started = await startDeskServer({
    memory,
    clock: systemClock,
    timers: systemTimers,
    log: createLogger('stream', data.logLevel),
    nameOrder: (run, number) => formatOrderLinkId({ run, number }),
    host,
    port: wanted,
    token,
    tickMs,
    clientsMax,
    server: 'auto',
  })
  if (!started.ok) {
    post({ type: 'failed', code: started.code, message: started.message })
    port.close()
    return
  }
  const server = started.value
  const { control } = memory
  control.setStreamNative(true)
  const leave = () => {
    server.abandon()
    // One turn of the loop later the handles are gone; only then may main go on.
    setImmediate(() => control.setStreamNative(false))
  }
  const beat = () => {
    control.beat(STREAM_BEAT, systemClock.nowUs())
    if (!control.isStreamAskedToLeave()) return
    stopBeats()
    leave()
  }
  const stopBeats = systemTimers.every(HEARTBEAT_PERIOD_MS, beat)
  beat()
  process.once('exit', () => server.abandon()) // of this thread: an exception nobody caught
  port.on('message', async (command: StreamWorkerCommand) => {
    if (command.type !== 'stop') return
    stopBeats()
    await server.stop()
    setImmediate(() => control.setStreamNative(false))
    port.close()
  })
  post({ type: 'ready', port: server.port, server: server.kind, threadId: ownThreadId() })
}

await runStream(workerData)
