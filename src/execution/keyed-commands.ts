import { IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_LIFE_MS } from '../constants.ts'
import type { CommandObeyed } from '../domain/journal-stops.ts'

const LIFE_US = IDEMPOTENCY_LIFE_MS * 1000

/**
 * Commands that came with an idempotency key and were done, as a fold of the journal: key and effect
 * are in one record, so that a crash keeps both or neither. For a day, and bounded.
 */
export class KeyedCommands {
  /** By the hash of the key, oldest first. */
  readonly #commands = new Map<string, CommandObeyed>()

  note(record: CommandObeyed): void {
    if (record.key_hash === undefined || record.code !== 'ok') return
    this.#commands.delete(record.key_hash)
    this.#commands.set(record.key_hash, record)
    for (const [key, { time_us: timeUs }] of this.#commands) {
      const isOld = record.time_us - timeUs >= LIFE_US
      if (!isOld && this.#commands.size <= IDEMPOTENCY_KEYS_MAX) break
      this.#commands.delete(key)
    }
  }

  /** Undefined: the key is free. */
  find(keyHash: string, nowUs: number): CommandObeyed | undefined {
    const record = this.#commands.get(keyHash)
    return record !== undefined && nowUs - record.time_us < LIFE_US ? record : undefined
  }

  values(): IterableIterator<CommandObeyed> {
    return this.#commands.values()
  }
}
