// hot
import { MID_BUCKETS_KEPT, SEQLOCK_ATTEMPTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { type GridClock, SharedGridClock } from './grid-clock.ts'
import { cacheLines, checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * The mid states of every symbol on the global grid (features.md 1.8), in the `mids` region:
 *
 *   +--------------------------------+   one cell a symbol:
 *   | int32 clock | float64 base ms  |   +----------------+-----------------+------------------+
 *   +--------------------------------+   | 16 int32 words | 8 float64       | frozen mids, a   |
 *   | cell 0 | cell 1 | ...          |   |                | bucket, mid     | ring of buckets  |
 *   +--------------------------------+   +----------------+-----------------+------------------+
 *
 * A cell says: since `bucket` the mid is `mid`, and before it what the ring holds. So nobody has to
 * go over all symbols when the clock moves: a symbol that was quiet is frozen by being read.
 *
 * Why frozen values never change. A cell is seqlocked, with one writer, and the writer looks at the
 * clock *inside* its write. A reader whose event saw bucket g asks for buckets before g only. If it
 * finds the cell even, any later write of it looks at the clock later still, finds g or more, and
 * so changes no bucket before g; if it finds it odd, it tries again. All of these steps are atomics,
 * which all threads see in one order; the plain fields between them are covered by the argument of
 * book-view.ts. Nobody waits for anybody: a reader gives up after a bound and says so.
 */
const CLOCK = 0
const HEADER_BYTES = 64
const BASE_MS = 1 // as a double, behind the clock's

const SEQUENCE = 0
const CELL_WORDS = 16
const BUCKET = 0
const MID = 1
const CELL_DOUBLES = 8
const CELL_BYTES = cacheLines(CELL_WORDS * 4 + CELL_DOUBLES * 8 + MID_BUCKETS_KEPT * 8)

/** `baseMs`: about when events will happen; see SharedGridClock. */
export function createMidGrid(symbols: number, baseMs: number): SharedArrayBuffer {
  const mids = createRegion('mids', HEADER_BYTES + symbols * CELL_BYTES)
  SharedGridClock.clear(headerWords(mids), CLOCK)
  headerDoubles(mids)[BASE_MS] = baseMs
  for (let i = 0; i < symbols; i++) {
    const doubles = new Float64Array(mids, cellStart(i) + CELL_WORDS * 4)
    doubles[BUCKET] = Number.NEGATIVE_INFINITY
    doubles[MID] = Number.NaN
  }
  return mids
}

export function openGridClock(mids: SharedArrayBuffer, gridMs: number): GridClock {
  checkRegion(mids, 'mids')
  return new SharedGridClock(headerWords(mids), CLOCK, headerDoubles(mids)[BASE_MS], gridMs)
}

export function openMidCell(mids: SharedArrayBuffer, index: number): MidCell {
  const payload = checkRegion(mids, 'mids')
  const end = HEADER_BYTES + (index + 1) * CELL_BYTES
  assert(index >= 0 && end <= payload, 'the region has a cell of this index')
  return new MidCell(mids, cellStart(index))
}

/** Buckets from `from` to before `to`. */
export type BucketRange = { from: number; to: number }

export class MidCell {
  /** Mid state in half ticks that `publish` makes current; NaN: none. */
  next = Number.NaN
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #frozen: Float64Array

  constructor(mids: SharedArrayBuffer, start: number) {
    const doubles = start + CELL_WORDS * 4
    this.#words = new Int32Array(mids, start, CELL_WORDS)
    this.#doubles = new Float64Array(mids, doubles, CELL_DOUBLES)
    this.#frozen = new Float64Array(mids, doubles + CELL_DOUBLES * 8, MID_BUCKETS_KEPT)
  }

  /**
   * The mid state changes to `next`. An event moves the clock, a gap does not. Only by the writer
   * of the symbol.
   */
  publish(clock: GridClock, isEvent: boolean): void {
    const before = Atomics.add(this.#words, SEQUENCE, 1)
    assert((before & 1) === 0, 'a mid has one writer')
    if (isEvent) clock.advance()
    else clock.look()
    this.#freeze(clock)
    this.#doubles[MID] = this.next
    Atomics.add(this.#words, SEQUENCE, 1)
  }

  /**
   * Once, for a writer that died: its symbol has no mid from now on. A write that it did not finish
   * is ended: the ring is filled before `bucket`, and `mid` is set last, so whatever it had done by
   * then is the state before its event or the one after.
   */
  recover(clock: GridClock): void {
    if ((Atomics.load(this.#words, SEQUENCE) & 1) === 1) Atomics.add(this.#words, SEQUENCE, 1)
    this.next = Number.NaN
    this.publish(clock, false)
  }

  /**
   * Copies the frozen mids of closed buckets to `out` from place `at`. False: the writer was busy at
   * every attempt, or so far ahead of this reader that the oldest are no longer kept; `out` holds
   * nothing that may be used then.
   */
  read(range: BucketRange, out: Float64Array, at: number): boolean {
    for (let attempt = 0; attempt < SEQLOCK_ATTEMPTS_MAX; attempt++) {
      const before = Atomics.load(this.#words, SEQUENCE)
      if ((before & 1) === 1) continue
      const isKept = this.copy(range, out, at)
      // Adding zero, not loading: only a write keeps the plain reads above from sinking below it.
      if (Atomics.add(this.#words, SEQUENCE, 0) === before) return isKept
    }
    return false
  }

  /** What `read` copies, without asking whether it is torn: for the test that shows that it is. */
  copy(range: BucketRange, out: Float64Array, at: number): boolean {
    const doubles = this.#doubles
    const frozen = this.#frozen
    const bucket = doubles[BUCKET]
    let place = at
    for (let b = range.from; b < range.to; b++) {
      out[place++] = b >= bucket ? doubles[MID] : frozen[b % MID_BUCKETS_KEPT]
    }
    return range.from >= bucket - MID_BUCKETS_KEPT
  }

  /** The buckets that closed since the last write keep the mid of then. */
  #freeze(clock: GridClock): void {
    const doubles = this.#doubles
    const now = clock.current
    const bucket = doubles[BUCKET]
    if (now <= bucket) return
    const frozen = this.#frozen
    const mid = doubles[MID]
    for (let b = Math.max(bucket, now - MID_BUCKETS_KEPT); b < now; b++) {
      frozen[b % MID_BUCKETS_KEPT] = mid
    }
    doubles[BUCKET] = now
  }
}

function headerWords(mids: SharedArrayBuffer): Int32Array {
  return new Int32Array(mids, REGION_HEADER_BYTES, HEADER_BYTES / 4)
}

function headerDoubles(mids: SharedArrayBuffer): Float64Array {
  return new Float64Array(mids, REGION_HEADER_BYTES, HEADER_BYTES / 8)
}

function cellStart(index: number): number {
  return REGION_HEADER_BYTES + HEADER_BYTES + index * CELL_BYTES
}
