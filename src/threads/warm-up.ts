import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { Random } from '../core/random.ts'
import { pause, type Timers } from '../core/timer.ts'
import { BybitDecoder } from '../feed/bybit/decoder.ts'
import { Sequencer } from '../feed/sequencer.ts'
import { Counters } from '../memory/counters.ts'
import { openHistogram } from '../memory/histograms.ts'
import { publishRow } from '../memory/row-view.ts'
import { createEngineMemory } from './engine-memory.ts'
import { Pipeline } from './pipeline.ts'
import { ShardScoring } from './shard-scoring.ts'
import type { ShardTask } from './shard-task.ts'
import { openShardTopics } from './shard-topics.ts'
import { WarmUpFrames } from './warm-up-frames.ts'

/** By then the compilers have settled: 12 instead of 20 us of processor time a frame after it. */
const FRAMES = 8000
/** On a machine that is busy the rest is learned live. */
const WARM_UP_US_MAX = 500_000
const INSTRUMENTS_MAX = 2
const FRAMES_PER_TURN = 64
const SEED = 20_240_815

export type WarmUpResult = Readonly<{
  frames: number
  rows: number
  scores: number
  /** Frames that the pipeline did not take; there are none. */
  refused: number
}>

/**
 * Before a shard subscribes: a made-up market goes through decoder, book, features, model and
 * strategies of its own, with memory of its own, until the compilers have seen the hot path. What
 * is learned is the code's shape; every number is thrown away.
 */
export async function warmUp(
  task: ShardTask,
  ports: Readonly<{ clock: Clock; timers: Timers; log: Logger }>,
): Promise<WarmUpResult> {
  const { clock, timers } = ports
  const scratch = scratchTask(task)
  const counters = new Counters(scratch.memory.shards[task.shard].counters)
  const opened = await ShardScoring.open(scratch, { ...ports, timers: AT_ONCE }, counters)
  const scoring = opened.ok ? opened.value : undefined
  const pipeline = scratchPipeline(scratch, clock, counters, scoring)
  const random = new Random(SEED)
  const markets = scratch.instruments.map(
    (instrument, index) => new WarmUpFrames(instrument, task.feed.depth, random.fork(index)),
  )
  const endUs = clock.nowUs() + WARM_UP_US_MAX
  let frames = 0
  while (frames < FRAMES && clock.nowUs() < endUs) {
    for (let i = 0; i < FRAMES_PER_TURN; i++) {
      pipeline.onFrame(markets[frames++ % markets.length].next(), clock.nowUs(), 0)
    }
    await pause(timers, 0) // the model runs between turns of the loop
  }
  await scoring?.close()
  const refused = counters.get('frames_malformed') + counters.get('gaps') + counters.get('bad_data')
  return { frames, rows: counters.get('rows'), scores: counters.get('scores'), refused }
}

/** As a shard's, with a sink that publishes rows and marks them, and nothing to ask for again. */
function scratchPipeline(
  scratch: ShardTask,
  clock: Clock,
  counters: Counters,
  scoring: ShardScoring | undefined,
): Pipeline {
  const { histograms } = scratch.memory.shards[scratch.shard]
  const { topics, books, features, rowViews, featuresOf } = openShardTopics(
    scratch,
    counters,
    clock.nowUs(),
  )
  const decoder = new BybitDecoder(counters)
  for (const topic of topics) decoder.addTopic(topic)
  return new Pipeline({
    decoder,
    sequencer: new Sequencer(topics.length),
    topics,
    books,
    features,
    counters,
    clock,
    socketToBook: openHistogram(histograms, 'socket_to_book'),
    sink: {
      onRow: (instrument, _message, receiveUs) => {
        const view = rowViews[instrument]
        const row = featuresOf[instrument]?.row
        if (view === undefined || row === undefined) return
        row.receiveUs = receiveUs
        row.publishUs = clock.nowUs()
        publishRow(view, row)
        scoring?.markChanged(instrument, row.publishUs)
      },
      onTrades: () => {},
      onTicker: () => {},
      onControl: () => {},
      onData: () => {},
      onResync: () => {},
    },
  })
}

/** The batch begins as soon as the frames of this turn are through. */
const AT_ONCE: Timers = {
  after(_delayMs, call) {
    queueMicrotask(call)
    return () => {}
  },
  every: () => () => {},
}

/**
 * The task with a few instruments and new memory, but for the control block: through it the
 * supervisor sees when the thread is in native code.
 */
function scratchTask(task: ShardTask): ShardTask {
  const instruments = task.owned
    .slice(0, INSTRUMENTS_MAX)
    .map((index, place) => ({ ...task.instruments[index], index: place }))
  const memory = createEngineMemory(instruments.length, 1, ...task.feed.depths)
  return {
    ...task,
    instruments,
    owned: instruments.map(({ index }) => index),
    cross: { ...task.cross, leader: 0 },
    memory: {
      ...memory,
      shards: task.memory.shards.map(() => memory.shards[0]),
      control: task.memory.control,
    },
  }
}
