import type { Instrument } from '../../domain/instrument.ts'
import type { Books } from '../books.ts'
import { type ExitPlan, type Holding, instrumentKey } from '../holding.ts'
import type { Ledger } from '../ledger.ts'
import { createPublicTrade, type Tape } from '../tape.ts'
import type { ExitLook } from './exit-look.ts'
import type { ExitOptions } from './exit-options.ts'
import { closingTicks, type DueExit, dueExit } from './position-exit.ts'
import { MarketTrace } from './reversal.ts'
import { movedTrail } from './trails.ts'

export type ExitWatchParts = Readonly<{
  ledger: Ledger
  books: Books
  options: ExitOptions
  /** Undefined: no trades, so that one indicator of a reversal is never there. */
  tape: Tape | undefined
}>

/** Looks at open positions: moves the stops that trail, and says what is due. */
export class ExitWatch {
  readonly #parts: ExitWatchParts
  /** By index, of instruments with a position; only where a reversal is looked for. */
  readonly #traces = new Map<number, MarketTrace>()
  /** Positions whose book gives no price, by index. */
  readonly #blind = new Set<number>()
  readonly #trade = createPublicTrade()

  constructor(parts: ExitWatchParts) {
    this.#parts = parts
  }

  /** Once before the positions of one look. */
  readTape(nowUs: number): void {
    const { options, tape } = this.#parts
    if (tape === undefined || options.reversal === undefined) return
    const trade = this.#trade
    while (tape.next(trade)) {
      this.#traces.get(trade.instrument)?.trade(trade.sign * trade.lots, nowUs)
    }
    this.#parts.ledger.counters.set('exit_trades_missed', tape.missed)
  }

  forget(instrument: number): void {
    this.#traces.delete(instrument)
    this.#blind.delete(instrument)
  }

  /**
   * What is to be closed of an open position now. A trail that moved is journaled first, and in
   * effect with the record.
   */
  look(instrument: Instrument, holding: Holding, nowUs: number): DueExit | undefined {
    const { plan } = holding
    if (plan === undefined) return undefined
    const look = this.#lookAt(instrument, holding, plan, nowUs)
    this.#noteSight(instrument, look)
    const moved = movedTrail(look)
    if (moved !== undefined) this.#move(instrument, moved, nowUs)
    return dueExit({ ...look, plan: holding.plan ?? plan })
  }

  #lookAt(instrument: Instrument, holding: Holding, plan: ExitPlan, nowUs: number): ExitLook {
    const { books, options } = this.#parts
    const { costTickLots, lots } = holding.position
    const book = books.read(instrument.index)
    const direction = lots > 0 ? 1 : -1
    const { openedUs } = plan
    return {
      lots,
      averageTicks: costTickLots / Math.abs(lots),
      plan,
      closeTicks: closingTicks(lots, book),
      book,
      reversal: this.#trace(instrument.index).look(book, { direction, openedUs }, nowUs),
      nowUs,
      minOrderLots: instrument.minOrderLots,
      options,
    }
  }

  #trace(instrument: number): MarketTrace {
    const known = this.#traces.get(instrument)
    if (known !== undefined) return known
    const trace = new MarketTrace()
    this.#traces.set(instrument, trace)
    return trace
  }

  #move(
    instrument: Instrument,
    moved: NonNullable<ReturnType<typeof movedTrail>>,
    nowUs: number,
  ): void {
    const { ledger } = this.#parts
    ledger.counters.add('exit_levels_moved')
    ledger.commit({
      type: 'exit_levels',
      time_us: nowUs,
      run: ledger.run,
      symbol: instrument.symbol,
      category: instrument.category,
      by: moved.reason,
      target_ticks: null,
      stop_ticks: moved.stopTicks,
    })
  }

  /** A position that nobody can price is told of once, until it can be priced again. */
  #noteSight(instrument: Instrument, { closeTicks, lots }: ExitLook): void {
    const { counters, log } = this.#parts.ledger
    if (!Number.isNaN(closeTicks)) {
      this.#blind.delete(instrument.index)
      return
    }
    if (this.#blind.has(instrument.index)) return
    this.#blind.add(instrument.index)
    counters.add('exits_blind')
    const line = { instrument: instrumentKey(instrument), lots }
    log.error(line, 'exits wait: the book of an open position is not LIVE')
  }
}
