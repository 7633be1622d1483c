// hot
import { SCORE_BATCH_ROWS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { Logger } from '../core/log.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import { FEATURE_NAMES } from '../features/registry.ts'
import { BroadcastWriter } from '../memory/broadcast.ts'
import { ControlBlock } from '../memory/control-block.ts'
import type { Counters } from '../memory/counters.ts'
import { openHistogram } from '../memory/histograms.ts'
import { RingWriter } from '../memory/ring.ts'
import { loadModelFolder } from '../model/manifest.ts'
import { openScorer, type Scorer } from '../model/scorer.ts'
import { SignalRunner } from '../signal/runner.ts'
import { createStrategies } from '../signal/strategy-table.ts'
import type { AlertBoard } from './alert-board.ts'
import type { CandleBoard } from './candle-board.ts'
import { booksOfDepth } from './engine-memory.ts'
import { featureRegistry } from './feature-registry.ts'
import type { ShardTask } from './shard-task.ts'

/** What a shard tells of its markets beside their rows; undefined where it is switched off. */
export type ShardBoards = Readonly<{
  alerts: AlertBoard | undefined
  candles: CandleBoard | undefined
}>

/**
 * Scores and signals of a shard: a row marks its symbol, all that are marked are scored in bounded
 * batches one period after the first mark, and every new score is shown to the strategies. The
 * timer runs only while something is marked; while frames come so fast that it is late, the row
 * that finds the batch due starts it.
 */
export class ShardScoring {
  readonly #scorer: Scorer
  readonly #runner: SignalRunner
  readonly #clock: Clock
  readonly #socketToScore: Histogram
  readonly #socketToSignal: Histogram
  readonly #timers: Timers
  readonly #periodMs: number
  readonly #onTimer = () => void this.#score()
  #cancelTimer: CancelTimer = () => {}
  #isArmed = false
  #isScoring = false
  #isClosed = false
  /** When the batch that is marked should begin. */
  #dueUs = 0.5

  private constructor(task: ShardTask, ports: ScoringPorts, scorer: Scorer, runner: SignalRunner) {
    const { histograms } = task.memory.shards[task.shard]
    this.#scorer = scorer
    this.#runner = runner
    this.#clock = ports.clock
    this.#timers = ports.timers
    this.#periodMs = task.model.batchPeriodMs
    this.#socketToScore = openHistogram(histograms, 'socket_to_score')
    this.#socketToSignal = openHistogram(histograms, 'socket_to_signal')
  }

  /** Undefined when scoring is switched off: then nothing is decided either. */
  static async open(
    task: ShardTask,
    ports: ScoringPorts,
    counters: Counters,
    boards?: ShardBoards,
  ): Promise<Result<ShardScoring | undefined>> {
    const { instruments, memory, owned, shard } = task
    if (!task.model.enabled) return succeed(undefined)
    const strategies = createStrategies(task.strategies, FEATURE_NAMES)
    if (!strategies.ok) return strategies
    const model = loadModelFolder(task.model.folder, featureRegistry(task.groups))
    if (!model.ok) return model
    const control = new ControlBlock(memory.control)
    const { rows, scores } = memory
    // A strategy compares the book with the row, so it sees the depth that the row is made of.
    const ownDepth = booksOfDepth(memory, task.feed.depth)
    const scorer = await openScorer({
      model: model.value,
      instruments: owned,
      rows,
      scores,
      counters,
      logger: ports.log,
      // The runtime cannot bear the end of its thread: the supervisor waits while it works.
      guard: {
        enter: () => control.enterNative(shard),
        leave: () => control.leaveNative(shard),
      },
    })
    if (!scorer.ok) return fail(scorer.code, scorer.message)
    const runner = new SignalRunner({
      shard,
      strategies: strategies.value,
      instruments,
      owned,
      books: ownDepth.books,
      bookDepth: ownDepth.depth,
      rows,
      scores,
      intents: new RingWriter(memory.shards[shard].intents),
      signals: new BroadcastWriter(memory.shards[shard].signals),
      counters,
      alertsOf: (index) => boards?.alerts?.latestOf(index),
      candlesOf: (index) => boards?.candles?.latestOf(index),
      isWithheld: () => control.isWayOutClosed(),
      ringDoorbell: () => control.ring(),
    })
    return succeed(new ShardScoring(task, ports, scorer.value, runner))
  }

  markChanged(instrument: number, nowUs: number): void {
    this.#scorer.markChanged(instrument)
    if (this.#isScoring) return
    if (!this.#isArmed) this.#arm(nowUs)
    else if (nowUs >= this.#dueUs) void this.#score()
  }

  #arm(nowUs: number): void {
    if (this.#isClosed) return
    this.#isArmed = true
    this.#dueUs = nowUs + this.#periodMs * 1000
    this.#cancelTimer = this.#timers.after(this.#periodMs, this.#onTimer)
  }

  /** All symbols that changed; a call while another is under way does nothing, the marks stay. */
  async #score(): Promise<void> {
    if (this.#isScoring) return
    this.#isScoring = true
    this.#isArmed = false
    this.#cancelTimer()
    const scorer = this.#scorer
    // Those marked now, and not those that are marked meanwhile: they have a period of their own.
    for (let left = scorer.pendingCount(); left > 0; left -= SCORE_BATCH_ROWS_MAX) {
      const count = await scorer.scoreChanged(this.#clock.nowUs())
      if (count === 0) break
      for (let i = 0; i < count; i++) this.#decide(scorer.scored[i], scorer.scoredReceiveUs[i])
    }
    this.#isScoring = false
    // What was marked while the last batch failed, or was full, waits one period more.
    if (scorer.pendingCount() > 0) this.#arm(this.#clock.nowUs())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#scorer.close()
  }

  #decide(instrument: number, receiveUs: number): void {
    const nowUs = this.#clock.nowUs()
    this.#socketToScore.record(nowUs - receiveUs)
    if (this.#runner.run(instrument, nowUs) === 0) return
    this.#socketToSignal.record(this.#clock.nowUs() - receiveUs)
  }
}

export type ScoringPorts = Readonly<{ clock: Clock; timers: Timers; log: Logger }>
