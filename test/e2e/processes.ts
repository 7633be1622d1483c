import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const MAIN = join(import.meta.dirname, '../../dist/main.js')

export type Ended = Readonly<{
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}>

const STOP_MS_MAX = 5000
const running = new Set<Program>()

/** What a test that failed left running would leave its files too. */
afterAll(async () => {
  for (const { child, ended } of running) {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await ended
    clearTimeout(late)
  }
})

/** The program as a user starts it, with what it says. */
export class Program {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ended>

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString()
    })
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    running.add(this)
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      running.delete(this)
      return { code, signal, stdout: this.stdout, stderr: this.stderr }
    })
  }

  /** The first match of the pattern in what was printed. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`output like ${pattern}`, () => {
      const found = pattern.exec(this.stdout)
      if (found === null && this.child.exitCode !== null) {
        throw new Error(`ended with ${this.child.exitCode}: ${this.stdout}${this.stderr}`)
      }
      return found ?? undefined
    })
  }
}

export function run(args: readonly string[], environment?: Record<string, string>): Promise<Ended> {
  return new Program(args, environment).ended
}

/** Asks until there is an answer; fails with the name of what was waited for. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  secondsMax = 120,
): Promise<T> {
  const end = Date.now() + secondsMax * 1000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`no ${what} within ${secondsMax} s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function getJson(url: string): Promise<unknown> {
  const answer = await fetch(url)
  return answer.json()
}
