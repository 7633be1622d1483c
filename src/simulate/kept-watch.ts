import type { JournalRecord } from '../domain/journal.ts'
import type { InvariantNumber } from './invariants.ts'

type Fail = (invariant: InvariantNumber, message: string) => void

/** Watches that what a person, a limit or a fault set is not undone by a start. */
export class KeptWatch {
  /** The durable trading state is not active, and no start made it so. */
  #isHeld = false
  /** A person asked for risk-off, and nobody took it back. */
  #isRiskOff = false
  readonly #fail: Fail

  constructor(fail: Fail) {
    this.#fail = fail
  }

  /** A record has become durable. */
  onRecord(record: JournalRecord): void {
    if (record.type !== 'trading_state' && record.type !== 'regime') return
    const isByStart = record.reason === 'start'
    if (record.type === 'trading_state') {
      if (isByStart && this.#isHeld) this.#fail(19, `a start made trading ${record.state}`)
      this.#isHeld = record.state !== 'active' && !isByStart
    } else {
      if (isByStart && this.#isRiskOff) this.#fail(19, `a start made the regime ${record.regime}`)
      this.#isRiskOff = record.regime === 'risk_off' && !isByStart
    }
  }
}
