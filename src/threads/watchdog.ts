import { HEARTBEAT_SILENT_MS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { type ControlBlock, EXECUTION_BEAT, MAIN_BEAT } from '../memory/control-block.ts'
import type { Counters } from '../memory/counters.ts'
import { Silence } from './silence.ts'

/** Looks come much more often; after a gap of more than this the watcher itself was held up. */
const DEAF_MS_MIN = 500

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
 * Neither holds it against the other that it slept itself; but an execution that gets no processor
 * is as late as one that hangs.
 */
export class Watchdog {
  readonly #parts: WatchdogParts
  readonly #silence = new Silence(DEAF_MS_MIN)
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
    this.#silence.look(nowUs)
    const beatUs = control.lastBeatUs(EXECUTION_BEAT)
    const silentMs = Math.round(this.#silence.ofThread(EXECUTION_BEAT, beatUs))
    if (isEnded || this.#isGivenUp || silentMs < HEARTBEAT_SILENT_MS_MAX) return
    this.#isGivenUp = true
    control.closeWayOut()
    counters.add('watchdog_execution_silent')
    log.error({ silent_ms: silentMs }, 'execution is silent: its way out is closed')
    onSilent(`execution gave no sign of life for ${silentMs} ms`)
  }
}

/** Execution's ear for main. */
export class MainWatch {
  readonly #control: ControlBlock
  readonly #silentMsMax: number
  readonly #silence = new Silence(DEAF_MS_MIN)

  constructor(control: ControlBlock, silentMsMax: number) {
    this.#control = control
    this.#silentMsMax = silentMsMax
  }

  /** To be asked at every turn. Main is not silent while it has not beaten yet. */
  isSilent(nowUs: number): boolean {
    this.#silence.look(nowUs)
    const beatUs = this.#control.lastBeatUs(MAIN_BEAT)
    return this.#silence.ofThread(MAIN_BEAT, beatUs) > this.#silentMsMax && beatUs > 0
  }
}
