import { Bench } from 'tinybench'

/**
 * What a benchmark measured, as data: `bench/run.js` prints it, a test runs the smoke size of it.
 */
export type BenchRow = Readonly<{
  case: string
  /** Nanoseconds of one operation: the median of all samples, and the 99th percentile. */
  median_ns: number
  p99_ns: number
  /** Median of the baseline divided by this one: 2 is twice as fast. The baseline itself has 1. */
  ratio: number
  /**
   * Of what the operations computed: equal work gives equal checksums, and work that is optimized
   * away gives none.
   */
  checksum: number
}>

export type BenchTable = Readonly<{ name: string; rows: readonly BenchRow[] }>

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
}>

const SAMPLE_MS = { smoke: 40, full: 1500 }

/** Measures the cases one after the other; the first is the baseline of `ratio`. */
export async function measure(
  name: string,
  cases: readonly BenchCase[],
  options: BenchOptions,
): Promise<BenchTable> {
  const time = options.smoke ? SAMPLE_MS.smoke : SAMPLE_MS.full
  const bench = new Bench({ time, warmupTime: time / 2, iterations: 8, warmupIterations: 4 })
  const checksums = new Map<string, number>()
  for (const { case: label, run } of cases) {
    bench.add(label, () => {
      checksums.set(label, run())
    })
  }
  await bench.run()
  const measured = cases.map(({ case: label, operations }) => {
    const result = bench.getTask(label)?.result
    const latency = result !== undefined && 'latency' in result ? result.latency : undefined
    const perOperation = (ms: number | undefined) => ((ms ?? Number.NaN) * 1e6) / operations
    return {
      case: label,
      median_ns: perOperation(latency?.p50),
      p99_ns: perOperation(latency?.p99),
      checksum: checksums.get(label) ?? 0,
    }
  })
  const baseline = measured[0].median_ns
  return { name, rows: measured.map((row) => ({ ...row, ratio: baseline / row.median_ns })) }
}
