import { assert } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import { pause, systemTimers } from '../core/timer.ts'
import { HISTOGRAMS, type HistogramName } from '../memory/histograms.ts'
import type { Engine } from '../threads/engine.ts'
import type { FloorReport } from './floor-reader.ts'
import { BookComparison } from './load-books.ts'
import { LostMessages } from './load-drain.ts'
import type { FaultReport, VerdictPlan } from './load-faults.ts'
import type { FloorProcess } from './load-floor.ts'
import { type Quantiles, quantilesOf } from './load-quantiles.ts'
import { type ResourceFigures, ResourceWatch, rounded } from './load-resources.ts'
import type { LoadVerdict } from './load-verdict.ts'
import type { MockProcess, MockStats } from './mock-process.ts'

/** A look at some books every so often, so that all are seen once a second. */
const LOOKS_PER_SECOND = 10
/** Time after the first moment at which every book was live that is reported apart. */
const WARM_UP_SECONDS = 2

type Latencies = Record<string, Quantiles>

/** All that belongs to the seconds of load, and not to the repairs after them. */
type Ran = Readonly<{
  seconds: number
  endUs: number
  counts: Record<string, number>
  latency: Latencies
  resources: ResourceFigures
  floor: FloorReport | undefined
  stats: MockStats | undefined
}>

/** Measures a running engine against the mock exchange that feeds it. */
export class LoadMeasure {
  readonly books: BookComparison
  readonly #engine: Engine
  readonly #mock: MockProcess
  readonly #floor: FloorProcess | undefined
  readonly #stop: AbortSignal
  readonly #resources: ResourceWatch
  readonly #startedUs = systemClock.nowUs()
  #liveAfterSeconds = Number.NaN
  #warmUp: Latencies = {}
  #beganUs = 0
  #counts: Record<string, number> = {}
  #before = { messagesSent: 0, cpuSeconds: 0, floorCpuSeconds: 0, floorFrames: 0 }
  #histograms = new Map<HistogramName, Histogram>()
  #behindMsMax = 0
  #ran: Ran | undefined
  readonly #lost: LostMessages

  constructor(
    engine: Engine,
    mock: MockProcess,
    floor: FloorProcess | undefined,
    stop: AbortSignal,
  ) {
    this.#engine = engine
    this.#mock = mock
    this.#floor = floor
    this.#stop = stop
    this.books = new BookComparison(engine, mock)
    this.#resources = new ResourceWatch(engine)
    this.#lost = new LostMessages({
      missing: () => this.#missing(),
      pauseMs: (ms) => pause(systemTimers, ms),
      setRate: (rate) => mock.setRate(rate),
      stop,
    })
  }

  async untilLive(secondsMax: number): Promise<void> {
    const endUs = systemClock.nowUs() + secondsMax * 1e6
    const { instruments, watch } = this.#engine
    while (watch.states().LIVE < instruments.length && systemClock.nowUs() < endUs) {
      if (this.#stop.aborted) return
      await pause(systemTimers, 50)
    }
  }

  /** The first seconds of the live engine, reported apart. */
  async warmUp(): Promise<void> {
    this.#liveAfterSeconds = (systemClock.nowUs() - this.#startedUs) / 1e6
    this.#mark()
    await pause(systemTimers, WARM_UP_SECONDS * 1000)
    this.#warmUp = this.#latencies()
  }

  /** Before `begin`: what broken connections took along until now is no loss of what follows. */
  async forgetLost(rate: number, liveSecondsMax: number): Promise<void> {
    const stats = await this.#mock.stats()
    const { watch } = this.#engine
    // One that broke while it was being made may have brought messages too.
    const broken = watch.count('connections_lost') + watch.count('connects_failed')
    const hasPaused = await this.#lost.begin(broken + (stats?.droppedClients ?? 0), rate)
    if (hasPaused && rate > 0) await this.untilLive(liveSecondsMax)
  }

  /** From here on it counts. */
  async begin(): Promise<void> {
    await this.#floor?.begin()
    const floor = await this.#floor?.report()
    const stats = await this.#mock.stats()
    this.#behindMsMax = 0
    this.#mark()
    this.#before = {
      messagesSent: stats?.messagesSent ?? Number.NaN,
      cpuSeconds: stats?.cpuSeconds ?? Number.NaN,
      floorCpuSeconds: floor?.cpuSeconds ?? Number.NaN,
      floorFrames: floor?.frames ?? 0,
    }
    this.#resources.begin()
    this.#beganUs = systemClock.nowUs()
  }

  /**
   * Looks until `seconds` have gone by on the clock; each look compares some of the books.
   * `onSecond` is called once for each second that began.
   */
  async run(seconds: number, onSecond: (second: number) => Promise<void>): Promise<void> {
    const endUs = this.#beganUs + seconds * 1e6
    const { length } = this.#engine.instruments
    const share = Math.ceil(length / LOOKS_PER_SECOND)
    let second = -1
    for (let look = 0; systemClock.nowUs() < endUs && !this.#stop.aborted; look++) {
      const began = Math.floor((systemClock.nowUs() - this.#beganUs) / 1e6)
      if (began > second) {
        second = began
        await onSecond(second)
        await this.#sample()
      }
      const from = (look * share) % (share * Math.ceil(length / share))
      await this.books.compare(from, from + share)
      const dueUs = this.#beganUs + ((look + 1) * 1e6) / LOOKS_PER_SECOND
      const waitMs = (Math.min(dueUs, endUs) - systemClock.nowUs()) / 1000
      if (waitMs > 0) await pause(systemTimers, waitMs)
    }
  }

  /** Since `begin`: the figures of one step of a ramp. */
  interval(): Readonly<{ messagesPerSecond: number; pushToFeature: Quantiles }> {
    const seconds = (systemClock.nowUs() - this.#beganUs) / 1e6
    const frames = this.#engine.watch.counts().frames_received - this.#counts.frames_received
    return {
      messagesPerSecond: frames / seconds,
      pushToFeature: this.#quantiles('push_to_feature'),
    }
  }

  /** The load is over; what comes after it, until the verdict, is reported apart. */
  async end(): Promise<void> {
    const endUs = systemClock.nowUs()
    const counts = this.#engine.watch.counts()
    const latency = this.#latencies()
    const resources = this.#resources.figures()
    this.#resources.stop()
    const floor = await this.#floor?.report()
    const stats = await this.#mock.stats()
    const seconds = (endUs - this.#beganUs) / 1e6
    this.#ran = { seconds, endUs, counts, latency, resources, floor, stats }
  }

  async verdict(plan: VerdictPlan, faults: FaultReport): Promise<LoadVerdict> {
    if (this.#ran === undefined) await this.end()
    const ran = this.#ran
    assert(ran !== undefined, 'the load has ended')
    const { floor, latency, seconds, stats } = ran
    const settleSeconds = (systemClock.nowUs() - ran.endUs) / 1e6
    const { watch, instruments } = this.#engine
    const now = watch.counts()
    const { LIVE: live, STALE: stale } = watch.states()
    const lost = await this.#lost.end()
    /** In the seconds of load; and until now, repairs included. */
    const during = (name: string) => (ran.counts[name] ?? 0) - (this.#counts[name] ?? 0)
    const since = (name: string) => (now[name] ?? 0) - (this.#counts[name] ?? 0)
    const restarts = this.#engine.shardOverviews().reduce((sum, shard) => sum + shard.restarts, 0)
    const { compared, notLive, unknown, wrong } = this.books
    const isCalm = Object.keys(faults.account).length === 0
    // An exchange that says nothing leaves books whose age nobody can vouch for: STALE is right.
    const areBooksRight = live + (plan.rate === 0 ? stale : 0) === instruments.length
    const floorFrames = (floor?.frames ?? 0) - this.#before.floorFrames
    return {
      ok:
        wrong === 0 &&
        compared > 0 &&
        areBooksRight &&
        !this.#engine.isExecutionEnded &&
        faults.isSettled &&
        (plan.redundant !== true || faults.lostUpdates === 0) &&
        (!isCalm || (since('gaps') + since('frames_malformed') === 0 && (lost ?? 0) === 0)),
      symbols: instruments.length,
      rate: plan.rate,
      seconds: rounded(seconds, 1),
      settle_seconds: rounded(settleSeconds, 1),
      faults: faults.account,
      faults_unexplained: faults.unexplained,
      faults_open: faults.open,
      messages_sent: (stats?.messagesSent ?? Number.NaN) - this.#before.messagesSent - floorFrames,
      messages_applied:
        during('books_applied') + during('messages_trade') + during('messages_ticker'),
      messages_per_second: Math.round(during('frames_received') / seconds),
      messages_lost: lost,
      books_live: live,
      books_stale: stale,
      books_compared: compared,
      books_wrong: wrong,
      books_not_live: notLive,
      books_unknown: unknown,
      gaps: since('gaps'),
      lost_updates: faults.lostUpdates,
      lost_on_both_lines: faults.lostOnBothLines,
      resyncs: since('resyncs_requested'),
      connections_lost: since('connections_lost'),
      frames_malformed: since('frames_malformed'),
      shard_restarts: restarts,
      feature_rows: during('rows'),
      scores: during('scores'),
      signals: during('signals'),
      orders: during('orders_submitted'),
      latency_us: latency,
      warm_up: this.#warmUpFigures(),
      floor: this.#floorFigures(floor, latency.push_to_feature, seconds),
      mock: {
        cpu_cores: rounded(
          ((stats?.cpuSeconds ?? Number.NaN) - this.#before.cpuSeconds) / seconds,
          3,
        ),
        behind_ms_max: this.#behindMsMax,
      },
      ...ran.resources,
    }
  }

  #warmUpFigures(): LoadVerdict['warm_up'] {
    return {
      live_after_seconds: rounded(this.#liveAfterSeconds, 2),
      seconds: WARM_UP_SECONDS,
      messages_lost: Number.isNaN(this.#lost.before) ? null : this.#lost.before,
      latency_us: this.#warmUp,
    }
  }

  #floorFigures(
    floor: FloorReport | undefined,
    ours: Quantiles,
    seconds: number,
  ): LoadVerdict['floor'] {
    if (floor === undefined) return null
    return {
      push_to_socket_us: floor.pushToSocket,
      wake_lag_us: floor.wakeLag,
      cpu_cores: rounded((floor.cpuSeconds - this.#before.floorCpuSeconds) / seconds, 3),
      p99_ratio: floor.pushToSocket.p99 > 0 ? rounded(ours.p99 / floor.pushToSocket.p99, 2) : null,
    }
  }

  async #sample(): Promise<void> {
    this.#resources.sample()
    const stats = await this.#mock.stats()
    if (stats !== undefined) this.#behindMsMax = Math.max(this.#behindMsMax, stats.behindMs)
  }

  /** Latencies and counts are taken from here on. */
  #mark(): void {
    const { watch } = this.#engine
    this.#counts = watch.counts()
    for (const name of HISTOGRAMS) this.#histograms.set(name, watch.latency(name))
  }

  /** Every frame that left the mock was counted by the engine or by the bare reader, or is missing. */
  async #missing(): Promise<number> {
    const stats = await this.#mock.stats()
    const floor = await this.#floor?.report()
    const received = this.#engine.watch.counts().frames_received + (floor?.frames ?? 0)
    return (stats?.messagesSent ?? Number.NaN) - received
  }

  #latencies(): Latencies {
    return Object.fromEntries(HISTOGRAMS.map((name) => [name, this.#quantiles(name)]))
  }

  #quantiles(name: HistogramName): Quantiles {
    const interval = this.#engine.watch.latency(name).copy()
    const before = this.#histograms.get(name)
    if (before !== undefined) interval.subtract(before)
    return quantilesOf(interval)
  }
}
