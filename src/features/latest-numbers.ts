// hot
import { packedFloats } from '../core/packed-arrays.ts'

/** The latest numbers of a series, up to a fixed count. They are kept in no particular order. */
export class LatestNumbers {
  /** Entry i is one of them for i < count. */
  readonly values: Float64Array
  count = 0
  /** Where the next one goes: the oldest, once all places are taken. */
  #next = 0

  constructor(countMax: number) {
    this.values = packedFloats(countMax)
  }

  /** The number that the next push displaces; 0 while there is room. */
  get displaced(): number {
    return this.values[this.#next]
  }

  push(value: number): void {
    const values = this.values
    const at = this.#next
    values[at] = value
    this.#next = at + 1 === values.length ? 0 : at + 1
    if (this.count < values.length) this.count++
  }
}
