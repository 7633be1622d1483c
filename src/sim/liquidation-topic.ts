import { formatSteps } from '../core/decimal.ts'
import type { Channel, FrameReceiver, Topic } from './channel.ts'
import { ascii, type FrameWriter } from './frame-writer.ts'
import type { ListedInstrument } from './instruments.ts'

/**
 * `allLiquidation.{symbol}`: what was liquidated in the last half second. `S` is the side of the
 * position.
 */
const PERIOD_US = 500_000
const PENDING_MAX = 256

type Liquidation = { T: number; s: string; S: 'Buy' | 'Sell'; v: string; p: string }

export class LiquidationTopic implements Topic {
  readonly channel: Channel
  readonly periodUs = PERIOD_US
  readonly repeatUs = PERIOD_US
  nextDueUs = Number.POSITIVE_INFINITY
  /** Liquidations that did not fit between two pushes. */
  lost = 0
  readonly #instrument: ListedInstrument
  readonly #writer: FrameWriter
  #pending: Liquidation[] = []

  constructor(channel: Channel, instrument: ListedInstrument, writer: FrameWriter) {
    this.channel = channel
    this.#instrument = instrument
    this.#writer = writer
  }

  add(timeMs: number, isLong: boolean, lots: number, bankruptcyTicks: number): void {
    if (!this.channel.isActive()) return
    if (this.#pending.length === PENDING_MAX) {
      this.lost++
      return
    }
    this.#pending.push({
      T: timeMs,
      s: this.#instrument.symbol,
      S: isLong ? 'Buy' : 'Sell',
      v: formatSteps(lots, this.#instrument.lot),
      p: formatSteps(bankruptcyTicks, this.#instrument.tick),
    })
  }

  push(timeUs: number): void {
    if (this.#pending.length === 0 || timeUs < this.channel.silentUntilUs) return
    const message = {
      topic: this.channel.name,
      type: 'snapshot',
      ts: Math.floor(timeUs / 1000),
      data: this.#pending,
    }
    this.#writer.begin()
    this.#writer.ascii(ascii(JSON.stringify(message)))
    this.#writer.finish()
    this.#pending = []
    this.channel.publish(this.#writer)
  }

  welcome(_receiver: FrameReceiver, _timeUs: number): void {}
}
