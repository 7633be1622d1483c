import { systemClock } from '../core/clock.ts'
import { formatSteps } from '../core/decimal.ts'
import type { Histogram } from '../core/histogram.ts'
import { pause, systemTimers } from '../core/timer.ts'
import { HISTOGRAMS, type HistogramName } from '../memory/histograms.ts'
import type { Engine } from '../threads/engine.ts'
import type { MockProcess, TruthBook } from './mock-process.ts'

/** Looks a second at every book. */
const LOOKS_PER_SECOND = 4

export type LoadVerdict = Readonly<{
  ok: boolean
  symbols: number
  rate: number
  seconds: number
  faults: Readonly<Record<string, number>>
  messages_sent: number
  messages_applied: number
  messages_per_second: number
  books_live: number
  books_compared: number
  books_wrong: number
  /** Looks at which a book was not LIVE, so there was nothing to compare. */
  books_not_live: number
  /** Looks for which the mock no longer knew the truth at that update id. */
  books_unknown: number
  gaps: number
  resyncs: number
  connections_lost: number
  frames_malformed: number
  shard_restarts: number
  feature_rows: number
  scores: number
  signals: number
  orders: number
  latency_us: Readonly<Record<string, Quantiles>>
  /** How late the mock's sender was at most, by its own schedule. */
  mock_behind_ms: number
  cpu_cores: number
  rss_mb: number
}>

type Quantiles = Readonly<{ p50: number; p99: number; p999: number; max: number; count: number }>

/** A book as it was read, to be compared when the truth of the same moment has come. */
type Look = Readonly<{ symbol: string; topic: string; u: number; bids: string; asks: string }>

/** Measures a running engine against the mock exchange that feeds it. */
export class LoadMeasure {
  readonly #engine: Engine
  readonly #mock: MockProcess
  readonly #stop: AbortSignal
  #beganUs = 0
  #cpu = process.cpuUsage()
  #counts: Record<string, number> = {}
  #sent = 0
  #histograms = new Map<HistogramName, Histogram>()
  #compared = 0
  #wrong = 0
  #notLive = 0
  #unknown = 0
  #rssBytesMax = 0
  #behindMsMax = 0

  constructor(engine: Engine, mock: MockProcess, stop: AbortSignal) {
    this.#engine = engine
    this.#mock = mock
    this.#stop = stop
  }

  async untilLive(secondsMax: number): Promise<void> {
    const endUs = systemClock.nowUs() + secondsMax * 1e6
    const { instruments, watch } = this.#engine
    while (watch.states().LIVE < instruments.length && systemClock.nowUs() < endUs) {
      if (this.#stop.aborted) return
      await pause(systemTimers, 50)
    }
  }

  /** From here on it counts; what came before was warm-up. */
  async begin(): Promise<void> {
    const { watch } = this.#engine
    this.#counts = watch.counts()
    for (const name of HISTOGRAMS) this.#histograms.set(name, watch.latency(name))
    this.#sent = (await this.#mock.stats())?.messagesSent ?? Number.NaN
    this.#cpu = process.cpuUsage()
    this.#beganUs = systemClock.nowUs()
  }

  /**
   * Looks until `seconds` have gone by on the clock; a look reads all books, then asks for the
   * truth at exactly those update ids. `onSecond` is called once for each second that began.
   */
  async run(seconds: number, onSecond: (second: number) => Promise<void>): Promise<void> {
    const endUs = this.#beganUs + seconds * 1e6
    let second = -1
    for (let look = 0; systemClock.nowUs() < endUs && !this.#stop.aborted; look++) {
      const began = Math.floor((systemClock.nowUs() - this.#beganUs) / 1e6)
      if (began > second) {
        second = began
        await onSecond(second)
        await this.#sample()
      }
      await this.#compare()
      const dueUs = this.#beganUs + ((look + 1) * 1e6) / LOOKS_PER_SECOND
      const waitMs = (Math.min(dueUs, endUs) - systemClock.nowUs()) / 1000
      if (waitMs > 0) await pause(systemTimers, waitMs)
    }
  }

  async #sample(): Promise<void> {
    this.#rssBytesMax = Math.max(this.#rssBytesMax, process.memoryUsage.rss())
    const stats = await this.#mock.stats()
    if (stats !== undefined) this.#behindMsMax = Math.max(this.#behindMsMax, stats.behindMs)
  }

  async verdict(
    plan: Readonly<{ symbols: number; rate: number }>,
    faults: Readonly<Record<string, number>>,
  ): Promise<LoadVerdict> {
    const seconds = (systemClock.nowUs() - this.#beganUs) / 1e6
    const cpu = process.cpuUsage(this.#cpu)
    const { watch, instruments } = this.#engine
    const now = watch.counts()
    const latency = HISTOGRAMS.map((name) => [name, this.#quantiles(name)] as const)
    const sent = ((await this.#mock.stats())?.messagesSent ?? Number.NaN) - this.#sent
    const since = (name: string) => (now[name] ?? 0) - (this.#counts[name] ?? 0)
    const applied = since('books_applied') + since('messages_trade') + since('messages_ticker')
    const live = watch.states().LIVE
    const restarts = this.#engine.shardOverviews().reduce((sum, shard) => sum + shard.restarts, 0)
    const isCalm = Object.keys(faults).length === 0
    return {
      ok:
        this.#wrong === 0 &&
        this.#compared > 0 &&
        live === instruments.length &&
        !this.#engine.isExecutionEnded &&
        (!isCalm || since('gaps') + since('frames_malformed') === 0),
      symbols: instruments.length,
      rate: plan.rate,
      seconds: round(seconds, 1),
      faults,
      messages_sent: sent,
      messages_applied: applied,
      messages_per_second: Math.round(since('frames_received') / seconds),
      books_live: live,
      books_compared: this.#compared,
      books_wrong: this.#wrong,
      books_not_live: this.#notLive,
      books_unknown: this.#unknown,
      gaps: since('gaps'),
      resyncs: since('resyncs_requested'),
      connections_lost: since('connections_lost'),
      frames_malformed: since('frames_malformed'),
      shard_restarts: restarts,
      feature_rows: since('rows'),
      scores: since('scores'),
      signals: since('signals'),
      orders: since('orders_submitted'),
      latency_us: Object.fromEntries(latency),
      mock_behind_ms: this.#behindMsMax,
      cpu_cores: round((cpu.user + cpu.system) / 1e6 / seconds, 2),
      rss_mb: Math.round(this.#rssBytesMax / 2 ** 20),
    }
  }

  #quantiles(name: HistogramName): Quantiles {
    const interval = this.#engine.watch.latency(name).copy()
    const before = this.#histograms.get(name)
    if (before !== undefined) interval.subtract(before)
    return {
      p50: interval.quantile(0.5),
      p99: interval.quantile(0.99),
      p999: interval.quantile(0.999),
      max: interval.max(),
      count: interval.count(),
    }
  }

  async #compare(): Promise<void> {
    const looks = this.#look()
    const truths = await this.#mock.truth(looks.map(({ topic, u }) => ({ topic, u })))
    const byTopic = new Map(truths.map((truth) => [truth.topic, truth]))
    for (const look of looks) {
      const truth = byTopic.get(look.topic)
      if (truth === undefined || truth.u !== look.u) this.#unknown++
      else {
        this.#compared++
        if (look.bids !== levelText(truth.bids) || look.asks !== levelText(truth.asks))
          this.#wrong++
      }
    }
  }

  #look(): Look[] {
    const { config, instruments, watch } = this.#engine
    const looks: Look[] = []
    for (const { index, lot, symbol, tick } of instruments) {
      const book = watch.book(index)
      if (book === undefined || book.state !== 'LIVE') {
        this.#notLive++
        continue
      }
      const side = (ticks: Float64Array, lots: Float64Array, count: number) =>
        levelText(
          Array.from({ length: count }, (_, i): [string, string] => [
            formatSteps(ticks[i], tick),
            formatSteps(lots[i], lot),
          ]),
        )
      looks.push({
        symbol,
        topic: `orderbook.${config.feed.depth}.${symbol}`,
        u: book.u,
        bids: side(book.bidTicks, book.bidLots, book.bidCount),
        asks: side(book.askTicks, book.askLots, book.askCount),
      })
    }
    return looks
  }
}

/** Numbers, not text: "2" and "2.0" are the same size. */
function levelText(levels: TruthBook['bids']): string {
  return levels.map(([price, size]) => `${Number(price)}:${Number(size)}`).join(' ')
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
