import type { Instrument, InstrumentTable } from '../domain/instrument.ts'
import type { IntentReason } from '../memory/intent-record.ts'
import type { Books } from './books.ts'
import { type Block, ExitWaits, type Wait } from './exits/exit-waits.ts'
import type { ExitWatch } from './exits/exit-watch.ts'
import { closingTicks, type DueExit, exitLimitTicks } from './exits/position-exit.ts'
import { type Holding, instrumentKey } from './holding.ts'
import { ACTOR_SHARD, type Intent } from './intent.ts'
import type { Ledger } from './ledger.ts'

const RETRY_US_MIN = 100_000
const RETRY_US_MAX = 5_000_000

type Price = Readonly<{ limitTicks: number; isAtMarket: boolean }>

/** What else is on its way in an instrument. */
export type WayOut = Readonly<{
  /** Undefined: an order that closes may leave. */
  blockOf: (instrument: Instrument) => Block | undefined
  /** Cancels what rests there and opens, of before that time. */
  clear: (instrument: Instrument, beforeUs: number) => void
}>

type Attempt = { lots: number; reason: IntentReason; count: number; nextUs: number }

/**
 * What the actor closes by itself: positions whose levels or time say so, and those that a flatten
 * asks for. An attempt that changed nothing is repeated ever more slowly, from 0.1 to 5 s; one that
 * filled something at once.
 */
export class Closing {
  readonly #ledger: Ledger
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
  /** Indexes of instruments with a position at the last look. */
  readonly #held = new Set<number>()
  readonly #waits: ExitWaits
  #isBlind = false
  #number = 0

  constructor(
    ledger: Ledger,
    books: Books,
    instruments: InstrumentTable,
    exits: ExitWatch,
    slippageBps: number,
  ) {
    this.#ledger = ledger
    this.#waits = new ExitWaits(ledger)
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
   * What is flattened at an exchange with an account is closed without a live book too: the market
   * data may be gone while the exchange still takes orders.
   */
  closeBlindly(): void {
    this.#isBlind = true
  }

  /** An exit of the instrument waits: nothing may be opened before it. */
  isWaiting(instrument: number): boolean {
    return this.#waits.isKept(instrument)
  }

  /** Since when something of the instrument is to be closed; NaN: nothing is. */
  dueSinceUs(instrument: number): number {
    return this.#waits.sinceUs(instrument)
  }

  /** What is due closes all of its position. */
  isWholeDue(instrument: number): boolean {
    return this.#waits.isWhole(instrument)
  }

  /** A strategy's exit cannot leave: it is kept until it can. False: one of it waits already. */
  keep(intent: Intent, nowUs: number): boolean {
    if (intent.shard === ACTOR_SHARD) return false
    const { lots } = this.#ledger.state.position(instrumentKey(intent.instrument))
    return this.#waits.keep(intent, lots, nowUs)
  }

  /** The gate has decided on an exit, either way. */
  decided({ instrument, shard }: Intent): void {
    this.#waits.leave(instrument.index, shard === ACTOR_SHARD)
  }

  /**
   * Intents for what is to be closed now. Entries that rest in the way of one are canceled, and the
   * exit is kept until it can leave.
   */
  due(nowUs: number, way: WayOut): Intent[] {
    const intents: Intent[] = []
    this.#exits.readTape(nowUs)
    for (const instrument of this.#instruments) {
      const holding = this.#ledger.state.holdings.get(instrumentKey(instrument))
      const block = way.blockOf(instrument)
      if (holding === undefined || holding.position.lots === 0) {
        this.#lookFlat(instrument, holding, block, way)
        continue
      }
      this.#held.add(instrument.index)
      // A trail goes on while an order is on its way.
      const exit = this.#due(instrument, holding, nowUs)
      const { lots } = holding.position
      const wait = this.#waits.look(instrument, lots, exit, nowUs)
      if (wait === undefined) continue
      if (block !== undefined) {
        if (block === 'opening') this.#waits.hold(wait, exit, lots)
        if (this.#waits.mayClear(wait, nowUs)) way.clear(instrument, nowUs)
        continue
      }
      const intent = this.#intent(wait, holding, exit, nowUs)
      if (intent !== undefined) intents.push(intent)
    }
    return intents
  }

  /** What rests of the entries of a position that is gone, however it went, must not open it anew. */
  #lookFlat(
    instrument: Instrument,
    holding: Holding | undefined,
    block: Block | undefined,
    way: WayOut,
  ): void {
    const { index } = instrument
    this.#attempts.delete(index)
    this.#lastTicks.delete(index)
    this.#exits.forget(index)
    this.#waits.flat(index, block !== undefined)
    if (block === undefined) this.#flattening.delete(index)
    if (this.#held.delete(index)) way.clear(instrument, holding?.movedUs ?? Number.NaN)
  }

  /** What closes all goes before what a strategy asked for, and that before a part. */
  #intent(
    wait: Wait,
    holding: Holding,
    due: DueExit | undefined,
    nowUs: number,
  ): Intent | undefined {
    const { instrument, intent } = wait
    const { lots } = holding.position
    const price = this.#limitTicks(instrument.index, holding)
    const { limitTicks } = price
    if (intent !== undefined && !(due !== undefined && due.lots >= Math.abs(lots))) {
      // Its own price is of another moment.
      const ownTicks = Number.isNaN(limitTicks) ? intent.limitTicks : limitTicks
      return { ...intent, createdUs: nowUs, limitTicks: ownTicks }
    }
    const exit = due ?? wait.exit
    if (exit === undefined || Number.isNaN(limitTicks)) return undefined
    if (!this.#mayTry(instrument.index, lots, exit.reason, nowUs)) return undefined
    this.#number++
    return {
      ...EMPTY,
      number: this.#number,
      instrument,
      reason: exit.reason,
      exitLots: exit.lots,
      u: this.#books.read(instrument.index)?.u ?? 0,
      createdUs: nowUs,
      receiveUs: nowUs,
      ...price,
    }
  }

  #due(instrument: Instrument, holding: Holding, nowUs: number): DueExit | undefined {
    if (this.#flattening.has(instrument.index)) {
      return { reason: 'flatten', lots: Math.abs(holding.position.lots) }
    }
    return this.#exits.look(instrument, holding, nowUs)
  }

  /**
   * A flatten that found nobody within the slippage leaves at market from then on, as a price may
   * have moved by any amount; so does one that knows no price at all. An exit does not.
   */
  #limitTicks(index: number, { position }: Holding): Price {
    const { costTickLots, lots } = position
    const isFlattening = this.#flattening.has(index)
    let close = closingTicks(lots, this.#books.read(index))
    if (close > 0) this.#lastTicks.set(index, close)
    let isAtMarket = isFlattening && this.#attempts.get(index)?.lots === lots
    if (Number.isNaN(close) && isFlattening && this.#isBlind) {
      const cost = Math.round(costTickLots / Math.abs(lots))
      const known = this.#lastTicks.get(index) ?? cost
      isAtMarket ||= !(known > 0)
      close = Math.max(1, known)
    }
    const limitTicks = isAtMarket ? close : exitLimitTicks(lots, close, this.#slippageBps)
    return { limitTicks, isAtMarket }
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
