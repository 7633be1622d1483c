import { createHash } from 'node:crypto'
import { IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_LIFE_MS } from '../constants.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'

/**
 * A write that is repeated with the same key is answered as the first time and done once, also
 * while the first is still under way. A refused write did nothing, so its key is free again. Keys
 * live for a day, in this process only: every command of the API is harmless when repeated after a
 * restart.
 */
type Entry<Value> = {
  fingerprint: string
  createdUs: number
  outcome: Promise<Result<Value, ResultCode>>
}

const LIFE_US = IDEMPOTENCY_LIFE_MS * 1000

export class IdempotencyKeys<Value> {
  readonly #entries = new Map<string, Entry<Value>>() // oldest first
  readonly #keysMax: number
  /** Keys forgotten before their time because there were too many. */
  evicted = 0

  constructor(keysMax = IDEMPOTENCY_KEYS_MAX) {
    this.#keysMax = keysMax
  }

  get size(): number {
    return this.#entries.size
  }

  /**
   * Runs `work`, or answers what it answered before. `idempotency_key_reused`: the key belongs to
   * another request.
   */
  async once(
    key: string,
    request: string,
    nowUs: number,
    work: () => Promise<Result<Value, ResultCode>>,
  ): Promise<Result<Answered<Value>, ResultCode>> {
    this.#expire(nowUs)
    const fingerprint = createHash('sha256').update(request).digest('base64')
    const known = this.#entries.get(key)
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) {
        return fail('idempotency_key_reused', `Idempotency-Key ${key} was used for another request`)
      }
      const outcome = await known.outcome
      return outcome.ok ? succeed({ value: outcome.value, isRepeated: true }) : outcome
    }
    const entry: Entry<Value> = { fingerprint, createdUs: nowUs, outcome: work() }
    this.#entries.set(key, entry)
    this.#makeRoom()
    const outcome = await entry.outcome
    if (outcome.ok) return succeed({ value: outcome.value, isRepeated: false })
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
    return outcome
  }

  #expire(nowUs: number): void {
    for (const [key, entry] of this.#entries) {
      if (nowUs - entry.createdUs < LIFE_US) return
      this.#entries.delete(key)
    }
  }

  /**
   * A halt must always get through, so a full map forgets its oldest key instead of refusing the
   * newest.
   */
  #makeRoom(): void {
    if (this.#entries.size <= this.#keysMax) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      this.evicted++
      return
    }
  }
}

export type Answered<Value> = Readonly<{ value: Value; isRepeated: boolean }>
