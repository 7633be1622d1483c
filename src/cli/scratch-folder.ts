import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

/**
 * A folder of one command among the temporary ones, gone when the command is, by whatever way but
 * SIGKILL: while nobody else answers a signal, it ends the process as the signal would have.
 */
export class ScratchFolder {
  readonly path: string
  readonly #remove = () => rmSync(this.path, { recursive: true, force: true })
  readonly #listeners = SIGNALS.map(([signal, exitCode]) => {
    const listener = () => {
      if (process.listeners(signal).every((other) => OWN.has(other))) process.exit(exitCode)
    }
    OWN.add(listener)
    return { signal, listener }
  })

  /** `use` is part of its name. */
  constructor(use: string) {
    this.path = mkdtempSync(join(tmpdir(), `bookflow-${use}-`))
    process.once('exit', this.#remove)
    for (const { listener, signal } of this.#listeners) process.on(signal, listener)
  }

  /** What still writes into it must have ended. */
  remove(): void {
    process.off('exit', this.#remove)
    for (const { listener, signal } of this.#listeners) {
      process.off(signal, listener)
      OWN.delete(listener)
    }
    this.#remove()
  }
}

/** Listeners of scratch folders: several together are still nobody else. */
const OWN = new Set<unknown>()
