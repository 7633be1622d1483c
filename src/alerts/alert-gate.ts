// hot
import type { AlertRow } from './alert-row.ts'

/**
 * At which values of its feature a watch must see a row: from the upper bound on, and below the
 * lower one. All bounds of a symbol lie side by side in one array, so that a row in which nothing
 * stands out touches nothing else of the watches.
 */
export class AlertGate {
  /** Of the feature, in a row. */
  readonly column: number
  readonly #bounds: Float64Array
  readonly #at: number

  constructor(column: number, bounds: Float64Array, at: number) {
    this.column = column
    this.#bounds = bounds
    this.#at = at
    this.from(Number.POSITIVE_INFINITY)
  }

  /** -Infinity: it must see every row, also one whose feature is NaN. */
  from(upper: number): void {
    this.#bounds[2 * this.#at] = upper
    this.#bounds[2 * this.#at + 1] = Number.NEGATIVE_INFINITY
  }

  outside(lower: number, upper: number): void {
    this.#bounds[2 * this.#at] = upper
    this.#bounds[2 * this.#at + 1] = lower
  }
}

/** A watch behind a gate. */
export type GatedWatch = {
  readonly gate: AlertGate
  /** A row that passed the gate. */
  look(row: AlertRow): void
  /** A row in which what is usual takes a sample, after `look`. */
  sample(row: AlertRow): void
}
