import { FrameBody, type FrameFields, type FrameVariant } from './frame-body.ts'

/** One turn of the stream's loop. */
export type Tick = { number: number; nowUs: number }

/** Cursor of a subscriber that has not had its first frame. */
export const BEFORE_FIRST = -1

/**
 * What a client subscribes to. A channel looks at shared memory at most once a tick and encodes at
 * most once for all subscribers that are at the same place. It counts its updates; a subscriber
 * remembers the count it has come to, its cursor, so a slow one costs the channel nothing.
 */
export type DeskChannel = {
  readonly name: string
  /** Looks for news. Cheap when called again in the same tick. */
  look(tick: Tick): void
  /** Updates so far; a subscriber whose cursor equals it has seen everything. */
  readonly head: number
  /** False while there is nothing that a first frame could show. */
  readonly isReady: boolean
  /** What a subscriber at `cursor` gets next, up to `head`. */
  fill(out: FrameChoice, cursor: number, variant: FrameVariant, tick: Tick): void
}

/** A frame about to be sent: shared bytes and what is said to one client about them. */
export type FrameChoice = { body: FrameBody; missed: number; isSnapshot: boolean }

export function createFrameChoice(): FrameChoice {
  return { body: new FrameBody(), missed: 0, isSnapshot: false }
}

/** Keeps the last encoding of each variant, under a key that says what it shows. */
export class BodyCache {
  readonly #bodies = new Map<FrameVariant, { body: FrameBody; key: number; subkey: number }>()

  /**
   * The bytes for this key; `fields` is called only when they are not there yet. Keys are not
   * negative.
   */
  body(variant: FrameVariant, key: number, subkey: number, fields: () => FrameFields): FrameBody {
    const kept = this.#bodies.get(variant)
    if (kept !== undefined && kept.key === key && kept.subkey === subkey) return kept.body
    const entry = kept ?? { body: new FrameBody(), key, subkey }
    entry.key = key
    entry.subkey = subkey
    entry.body.set(fields(), variant)
    if (kept === undefined) this.#bodies.set(variant, entry)
    return entry.body
  }
}

/**
 * Age in milliseconds with the microseconds behind the point; null when the beginning is unknown.
 */
export function ageMs(sinceUs: number, nowUs: number): number | null {
  return sinceUs > 0 ? Math.max(0, Math.round(nowUs - sinceUs)) / 1000 : null
}

/** JSON knows no NaN. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
