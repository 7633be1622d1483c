import { directionOf, tighterTicks } from './exits/exit-look.ts'
import type { ExitOptions } from './exits/exit-options.ts'
import { wantedLevels } from './exits/held-levels.ts'
import { lookOf } from './exits/level-keeper.ts'
import type { RemotePosition } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'

/** What the exchange says would end one open position. */
export type LiquidationFigures = Readonly<{
  /** As set at the exchange; NaN: not told. */
  leverage: number
  /** NaN: not told, as when it is out of reach. */
  liquidationPrice: number
  /** The nearest stop, ours or the exchange's; NaN: none. */
  stopTicks: number
  /** The price comes by the liquidation first, or at once; undefined: one of the two is not known. */
  isBeforeStop: boolean | undefined
}>

/**
 * Whether every open position would be closed by its stop before the exchange liquidates it: where
 * not, the loss is no more what was risked, and a person is told, once for as long as it is so.
 * The leverage is read, never set. In cross margin the price moves with everything on the account,
 * so each look at the positions is a new answer.
 */
export class LiquidationWatch {
  readonly #ledger: Ledger
  readonly #options: ExitOptions
  /** By `instrumentKey`; no more than are configured. */
  readonly #told = new Set<string>()
  readonly #shown = new Set<string>()

  constructor(ledger: Ledger, options: ExitOptions) {
    this.#ledger = ledger
    this.#options = options
  }

  look(positions: readonly RemotePosition[], askedUs: number): void {
    const open = new Set<string>()
    for (const position of positions) {
      const figures = this.#figuresOf(position)
      if (figures === undefined) continue
      open.add(position.key)
      this.#tell(position.key, figures, askedUs)
    }
    for (const key of [...this.#shown]) if (!open.has(key)) this.#forget(key, askedUs)
  }

  /** Undefined: closed, not ours to watch, or not the position that we know of. */
  #figuresOf(theirs: RemotePosition): LiquidationFigures | undefined {
    const { leverage = Number.NaN, liquidationPrice = Number.NaN } = theirs
    const instrument = this.#ledger.instrument(theirs.key)
    const holding = this.#ledger.state.holdings.get(theirs.key)
    if (instrument === undefined || holding === undefined || !theirs.lots) return undefined
    if (theirs.lots * holding.position.lots <= 0) return undefined
    const { plan } = holding
    const direction = directionOf({ lots: theirs.lots })
    const ours =
      plan === undefined ? Number.NaN : wantedLevels(lookOf(holding, plan, this.#options)).stopTicks
    const stopTicks = tighterTicks(direction, ours, theirs.levels?.stopTicks ?? Number.NaN)
    const beyondTicks = direction * (stopTicks - liquidationPrice / instrument.tick.value)
    const isBeforeStop = Number.isNaN(beyondTicks) ? undefined : beyondTicks <= 0
    return { leverage, liquidationPrice, stopTicks, isBeforeStop }
  }

  #tell(key: string, figures: LiquidationFigures, nowUs: number): void {
    const { counters, log } = this.#ledger
    this.#shown.add(key)
    this.#ledger.auditLiquidation(key, figures, nowUs)
    const { isBeforeStop, leverage, liquidationPrice, stopTicks } = figures
    const tick = this.#ledger.instrument(key)?.tick.value ?? Number.NaN
    const line = { instrument: key, liquidationPrice, stopPrice: stopTicks * tick, leverage }
    if (isBeforeStop === true && !this.#told.has(key)) {
      this.#told.add(key)
      counters.add('liquidations_before_stop')
      log.error(line, 'the exchange would liquidate before the stop')
    } else if (isBeforeStop === false && this.#told.delete(key)) {
      log.warn(line, 'the stop comes before the liquidation, again')
    }
  }

  #forget(key: string, nowUs: number): void {
    const none = { leverage: Number.NaN, liquidationPrice: Number.NaN, stopTicks: Number.NaN }
    this.#told.delete(key)
    this.#shown.delete(key)
    this.#ledger.auditLiquidation(key, { ...none, isBeforeStop: undefined }, nowUs)
  }
}
