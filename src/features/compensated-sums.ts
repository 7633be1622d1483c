// hot
import { packedFloats } from '../core/packed-arrays.ts'
import { EventWindow } from './event-window.ts'

/**
 * Sums of fields `first..last` over a window, for numbers that are not integers. Each sum is kept
 * as two doubles (the error of every addition is found by Knuth's two-sum and carried along), which
 * is about 106 bits: what an event adds is taken out again when it leaves, with nothing to speak of
 * left behind after any number of events. A field is exactly 0 once no number other than 0 is left
 * in it. The numbers must be finite.
 */
export class CompensatedSums extends EventWindow {
  /** By field of the record; only `first..last` are used. */
  readonly sums: Float64Array
  count = 0
  readonly #errors: Float64Array
  /** Numbers in the window that are not 0, by field. */
  readonly #present: Float64Array
  readonly #first: number
  readonly #last: number

  constructor(widthMs: number, first: number, last: number) {
    super(widthMs)
    this.sums = packedFloats(last + 1)
    this.#errors = packedFloats(last + 1)
    this.#present = packedFloats(last + 1)
    this.#first = first
    this.#last = last
  }

  enter(records: Float64Array, at: number): void {
    const last = this.#last
    for (let field = this.#first; field <= last; field++) {
      const value = records[at + field]
      if (value === 0) continue
      this.#present[field]++
      addTo(this.sums, this.#errors, field, value)
    }
    this.count++
  }

  leave(records: Float64Array, at: number): void {
    const last = this.#last
    for (let field = this.#first; field <= last; field++) {
      const value = records[at + field]
      if (value === 0) continue
      this.#present[field]--
      if (this.#present[field] === 0) {
        this.sums[field] = 0
        this.#errors[field] = 0
      } else addTo(this.sums, this.#errors, field, -value)
    }
    this.count--
  }
}

/** Sum and error together are the exact sum to 106 bits; the sum alone is it to 53. */
function addTo(sums: Float64Array, errors: Float64Array, field: number, value: number): void {
  const before = sums[field]
  const rounded = before + value
  const taken = rounded - before
  const error = before - (rounded - taken) + (value - taken) + errors[field]
  const sum = rounded + error
  sums[field] = sum
  errors[field] = error - (sum - rounded)
}
