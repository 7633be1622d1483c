import { HEARTBEAT_SILENT_MS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { type ControlBlock, EXECUTION_BEAT, MAIN_BEAT } from '../memory/control-block.ts'
import type { Counters } from '../memory/counters.ts'

export type WatchdogParts = Readonly<{
  control: ControlBlock
  counters: Counters
  clock: Clock
  log: Logger
  /** The process must leave. */
  onSilent: (message: string) => void
}>

/**
 * Main and execution watch each other's heartbeat. A silent execution is given up: its way out is
 * closed, should it wake up, shards ask for nothing more, and the process leaves. That is a halt and
 * no flatten: nobody knows what it had done. A silent main does not stop execution from closing
 * positions; execution opens nothing then (execution-run.ts), as nobody could tell it to stop.
 */
export class Watchdog {
  readonly #parts: WatchdogParts
  #isGivenUp = false

  constructor(parts: WatchdogParts) {
    this.#parts = parts
  }

  /** Beats for main, and looks at execution. `isEnded`: its thread is no more. */
  look(isEnded: boolean): void {
    const { clock, control, counters, log, onSilent } = this.#parts
    const nowUs = clock.nowUs()
    control.beat(MAIN_BEAT, nowUs)
    counters.add('watchdog_looks')
    const silentMs = Math.round((nowUs - control.lastBeatUs(EXECUTION_BEAT)) / 1000)
    if (isEnded || this.#isGivenUp || silentMs < HEARTBEAT_SILENT_MS_MAX) return
    this.#isGivenUp = true
    control.closeWayOut()
    counters.add('watchdog_execution_silent')
    log.error({ silent_ms: silentMs }, 'execution is silent: its way out is closed')
    onSilent(`execution gave no sign of life for ${silentMs} ms`)
  }
}

/** Whether main is silent; it is not while it has not beaten yet. */
export function isMainSilent(control: ControlBlock, nowUs: number, silentMsMax: number): boolean {
  const beatUs = control.lastBeatUs(MAIN_BEAT)
  return beatUs > 0 && nowUs - beatUs > silentMsMax * 1000
}
