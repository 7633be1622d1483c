import { createHash } from 'node:crypto'
import { IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_LIFE_MS } from '../constants.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'

/**
 * A write that is repeated with the same key is answered as the first time and done once, also
 * while the first is still under way. A refused write did nothing, so its key is free again. Keys
 * live for a day: execution journals key and effect in one record, and a start takes over what the
 * journal says (`restore`).
 */
type Entry<Value> = {
  fingerprint: string
  createdUs: number
  outcome: Promise<Result<Value, ResultCode>>
}

/** A write that was answered before this process began. */
export type AnsweredBefore<Value> = Readonly<{
  keyHash: string
  requestHash: string
  timeUs: number
  value: Value
}>

/** SHA-256, base64url. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

const LIFE_US = IDEMPOTENCY_LIFE_MS * 1000

export class IdempotencyKeys<Value> {
  /** By the hash of the key, oldest first. */
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #keysMax: number
  /** Keys forgotten before their time because there were too many. */
  evicted = 0

  constructor(keysMax = IDEMPOTENCY_KEYS_MAX) {
    this.#keysMax = keysMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** Before the first write. `answers` are in the order of their times. */
  restore(answers: Iterable<AnsweredBefore<Value>>): void {
    for (const { keyHash, requestHash, timeUs, value } of answers) {
      const outcome = Promise.resolve(succeed(value))
      this.#entries.set(keyHash, { fingerprint: requestHash, createdUs: timeUs, outcome })
      this.#makeRoom()
    }
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
    const fingerprint = hashOf(request)
    const keyHash = hashOf(key)
    const known = this.#entries.get(keyHash)
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) {
        return fail('idempotency_key_reused', `Idempotency-Key ${key} was used for another request`)
      }
      const outcome = await known.outcome
      return outcome.ok ? succeed({ value: outcome.value, isRepeated: true }) : outcome
    }
    const entry: Entry<Value> = { fingerprint, createdUs: nowUs, outcome: work() }
    this.#entries.set(keyHash, entry)
    this.#makeRoom()
    const outcome = await entry.outcome
    if (outcome.ok) return succeed({ value: outcome.value, isRepeated: false })
    if (this.#entries.get(keyHash) === entry) this.#entries.delete(keyHash)
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
