import { threadNs } from './cpu-clock.ts'

/**
 * What a benchmark measured, as data: `bench/main.ts` prints it, a test runs the smoke size of it.
 */
export type BenchRow = Readonly<{
  case: string
  /**
   * Nanoseconds of one operation: the median of all samples, and the 99th percentile, which of few
   * samples is the slowest.
   */
  median_ns: number
  p99_ns: number
  /** Median distance of the samples from their median, in percent of it. */
  spread_percent: number
  /** Median of the baseline divided by this one: 2 is twice as fast. The baseline itself has 1. */
  ratio: number
  /**
   * Of what the operations computed: equal work gives equal checksums, and work that is optimized
   * away gives none.
   */
  checksum: number
}>

export type BenchTable = Readonly<{
  name: string
  rows: readonly BenchRow[]
  /** What `ratio` is, where it is not the baseline divided by this one. */
  ratio_of?: string
}>

export type BenchOptions = Readonly<{ smoke: boolean }>

export type BenchCase = Readonly<{
  case: string
  /**
   * Operations that one call of `run` makes; enough that a call takes far longer than reading the
   * clock.
   */
  operations: number
  /** Answers a checksum of what it computed, the same on every call. */
  run: () => number
  /** Where it takes long to find: asked for once at the end, in place of what `run` answered. */
  checksum?: () => number
}>

export function spreadPercent(median: number | undefined, deviation: number | undefined): number {
  return (100 * (deviation ?? Number.NaN)) / (median ?? Number.NaN)
}

/** Samples are nanoseconds of one operation. */
export function sampleRow(
  label: string,
  samples: readonly number[],
  checksum: number,
): Omit<BenchRow, 'ratio'> {
  const median = medianOf(samples)
  const deviation = medianOf(samples.map((ns) => Math.abs(ns - median)))
  return {
    case: label,
    median_ns: median,
    p99_ns: Math.max(...samples),
    spread_percent: spreadPercent(median, deviation),
    checksum,
  }
}

const ROUNDS = { smoke: 2, full: 11 }
/** The processor clock ticks every few milliseconds; a sample lasts long enough not to show it. */
const ROUND_NS = 120e6

/**
 * Measures cases that are compared with one another: each once a round, so that a machine which is
 * busy for a while is busy for all of them, and in processor time. The first is the baseline of `ratio`.
 */
export function measureRounds(
  name: string,
  cases: readonly BenchCase[],
  options: BenchOptions,
): BenchTable {
  const lanes = cases.map((one) => new RoundLane(one, options.smoke))
  for (let round = 0; round < (options.smoke ? ROUNDS.smoke : ROUNDS.full); round++) {
    for (let i = 0; i < lanes.length; i++) lanes[(i + round) % lanes.length].sample()
  }
  const rows = lanes.map((lane) => lane.row())
  const baseline = rows[0].median_ns
  return { name, rows: rows.map((row) => ({ ...row, ratio: baseline / row.median_ns })) }
}

/** One case of a comparison: warmed up when it is made, then a sample a round. */
export class RoundLane {
  readonly #case: BenchCase
  readonly #calls: number
  readonly #samples: number[] = []
  #checksum: number

  constructor(benchCase: BenchCase, isSmoke: boolean) {
    this.#case = benchCase
    this.#checksum = benchCase.run()
    let callNs = this.#time(1)
    if (!isSmoke) callNs = Math.min(callNs, this.#time(2))
    this.#calls = isSmoke ? 1 : Math.max(1, Math.ceil(ROUND_NS / Math.max(callNs, 1e6)))
  }

  /** Answers the nanoseconds of one operation in this round. */
  sample(): number {
    const ns = this.#time(this.#calls) / this.#case.operations
    this.#samples.push(ns)
    return ns
  }

  row(): Omit<BenchRow, 'ratio'> {
    return sampleRow(this.#case.case, this.#samples, this.#case.checksum?.() ?? this.#checksum)
  }

  /** Of one call. The processor clock may not have moved in a short one: then at least a tick. */
  #time(calls: number): number {
    const from = threadNs()
    for (let i = 0; i < calls; i++) this.#checksum = this.#case.run()
    return Math.max(threadNs() - from, 1e5) / calls
  }
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
