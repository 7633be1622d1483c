import type { ControlBlock } from '../memory/control-block.ts'

/** The stream looks every beat; more than that is a thread that hangs. */
const RELEASE_MS_MAX = 1000

/**
 * Once, by main, before it starts the stream. Whatever makes the process exit (its end,
 * `process.exit`, an exception that nobody caught), the stream lets go of its native sockets first:
 * a thread that is torn away while it holds one turns the exit code of the process into an abort.
 */
export function releaseStreamAtExit(control: ControlBlock): void {
  process.once('exit', () => control.releaseStream(RELEASE_MS_MAX))
}
