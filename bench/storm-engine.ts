import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DemoKeys } from '../src/cli/demo-account.ts'
import { EAGER_STRATEGY } from '../src/cli/eager-strategy.ts'
import type { MockProcess } from '../src/cli/mock-process.ts'

const COMPLAINT_CHARACTERS_MAX = 2000
const ANSWER_MS_MAX = 5000
const STOP_MS_MAX = 20_000

export type StormConfig = Readonly<{ file: string; token: string }>

/** One life of the engine: a process of its own, and the commands that a person would give it. */
export class StormEngine {
  readonly #child: ChildProcess
  readonly #token: string
  readonly #ended: Promise<unknown>
  #said = ''
  #complaint = ''
  #commands = 0

  /** `program` is the compiled one. Its own group: Ctrl-C of the terminal is for the storm. */
  constructor(program: string, { file, token }: StormConfig) {
    this.#token = token
    this.#child = spawn(process.execPath, [program, 'run', '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      // The lock of the account is that of a mock: nobody else shall find it.
      env: { ...process.env, BOOKFLOW_CONTROL_TOKEN: token, TMPDIR: dirname(file) },
    })
    const orphaned = () => this.#child.kill('SIGKILL')
    process.once('exit', orphaned)
    this.#ended = once(this.#child, 'exit').then(() => process.off('exit', orphaned))
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      if (this.#said.length < COMPLAINT_CHARACTERS_MAX) this.#said += chunk.toString()
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-COMPLAINT_CHARACTERS_MAX)
    })
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** How it ended by itself, for the verdict. */
  get end(): string {
    return this.#child.signalCode ?? `exit ${this.#child.exitCode}`
  }

  get complaint(): string {
    return this.#complaint.trim()
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** In order; by force when it takes too long. */
  async stop(): Promise<void> {
    if (!this.hasEnded) this.#child.kill('SIGINT')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX)
    await this.#ended
    clearTimeout(late)
  }

  /** An audited command; true when the engine did it, false also while it does not listen yet. */
  async command(name: string, reason: string): Promise<boolean> {
    const address = /control API\s+(http:\S+)/.exec(this.#said)?.[1]
    if (address === undefined) return false
    try {
      const answer = await fetch(`${address}/api/v1/control/${name}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#token}`,
          'content-type': 'application/json',
          'idempotency-key': `storm-${this.#child.pid}-${++this.#commands}`,
        },
        body: JSON.stringify({ who: 'kill-storm', reason }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      })
      return answer.ok
    } catch {
      return false
    }
  }
}

/**
 * Orders all the time, and nothing that is not needed for them: a life is short, and half of it is
 * its start. The SQL projection finds no server.
 */
export function writeStormConfig(
  folder: string,
  parts: Readonly<{ mock: MockProcess; keys: DemoKeys; model: string; symbols: number }>,
): StormConfig {
  const { keys, mock, model, symbols } = parts
  const config = {
    exchange: { ws_url: mock.wsUrl, rest_url: mock.restUrl },
    symbols: { top: symbols },
    data_folder: folder,
    log_level: 'silent',
    feed: { shards: 1, cross_check: { enabled: false } },
    model: { folder: model },
    alerts: { enabled: false },
    candles: { enabled: false },
    store: { postgres_url: 'postgres://127.0.0.1:1/none' },
    control: { port: 0 },
    stream: { port: 0 },
    execution: { start: 'active', preset: 'aggressive', ...section(keys) },
    strategies: [EAGER_STRATEGY],
  }
  const file = join(folder, 'bookflow.yaml')
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML too
  return { file, token: randomBytes(16).toString('hex') }
}

/** Options of a command line, as the section `execution` of a file. */
function section(keys: DemoKeys): Readonly<Record<string, unknown>> {
  const bybit: Record<string, unknown> = {}
  for (const [path, value] of Object.entries(keys.options())) {
    const name = path.replace('execution.bybit.', '')
    if (name !== path) bybit[name] = value
  }
  return { gateway: 'bybit', bybit }
}
