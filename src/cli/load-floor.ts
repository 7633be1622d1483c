import { type ChildProcess, fork } from 'node:child_process'
import { SHUTDOWN_MS_MAX } from '../constants.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { FloorReport, FloorRequest } from './floor-reader.ts'

/**
 * The noise floor of a load test: a process of its own that reads the same topics of the same
 * exchange from a bare socket and does nothing with them but take the time. What it suffers is the
 * machine's doing, not the engine's.
 */
export class FloorProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves when the reader has had its first message. */
  static async start(
    port: number,
    path: string,
    topics: readonly string[],
  ): Promise<Result<FloorProcess>> {
    const child = fork(new URL('./floor-reader.js', import.meta.url), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true, // a signal of the terminal ends it through us
    })
    const floor = new FloorProcess(child)
    const connected = await floor.#ask({ type: 'connect', port, path, topics })
    if (connected !== undefined) return succeed(floor)
    return fail('internal_error', 'the bare reader beside the engine could not start')
  }

  async begin(): Promise<void> {
    await this.#ask({ type: 'begin' })
  }

  report(): Promise<FloorReport | undefined> {
    return this.#ask({ type: 'report' })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    if (this.#child.connected) this.#child.disconnect()
    const late = AbortSignal.timeout(SHUTDOWN_MS_MAX / 2)
    late.addEventListener('abort', () => this.#child.kill('SIGKILL'))
    await ended
  }

  /** Undefined when the reader has ended. */
  #ask(request: FloorRequest): Promise<FloorReport | undefined> {
    return new Promise((resolve) => {
      if (!this.#child.connected) return resolve(undefined)
      const onExit = () => resolve(undefined)
      this.#child.once('exit', onExit)
      this.#child.once('message', (report: FloorReport) => {
        this.#child.off('exit', onExit)
        resolve(report)
      })
      this.#child.send(request)
    })
  }
}
