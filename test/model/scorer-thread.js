// One thread of scorer-threads.test.ts. It runs compiled code, as worker threads do.
import { parentPort, workerData } from 'node:worker_threads'

const { dist, folder, registry, instruments, rows, scores, rounds, control, shard } = workerData
const { loadModelFolder } = await import(`${dist}/model/manifest.js`)
const { openScorer } = await import(`${dist}/model/scorer.js`)
const { ControlBlock } = await import(`${dist}/memory/control-block.js`)
const { Counters } = await import(`${dist}/memory/counters.js`)

const logger = { error: () => {}, info: () => {} }
const counters = new Counters()
const block = new ControlBlock(control)
const guard = { enter: () => block.enterNative(shard), leave: () => block.leaveNative(shard) }
const model = loadModelFolder(folder, registry).value
const opened = await openScorer({
  model,
  instruments,
  rows,
  scores,
  counters,
  logger,
  guard,
})
if (opened.ok) {
  for (let round = 0; round < rounds; round++) {
    for (const instrument of instruments) opened.value.markChanged(instrument)
    while (opened.value.pendingCount() > 0) await opened.value.scoreChanged(round + 1)
    if (round === 0) parentPort.postMessage('first')
  }
  await opened.value.close()
  parentPort.postMessage({ scores: counters.get('scores'), errors: counters.get('score_errors') })
}
