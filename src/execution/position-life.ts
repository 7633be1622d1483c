import { assert } from '../core/assert.ts'
import type { PositionState } from '../domain/trading.ts'

export const POSITION_EVENTS = [
  'open',
  'enlarge',
  'reduce',
  'close',
  'turn', // from one side to the other by one execution
  'leave', // an order that makes it smaller was sent
  'stay', // the last such order ended
] as const
export type PositionEvent = (typeof POSITION_EVENTS)[number]

type Row = Readonly<Partial<Record<PositionEvent, PositionState>>>

/**
 * The life of a position as a table. What moves it are executions, whoever they are of, and sizes
 * taken over from the exchange; a missing cell cannot happen.
 */
// biome-ignore format: a table
const TRANSITIONS: Readonly<Record<PositionState, Row>> = {
  closed:  { open: 'open' },
  // reduce, close: by an exit that was an entry of the other side, by a stop at the exchange, by
  // somebody else, or taken over from the exchange.
  open:    { enlarge: 'open', reduce: 'open', close: 'closed', turn: 'open', leave: 'closing' },
  // enlarge: an entry that crossed our exit on the wire. turn: nothing of ours does it, but others
  // may; what is on its way then closes nothing, yet it is there.
  closing: { enlarge: 'closing', reduce: 'closing', close: 'closed', turn: 'closing',
             stay: 'open' },
}

/** The state after `event`; undefined: the table forbids it. */
export function nextPositionState(
  state: PositionState,
  event: PositionEvent,
): PositionState | undefined {
  return TRANSITIONS[state][event]
}

/** What a change of the size means; signed lots. Undefined: nothing changed. */
export function positionEvent(lotsBefore: number, lotsAfter: number): PositionEvent | undefined {
  if (lotsBefore === lotsAfter) return undefined
  if (lotsBefore === 0) return 'open'
  if (lotsAfter === 0) return 'close'
  if (lotsBefore > 0 !== lotsAfter > 0) return 'turn'
  return Math.abs(lotsAfter) > Math.abs(lotsBefore) ? 'enlarge' : 'reduce'
}

/** In which state each position is, by instrument key; as a fold of the journal. */
export class PositionLives {
  /** Those that are not closed. */
  readonly #states = new Map<string, PositionState>()

  of(key: string): PositionState {
    return this.#states.get(key) ?? 'closed'
  }

  /** `isLeaving`: an order that makes it smaller was sent and has not ended. */
  move(key: string, lotsBefore: number, lotsAfter: number, isLeaving: boolean): void {
    const event = positionEvent(lotsBefore, lotsAfter)
    if (event !== undefined) this.#enter(key, event)
    const state = this.of(key)
    if (state === 'open' && isLeaving) this.#enter(key, 'leave')
    else if (state === 'closing' && !isLeaving) this.#enter(key, 'stay')
  }

  #enter(key: string, event: PositionEvent): void {
    const next = nextPositionState(this.of(key), event)
    assert(next !== undefined, `position ${key}: ${event} while ${this.of(key)}`)
    if (next === 'closed') this.#states.delete(key)
    else this.#states.set(key, next)
  }
}
