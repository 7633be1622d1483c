import { systemClock } from '../core/clock.ts'
import { systemTimers } from '../core/timer.ts'
import type { Engine } from '../threads/engine.ts'
import { engineReport, reportLine, reportTable } from './engine-report.ts'

const REPORT_PERIOD_MS = 1000
const PATIENCE_US = 1_000_000
const LINE_EVERY_REPORTS = 5
export type SessionEnd = Readonly<{
  exitCode: number
  message: string
  /** It ended by itself, after the time that was given. */
  isTimeUp: boolean
}>

/**
 * Shows a running engine until Ctrl-C, SIGTERM, the end of the given time, or until it cannot go
 * on. Resolves before anything is stopped: the caller stops what it started.
 */
export function watchEngine(
  engine: Engine,
  addresses: readonly string[],
  secondsMax: number | undefined,
): Promise<SessionEnd> {
  const startedUs = systemClock.nowUs()
  const screen = process.stdout.isTTY === true ? new Screen() : undefined
  let reports = 0
  if (screen === undefined) process.stdout.write(`${addresses.join('\n')}\n`)
  const show = () => {
    const report = engineReport(engine, (systemClock.nowUs() - startedUs) / 1e6)
    if (screen !== undefined) screen.draw(reportTable(report, addresses))
    else if (reports++ % LINE_EVERY_REPORTS === 0) process.stdout.write(`${reportLine(report)}\n`)
  }
  return new Promise((resolve) => {
    const stops: (() => void)[] = []
    let hasEnded = false
    let endedUs = 0
    const end = (exitCode: number, message: string, isTimeUp = false) => {
      if (hasEnded) return
      hasEnded = true
      endedUs = systemClock.nowUs()
      for (const stop of stops) stop()
      show()
      resolve({ exitCode, message, isTimeUp })
    }
    const onSignal = () => end(0, 'stopping')
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    const timer = systemTimers.every(REPORT_PERIOD_MS, show)
    stops.push(timer, () => {
      // A second Ctrl-C while we stop is patience running out: leave at once.
      // npm passes on the Ctrl-C that the terminal has sent us already: that is still the first.
      process.on('SIGINT', () => {
        if (systemClock.nowUs() - endedUs > PATIENCE_US) process.exit(130)
      })
    })
    if (secondsMax !== undefined) {
      stops.push(systemTimers.after(secondsMax * 1000, () => end(0, 'time is up', true)))
    }
    engine.fatal.then((fatal) => end(fatal.exitCode, fatal.message))
  })
}

/** Text drawn over itself on a terminal. */
class Screen {
  #lines = 0

  draw(text: string): void {
    const up = this.#lines > 0 ? `\u001b[${this.#lines}A\r\u001b[J` : ''
    process.stdout.write(`${up}${text}\n`)
    this.#lines = text.split('\n').length
  }
}
