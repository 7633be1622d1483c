// hot
import { packedFloats } from '../core/packed-arrays.ts'
/**
 * States of Stoikov's micro-price: x = 9 s + i, spread class s in 0..2, imbalance class i in 0..8.
 * The mirror of a state swaps bid and ask: 9 s + 8 - i.
 */
export const STATES = 27
export const IMBALANCES = 9
export const BALANCED = 4
/** Moves of the mid that count, in half ticks: -2 to 2. */
export const MOVES = 5
export const MOVE_MAX = 2

/**
 * Only states with more asks than bids need be solved for: every transition is counted in both
 * mirrors, so G*[mirror x] = -G*[x], and G* of a balanced state is 0.
 */
export const SOLVED = 12

/** Terms of the sum G* = G1 + B G1 + B^2 G1 + ..., as in the author's published code. */
const TERMS = 6

/** Cell of a transition from a solved state: its number, the state it goes to, the move. */
export const CELLS = SOLVED * STATES * MOVES

/** By state: its number among the solved ones; -1 of any other. */
export const SOLVED_OF = new Int8Array(STATES)
/** By state: its mirror. */
export const MIRROR_OF = new Int8Array(STATES)

for (let state = 0; state < STATES; state++) {
  const imbalance = state % IMBALANCES
  const spread = (state - imbalance) / IMBALANCES
  SOLVED_OF[state] = imbalance < BALANCED ? spread * BALANCED + imbalance : -1
  MIRROR_OF[state] = spread * IMBALANCES + IMBALANCES - 1 - imbalance
}

/**
 * G*, the expected move of the mid until its sixth change, from counted transitions (Stoikov 2018).
 *
 * With n_x transitions out of x, Q those that left the mid as it was and T those that moved it,
 * (I - Q) G = R K has the same solution as (n - Q) G = R K over counts, which are exact. Over the
 * solved states, a transition into a mirror counts with the sign of G there. The matrix is
 * diagonally dominant by rows (the prior makes it so strictly), so that elimination needs no
 * pivots.
 */
export class MicroPriceSolver {
  /** G* by state, in ticks. */
  readonly adjustments = packedFloats(STATES)
  readonly #stay = packedFloats(SOLVED * SOLVED)
  readonly #move = packedFloats(SOLVED * SOLVED)
  readonly #term = packedFloats(SOLVED)
  readonly #right = packedFloats(SOLVED)
  readonly #sum = packedFloats(SOLVED)

  /** `counts` by cell, both mirrors of a transition counted once in the cell they share. */
  solve(counts: Float64Array, prior: number): void {
    this.#fill(counts, prior)
    eliminate(this.#stay)
    const term = this.#term
    const right = this.#right
    const sum = this.#sum
    sum.fill(0)
    for (let i = 0; i < TERMS; i++) {
      if (i > 0) multiply(this.#move, term, right)
      substitute(this.#stay, right, term)
      for (let x = 0; x < SOLVED; x++) sum[x] += term[x]
    }
    this.#spread()
  }

  #fill(counts: Float64Array, prior: number): void {
    const stay = this.#stay
    const move = this.#move
    const right = this.#right
    stay.fill(0)
    move.fill(0)
    right.fill(0)
    for (let cell = 0; cell < CELLS; cell++) {
      const count = counts[cell]
      if (count === 0) continue
      const half = (cell % MOVES) - MOVE_MAX
      const to = Math.floor(cell / MOVES) % STATES
      const x = Math.floor(cell / (MOVES * STATES))
      const ahead = SOLVED_OF[to]
      const behind = SOLVED_OF[MIRROR_OF[to]]
      stay[x * SOLVED + x] += count
      right[x] += (count * half) / 2
      const matrix = half === 0 ? stay : move
      const value = half === 0 ? -count : count
      if (ahead >= 0) matrix[x * SOLVED + ahead] += value
      else if (behind >= 0) matrix[x * SOLVED + behind] -= value
    }
    // The prior moves up as often as down, and into the state itself.
    for (let x = 0; x < SOLVED; x++) {
      stay[x * SOLVED + x] += prior
      move[x * SOLVED + x] += prior
    }
  }

  #spread(): void {
    for (let x = 0; x < STATES; x++) {
      const ahead = SOLVED_OF[x]
      const behind = SOLVED_OF[MIRROR_OF[x]]
      this.adjustments[x] = ahead >= 0 ? this.#sum[ahead] : behind >= 0 ? -this.#sum[behind] : 0
    }
  }
}

/** Into lower and upper triangle, in place; the lower one has ones on its diagonal. */
function eliminate(matrix: Float64Array): void {
  for (let k = 0; k < SOLVED; k++) {
    const pivot = matrix[k * SOLVED + k]
    for (let row = k + 1; row < SOLVED; row++) {
      const at = row * SOLVED
      const factor = matrix[at + k] / pivot
      matrix[at + k] = factor
      if (factor === 0) continue
      for (let column = k + 1; column < SOLVED; column++) {
        matrix[at + column] -= factor * matrix[k * SOLVED + column]
      }
    }
  }
}

/** Solves for `right` with the triangles of `eliminate`. */
function substitute(matrix: Float64Array, right: Float64Array, out: Float64Array): void {
  for (let row = 0; row < SOLVED; row++) {
    let value = right[row]
    for (let column = 0; column < row; column++)
      value -= matrix[row * SOLVED + column] * out[column]
    out[row] = value
  }
  for (let row = SOLVED - 1; row >= 0; row--) {
    let value = out[row]
    for (let column = row + 1; column < SOLVED; column++) {
      value -= matrix[row * SOLVED + column] * out[column]
    }
    out[row] = value / matrix[row * SOLVED + row]
  }
}

function multiply(matrix: Float64Array, vector: Float64Array, out: Float64Array): void {
  for (let row = 0; row < SOLVED; row++) {
    let value = 0
    for (let column = 0; column < SOLVED; column++) {
      value += matrix[row * SOLVED + column] * vector[column]
    }
    out[row] = value
  }
}
