import type { RemotePosition } from './gateway/gateway.ts'
import { namesOf } from './holding.ts'
import type { Ledger } from './ledger.ts'

/**
 * Positions of the account in instruments that are not configured. Their lots are not known here, so
 * no limit counts them and no exit watches them: a person is told of each, once for as long as it
 * is there. They are somebody's, and left alone by all but a kill (unwatched-closing.ts).
 */
export class UnwatchedPositions {
  readonly #ledger: Ledger
  /** By `instrumentKey`; no more than the exchange lists. */
  #told: ReadonlySet<string> = new Set()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Of those there now. */
  get symbols(): readonly string[] {
    return [...this.#told].map((key) => namesOf(key)?.symbol ?? key)
  }

  look(positions: readonly RemotePosition[]): void {
    const { counters, log } = this.#ledger
    const there = new Set<string>()
    for (const { key, lots, sizeText } of positions) {
      if (lots !== undefined || Number(sizeText) === 0) continue
      there.add(key)
      if (this.#told.has(key)) continue
      counters.add('positions_unwatched')
      log.error({ instrument: key, size: sizeText }, 'open, and not configured: nobody watches it')
    }
    this.#told = there
  }
}
