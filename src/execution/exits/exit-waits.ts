import type { Instrument } from '../../domain/instrument.ts'
import { instrumentKey } from '../holding.ts'
import type { Intent } from '../intent.ts'
import type { Ledger } from '../ledger.ts'
import type { DueExit } from './position-exit.ts'

/** What keeps a closing order of a symbol from leaving: an order that opens, or one that closes. */
export type Block = 'opening' | 'closing'

/** One position that is to be closed, in whole or in part. */
export type Wait = {
  readonly instrument: Instrument
  /** Since when something of it has been due without a break. */
  readonly sinceUs: number
  /** +1: of a long position; 0: there was none yet. */
  readonly direction: number
  /** What is due now closes all of it. */
  isWhole: boolean
  /** Of the actor: it was due, and an order that opens stood in its way. */
  exit: DueExit | undefined
  /** Of a strategy: it is asked for once, and not again. */
  intent: Intent | undefined
  nextClearUs: number
}

/** Period in which what still stands in the way is asked to leave again. */
const CLEAR_PERIOD_US = 500_000

/**
 * Exits that are due, until they have left. One that an entry keeps back stays due whatever the
 * market does meanwhile: without that entry it would have left at once. What an order of ours that
 * closes keeps back is looked at anew after it, as that order may have done it.
 */
export class ExitWaits {
  readonly #ledger: Ledger
  /** By index; one an instrument at most. */
  readonly #waits = new Map<number, Wait>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** NaN: nothing is due. */
  sinceUs(instrument: number): number {
    return this.#waits.get(instrument)?.sinceUs ?? Number.NaN
  }

  /** What is due closes all of the position. */
  isWhole(instrument: number): boolean {
    return this.#waits.get(instrument)?.isWhole ?? false
  }

  /** An exit waits for an order that opens, or a strategy's for any. */
  isKept(instrument: number): boolean {
    const wait = this.#waits.get(instrument)
    return wait !== undefined && (wait.exit !== undefined || wait.intent !== undefined)
  }

  /** Takes one of a strategy that has to wait. False: one waits already. */
  keep(intent: Intent, lots: number, nowUs: number): boolean {
    const { instrument } = intent
    const wait = this.#waits.get(instrument.index) ?? this.#create(instrument, lots, nowUs)
    if (wait.intent !== undefined) return false
    wait.intent = intent
    this.#tell(instrument, intent.reason)
    return true
  }

  /** The position is open, and this is due now. Undefined: nothing is, and nothing was kept. */
  look(
    instrument: Instrument,
    lots: number,
    due: DueExit | undefined,
    nowUs: number,
  ): Wait | undefined {
    const known = this.#waits.get(instrument.index)
    if (known !== undefined) {
      const isTurned = known.direction !== 0 && known.direction !== Math.sign(lots)
      const isOver = due === undefined && !this.isKept(instrument.index)
      known.isWhole = isWholeOf(due, lots)
      if (!isTurned && !isOver) return known
      this.#waits.delete(instrument.index)
    }
    if (due === undefined) return undefined
    const wait = this.#create(instrument, lots, nowUs)
    wait.isWhole = isWholeOf(due, lots)
    return wait
  }

  /** Keeps what an order that opens stands in the way of. A flatten is due until it is ended. */
  hold(wait: Wait, due: DueExit | undefined, lots: number): void {
    if (due === undefined || due.reason === 'flatten') return
    if (wait.exit === undefined) this.#tell(wait.instrument, due.reason)
    // The entry may fill before it goes: what closes all then closes that too.
    wait.exit = isWholeOf(due, lots) ? { ...due, lots: Number.POSITIVE_INFINITY } : due
  }

  /** Whether what stands in the way is to be asked to leave now. */
  mayClear(wait: Wait, nowUs: number): boolean {
    if (nowUs < wait.nextClearUs) return false
    wait.nextClearUs = nowUs + CLEAR_PERIOD_US
    return true
  }

  /** No position is open. A strategy's exit is for what an entry may still bring. */
  flat(instrument: number, isBusy: boolean): void {
    const wait = this.#waits.get(instrument)
    if (wait === undefined) return
    wait.exit = undefined
    if (!isBusy || wait.intent === undefined) this.#waits.delete(instrument)
  }

  /** It was decided on, and is nobody's to keep any more. */
  leave(instrument: number, isOwn: boolean): void {
    const wait = this.#waits.get(instrument)
    if (wait === undefined) return
    if (isOwn) wait.exit = undefined
    else wait.intent = undefined
  }

  #create(instrument: Instrument, lots: number, nowUs: number): Wait {
    const wait: Wait = {
      instrument,
      sinceUs: nowUs,
      direction: Math.sign(lots),
      isWhole: false,
      exit: undefined,
      intent: undefined,
      nextClearUs: nowUs,
    }
    this.#waits.set(instrument.index, wait)
    return wait
  }

  #tell(instrument: Instrument, reason: string): void {
    this.#ledger.counters.add('exits_kept')
    const line = { instrument: instrumentKey(instrument), reason }
    this.#ledger.log.warn(line, 'an exit waits for an order of its symbol')
  }
}

function isWholeOf(due: DueExit | undefined, lots: number): boolean {
  return due !== undefined && due.lots >= Math.abs(lots)
}
