import { parentPort, workerData } from 'node:worker_threads'
import { HEARTBEAT_PERIOD_MS } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { systemTimers } from '../core/timer.ts'
import { ExecutionRun } from './execution-run.ts'
import {
  EXECUTION_FAILED_EXIT_CODE,
  type ExecutionWorkerCommand,
  type ExecutionWorkerData,
  type ExecutionWorkerMessage,
} from './execution-worker-data.ts'
import { ownThreadId } from './thread-gauge.ts'

/** The execution thread: recovers, trades until asked to stop, ends with its journal closed. */
async function runExecution(data: ExecutionWorkerData): Promise<void> {
  const port = parentPort
  assert(port !== null, 'execution runs in a worker')
  const post = (message: ExecutionWorkerMessage) => port.postMessage(message)
  // A pending waitAsync does not keep a thread alive.
  const letGo = systemTimers.every(HEARTBEAT_PERIOD_MS, () => {})
  const started = await ExecutionRun.start(data)
  if (started.ok) {
    const run = started.value
    port.on('message', (command: ExecutionWorkerCommand) => {
      if (command.type === 'stop') run.stop()
    })
    const { keyed, recovered } = run
    post({ type: 'ready', recovered, keyed, threadId: ownThreadId() })
    const served = await run.serve()
    if (served.ok) post({ type: 'stopped' })
    else {
      post({ type: 'failed', code: served.code, message: served.message })
      process.exitCode = EXECUTION_FAILED_EXIT_CODE
    }
  } else post({ type: 'failed', code: started.code, message: started.message })
  letGo()
  port.close()
}

await runExecution(workerData)
