// hot

import { TRANSITION_CELLS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { packedFloats } from '../core/packed-arrays.ts'
import { overflowTally } from './overflow-tally.ts'

/**
 * Counts of transitions by cell, over the latest `lookback` closed periods. The open period is
 * counted in full; a closed one is kept as the few cells it touched, so that it can be subtracted
 * when it leaves.
 *
 *   open period: count by cell --close--> ring of (cell, count) | totals by cell
 *   ring of periods: number, end in the ring of cells, transitions
 */
const CAPACITY_FIRST = 256

export class TransitionCounts {
  /** By cell, over the closed periods. */
  readonly totals: Float64Array
  /** Over the closed periods. */
  transitions = 0
  /** Transitions that left early because the ring was full. */
  overflows = 0
  readonly #lookback: number
  readonly #capacityMax: number
  #period = Number.NaN
  #openTransitions = 0
  readonly #open: Uint32Array
  readonly #touched: Uint16Array
  #touchedCount = 0
  #cells = new Uint16Array(CAPACITY_FIRST)
  #counts = new Uint32Array(CAPACITY_FIRST)
  // Positions in the ring of cells; they only grow.
  #tail = 0
  #head = 0
  readonly #periods: Float64Array
  readonly #ends: Float64Array
  readonly #periodTransitions: Float64Array
  #oldest = 0
  #next = 0

  constructor(cells: number, lookback: number, capacityMax = TRANSITION_CELLS_MAX) {
    assert(cells <= 1 << 16, 'a cell fits into 16 bits')
    assert(cells <= capacityMax, 'a period fits into the ring')
    this.totals = packedFloats(cells)
    this.#lookback = lookback
    this.#capacityMax = capacityMax
    this.#open = new Uint32Array(cells)
    this.#touched = new Uint16Array(cells)
    this.#periods = packedFloats(lookback)
    this.#ends = packedFloats(lookback)
    this.#periodTransitions = packedFloats(lookback)
  }

  /**
   * Opens the period of the time in `periods[at]`, which never runs backwards. True if it is
   * another than before.
   */
  turn(periods: Float64Array, at: number): boolean {
    const period = periods[at]
    if (period === this.#period) return false
    const first = period - this.#lookback
    while (this.#oldest < this.#next && this.#periods[this.#oldest % this.#lookback] < first) {
      this.#drop()
    }
    this.#close(this.#period >= first)
    this.#period = period
    return true
  }

  /** Counts a transition of the open period. */
  add(cell: number): void {
    if (this.#open[cell] === 0) {
      this.#touched[this.#touchedCount] = cell
      this.#touchedCount++
    }
    this.#open[cell]++
    this.#openTransitions++
  }

  /** Counts a transition that no cell is kept for. */
  addOther(): void {
    this.#openTransitions++
  }

  #close(isKept: boolean): void {
    const touched = this.#touchedCount
    if (isKept && this.#openTransitions > 0) {
      this.#makeRoom(touched)
      const mask = this.#cells.length - 1
      for (let i = 0; i < touched; i++) {
        const cell = this.#touched[i]
        const count = this.#open[cell]
        this.#cells[this.#head & mask] = cell
        this.#counts[this.#head & mask] = count
        this.#head++
        this.totals[cell] += count
      }
      const slot = this.#next % this.#lookback
      this.#periods[slot] = this.#period
      this.#ends[slot] = this.#head
      this.#periodTransitions[slot] = this.#openTransitions
      this.#next++
      this.transitions += this.#openTransitions
    }
    for (let i = 0; i < touched; i++) this.#open[this.#touched[i]] = 0
    this.#touchedCount = 0
    this.#openTransitions = 0
  }

  /** The oldest period leaves. */
  #drop(): void {
    const slot = this.#oldest % this.#lookback
    const end = this.#ends[slot]
    const mask = this.#cells.length - 1
    for (let position = this.#tail; position < end; position++) {
      this.totals[this.#cells[position & mask]] -= this.#counts[position & mask]
    }
    this.#tail = end
    this.transitions -= this.#periodTransitions[slot]
    this.#oldest++
  }

  #makeRoom(cells: number): void {
    while (this.#head - this.#tail + cells > this.#cells.length) {
      if (this.#cells.length < this.#capacityMax) this.#grow()
      else {
        const lost = this.#periodTransitions[this.#oldest % this.#lookback]
        this.overflows += lost
        overflowTally.count += lost
        this.#drop()
      }
    }
  }

  #grow(): void {
    const cells = new Uint16Array(2 * this.#cells.length)
    const counts = new Uint32Array(2 * this.#counts.length)
    const mask = this.#cells.length - 1
    for (let position = this.#tail; position < this.#head; position++) {
      const to = position & (cells.length - 1)
      cells[to] = this.#cells[position & mask]
      counts[to] = this.#counts[position & mask]
    }
    this.#cells = cells
    this.#counts = counts
  }
}
