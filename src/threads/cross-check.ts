import { firstDifference, type LevelDifference } from '../book/level-difference.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Result } from '../core/result.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { Instrument, InstrumentTable } from '../domain/instrument.ts'
import type { RestBook } from '../feed/bybit/rest-book.ts'
import { TokenBucket } from '../feed/token-bucket.ts'
import {
  type BookCopy,
  type BookView,
  createBookCopy,
  openBookView,
  readBook,
} from '../memory/book-view.ts'
import type { Counters } from '../memory/counters.ts'
import type { DepthBooks } from './engine-memory.ts'

/** How often we look whether a book may be compared. */
const LOOK_PERIOD_MS = 250
/**
 * A book without change for so long is quiet: longer than the slowest topic takes to tell what the
 * others know (200 ms for 1000 levels).
 */
const QUIET_US = 300_000
/**
 * After this a book that is not quiet is asked for too, and depths that were never at one `seq` are
 * counted, or busy markets would not be heard of.
 */
const PATIENCE_US = 5_000_000
/** How long we leave an exchange in peace that did not answer. */
const REST_AFTER_FAILURE_US = 60_000_000

export type CrossCheckOptions = Readonly<{
  instruments: InstrumentTable
  /** The exact books of each depth that is subscribed, the deepest last. */
  books: readonly DepthBooks[]
  perMinute: number
  clock: Clock
  timers: Timers
  log: Logger
  /** Counts `cross_checks` and what became of them. */
  counters: Counters
  /** At most `depth` levels a side. */
  fetchBook(instrument: Instrument, depth: number): Promise<Result<RestBook, string>>
  /** The book of that topic is wrong: it must leave LIVE and be subscribed again. */
  quarantine(instrument: number, depth: number): void
}>

type Subject = Readonly<{ view: BookView; depth: number; copy: BookCopy }>

/**
 * The one test of a book that does not rest on its own chain of updates: it is compared with
 * another depth of the same symbol or, where there is one depth only, with the exchange's REST
 * book. Two books of one `seq` must be equal; those of different ones say nothing about each other
 * and are counted as not comparable.
 *
 * Of two depths that differ nobody knows which is wrong, so both are quarantined.
 */
export class CrossCheck {
  readonly #options: CrossCheckOptions
  readonly #bucket: TokenBucket
  /** By instrument, then by depth. */
  readonly #subjects: readonly (readonly Subject[])[]
  /** Where the next look begins, so that every symbol has its turn. */
  #next = 0
  #dueSinceUs = Number.NaN
  #notBeforeUs = 0
  #isAsking = false
  #cancel: CancelTimer = () => {}

  constructor(options: CrossCheckOptions) {
    const { books, clock, instruments, perMinute } = options
    this.#options = options
    this.#bucket = new TokenBucket({ perSecond: perMinute / 60, burst: 1 }, clock.nowUs())
    const copies = books.map(({ depth }) => createBookCopy(depth))
    this.#subjects = instruments.map(({ index }) =>
      books.map(({ books: region, depth }, at) => {
        return { view: openBookView(region, index, depth), depth, copy: copies[at] }
      }),
    )
  }

  start(): void {
    this.#cancel = this.#options.timers.every(LOOK_PERIOD_MS, () => void this.look())
  }

  stop(): void {
    this.#cancel()
  }

  /** Compares one symbol if it is time and one is ready; resolves when that is done. */
  async look(): Promise<void> {
    const nowUs = this.#options.clock.nowUs()
    if (this.#isAsking || nowUs < this.#notBeforeUs || this.#bucket.waitUs(nowUs) > 0) return
    if (Number.isNaN(this.#dueSinceUs)) this.#dueSinceUs = nowUs
    const index = this.#choose(nowUs)
    if (index === undefined || !this.#bucket.tryTake(nowUs)) return
    this.#next = (index + 1) % this.#subjects.length
    this.#dueSinceUs = Number.NaN
    const subjects = this.#subjects[index]
    if (subjects.length > 1) return this.#compareDepths(index)
    this.#isAsking = true
    await this.#compareWithRest(index, subjects[0])
    this.#isAsking = false
  }

  /** The next quiet symbol of comparable books; when there is none for long, the next LIVE one. */
  #choose(nowUs: number): number | undefined {
    const symbols = this.#subjects.length
    let live: number | undefined
    for (let i = 0; i < symbols; i++) {
      const index = (this.#next + i) % symbols
      const ageUs = this.#ageUs(index, nowUs)
      if (ageUs >= QUIET_US && this.#isComparable(index)) return index
      if (!Number.isNaN(ageUs)) live ??= index
    }
    return nowUs - this.#dueSinceUs >= PATIENCE_US ? live : undefined
  }

  /** Of what `#ageUs` has copied. What REST will answer nobody knows before. */
  #isComparable(index: number): boolean {
    const subjects = this.#subjects[index]
    const deepest = subjects[subjects.length - 1]
    if (subjects.length === 1) return true
    return subjects.some((each) => each !== deepest && each.copy.seq === deepest.copy.seq)
  }

  /** Since the latest change of any depth; NaN unless all are LIVE. Copies all of them. */
  #ageUs(index: number, nowUs: number): number {
    let ageUs = Number.POSITIVE_INFINITY
    for (const { copy, view } of this.#subjects[index]) {
      if (!readBook(view, copy) || copy.state !== 'LIVE') return Number.NaN
      ageUs = Math.min(ageUs, nowUs - copy.receiveUs)
    }
    return ageUs
  }

  /** Each depth with the deepest, as they were when the symbol was chosen, or a moment later. */
  #compareDepths(index: number): void {
    const { counters } = this.#options
    if (Number.isNaN(this.#ageUs(index, 0))) return counters.add('cross_checks_not_comparable')
    const subjects = this.#subjects[index]
    const deepest = subjects[subjects.length - 1]
    const wrong = new Set<number>()
    for (const { copy, depth } of subjects.slice(0, -1)) {
      if (copy.seq !== deepest.copy.seq) {
        counters.add('cross_checks_not_comparable')
        continue
      }
      const difference = firstDifference(copy, deepest.copy, depth)
      this.#count(index, depth, `depth ${deepest.depth}`, copy.seq, difference)
      if (difference !== undefined) wrong.add(depth).add(deepest.depth)
    }
    for (const depth of wrong) this.#options.quarantine(index, depth)
  }

  /** The answer is of some moment between question and arrival: either book may be its equal. */
  async #compareWithRest(index: number, { copy, depth, view }: Subject): Promise<void> {
    const { clock, counters, fetchBook, instruments, log, quarantine } = this.#options
    const before = createBookCopy(depth)
    const hasBefore = readBook(view, before)
    const answer = await fetchBook(instruments[index], depth)
    if (!answer.ok) {
      counters.add('cross_checks_failed')
      this.#notBeforeUs = clock.nowUs() + REST_AFTER_FAILURE_US
      log.warn({ reason: answer.message }, 'book not compared with the exchange')
      return
    }
    const after = readBook(view, copy) ? copy : undefined
    const { seq } = answer.value
    const ours = [hasBefore ? before : undefined, after].find((book) => {
      return book !== undefined && book.state === 'LIVE' && book.seq === seq
    })
    if (ours === undefined) return counters.add('cross_checks_not_comparable')
    const difference = firstDifference(ours, answer.value, depth)
    this.#count(index, depth, 'REST', seq, difference)
    if (difference !== undefined) quarantine(index, depth)
  }

  #count(
    index: number,
    depth: number,
    other: string,
    seq: number,
    difference: LevelDifference | undefined,
  ): void {
    const { counters, instruments, log } = this.#options
    counters.add('cross_checks')
    if (difference === undefined) return
    counters.add('cross_check_mismatches')
    const { symbol } = instruments[index]
    log.error({ symbol, depth, other, seq, ...difference }, 'book differs: quarantined')
  }
}
