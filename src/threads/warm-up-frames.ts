import { formatSteps } from '../core/decimal.ts'
import type { Random } from '../core/random.ts'
import type { Instrument } from '../domain/instrument.ts'
import { topicName } from '../feed/bybit/topic.ts'

/** Far from zero, so that every price of a deep book is one. */
const MID_TICKS = 400_000
const LEVELS_CHANGED_MAX = 6
const TRADES_MAX = 3
/** Of the frames that are not book deltas. */
const TRADE_SHARE = 0.3
const TICKER_SHARE = 0.05

/**
 * A made-up market of one instrument in the exchange's own wire form, for warming up: one snapshot,
 * then deltas near the touch, trades and tickers without end. Seeded, so every run is the same.
 */
export class WarmUpFrames {
  readonly #instrument: Instrument
  readonly #depth: number
  readonly #random: Random
  #u = 1_000_000
  #timeMs = 1_700_000_000_000
  #tradeNumber = 0
  #hasBook = false

  constructor(instrument: Instrument, depth: number, random: Random) {
    this.#instrument = instrument
    this.#depth = depth
    this.#random = random
  }

  next(): Buffer {
    this.#timeMs += 1 + this.#random.below(20)
    if (!this.#hasBook) {
      this.#hasBook = true
      return this.#book('snapshot', this.#depth, () => 1 + this.#random.below(9000))
    }
    const kind = this.#random.float()
    if (kind < TICKER_SHARE) return this.#ticker()
    if (kind < TICKER_SHARE + TRADE_SHARE) return this.#trades()
    const levels = 1 + this.#random.below(LEVELS_CHANGED_MAX)
    // The best level stays, so that neither side runs empty.
    return this.#book('delta', levels, (level) =>
      level > 0 && this.#random.below(3) === 0 ? 0 : 1 + this.#random.below(9000),
    )
  }

  #book(type: 'snapshot' | 'delta', levels: number, lotsAt: (level: number) => number): Buffer {
    const { symbol } = this.#instrument
    const side = (touch: number, sign: number) => {
      const pairs: [string, string][] = []
      let level = type === 'snapshot' ? 0 : this.#random.below(4)
      for (let i = 0; i < levels; i++) {
        pairs.push([this.#price(touch + sign * level), this.#size(lotsAt(level))])
        level += type === 'snapshot' ? 1 : 1 + this.#random.below(4)
      }
      return pairs
    }
    const data = {
      s: symbol,
      b: side(MID_TICKS, -1),
      a: side(MID_TICKS + 1, 1),
      u: this.#u++,
      seq: this.#u * 7,
    }
    const topic = topicName('orderbook', this.#depth, symbol)
    return frame({ topic, type, ts: this.#timeMs, data, cts: this.#timeMs - 2 })
  }

  #trades(): Buffer {
    const { symbol } = this.#instrument
    const data = Array.from({ length: 1 + this.#random.below(TRADES_MAX) }, () => {
      const isBuy = this.#random.below(2) === 0
      const number = (++this.#tradeNumber).toString(16).padStart(12, '0')
      return {
        T: this.#timeMs - 1,
        s: symbol,
        S: isBuy ? 'Buy' : 'Sell',
        v: this.#size(1 + this.#random.below(500)),
        p: this.#price(isBuy ? MID_TICKS + 1 : MID_TICKS),
        L: isBuy ? 'PlusTick' : 'MinusTick',
        i: `5e1f0c2a-77d1-5b30-9c44-${number}`,
        BT: false,
        RPI: false,
        seq: this.#u * 7,
      }
    })
    const topic = topicName('publicTrade', 0, symbol)
    return frame({ topic, type: 'snapshot', ts: this.#timeMs, data })
  }

  #ticker(): Buffer {
    const { symbol } = this.#instrument
    const data = { symbol, lastPrice: this.#price(MID_TICKS), markPrice: this.#price(MID_TICKS) }
    const topic = topicName('tickers', 0, symbol)
    return frame({ topic, type: 'snapshot', data, cs: this.#u * 7, ts: this.#timeMs })
  }

  #price(ticks: number): string {
    return formatSteps(ticks, this.#instrument.tick)
  }

  #size(lots: number): string {
    return formatSteps(lots, this.#instrument.lot)
  }
}

function frame(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message))
}
