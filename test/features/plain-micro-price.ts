const STATES = 27

const mirrored = (state: number): number => state - (state % 9) + 8 - (state % 9)

/** Between states, by so many half ticks. */
export type PlainTransition = { from: number; to: number; move: number; count: number }

/** Gauss and Jordan with the largest pivot; solves for every column of `right`. */
function solve(left: number[][], right: number[][]): number[][] {
  const rows = left.map((row, i) => [...row, ...right[i]])
  for (let k = 0; k < rows.length; k++) {
    let pivot = k
    for (let i = k; i < rows.length; i++) {
      if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i
    }
    const found = rows[pivot]
    rows[pivot] = rows[k]
    rows[k] = found.map((value) => value / found[k])
    rows.forEach((row, i) => {
      if (i !== k) rows[i] = row.map((value, column) => value - row[k] * rows[k][column])
    })
  }
  return rows.map((row) => row.slice(left.length))
}

/** The definition over all 27 states, with every transition counted in both mirrors. */
export function plainAdjustments(transitions: readonly PlainTransition[], prior: number): number[] {
  const zeros = () => Array.from({ length: STATES }, () => new Array<number>(STATES).fill(0))
  const [stay, move] = [zeros(), zeros()]
  const drift = new Array<number>(STATES).fill(0)
  const total = new Array<number>(STATES).fill(prior)
  const add = (from: number, to: number, halfTicks: number, count: number) => {
    total[from] += count
    drift[from] += (count * halfTicks) / 2
    const matrix = halfTicks === 0 ? stay : move
    matrix[from][to] += count
  }
  for (const { from, to, move: halfTicks, count } of transitions) {
    add(from, to, halfTicks, count)
    add(mirrored(from), mirrored(to), -halfTicks, count)
  }
  for (let x = 0; x < STATES; x++) move[x][x] += prior
  const left = stay.map((row, x) => row.map((q, y) => (x === y ? 1 : 0) - q / total[x]))
  const right = move.map((row, x) => [drift[x] / total[x], ...row.map((t) => t / total[x])])
  const solved = solve(left, right)
  let term = solved.map((row) => row[0])
  let sum = term
  for (let i = 1; i < 6; i++) {
    const last = term
    term = solved.map((row) => row.slice(1).reduce((s, b, y) => s + b * last[y], 0))
    sum = sum.map((value, x) => value + term[x])
  }
  return sum
}
