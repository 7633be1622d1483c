// hot
import { DESK_TRADE_IDS_MAX } from '../constants.ts'
import { fingerprintText } from '../core/fingerprint.ts'
import type { TradeMessage } from '../domain/messages.ts'
import { TradeIds } from '../features/trade-ids.ts'
import type { RecentTrade } from '../feed/bybit/recent-trades.ts'
import type { BroadcastWriter } from '../memory/broadcast.ts'
import * as trade from '../memory/trade-record.ts'
import type { CandleBoard } from './candle-board.ts'

const FLAG_BLOCK = 1
const FLAG_RPI = 2
const FLAG_LATE = 4

/**
 * Puts a shard's public trades where the desk stream finds them, each id once: a second connection
 * brings them again, and what was fetched after a gap may overlap with the stream.
 */
export class TradeBoard {
  readonly #writer: BroadcastWriter
  readonly #record = new Float64Array(trade.TRADE_FIELDS)
  /** By instrument; undefined for those of other shards. */
  readonly #ids: (TradeIds | undefined)[] = []
  readonly #candles: CandleBoard | undefined
  readonly #idLow = new Int32Array(1)
  readonly #idHigh = new Int32Array(1)

  /** `candles`: undefined where none are made of the trades. */
  constructor(writer: BroadcastWriter, owned: readonly number[], candles?: CandleBoard) {
    this.#writer = writer
    this.#candles = candles
    for (const index of owned) this.#ids[index] = new TradeIds(DESK_TRADE_IDS_MAX)
  }

  publish(instrument: number, message: TradeMessage): void {
    const record = this.#record
    const ids = this.#ids[instrument]
    record[trade.TRADE_INSTRUMENT] = instrument
    for (let i = 0; i < message.count; i++) {
      if (ids?.add(message.idLow[i], message.idHigh[i]) === false) continue
      record[trade.TRADE_TIME_MS] = message.timeMs[i]
      record[trade.TRADE_TICKS] = message.ticks[i]
      record[trade.TRADE_LOTS] = message.lots[i]
      record[trade.TRADE_SIGN] = message.sign[i]
      record[trade.TRADE_SEQ] = message.seq[i]
      const isBlock = message.isBlock[i] === 1 ? FLAG_BLOCK : 0
      record[trade.TRADE_FLAGS] = isBlock + (message.isRpi[i] === 1 ? FLAG_RPI : 0)
      this.#writer.publish(record)
      this.#candles?.onTrade(instrument, message, i)
    }
    this.#candles?.endBatch(instrument)
  }

  /** Trades fetched after a gap, oldest first; answers how many of them were new. */
  publishLate(instrument: number, trades: readonly RecentTrade[]): number {
    const record = this.#record
    const ids = this.#ids[instrument]
    let count = 0
    record[trade.TRADE_INSTRUMENT] = instrument
    for (const late of trades) {
      fingerprintText(late.id, this.#idLow, this.#idHigh, 0)
      if (ids?.add(this.#idLow[0], this.#idHigh[0]) === false) continue
      record[trade.TRADE_TIME_MS] = late.timeMs
      record[trade.TRADE_TICKS] = late.ticks
      record[trade.TRADE_LOTS] = late.lots
      record[trade.TRADE_SIGN] = late.sign
      record[trade.TRADE_SEQ] = late.seq
      const flags = FLAG_LATE + (late.isBlock ? FLAG_BLOCK : 0)
      record[trade.TRADE_FLAGS] = flags + (late.isRpi ? FLAG_RPI : 0)
      this.#writer.publish(record)
      this.#candles?.onFetched(instrument, late)
      count++
    }
    this.#candles?.endBatch(instrument)
    return count
  }
}
