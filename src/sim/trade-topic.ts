// hot
import { TRADES_PER_MESSAGE_MAX } from '../constants.ts'
import type { Random } from '../core/random.ts'
import type { DecimalFormat } from './byte-writer.ts'
import type { Channel, FrameReceiver, Topic } from './channel.ts'
import { ascii, type FrameWriter } from './frame-writer.ts'
import { BID, type FillList } from './matching-engine.ts'

/**
 * `publicTrade.{symbol}` and the tape behind it: every fill of one taker order in one message, at
 * once, so that a trade goes out before the book that contains it. Trades of one taker share `seq`.
 * Perpetuals name a trade by a UUID, spot by a number.
 */
const TAPE_TRADES = 1024
const TAPE_MASK = TAPE_TRADES - 1

/** Tick directions, in the order of their codes. */
export const TICK_DIRECTIONS = ['PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick'] as const
const DIRECTION_BYTES = TICK_DIRECTIONS.map((name) => ascii(`","L":"${name}"`))
const TRUE = ascii('true')
const FALSE = ascii('false')
const BUY = ascii('"Buy"')
const SELL = ascii('"Sell"')
const HEX = ascii('0123456789abcdef')
const DASH = 45
const QUOTE = 34
const COMMA = 44

export type TradeTopicOptions = Readonly<{
  channel: Channel
  symbol: string
  isSpot: boolean
  priceFormat: DecimalFormat
  sizeFormat: DecimalFormat
  writer: FrameWriter
  random: Random
}>

export class TradeTopic implements Topic {
  readonly channel: Channel
  readonly periodUs = Number.POSITIVE_INFINITY
  readonly repeatUs = Number.POSITIVE_INFINITY
  nextDueUs = Number.POSITIVE_INFINITY
  /** Trades ever made; trade n lies at n & TAPE_MASK. */
  count = 0
  lastTicks = 0
  /** Index into TICK_DIRECTIONS. */
  direction = 1
  readonly timeMs = new Float64Array(TAPE_TRADES)
  readonly ticks = new Float64Array(TAPE_TRADES)
  readonly lots = new Float64Array(TAPE_TRADES)
  readonly seq = new Float64Array(TAPE_TRADES)
  readonly sides = new Uint8Array(TAPE_TRADES)
  readonly isBlock = new Uint8Array(TAPE_TRADES)
  readonly isRpi = new Uint8Array(TAPE_TRADES)
  readonly #directions = new Uint8Array(TAPE_TRADES)
  readonly #ids = new Uint32Array(4 * TAPE_TRADES)
  readonly #options: TradeTopicOptions
  readonly #head: Uint8Array
  readonly #dataOpen: Uint8Array
  readonly #symbolSide: Uint8Array
  #published = 0

  constructor(options: TradeTopicOptions, startTicks: number) {
    this.#options = options
    this.channel = options.channel
    this.lastTicks = startTicks
    const topic = `{"topic":"${options.channel.name}"`
    this.#head = ascii(options.isSpot ? `${topic},"ts":` : `${topic},"type":"snapshot","ts":`)
    this.#dataOpen = ascii(options.isSpot ? ',"type":"snapshot","data":[' : ',"data":[')
    this.#symbolSide = ascii(`,"s":"${options.symbol}","S":`)
  }

  push(): void {}

  /** The stream has no memory: a new subscriber waits for the next trade. */
  welcome(_receiver: FrameReceiver, _timeUs: number): void {}

  /** Puts the engine's fills on the tape; `publishPending` sends them. */
  record(fills: FillList, takerSide: number, seq: number, timeMs: number): void {
    for (let i = 0; i < fills.count; i++) {
      this.add(fills.ticks[i], fills.lots[i], takerSide, seq, timeMs, 0, 0)
      if (this.count - this.#published === TAPE_TRADES) this.publishPending(timeMs)
    }
  }

  add(
    ticks: number,
    lots: number,
    takerSide: number,
    seq: number,
    timeMs: number,
    isBlock: number,
    isRpi: number,
  ): void {
    const at = this.count & TAPE_MASK
    if (isBlock === 0) {
      if (ticks > this.lastTicks) this.direction = 0
      else if (ticks < this.lastTicks) this.direction = 2
      else this.direction |= 1
      this.lastTicks = ticks
    }
    this.timeMs[at] = timeMs
    this.ticks[at] = ticks
    this.lots[at] = lots
    this.seq[at] = seq
    this.sides[at] = takerSide
    this.isBlock[at] = isBlock
    this.isRpi[at] = isRpi
    this.#directions[at] = this.direction
    const random = this.#options.random
    for (let word = 0; word < 4; word++) this.#ids[4 * at + word] = random.uint32()
    this.count++
  }

  publishPending(timeMs: number): void {
    const { channel, writer } = this.#options
    if (!channel.isActive()) {
      this.#published = this.count
      return
    }
    if (timeMs * 1000 < channel.silentUntilUs) {
      // What was silenced is sent late, as far back as the tape goes.
      this.#published = Math.max(this.#published, this.count - TAPE_TRADES + 1)
      return
    }
    while (this.#published < this.count) {
      const end = Math.min(this.count, this.#published + TRADES_PER_MESSAGE_MAX)
      writer.begin()
      writer.ascii(this.#head)
      writer.integer(timeMs)
      writer.ascii(this.#dataOpen)
      for (let n = this.#published; n < end; n++) {
        if (n > this.#published) writer.byte(COMMA)
        if (this.#options.isSpot) this.#writeSpot(n)
        else this.#writeLinear(n & TAPE_MASK)
      }
      writer.ascii(CLOSE)
      writer.finish()
      this.#published = end
      channel.publish(writer)
    }
  }

  /** Id of trade number `n` as text. */
  idOf(n: number): string {
    if (this.#options.isSpot) return String(SPOT_ID_BASE + n)
    const at = n & TAPE_MASK
    let hex = ''
    for (let word = 0; word < 4; word++) {
      hex += this.#ids[4 * at + word].toString(16).padStart(8, '0')
    }
    const third = `5${hex.slice(13, 16)}`
    const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16)
    const parts = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      third,
      variant + hex.slice(17, 20),
      hex.slice(20),
    ]
    return parts.join('-')
  }

  #writeLinear(at: number): void {
    const { writer, priceFormat, sizeFormat } = this.#options
    writer.ascii(TIME_OPEN)
    writer.integer(this.timeMs[at])
    writer.ascii(this.#symbolSide)
    writer.ascii(this.sides[at] === BID ? BUY : SELL)
    writer.ascii(SIZE_OPEN)
    writer.decimal(this.lots[at], sizeFormat)
    writer.ascii(PRICE_OPEN)
    writer.decimal(this.ticks[at], priceFormat)
    writer.ascii(DIRECTION_BYTES[this.#directions[at]])
    writer.ascii(ID_OPEN)
    this.#writeUuid(at)
    writer.ascii(BLOCK_OPEN)
    writer.ascii(this.isBlock[at] === 1 ? TRUE : FALSE)
    writer.ascii(RPI_OPEN)
    writer.ascii(this.isRpi[at] === 1 ? TRUE : FALSE)
    writer.ascii(SEQ_OPEN)
    writer.integer(this.seq[at])
    writer.byte(125)
  }

  #writeSpot(n: number): void {
    const { writer, priceFormat, sizeFormat } = this.#options
    const at = n & TAPE_MASK
    writer.ascii(SPOT_ID_OPEN)
    writer.integer(SPOT_ID_BASE + n)
    writer.ascii(SPOT_TIME_OPEN)
    writer.integer(this.timeMs[at])
    writer.ascii(SPOT_PRICE_OPEN)
    writer.decimal(this.ticks[at], priceFormat)
    writer.ascii(SPOT_SIZE_OPEN)
    writer.decimal(this.lots[at], sizeFormat)
    writer.ascii(SPOT_SIDE_OPEN)
    writer.ascii(this.sides[at] === BID ? BUY : SELL)
    writer.ascii(SEQ_OPEN)
    writer.integer(this.seq[at])
    writer.ascii(this.#symbolSide.subarray(0, this.#symbolSide.length - 5))
    writer.ascii(SPOT_BLOCK_OPEN)
    writer.ascii(this.isBlock[at] === 1 ? TRUE : FALSE)
    writer.ascii(RPI_OPEN)
    writer.ascii(this.isRpi[at] === 1 ? TRUE : FALSE)
    writer.byte(125)
  }

  /** 8-4-4-4-12 digits; version 5 and its variant, as the exchange's own ids have. */
  #writeUuid(at: number): void {
    const writer = this.#options.writer
    for (let digit = 0; digit < 32; digit++) {
      if (digit === 8 || digit === 12 || digit === 16 || digit === 20) writer.byte(DASH)
      let value = (this.#ids[4 * at + (digit >> 3)] >>> (28 - 4 * (digit & 7))) & 15
      if (digit === 12) value = 5
      else if (digit === 16) value = (value & 3) | 8
      writer.byte(HEX[value])
    }
    writer.byte(QUOTE)
  }
}

/** The first id of spot trades: numbers of this length are what the exchange shows. */
const SPOT_ID_BASE = 2_290_000_000_000_000
const TIME_OPEN = ascii('{"T":')
const SIZE_OPEN = ascii(',"v":"')
const PRICE_OPEN = ascii('","p":"')
const ID_OPEN = ascii(',"i":"')
const BLOCK_OPEN = ascii(',"BT":')
const RPI_OPEN = ascii(',"RPI":')
const SEQ_OPEN = ascii(',"seq":')
const SPOT_ID_OPEN = ascii('{"i":"')
const SPOT_TIME_OPEN = ascii('","T":')
const SPOT_PRICE_OPEN = ascii(',"p":"')
const SPOT_SIZE_OPEN = ascii('","v":"')
const SPOT_SIDE_OPEN = ascii('","S":')
const SPOT_BLOCK_OPEN = ascii(',"BT":')
const CLOSE = ascii(']}')
