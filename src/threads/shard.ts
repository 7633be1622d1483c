// Long because all that a shard runs meets here.
import { CONNECTIONS_PER_SHARD_MAX, HEARTBEAT_PERIOD_MS } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { Logger } from '../core/log.ts'
import { Random } from '../core/random.ts'
import { type Result, succeed } from '../core/result.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { BookMessage, TickerMessage, TradeMessage } from '../domain/messages.ts'
import type { BookTickerFeed } from '../feed/binance/book-ticker-feed.ts'
import type { ControlMessage } from '../feed/bybit/control-message.ts'
import { BybitDecoder } from '../feed/bybit/decoder.ts'
import type { Fetch } from '../feed/bybit/rest-client.ts'
import { FeedPool } from '../feed/pool.ts'
import { Sequencer } from '../feed/sequencer.ts'
import { Staleness } from '../feed/staleness.ts'
import { BroadcastWriter } from '../memory/broadcast.ts'
import { ControlBlock } from '../memory/control-block.ts'
import { Counters } from '../memory/counters.ts'
import { openHistogram } from '../memory/histograms.ts'
import { publishRow } from '../memory/row-view.ts'
import { AlertBoard } from './alert-board.ts'
import { CandleBoard } from './candle-board.ts'
import { Pipeline, type PipelineSink } from './pipeline.ts'
import { ShardGaps } from './shard-gaps.ts'
import { type ShardBoards, ShardScoring } from './shard-scoring.ts'
import type { ShardStatus, ShardTask } from './shard-task.ts'
import { openShardTopics, type ShardTopics } from './shard-topics.ts'
import { openVenueFeeds } from './shard-venue.ts'
import { TickerBoard } from './ticker-board.ts'
import { TradeBoard } from './trade-board.ts'

const STALE_CHECK_PERIOD_MS = 100
const HOLD_CHECK_PERIOD_MS = 25

/** Of the 500 new connections in 5 minutes that the exchange allows to one address. */
const CONNECTS_PER_SECOND = 300 / 300
const CONNECTS_BURST = 2 * CONNECTIONS_PER_SHARD_MAX

/** Kinds of answers as the names of the requests they answer. */
const OPS = {
  pong: 'pong',
  subscribed: 'subscribe',
  unsubscribed: 'unsubscribe',
  authenticated: 'auth',
  other: '',
} as const

/**
 * One shard: its connections, and for each of its symbols decoder, sequencer, book, features, score
 * and strategies, all on one thread.
 */
export class Shard {
  readonly #task: ShardTask
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #log: Logger
  readonly #topics: ShardTopics
  readonly #staleness: Staleness
  readonly #pipeline: Pipeline
  readonly #pool: FeedPool
  readonly #trades: TradeBoard
  readonly #gaps: ShardGaps
  readonly #tickers: TickerBoard
  readonly #socketToFeature: Histogram
  readonly #exchangeToFeature: Histogram
  readonly #pushToFeature: Histogram
  readonly #counters: Counters
  readonly #control: ControlBlock
  readonly #scoring: ShardScoring | undefined
  readonly #alerts: AlertBoard | undefined
  readonly #candles: CandleBoard | undefined
  readonly #venues: readonly BookTickerFeed[]
  #cancels: CancelTimer[] = []

  private constructor(
    task: ShardTask,
    ports: ShardPorts,
    counters: Counters,
    scoring: ShardScoring | undefined,
    boards: ShardBoards,
  ) {
    const { memory, shard } = task
    const { clock, log, timers } = ports
    this.#task = task
    this.#clock = clock
    this.#timers = timers
    this.#log = log
    this.#counters = counters
    this.#scoring = scoring
    this.#alerts = boards.alerts
    this.#candles = boards.candles
    this.#control = new ControlBlock(memory.control)
    const own = memory.shards[shard]
    this.#socketToFeature = openHistogram(own.histograms, 'socket_to_feature')
    this.#exchangeToFeature = openHistogram(own.histograms, 'exchange_to_feature')
    this.#pushToFeature = openHistogram(own.histograms, 'push_to_feature')
    this.#trades = new TradeBoard(new BroadcastWriter(own.trades), task.owned, this.#candles)
    this.#tickers = new TickerBoard(memory.tickers, task.owned)
    this.#topics = openShardTopics(task, counters, clock.nowUs())
    const { topics, books, features } = this.#topics
    this.#alerts?.follow(this.#topics)
    this.#gaps = new ShardGaps({
      ...ports,
      task,
      topics,
      trades: this.#trades,
      counters,
      random: new Random(task.seed).fork(-1 - shard),
    })
    const decoder = new BybitDecoder(counters)
    for (const topic of topics) decoder.addTopic(topic)
    this.#staleness = new Staleness(topics.length, {
      onStale: (topic) => this.#onStale(topic),
      onRecovered: () => {}, // the message that ended the silence has made the book LIVE already
    })
    this.#setStaleBounds()
    this.#pipeline = new Pipeline({
      decoder,
      sequencer: new Sequencer(topics.length),
      topics,
      books,
      features,
      counters,
      clock,
      socketToBook: openHistogram(own.histograms, 'socket_to_book'),
      sink: this.#sink(),
      isMerging: true,
      gaps: this.#gaps.board,
    })
    this.#pool = this.#openPool()
    const random = new Random(task.seed).fork(-1001 - shard)
    this.#venues = openVenueFeeds(task, { ...ports, counters, random })
  }

  /** Opens model and strategies, which may be refused; nothing runs before `start`. */
  static async open(task: ShardTask, ports: ShardPorts): Promise<Result<Shard>> {
    const counters = new Counters(task.memory.shards[task.shard].counters)
    const alerts = AlertBoard.open(task, ports.clock, counters)
    const candles = CandleBoard.open(task, ports.clock, counters)
    const boards = { alerts, candles }
    const scoring = await ShardScoring.open(task, ports, counters, boards)
    if (!scoring.ok) return scoring
    return succeed(new Shard(task, ports, counters, scoring.value, boards))
  }

  start(): void {
    const { shard } = this.#task
    const beat = () => this.#control.beat(shard, this.#clock.nowUs())
    beat() // the last one was of before model and warm-up
    this.#pool.start()
    for (const venue of this.#venues) venue.start()
    this.#cancels = [
      this.#timers.every(HEARTBEAT_PERIOD_MS, beat),
      this.#timers.every(STALE_CHECK_PERIOD_MS, () => this.#staleness.check(this.#clock.nowUs())),
      this.#timers.every(HOLD_CHECK_PERIOD_MS, () =>
        this.#pipeline.expireHolds(this.#clock.nowUs()),
      ),
    ]
    this.#log.info(
      { symbols: this.#task.owned.length, topics: this.#topics.topics.length },
      'shard started',
    )
  }

  /** A book that was found to be wrong from outside: it leaves LIVE until a new snapshot. */
  quarantine(instrument: number, depth: number): void {
    const topic = this.#topics.topics.find(
      (each) => each.instrument.index === instrument && each.depth === depth,
    )
    if (topic === undefined) return
    this.#pipeline.invalidate(topic.index, 'cross_check', this.#clock.nowUs())
    this.#alerts?.onDown(topic.index, 'cross_check')
    this.#pool.resync(topic.index, 'cross_check')
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel()
    this.#gaps.stop()
    for (const venue of this.#venues) venue.stop()
    await this.#pool.stop()
    await this.#scoring?.close()
    const nowUs = this.#clock.nowUs()
    for (const book of this.#topics.books) book?.markState('NO_BOOK', 'stopped', nowUs)
  }

  status(): Omit<ShardStatus, 'cpuSeconds' | 'thread'> {
    const { connections, resyncsWaiting } = this.#pool.status()
    const connectionsOpen = connections.filter((one) => one.state === 'open').length
    return { connections: connections.length, connectionsOpen, resyncsWaiting }
  }

  #setStaleBounds(): void {
    const { feed } = this.#task
    for (const topic of this.#topics.topics) {
      if (topic.kind === 'orderbook') this.#staleness.setBound(topic.index, feed.bookStaleMs)
      if (topic.kind === 'tickers') this.#staleness.setBound(topic.index, feed.tickerStaleMs)
    }
  }

  #sink(): PipelineSink {
    return {
      onRow: (instrument, message, receiveUs) => this.#onRow(instrument, message, receiveUs),
      onTrades: (instrument, message: TradeMessage) => this.#trades.publish(instrument, message),
      onTicker: (instrument, message: TickerMessage) => this.#tickers.publish(instrument, message),
      onControl: (message, connection) => this.#onControl(message, connection),
      onData: (topic, receiveUs) => this.#staleness.note(topic, receiveUs),
      onResync: (topic, reason) => {
        this.#alerts?.onDown(topic, reason)
        this.#pool.resync(topic, reason)
      },
    }
  }

  #openPool(): FeedPool {
    const { feed, memory, rates, seed, shard } = this.#task
    return new FeedPool({
      url: feed.url,
      topics: this.#topics.topics.map(({ index, name, instrument }) => ({
        index,
        name,
        symbol: instrument.symbol,
        rate: (rates.get(instrument.symbol) ?? 1) / feed.kinds.length,
      })),
      symbolsPerConnection: feed.symbolsPerConnection,
      redundancy: feed.redundancy,
      rotateAfterMs: feed.rotateAfterMs,
      limits: {
        pingPeriodMs: feed.pingPeriodMs,
        backoff: { minMs: feed.backoffMsMin, maxMs: feed.backoffMsMax },
      },
      resync: { perSecond: feed.resyncsPerSecond, burst: feed.resyncBurst },
      connects: { perSecond: CONNECTS_PER_SECOND / memory.shards.length, burst: CONNECTS_BURST },
      clock: this.#clock,
      timers: this.#timers,
      random: new Random(seed).fork(shard),
      counters: this.#counters,
      log: this.#log,
      onFrame: (bytes, receiveUs, connection) =>
        this.#pipeline.onFrame(bytes, receiveUs, connection),
      onTopicsLost: (topics) => this.#onLost(topics),
      onTopicsSubscribed: (topics) => this.#onSubscribed(topics),
      onCarrierLeft: (topics, connection) => this.#pipeline.onCarrierLeft(topics, connection),
      isInChain: (topic, connection) => this.#pipeline.isInChain(topic, connection),
    })
  }

  #onControl(message: ControlMessage, connection: number): void {
    const { isSuccess: success, kind, reqId, text: retMsg } = message
    this.#pool.onControl(connection, { op: OPS[kind], success, retMsg, reqId })
  }

  #onLost(topics: readonly number[]): void {
    const nowUs = this.#clock.nowUs()
    for (const topic of topics) {
      this.#staleness.unwatch(topic)
      this.#pipeline.invalidate(topic, 'connection_lost', nowUs)
      this.#alerts?.onDown(topic, 'connection_lost')
      const { instrument, kind } = this.#topics.topics[topic]
      if (kind === 'publicTrade') this.#candles?.onLost(instrument.index)
    }
    this.#gaps.onLost(topics, nowUs)
  }

  #onSubscribed(topics: readonly number[]): void {
    const nowUs = this.#clock.nowUs()
    for (const topic of topics) {
      this.#staleness.watch(topic, nowUs)
      const { instrument, kind } = this.#topics.topics[topic]
      if (kind === 'publicTrade') this.#candles?.onSeen(instrument.index)
    }
    this.#gaps.onSubscribed(topics, nowUs)
  }

  /**
   * The chain may still hold, so the sequencer keeps it: the next delta in order makes the book
   * LIVE again.
   */
  #onStale(topic: number): void {
    const book = this.#topics.books[topic]
    if (book?.state === 'LIVE') {
      this.#counters.add('books_stale')
      book.markState('STALE', 'no_data', this.#clock.nowUs())
      this.#alerts?.onDown(topic, 'no_data')
    }
    this.#pool.resync(topic, 'no_data')
  }

  #onRow(instrument: number, message: BookMessage, receiveUs: number): void {
    const view = this.#topics.rowViews[instrument]
    const row = this.#topics.featuresOf[instrument]?.row
    if (view === undefined || row === undefined) return
    row.receiveUs = receiveUs
    row.publishUs = this.#clock.nowUs()
    publishRow(view, row)
    const nowUs = this.#clock.nowUs()
    this.#socketToFeature.record(nowUs - receiveUs)
    this.#exchangeToFeature.record(nowUs - message.ctsMs * 1000)
    this.#pushToFeature.record(nowUs - message.tsMs * 1000)
    // After the row is out: nobody waits for what it means.
    this.#alerts?.onRow(instrument, message, nowUs)
    this.#candles?.onBook(instrument, message)
    this.#scoring?.markChanged(instrument, nowUs)
  }
}

export type ShardPorts = Readonly<{ clock: Clock; timers: Timers; log: Logger; fetch: Fetch }>
