import { appendFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import {
  DEAD_LETTER_BYTES_MAX,
  DEAD_LETTER_REPEAT_MS,
  DEAD_LETTERS_BYTES_MAX,
  DEAD_LETTERS_FILE_MAX,
  DEAD_LETTERS_KNOWN_MAX,
  DEAD_LETTERS_SECOND_MAX,
} from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { messageOf } from '../core/result.ts'
import type { Counters } from '../memory/counters.ts'
import { redacted } from './redacted.ts'

/** What the exchange told and nobody here could use. */
export type DeadLetter = Readonly<{
  /** Where it came from: a topic, or the path of a list. */
  source: string
  reason: string
  /** What it is about, so that the same row of every look is kept once an hour. */
  about: string
  content: unknown
}>

export type DeadLetters = { keep(letter: DeadLetter): void }

export type DeadLetterParts = Readonly<{
  folder: string
  clock: Clock
  counters: Counters
  log: Logger
}>

/** One JSON object a line: `time_us`, `source`, `reason`, `about`, `content`. */
export const DEAD_LETTERS_FILE = 'dead_letters.ndjson'
/** The file before it; the one before that is gone. */
export const DEAD_LETTERS_OLD_FILE = 'dead_letters.old.ndjson'

/**
 * Keeps messages that could not be read or matched, for a person to look at: two files in the data
 * folder, of which the older is overwritten. Nothing reads them back, and a disk that takes nothing
 * only costs the letter.
 */
export class DeadLetterFile implements DeadLetters {
  readonly #parts: DeadLetterParts
  readonly #path: string
  readonly #secrets: string[] = []
  /** When a letter of that kind was kept last, oldest first; bounded. */
  readonly #known = new Map<string, number>()
  #bytes: number
  #letters: number
  #second = 0
  #inSecond = 0

  constructor(parts: DeadLetterParts) {
    this.#parts = parts
    this.#path = join(parts.folder, DEAD_LETTERS_FILE)
    const before = textOf(this.#path)
    this.#bytes = Buffer.byteLength(before)
    this.#letters = before.split('\n').length - 1
  }

  /** This text appears in no letter. */
  hide(secret: string): void {
    if (secret !== '') this.#secrets.push(secret)
  }

  keep({ about, content, reason, source }: DeadLetter): void {
    const { clock, counters } = this.#parts
    const nowUs = clock.nowUs()
    const key = `${source} ${reason} ${about}`
    const lastUs = this.#known.get(key) ?? Number.NEGATIVE_INFINITY
    if (nowUs - lastUs < DEAD_LETTER_REPEAT_MS * 1000) {
      return counters.add('dead_letters_repeated')
    }
    if (!this.#hasTurn(nowUs)) return counters.add('dead_letters_dropped')
    const kept = redacted(content, this.#secrets, DEAD_LETTER_BYTES_MAX)
    const letter = { time_us: nowUs, source, reason, about: redacted(about, this.#secrets, 256) }
    if (this.#write(`${JSON.stringify({ ...letter, content: kept })}\n`)) {
      counters.add('dead_letters')
      this.#remember(key, nowUs)
    } else counters.add('dead_letters_dropped')
  }

  /** A stream of nothing but odd rows must not become a stream of writes. */
  #hasTurn(nowUs: number): boolean {
    const second = Math.floor(nowUs / 1e6)
    if (second !== this.#second) this.#inSecond = 0
    this.#second = second
    return this.#inSecond++ < DEAD_LETTERS_SECOND_MAX
  }

  #write(line: string): boolean {
    const bytes = Buffer.byteLength(line)
    try {
      const isFull =
        this.#letters >= DEAD_LETTERS_FILE_MAX || this.#bytes + bytes > DEAD_LETTERS_BYTES_MAX
      if (isFull && this.#letters > 0) {
        renameSync(this.#path, join(this.#parts.folder, DEAD_LETTERS_OLD_FILE))
        this.#bytes = 0
        this.#letters = 0
      }
      appendFileSync(this.#path, line, { mode: 0o600 })
    } catch (error) {
      this.#parts.log.error({ reason: messageOf(error) }, 'a dead letter could not be kept')
      return false
    }
    this.#bytes += bytes
    this.#letters++
    return true
  }

  #remember(key: string, nowUs: number): void {
    this.#known.delete(key)
    this.#known.set(key, nowUs)
    if (this.#known.size <= DEAD_LETTERS_KNOWN_MAX) return
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest)
      return
    }
  }
}

/** Bounded by ourselves; empty when there is none yet, or it cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
