import type { InstrumentTable } from '../domain/instrument.ts'
import type { IntentReason } from '../memory/intent-record.ts'
import type { Books } from './books.ts'
import type { ExecutionState } from './execution-state.ts'
import { closingTicks, exitLimitTicks, exitReason } from './exits/position-exit.ts'
import { type Holding, instrumentKey } from './holding.ts'
import { ACTOR_SHARD, type Intent } from './intent.ts'

const RETRY_US_MIN = 100_000
const RETRY_US_MAX = 5_000_000

type Attempt = { lots: number; count: number; nextUs: number }

/**
 * What the actor closes by itself: positions whose levels or time say so, and those that a flatten
 * asks for. An attempt that changed nothing is repeated ever more slowly, from 0.1 to 5 s; one that
 * filled something at once.
 */
export class Closing {
  readonly #state: ExecutionState
  readonly #books: Books
  readonly #instruments: InstrumentTable
  readonly #slippageBps: number
  /** Indexes of instruments to be made flat, whatever their levels say. */
  readonly #flattening = new Set<number>()
  /** By index; one entry an instrument at most. */
  readonly #attempts = new Map<number, Attempt>()
  #number = 0

  constructor(
    state: ExecutionState,
    books: Books,
    instruments: InstrumentTable,
    slippageBps: number,
  ) {
    this.#state = state
    this.#books = books
    this.#instruments = instruments
    this.#slippageBps = slippageBps
  }

  isFlattening(instrument: number): boolean {
    return this.#flattening.has(instrument)
  }

  /** `instrument` -1: all. */
  flatten(instrument: number): void {
    for (const { index } of this.#instruments) {
      if (instrument === -1 || instrument === index) this.#flattening.add(index)
    }
  }

  stopFlattening(): void {
    this.#flattening.clear()
  }

  /**
   * Intents for what is to be closed now. The caller keeps instruments with an unfinished order
   * out.
   */
  due(nowUs: number, isBusy: (key: string) => boolean): Intent[] {
    const intents: Intent[] = []
    for (const instrument of this.#instruments) {
      const key = instrumentKey(instrument)
      const holding = this.#state.holdings.get(key)
      const { index } = instrument
      const busy = isBusy(key)
      if (holding === undefined || holding.position.lots === 0) {
        this.#attempts.delete(index)
        if (!busy) this.#flattening.delete(index)
        continue
      }
      if (busy) continue
      const reason = this.#reason(index, holding, nowUs)
      if (reason === undefined) continue
      const { lots } = holding.position
      const limitTicks = this.#limitTicks(index, lots)
      if (Number.isNaN(limitTicks) || !this.#mayTry(index, lots, nowUs)) continue
      this.#number++
      intents.push({
        ...EMPTY,
        number: this.#number,
        instrument,
        reason,
        u: this.#books.read(index)?.u ?? 0,
        createdUs: nowUs,
        receiveUs: nowUs,
        limitTicks,
      })
    }
    return intents
  }

  #reason(index: number, holding: Holding, nowUs: number): IntentReason | undefined {
    if (this.#flattening.has(index)) return 'flatten'
    if (holding.plan === undefined) return undefined
    return exitReason(holding.position.lots, holding.plan, this.#books.read(index), nowUs)
  }

  #limitTicks(index: number, lots: number): number {
    const close = closingTicks(lots, this.#books.read(index))
    return exitLimitTicks(lots, close, this.#slippageBps)
  }

  #mayTry(index: number, lots: number, nowUs: number): boolean {
    const last = this.#attempts.get(index)
    if (last === undefined || last.lots !== lots) {
      this.#attempts.set(index, { lots, count: 1, nextUs: nowUs + RETRY_US_MIN })
      return true
    }
    if (nowUs < last.nextUs) return false
    last.nextUs = nowUs + Math.min(RETRY_US_MAX, RETRY_US_MIN * 2 ** last.count)
    last.count++
    return true
  }
}

const EMPTY = {
  shard: ACTOR_SHARD,
  strategy: 0,
  action: 'exit',
  rowNumber: 0,
  targetTicks: Number.NaN,
  stopTicks: Number.NaN,
  holdMsMax: 0,
  notionalQuote: 0,
  imbalance: Number.NaN,
  probability: Number.NaN,
} as const
