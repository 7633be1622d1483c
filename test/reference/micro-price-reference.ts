import { midOf, type PastRow } from './feature-history.ts'
import { type Past, Remembered } from './past.ts'
import { firstWhere, sum } from './statistics.ts'

/** Micro-price of group F: 27 states, transitions counted with their mirrors, solved outright. */
const STATES = 27
const MOVES = [-2, -1, 1, 2]
const MOVE_TICKS = [-1, -0.5, 0.5, 1]

const CALIBRATIONS = new Remembered<readonly number[]>()

/** G* of the state of a two-sided row in ticks; NaN before there are enough transitions. */
export function microPriceAdjustment(past: Past, at: number): number {
  const period = Math.floor(past.row(at).tau / past.params.mpRecalMs)
  const adjustments = CALIBRATIONS.get(past, period, () => calibrate(past, period))
  return adjustments[stateOf(past.row(at))] ?? Number.NaN
}

function stateOf({ bids, asks }: PastRow): number {
  const [[bid, bidLots], [ask, askLots]] = [bids[0], asks[0]]
  const spread = Math.min(ask - bid, 3) - 1
  const [difference, total] = [Math.abs(bidLots - askLots), bidLots + askLots]
  const steps = Math.floor((9 * difference + total) / (2 * total))
  return 9 * spread + 4 + Math.sign(bidLots - askLots) * steps
}

const mirror = (state: number): number => 9 * Math.floor(state / 9) + 8 - (state % 9)

type Matrix = number[][]

const zeros = (columns: number): Matrix =>
  Array.from({ length: STATES }, () => new Array<number>(columns).fill(0))

/** Empty when there are too few transitions. */
function calibrate(past: Past, period: number): number[] {
  const { mpRecalMs, mpLookback, mpPrior, mpMinTransitions } = past.params
  const { rows } = past.history
  const [q, r, t] = [zeros(STATES), zeros(MOVES.length), zeros(STATES)]
  let transitions = 0
  const count = (x: number, y: number, d: number): void => {
    if (d === 0) {
      q[x][y]++
      return
    }
    r[x][MOVES.indexOf(d)]++
    t[x][y]++
  }
  const from = firstWhere(rows, ({ tau }) => Math.floor(tau / mpRecalMs) >= period - mpLookback)
  const to = firstWhere(rows, ({ tau }) => Math.floor(tau / mpRecalMs) >= period)
  for (let at = Math.max(1, from); at < to; at++) {
    const [before, after] = [rows[at - 1], rows[at]]
    const move = midOf(after.bids, after.asks) - midOf(before.bids, before.asks)
    if (after.isSnapshot || Number.isNaN(move) || Math.abs(move) > 2) continue
    transitions++
    const [x, y] = [stateOf(before), stateOf(after)]
    count(x, y, move)
    count(mirror(x), mirror(y), -move)
  }
  if (transitions < mpMinTransitions) return []
  for (let x = 0; x < STATES; x++) {
    r[x][MOVES.indexOf(-1)] += mpPrior / 2
    r[x][MOVES.indexOf(1)] += mpPrior / 2
    t[x][x] += mpPrior
    const total = sum(q[x]) + sum(r[x])
    for (const row of [q[x], r[x], t[x]]) for (let i = 0; i < row.length; i++) row[i] /= total
  }
  return adjustmentsOf(q, r, t)
}

function adjustmentsOf(q: Matrix, r: Matrix, t: Matrix): number[] {
  // (I-Q) [g | B] = [R K | T]
  const left = q.map((row, x) => row.map((value, y) => (x === y ? 1 : 0) - value))
  const right = t.map((row, x) => [sum(r[x].map((share, i) => share * MOVE_TICKS[i])), ...row])
  const solved = solve(left, right)
  let term = solved.map(([g]) => g)
  let total = term
  for (let i = 1; i <= 5; i++) {
    const previous = term
    term = solved.map(([, ...b]) => sum(b.map((share, y) => share * previous[y])))
    total = total.map((value, x) => value + term[x])
  }
  return total
}

/** Elimination with the largest pivot of each column. */
function solve(left: Matrix, right: Matrix): Matrix {
  const rows = left.map((row, x) => [...row, ...right[x]])
  for (let k = 0; k < STATES; k++) {
    let pivot = k
    for (let x = k; x < STATES; x++) {
      if (Math.abs(rows[x][k]) > Math.abs(rows[pivot][k])) pivot = x
    }
    const chosen = rows[pivot]
    rows[pivot] = rows[k]
    rows[k] = chosen.map((value) => value / chosen[k])
    for (let x = 0; x < STATES; x++) {
      const factor = rows[x][k]
      if (x !== k && factor !== 0) rows[x] = rows[x].map((value, i) => value - factor * rows[k][i])
    }
  }
  return rows.map((row) => row.slice(STATES))
}
