import { once } from 'node:events'
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { fail, type Result, succeed } from '../core/result.ts'

/**
 * Where a command writes its results: the standard output, or a file that has its name only once
 * it is complete. Until then it is called `NAME.part`, so what lies under the final name is never
 * half a file.
 */
export class OutputFile {
  /** Why no more can be written; what follows is lost. */
  failure: string | undefined
  readonly #path: string | undefined
  /** Of the part file; -1 where there is none. */
  #descriptor = -1
  #drained: Promise<void> | undefined

  private constructor(path: string | undefined) {
    this.#path = path
  }

  /** No path: the standard output. Refuses (`input_unreadable`) to replace a file unless told to. */
  static open(path: string | undefined, mayReplace: boolean): Result<OutputFile> {
    const file = new OutputFile(path)
    if (path === undefined) {
      // A reader that has seen enough, as `head`, is no failure of ours.
      process.stdout.on('error', (error) => {
        file.failure ??= 'code' in error && error.code === 'EPIPE' ? '' : error.message
      })
      return succeed(file)
    }
    if (existsSync(path) && !mayReplace) {
      return fail('input_unreadable', `${path}: is there already; --force replaces it`)
    }
    const opened = attempt(() => openSync(file.#part, 'w'))
    if (!opened.ok) return fail('input_unreadable', `${path}: cannot be written: ${opened.message}`)
    file.#descriptor = opened.value
    return succeed(file)
  }

  get #part(): string {
    return `${this.#path}.part`
  }

  /** Takes the bytes at once, or as soon as the standard output can. */
  write(chunk: string | Uint8Array): void {
    if (this.failure !== undefined) return
    if (this.#path !== undefined) {
      const written = attempt(() => writeAll(this.#descriptor, chunk))
      if (!written.ok) this.failure = `${this.#path}: cannot be written: ${written.message}`
      return
    }
    const bytes = typeof chunk === 'string' ? chunk : Uint8Array.from(chunk)
    if (process.stdout.write(bytes) || this.#drained !== undefined) return
    const drained = Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')])
    const settle = () => {
      this.#drained = undefined
    }
    this.#drained = drained.then(settle, settle)
  }

  /** Resolves when the reader has taken what was written; undefined when it has. */
  pressure(): Promise<void> | undefined {
    return this.#drained
  }

  /** Gives the file its name. */
  finish(): Result<void> {
    if (this.failure !== undefined) return fail('input_unreadable', this.failure)
    const { path, part } = { path: this.#path, part: this.#part }
    if (path === undefined) return succeed(undefined)
    const named = attempt(() => {
      closeSync(this.#descriptor)
      renameSync(part, path)
    })
    if (named.ok) return succeed(undefined)
    return fail('input_unreadable', `${path}: cannot be written: ${named.message}`)
  }

  /** Takes away what is not complete. */
  discard(): void {
    if (this.#path === undefined) return
    attempt(() => closeSync(this.#descriptor))
    attempt(() => rmSync(this.#part, { force: true }))
  }
}

function attempt<Value>(action: () => Value): Result<Value> {
  try {
    return succeed(action())
  } catch (error) {
    return fail('input_unreadable', error instanceof Error ? error.message : String(error))
  }
}

function writeAll(descriptor: number, chunk: string | Uint8Array): void {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  let written = 0
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written)
  }
}
