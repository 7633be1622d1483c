// hot
import type { TradeMessage } from '../domain/messages.ts'
import type { BroadcastWriter } from '../memory/broadcast.ts'
import * as trade from '../memory/trade-record.ts'

const FLAG_BLOCK = 1
const FLAG_RPI = 2

/** Puts a shard's public trades where the desk stream finds them. */
export class TradeBoard {
  readonly #writer: BroadcastWriter
  readonly #record = new Float64Array(trade.TRADE_FIELDS)

  constructor(writer: BroadcastWriter) {
    this.#writer = writer
  }

  publish(instrument: number, message: TradeMessage): void {
    const record = this.#record
    record[trade.TRADE_INSTRUMENT] = instrument
    for (let i = 0; i < message.count; i++) {
      record[trade.TRADE_TIME_MS] = message.timeMs[i]
      record[trade.TRADE_TICKS] = message.ticks[i]
      record[trade.TRADE_LOTS] = message.lots[i]
      record[trade.TRADE_SIGN] = message.sign[i]
      record[trade.TRADE_SEQ] = message.seq[i]
      const isBlock = message.isBlock[i] === 1 ? FLAG_BLOCK : 0
      record[trade.TRADE_FLAGS] = isBlock + (message.isRpi[i] === 1 ? FLAG_RPI : 0)
      this.#writer.publish(record)
    }
  }
}
