import type { Instrument, InstrumentTable } from '../domain/instrument.ts'
import type { IntentReason } from '../memory/intent-record.ts'
import type { Books } from './books.ts'
import type { ExecutionState } from './execution-state.ts'
import type { ExitWatch } from './exits/exit-watch.ts'
import { closingTicks, type DueExit, exitLimitTicks } from './exits/position-exit.ts'
import { type Holding, instrumentKey } from './holding.ts'
import { ACTOR_SHARD, type Intent } from './intent.ts'

const RETRY_US_MIN = 100_000
const RETRY_US_MAX = 5_000_000
/** How far a flatten may reach at most, however often it found nobody within less. */
const FLATTEN_BPS_MAX = 1000

type Attempt = { lots: number; reason: IntentReason; count: number; nextUs: number }

/**
 * What the actor closes by itself: positions whose levels or time say so, and those that a flatten
 * asks for. An attempt that changed nothing is repeated ever more slowly, from 0.1 to 5 s; one that
 * filled something at once.
 */
export class Closing {
  readonly #state: ExecutionState
  readonly #books: Books
  readonly #instruments: InstrumentTable
  readonly #exits: ExitWatch
  readonly #slippageBps: number
  /** Indexes of instruments to be made flat, whatever their levels say. */
  readonly #flattening = new Set<number>()
  /** By index; one entry an instrument at most. */
  readonly #attempts = new Map<number, Attempt>()
  /** Best price on the closing side when it was last known, by index; of held ones only. */
  readonly #lastTicks = new Map<number, number>()
  #isBlind = false
  #number = 0

  constructor(
    state: ExecutionState,
    books: Books,
    instruments: InstrumentTable,
    exits: ExitWatch,
    slippageBps: number,
  ) {
    this.#state = state
    this.#books = books
    this.#instruments = instruments
    this.#exits = exits
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
    this.#isBlind = false
  }

  /**
   * A kill, or a loss beyond its limit, closes without a live book too, at the last price that is
   * known: the market data may be gone while the exchange still takes orders.
   */
  closeBlindly(): void {
    this.#isBlind = true
  }

  /**
   * Intents for what is to be closed now. The caller keeps instruments with an unfinished order
   * out.
   */
  due(nowUs: number, isBusy: (key: string) => boolean): Intent[] {
    const intents: Intent[] = []
    this.#exits.readTape(nowUs)
    for (const instrument of this.#instruments) {
      const key = instrumentKey(instrument)
      const holding = this.#state.holdings.get(key)
      const { index } = instrument
      const busy = isBusy(key)
      if (holding === undefined || holding.position.lots === 0) {
        this.#attempts.delete(index)
        this.#lastTicks.delete(index)
        this.#exits.forget(index)
        if (!busy) this.#flattening.delete(index)
        continue
      }
      // A trail goes on while an order is on its way.
      const exit = this.#due(instrument, holding, nowUs)
      if (busy || exit === undefined) continue
      const { lots } = holding.position
      const limitTicks = this.#limitTicks(index, holding)
      if (Number.isNaN(limitTicks) || !this.#mayTry(index, lots, exit.reason, nowUs)) continue
      this.#number++
      intents.push({
        ...EMPTY,
        number: this.#number,
        instrument,
        reason: exit.reason,
        exitLots: exit.lots,
        u: this.#books.read(index)?.u ?? 0,
        createdUs: nowUs,
        receiveUs: nowUs,
        limitTicks,
      })
    }
    return intents
  }

  #due(instrument: Instrument, holding: Holding, nowUs: number): DueExit | undefined {
    if (this.#flattening.has(instrument.index)) {
      return { reason: 'flatten', lots: Math.abs(holding.position.lots) }
    }
    return this.#exits.look(instrument, holding, nowUs)
  }

  /** A flatten that found nobody reaches twice as far the next time; an exit does not. */
  #limitTicks(index: number, { position }: Holding): number {
    const { costTickLots, lots } = position
    let close = closingTicks(lots, this.#books.read(index))
    if (close > 0) this.#lastTicks.set(index, close)
    const isFlattening = this.#flattening.has(index)
    if (Number.isNaN(close) && isFlattening && this.#isBlind) {
      const cost = Math.round(costTickLots / Math.abs(lots))
      close = this.#lastTicks.get(index) ?? (cost > 0 ? cost : Number.NaN)
    }
    const tries = isFlattening ? (this.#attempts.get(index)?.count ?? 0) : 0
    const bps = Math.max(
      this.#slippageBps,
      Math.min(FLATTEN_BPS_MAX, this.#slippageBps * 2 ** tries),
    )
    return exitLimitTicks(lots, close, bps)
  }

  /** A stop does not wait for what another exit tried in vain. */
  #mayTry(index: number, lots: number, reason: IntentReason, nowUs: number): boolean {
    const last = this.#attempts.get(index)
    if (last === undefined || last.lots !== lots || last.reason !== reason) {
      this.#attempts.set(index, { lots, reason, count: 1, nextUs: nowUs + RETRY_US_MIN })
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
