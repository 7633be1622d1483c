import * as book from './book.bench.ts'
import * as decode from './decode.bench.ts'
import * as features from './features.bench.ts'
import * as journal from './journal.bench.ts'
import * as peers from './peers.bench.ts'
import * as pipeline from './pipeline.bench.ts'
import * as ring from './ring.bench.ts'
import * as score from './score.bench.ts'
import type { BenchOptions, BenchTable } from './table.ts'
import * as watchers from './watchers.bench.ts'

type Benchmark = (options: BenchOptions) => Promise<BenchTable | readonly BenchTable[]>

/** By the name that `npm run bench -- NAME` takes. */
export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  decode: decode.run,
  book: book.run,
  ring: ring.run,
  pipeline: pipeline.run,
  features: features.run,
  watchers: watchers.run,
  score: score.run,
  journal: journal.run,
  peers: peers.run,
}

/** One after the other in this process. */
export async function runBenchmarks(
  names: readonly string[],
  options: BenchOptions,
  onStart: (name: string) => void,
): Promise<BenchTable[]> {
  const tables: BenchTable[] = []
  for (const name of names) {
    onStart(name)
    tables.push(...[await BENCHMARKS[name](options)].flat())
  }
  return tables
}
