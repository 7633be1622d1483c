import { systemClock } from '../core/clock.ts'
import { createLogger } from '../core/log.ts'
import { systemTimers } from '../core/timer.ts'
import { Shard } from './shard.ts'
import type { ShardCommand, ShardReport, ShardTask } from './shard-task.ts'
import { ownThreadId, ThreadGauge, timesOf } from './thread-gauge.ts'
import { warmUp } from './warm-up.ts'

const STATUS_PERIOD_MS = 1000

/**
 * The piscina task of one shard: runs until it is told to stop, or cannot start. What it throws is
 * a broken belief; the supervisor sees the task fail and starts another.
 */
export async function runShard(task: ShardTask): Promise<void> {
  const { port, shard } = task
  const log = createLogger(`shard-${shard}`, task.logLevel)
  const report = (message: ShardReport) => port.postMessage(message)
  const ports = { clock: systemClock, timers: systemTimers, log, fetch }
  const opened = await Shard.open(task, ports)
  if (!opened.ok) {
    report({ type: 'failed', code: opened.code, message: opened.message })
    return port.close()
  }
  const running = opened.value
  log.info(await warmUp(task, ports), 'warmed up')
  const gauge = new ThreadGauge()
  gauge.start()
  running.start()
  report({ type: 'ready', threadId: ownThreadId() })
  const sendStatus = () => {
    const thread = gauge.read()
    const { cpuSeconds } = timesOf(thread.threadId)
    report({ type: 'status', status: { ...running.status(), cpuSeconds, thread } })
  }
  const cancelStatus = systemTimers.every(STATUS_PERIOD_MS, sendStatus)
  await new Promise<void>((resolve) => {
    port.on('message', (command: ShardCommand) => {
      if (command.type === 'stop') resolve()
      else if (command.type === 'reset_gauge') gauge.reset()
      else running.quarantine(command.instrument, command.depth)
    })
  })
  cancelStatus()
  gauge.stop()
  await running.stop()
  port.close()
}
