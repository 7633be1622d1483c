import { Bench } from 'tinybench'
import { assert } from '../src/core/assert.ts'
import { Random } from '../src/core/random.ts'
import { FEATURE_NAMES, FEATURES, featureHash } from '../src/features/registry.ts'
import { Counters } from '../src/memory/counters.ts'
import { createRecords, openRecordView } from '../src/memory/record-view.ts'
import { createRowCopy, createRows, openRowView, publishRow } from '../src/memory/row-view.ts'
import { SCORE_FIELDS, SCORE_UP } from '../src/memory/score-record.ts'
import { loadModelFolder } from '../src/model/manifest.ts'
import { openScorer } from '../src/model/scorer.ts'
import { type BenchOptions, type BenchRow, type BenchTable, spreadPercent } from './table.ts'

/**
 *   rows (shared) --copy--> input --onnxruntime, 1 thread--> output --seqlock--> scores (shared)
 *
 * One row of the shipped model, in batches of so many changed symbols, from `markChanged` to the
 * published score; a batch blocks its thread for the row's time times its size. Rows are new at
 * every batch: repeated inputs flatter a tree.
 */
const BATCHES = [1, 10, 50, 100]
const SYMBOLS = 100
const SEED = 20240808
const VARIANTS = 64

export async function run(options: BenchOptions): Promise<BenchTable> {
  const rows = createRows(SYMBOLS)
  const scores = createRecords('scores', SYMBOLS, SCORE_FIELDS)
  const built = FEATURES.map((feature) => feature.isBuilt)
  // From the root of the repository, where npm runs its scripts; this file may have been compiled.
  const model = loadModelFolder('models/scalper-v1', {
    names: FEATURE_NAMES,
    hash: featureHash(),
    built,
  })
  assert(model.ok, 'the shipped model loads')
  const opened = await openScorer({
    model: model.value,
    instruments: Array.from({ length: SYMBOLS }, (_, i) => i),
    rows,
    scores,
    counters: new Counters(),
    logger: { error: () => {}, info: () => {} },
  })
  assert(opened.ok, 'the shipped model passes its self test')
  const scorer = opened.value
  const views = Array.from({ length: SYMBOLS }, (_, i) => openRowView(rows, i))
  const answers = Array.from({ length: SYMBOLS }, (_, i) =>
    openRecordView(scores, 'scores', i, SCORE_FIELDS),
  )
  const variants = makeRows(model.value.inputIndexes)
  const results: BenchRow[] = []
  for (const count of BATCHES) {
    let round = 0
    const publish = () => {
      round++
      for (let i = 0; i < count; i++) publishRow(views[i], variants[(round + 7 * i) % VARIANTS])
    }
    const score = async () => {
      for (let i = 0; i < count; i++) scorer.markChanged(i)
      await scorer.scoreChanged(round)
    }
    publish()
    await score()
    let checksum = 0 // of the first batch, the same in every run
    for (let i = 0; i < count; i++) checksum += answers[i].fields[SCORE_UP]
    const bench = new Bench({
      iterations: options.smoke ? 50 : 2000,
      time: options.smoke ? 0 : 2000,
      warmupIterations: options.smoke ? 10 : 500,
      warmupTime: 0,
    })
    bench.add('batch', score, { beforeEach: publish })
    const [task] = await bench.run()
    const result = task.result
    assert('latency' in result, 'the case ran')
    const median = (result.latency.p50 * 1e6) / count
    results.push({
      case: `a row in a batch of ${count}`,
      median_ns: median,
      p99_ns: (result.latency.p99 * 1e6) / count,
      spread_percent: spreadPercent(result.latency.p50, result.latency.mad),
      ratio: (results[0]?.median_ns ?? median) / median,
      checksum,
    })
  }
  await scorer.close()
  return { name: 'score', rows: results }
}

function makeRows(inputIndexes: Int32Array) {
  const random = new Random(SEED)
  return Array.from({ length: VARIANTS }, (_, i) => {
    const row = createRowCopy()
    row.rowNumber = i + 1
    row.values.fill(1) // every feature present, spread_ticks among them
    for (const index of inputIndexes) row.values[index] = 2 * random.float() - 1
    return row
  })
}
