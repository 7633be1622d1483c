// hot
import { SymbolCandles } from '../candles/symbol-candles.ts'
import type { Clock } from '../core/clock.ts'
import { CANDLE_INTERVALS } from '../domain/candles.ts'
import { type BookMessage, createTradeMessage, type TradeMessage } from '../domain/messages.ts'
import { withDefaults } from '../features/parameters.ts'
import type { RecentTrade } from '../feed/bybit/recent-trades.ts'
import { BroadcastWriter } from '../memory/broadcast.ts'
import * as candle from '../memory/candle-record.ts'
import type { Counters } from '../memory/counters.ts'
import type { ShardTask } from './shard-task.ts'

/**
 * Candles of a shard's symbols: each closed one is published for desk and control, and the latest
 * of each interval is laid down for the strategies of the same thread.
 */
export class CandleBoard {
  readonly #writer: BroadcastWriter
  readonly #clock: Clock
  /** By instrument; undefined for those of other shards. */
  readonly #candles: (SymbolCandles | undefined)[] = []
  readonly #latest: Float64Array[] = []
  /** A trade that was fetched, as a message of one. */
  readonly #fetched = createTradeMessage()

  private constructor(task: ShardTask, clock: Clock, counters: Counters) {
    const { candles: settings, memory, owned, params, shard } = task
    this.#writer = new BroadcastWriter(memory.shards[shard].candles)
    this.#clock = clock
    if (settings === undefined) return
    const profileBinTicks = withDefaults(params).vpBinTicks
    const sink = (record: Float64Array) => this.#publish(record)
    for (const instrument of owned) {
      const latest = new Float64Array(CANDLE_INTERVALS.length * candle.CANDLE_FIELDS)
      this.#latest[instrument] = latest.fill(Number.NaN)
      const made = { instrument, settings, profileBinTicks, counters, sink }
      this.#candles[instrument] = new SymbolCandles(made)
    }
  }

  /** Undefined when none are made. */
  static open(task: ShardTask, clock: Clock, counters: Counters): CandleBoard | undefined {
    return task.candles === undefined ? undefined : new CandleBoard(task, clock, counters)
  }

  /** Latest closed candle of each interval, record by record in the order of CANDLE_INTERVALS. */
  latestOf(instrument: number): Float64Array | undefined {
    return this.#latest[instrument]
  }

  /** Trade `i` of the message, given once; `endBatch` follows. */
  onTrade(instrument: number, message: TradeMessage, i: number): void {
    this.#candles[instrument]?.onTrade(message, i)
  }

  /** A trade that was fetched after a gap; `endBatch` follows. */
  onFetched(instrument: number, late: RecentTrade): void {
    const message = this.#fetched
    message.tsMs = late.timeMs
    message.timeMs[0] = late.timeMs
    message.ticks[0] = late.ticks
    message.lots[0] = late.lots
    message.sign[0] = late.sign
    message.seq[0] = late.seq
    message.isBlock[0] = late.isBlock ? 1 : 0
    message.isRpi[0] = late.isRpi ? 1 : 0
    this.#candles[instrument]?.onTrade(message, 0)
  }

  endBatch(instrument: number): void {
    this.#candles[instrument]?.endBatch()
  }

  /** A book says what time it is at the exchange. */
  onBook(instrument: number, message: BookMessage): void {
    this.#candles[instrument]?.advance(message.ctsMs)
  }

  onLost(instrument: number): void {
    this.#candles[instrument]?.onLost()
  }

  onSeen(instrument: number): void {
    this.#candles[instrument]?.onSeen()
  }

  #publish(record: Float64Array): void {
    record[candle.CANDLE_PUBLISH_US] = this.#clock.nowUs()
    const latest = this.#latest[record[candle.CANDLE_INSTRUMENT]]
    const at = record[candle.CANDLE_INTERVAL] * candle.CANDLE_FIELDS
    // Late trades may have changed an older one.
    if (!(record[candle.CANDLE_OPEN_MS] < latest[at + candle.CANDLE_OPEN_MS]))
      latest.set(record, at)
    this.#writer.publish(record)
  }
}
