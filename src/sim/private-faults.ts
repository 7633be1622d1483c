import type { Random } from '../core/random.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { isRecord } from './capture-reader.ts'

/**
 * Faults of the private side. Each is armed and takes place at the next request or message it can
 * be made of; what lasts, lasts for `ms`. They have a record of their own, with ids without holes.
 */
// biome-ignore format: a table
export const PRIVATE_FAULTS = {
  // a request
  request_lost: 'the next order request breaks off before it is accepted',
  ack_lost: 'the next order request is accepted, and its answer lost',
  ack_late: 'the next order request is accepted, and answered after ms',
  fill_before_ack: 'the next new order is answered when its first fill was streamed, or after ms',
  error_10016: 'the next order request is accepted, and answered 10016',
  busy_429: 'the next order request is answered with HTTP 429, accepted or not',
  html_body: 'the next order request is answered with a page of HTML, accepted or not',
  slow_body: 'the body of the next answer takes ms',
  skew_10002: 'the next request is answered as if its time were wrong',
  limit_10006: 'the next request is over its limit, with the headers that say until when',
  storm_403: 'REST requests are answered with HTTP 403 for ms',
  history_late: 'the order history stays behind for ms',
  // order entry over WebSocket
  trade_10019: 'the order entry restarts: nothing new is accepted for ms',
  trade_10429: 'the next order request over WebSocket meets the system protection',
  // the stream
  duplicate_filled: 'the next Filled comes twice, the second time with a reject reason',
  execution_twice: 'the next execution comes twice',
  executions_late: 'the next execution comes after those that follow it',
  private_disconnect: 'every private connection breaks',
  private_silence: 'the private stream loses everything for ms, and answers pings',
  auth_refused: 'the next authentication is refused',
  auth_late: 'the next authentication is answered after ms',
} as const satisfies Readonly<Record<string, string>>

export type PrivateFaultKind = keyof typeof PRIVATE_FAULTS

function isKind(name: string): name is PrivateFaultKind {
  return Object.hasOwn(PRIVATE_FAULTS, name)
}

export const PRIVATE_FAULT_KINDS: readonly PrivateFaultKind[] =
  Object.keys(PRIVATE_FAULTS).filter(isKind)

export function isPrivateFault(value: unknown): boolean {
  return isRecord(value) && typeof value.kind === 'string' && isKind(value.kind)
}

/** What lasts from the moment it is asked for. */
const LASTING: readonly PrivateFaultKind[] = [
  'storm_403',
  'history_late',
  'trade_10019',
  'private_silence',
]
const MS_USUAL = 500
const MS_MAX = 3_600_000
const COUNT_MAX = 10_000
const ENTRIES_MAX = 65_536

export type PrivateFault = Readonly<{ kind: PrivateFaultKind; count: number; ms: number }>

/** A fault that took place. */
export type PrivateFaultEntry = Readonly<{
  /** From 0, without holes. */
  id: number
  kind: PrivateFaultKind
  /** What it happened to: a path, an order's link id, or nothing. */
  about: string
  /** Microseconds since the epoch. */
  at_us: number
}>

export class PrivateFaults {
  readonly counts: Record<string, number> = {}
  /** Of `private_disconnect`. */
  disconnect: () => void = () => {}
  readonly random: Random
  readonly #nowUs: () => number
  readonly #armed = new Map<PrivateFaultKind, { count: number; ms: number }>()
  readonly #untilUs = new Map<PrivateFaultKind, number>()
  readonly #entries: PrivateFaultEntry[] = []
  #next = 0

  constructor(random: Random, nowUs: () => number) {
    this.random = random
    this.#nowUs = nowUs
    for (const kind of PRIVATE_FAULT_KINDS) this.counts[kind] = 0
  }

  inject({ kind, count, ms }: PrivateFault): number {
    if (kind === 'private_disconnect') {
      this.note(kind, '')
      this.disconnect()
      return 1
    }
    if (LASTING.includes(kind)) {
      this.#untilUs.set(kind, this.#nowUs() + ms * 1000)
      this.note(kind, '')
      return 1
    }
    const armed = this.#armed.get(kind)
    this.#armed.set(kind, { count: Math.min(COUNT_MAX, (armed?.count ?? 0) + count), ms })
    return count
  }

  /** True once for every armed fault of the kind; it then counts as done. */
  take(kind: PrivateFaultKind, about: string): boolean {
    return this.takeMs(kind, about) !== undefined
  }

  /** The same, with the fault's time in milliseconds. */
  takeMs(kind: PrivateFaultKind, about: string): number | undefined {
    const armed = this.#armed.get(kind)
    if (armed === undefined) return undefined
    armed.count--
    if (armed.count === 0) this.#armed.delete(kind)
    this.note(kind, about)
    return armed.ms
  }

  /** Whether one waits for something to happen to. */
  isArmed(kind: PrivateFaultKind): boolean {
    return this.#armed.has(kind)
  }

  /** Whether a lasting fault is on. */
  isOn(kind: PrivateFaultKind): boolean {
    const untilUs = this.#untilUs.get(kind)
    if (untilUs === undefined) return false
    if (this.#nowUs() < untilUs) return true
    this.#untilUs.delete(kind)
    return false
  }

  isStreamSilent(): boolean {
    return this.isOn('private_silence')
  }

  note(kind: PrivateFaultKind, about: string): void {
    this.counts[kind]++
    this.#entries.push({ id: this.#next++, kind, about, at_us: this.#nowUs() })
    if (this.#entries.length > ENTRIES_MAX) this.#entries.shift()
  }

  /** Entries from an id on. */
  since(id: number): readonly PrivateFaultEntry[] {
    const first = this.#entries[0]?.id ?? 0
    return this.#entries.slice(Math.max(0, id - first))
  }
}

/** A fault from the body of a request. */
export function parsePrivateFault(value: unknown): Result<PrivateFault, 'bad_request'> {
  if (!isRecord(value) || typeof value.kind !== 'string' || !isKind(value.kind)) {
    return fail('bad_request', `kind is one of ${PRIVATE_FAULT_KINDS.join(', ')}`)
  }
  const { kind, count, ms } = value
  if (count !== undefined && !isWhole(count, COUNT_MAX)) {
    return fail('bad_request', `count is a whole number from 1 to ${COUNT_MAX}`)
  }
  if (ms !== undefined && !isWhole(ms, MS_MAX)) {
    return fail('bad_request', `ms is a whole number from 1 to ${MS_MAX}`)
  }
  return succeed({
    kind,
    count: typeof count === 'number' ? count : 1,
    ms: typeof ms === 'number' ? ms : MS_USUAL,
  })
}

function isWhole(value: unknown, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max
}
