import { type ChildProcess, fork } from 'node:child_process'
import { SHUTDOWN_MS_MAX } from '../constants.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { AccountTruth } from '../sim/account-truth.ts'
import { faultKind } from '../sim/fault-kinds.ts'
import type { FaultEntry } from '../sim/fault-log.ts'
import type { PlannedFault } from '../sim/fault-plan.ts'
import type { PlannedPrivateFault } from '../sim/private-plan.ts'

export type MockOptions = Readonly<{
  port: number
  symbols: number
  rate: number
  seed: number
  /** A plan by its name or file; none when it is left out. */
  faults?: string
  /** The compiled program, when it is not the one that this file is part of. */
  program?: URL
}>

/** A mock exchange in a process of its own, as a real one would be. */
export class MockProcess {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  get restUrl(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** Configuration with which an engine follows the second exchange that the mock plays. */
  venueOptions(): Readonly<Record<string, boolean | string>> {
    return { 'venue_b.enabled': true, 'venue_b.ws_url': `${this.wsUrl}/binance` }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  static async start(options: MockOptions): Promise<Result<MockProcess>> {
    const { port, rate, seed, symbols } = options
    const args = ['mock-exchange', '--port', `${port}`, '--symbols', `${symbols}`]
    const child = fork(
      options.program ?? new URL('../main.js', import.meta.url),
      [...args, '--rate', `${rate}`, '--seed', `${seed}`, '--faults', options.faults ?? 'none'],
      // Its own group: Ctrl-C of the terminal ends it through us, after the engine. Its standard
      // output is not for people.
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true },
    )
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2000)
    })
    return new Promise((resolve) => {
      child.once('exit', (code) => {
        const why = complaint.trim().replace(/^bookflow: /, '')
        resolve(fail('exchange_unreachable', why === '' ? `mock exchange ended with ${code}` : why))
      })
      child.on('message', (message: unknown) => {
        const ready = readyPort(message)
        if (ready !== undefined) resolve(succeed(new MockProcess(child, ready)))
      })
    })
  }

  /** What the mock says of itself; undefined when it does not answer. */
  async stats(): Promise<MockStats | undefined> {
    const value = await this.#request('/mock/stats', undefined)
    if (typeof value !== 'object' || value === null) return undefined
    const number = (name: string): number => {
      const found: unknown = Object.entries(value).find(([key]) => key === name)?.[1]
      return typeof found === 'number' ? found : Number.NaN
    }
    return {
      messagesSent: number('messages_sent'),
      behindMs: number('behind_ms'),
      droppedClients: number('dropped_clients'),
      cpuSeconds: number('cpu_seconds'),
    }
  }

  /** The true book of each topic at each update id, for those that the mock still knows. */
  async truth(queries: readonly TruthQuery[]): Promise<TruthBook[]> {
    const value = await this.#request('/mock/truth', queries)
    return Array.isArray(value) ? value.filter(isTruthBook) : []
  }

  /** Begins a plan of faults; an empty one ends it. True when the mock took it. */
  async setPlan(
    faults: readonly PlannedFault[],
    privately: readonly PlannedPrivateFault[] = [],
  ): Promise<boolean> {
    // One of the two times; the other is not said.
    const own = privately.map(({ at_ms, per_million, ...fault }) =>
      at_ms === undefined ? { ...fault, per_million } : { ...fault, at_ms },
    )
    return (await this.#request('/mock/plan', [...faults, ...own])) !== undefined
  }

  /** Faults that took place, from an id on. */
  async faultsSince(id: number): Promise<FaultEntry[]> {
    const value = await this.#request(`/mock/faults?since=${id}`, undefined)
    return Array.isArray(value) ? value.filter(isFaultEntry) : []
  }

  /** What really happened to the account; undefined when the mock does not answer. */
  async account(): Promise<AccountTruth | undefined> {
    const value = await this.#request('/mock/account', undefined)
    return isAccountTruth(value) ? value : undefined
  }

  /** Another pace from now on; 0 stands still. True when the mock took it. */
  async setRate(rate: number): Promise<boolean> {
    return (await this.#request('/mock/rate', { rate })) !== undefined
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.kill('SIGTERM')
    const late = AbortSignal.timeout(SHUTDOWN_MS_MAX / 2)
    late.addEventListener('abort', () => this.#child.kill('SIGKILL'))
    await ended
  }

  async #request(path: string, body: unknown): Promise<unknown> {
    try {
      const answer = await fetch(`${this.restUrl}${path}`, {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(5000),
      })
      return answer.ok ? await answer.json() : undefined
    } catch {
      return undefined
    }
  }
}

export type MockStats = Readonly<{
  messagesSent: number
  behindMs: number
  droppedClients: number
  cpuSeconds: number
}>
export type TruthQuery = Readonly<{ topic: string; u: number }>
export type TruthBook = Readonly<{
  topic: string
  u: number
  bids: readonly (readonly [string, string])[]
  asks: readonly (readonly [string, string])[]
}>

function isAccountTruth(value: unknown): value is AccountTruth {
  if (typeof value !== 'object' || value === null) return false
  const has = (name: string) =>
    Array.isArray(Object.entries(value).find(([key]) => key === name)?.[1])
  return has('positions') && has('orders') && has('executions')
}

function readyPort(message: unknown): number | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  if (!('type' in message) || message.type !== 'ready' || !('port' in message)) return undefined
  return typeof message.port === 'number' ? message.port : undefined
}

function isTruthBook(value: unknown): value is TruthBook {
  if (typeof value !== 'object' || value === null) return false
  return 'topic' in value && 'u' in value && 'bids' in value && 'asks' in value
}

function isFaultEntry(value: unknown): value is FaultEntry {
  if (typeof value !== 'object' || value === null) return false
  if (!('kind' in value) || faultKind(value.kind) === undefined) return false
  return 'id' in value && 'topics' in value && Array.isArray(value.topics) && 'at_us' in value
}
