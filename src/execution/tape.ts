import { TAPE_TRADES_PER_LOOK_MAX } from '../constants.ts'
import { BroadcastReader } from '../memory/broadcast.ts'
import * as trade from '../memory/trade-record.ts'

/** A public trade that went through the visible book. */
export type PublicTrade = {
  instrument: number
  ticks: number
  lots: number
  /** +1 the taker bought, -1 it sold. */
  sign: number
  /** Of the exchange, as in the book; NaN: it gave none. */
  seq: number
}

/** The public trades of all instruments, in the order in which each shard saw them. */
export type Tape = {
  /** Copies the next one; false when there is none now, or enough for one look. */
  next(out: PublicTrade): boolean
  /** Trades that were overwritten before they could be read. */
  readonly missed: number
}

export function createPublicTrade(): PublicTrade {
  return { instrument: 0, ticks: 0, lots: 0, sign: 0, seq: Number.NaN }
}

/**
 * The `trades` rings of the shards. Block and RPI trades are left out, as they did not meet the
 * visible book, and so are those that were fetched after a gap: nobody knows what the book was when
 * they happened.
 */
export class SharedTape implements Tape {
  readonly #rings: readonly BroadcastReader[]
  readonly #record = new Float64Array(trade.TRADE_FIELDS)
  #ring = 0
  #inLook = 0

  constructor(trades: readonly SharedArrayBuffer[]) {
    this.#rings = trades.map((ring) => new BroadcastReader(ring, 'now'))
  }

  get missed(): number {
    let sum = 0
    for (const ring of this.#rings) sum += ring.missed
    return sum
  }

  next(out: PublicTrade): boolean {
    while (this.#ring < this.#rings.length && this.#inLook < TAPE_TRADES_PER_LOOK_MAX) {
      if (!this.#rings[this.#ring].next(this.#record)) {
        this.#ring++
        continue
      }
      this.#inLook++
      if (this.#record[trade.TRADE_FLAGS] !== 0) continue
      out.instrument = this.#record[trade.TRADE_INSTRUMENT]
      out.ticks = this.#record[trade.TRADE_TICKS]
      out.lots = this.#record[trade.TRADE_LOTS]
      out.sign = this.#record[trade.TRADE_SIGN]
      out.seq = this.#record[trade.TRADE_SEQ]
      return true
    }
    this.#ring = 0
    this.#inLook = 0
    return false
  }
}
