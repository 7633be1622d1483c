import type { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import * as kinds from '../src/feed/bybit/frame-kind.ts'
import type { Topic } from '../src/feed/bybit/topic.ts'
import { slowFingerprint } from '../test/reference/slow-decode.ts'

/**
 * What a frame means, by `JSON.parse` and texts: written apart from the decoder, and exact where it
 * is slow. The numbers of a message are laid out in one list, in the same order for both.
 */
type Fields = Record<string, unknown>

/** Decimal digits that a double always holds exactly. */
const EXACT_DIGITS = 15
const LEVELS_MAX = 2048
const TRADES_MAX = 1024
const FINGERPRINTS_MAX = 10_000

/** A value that makes the whole frame bad. */
class BadFrame {}
const BAD = new BadFrame()

export class FuzzReference {
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #fingerprints = new Map<string, readonly number[]>()
  #want: number[] = []
  #got: number[] = []

  constructor(topics: readonly Topic[]) {
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]))
  }

  /** What differs between the frame and what the decoder made of it; empty when nothing does. */
  difference(frame: Buffer, decoder: BybitDecoder, kind: number): string {
    this.#want = []
    const wanted = this.#kindOf(parse(frame))
    if (wanted !== kind) return `kind ${kind} instead of ${wanted}`
    const got = this.#flatten(decoder, kind)
    const want = this.#want
    if (got.length !== want.length) return `${got.length} numbers instead of ${want.length}`
    for (let i = 0; i < want.length; i++) {
      if (!Object.is(got[i], want[i])) return `number ${i} is ${got[i]} instead of ${want[i]}`
    }
    return ''
  }

  #kindOf(json: unknown): number {
    if (!isObject(json)) return kinds.FRAME_BAD
    if (json.topic === undefined) {
      const isAnswer = 'op' in json || 'success' in json || 'retCode' in json
      return isAnswer || json.type === 'COMMAND_RESP' ? kinds.FRAME_CONTROL : kinds.FRAME_BAD
    }
    if (typeof json.topic !== 'string') return kinds.FRAME_BAD
    const topic = this.#topics.get(json.topic)
    if (topic === undefined) return kinds.FRAME_UNKNOWN_TOPIC
    this.#want.push(topic.index)
    if (topic.kind === 'orderbook') return this.#book(json, topic)
    if (topic.kind === 'publicTrade') return this.#trades(json, topic)
    return kinds.FRAME_OTHER
  }

  #book(json: Fields, topic: Topic): number {
    const { data, type } = json
    if (!isObject(data) || data.s !== topic.instrument.symbol) return kinds.FRAME_BAD
    if (type !== 'snapshot' && type !== 'delta') return kinds.FRAME_BAD
    const ts = integerOf(json.ts)
    const cts = 'cts' in json ? integerOf(json.cts) : ts
    const seq = 'seq' in data ? integerOf(data.seq) : Number.NaN
    const isWhole =
      this.#push(type === 'snapshot' ? 1 : 0, ts, cts, integerOf(data.u), seq) &&
      this.#levels(data.b, topic) &&
      this.#levels(data.a, topic)
    return isWhole ? kinds.FRAME_BOOK : kinds.FRAME_BAD
  }

  #levels(side: unknown, { instrument }: Topic): boolean {
    if (!Array.isArray(side) || side.length > LEVELS_MAX) return false
    this.#want.push(side.length)
    return side.every(
      (level: unknown) =>
        Array.isArray(level) &&
        level.length >= 2 &&
        this.#push(stepsOf(level[0], instrument.tick.text), stepsOf(level[1], instrument.lot.text)),
    )
  }

  #trades(json: Fields, topic: Topic): number {
    const { data } = json
    if (!Array.isArray(data) || data.length > TRADES_MAX) return kinds.FRAME_BAD
    const isWhole =
      this.#push(integerOf(json.ts), data.length) &&
      data.every((trade: unknown) => isObject(trade) && this.#trade(trade, topic))
    return isWhole ? kinds.FRAME_TRADE : kinds.FRAME_BAD
  }

  #trade(trade: Fields, { instrument }: Topic): boolean {
    const { tick, lot, symbol } = instrument
    if (trade.s !== symbol || typeof trade.i !== 'string') return false
    const sign = trade.S === 'Buy' ? 1 : trade.S === 'Sell' ? -1 : BAD
    const seq = 'seq' in trade ? integerOf(trade.seq) : Number.NaN
    const flags = [flagOf(trade, 'BT'), flagOf(trade, 'RPI')]
    const steps = [stepsOf(trade.p, tick.text), stepsOf(trade.v, lot.text)]
    return this.#push(integerOf(trade.T), ...steps, sign, ...flags, seq, ...this.#idOf(trade.i))
  }

  #push(...values: readonly (number | BadFrame)[]): boolean {
    for (const value of values) {
      if (typeof value !== 'number') return false
      this.#want.push(value)
    }
    return true
  }

  #idOf(id: string): readonly number[] {
    const known = this.#fingerprints.get(id)
    if (known !== undefined) return known
    if (this.#fingerprints.size >= FINGERPRINTS_MAX) this.#fingerprints.clear()
    const halves = slowFingerprint(id).split(' ').map(Number)
    this.#fingerprints.set(id, halves)
    return halves
  }

  /** The decoder's message; for a bad frame the reference's own numbers, as there is none. */
  #flatten(decoder: BybitDecoder, kind: number): readonly number[] {
    this.#got = []
    const got = this.#got
    if (kind === kinds.FRAME_OTHER) return [decoder.topicIndex]
    if (kind === kinds.FRAME_BOOK) {
      const { book } = decoder
      got.push(decoder.topicIndex, book.isSnapshot ? 1 : 0, book.tsMs, book.ctsMs, book.u, book.seq)
      for (const { count, ticks, lots } of [book.bids, book.asks]) {
        got.push(count)
        for (let i = 0; i < count; i++) got.push(ticks[i], lots[i])
      }
      return got
    }
    if (kind !== kinds.FRAME_TRADE) return this.#want
    const { trade } = decoder
    got.push(decoder.topicIndex, trade.tsMs, trade.count)
    for (let i = 0; i < trade.count; i++) {
      got.push(trade.timeMs[i], trade.ticks[i], trade.lots[i], trade.sign[i], trade.isBlock[i])
      got.push(trade.isRpi[i], trade.seq[i], trade.idLow[i], trade.idHigh[i])
    }
    return got
  }
}

function parse(frame: Buffer): unknown {
  try {
    return JSON.parse(frame.toString())
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function flagOf(trade: Fields, key: string): number | BadFrame {
  if (!(key in trade) || trade[key] === false) return 0
  return trade[key] === true ? 1 : BAD
}

function integerOf(value: unknown): number | BadFrame {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 ? Math.abs(value) : BAD
  }
  if (typeof value !== 'string') return BAD
  const number = Number(value)
  return Number.isSafeInteger(number) && number >= 0 && String(number) === value ? number : BAD
}

/** Steps in a decimal text: as units of the step's last digit, which must be whole and exact. */
function stepsOf(text: unknown, stepText: string): number | BadFrame {
  if (typeof text !== 'string') return BAD
  const parts = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text)
  if (parts === null) return BAD
  const point = stepText.indexOf('.')
  const decimals = point === -1 ? 0 : stepText.replace(/0+$/, '').length - point - 1
  const fraction = parts[2] ?? ''
  if (/[^0]/.test(fraction.slice(decimals))) return BAD
  const digits = parts[1] + fraction.slice(0, decimals).padEnd(decimals, '0')
  const step = Math.round(Number(stepText) * 10 ** decimals)
  if (digits.length <= EXACT_DIGITS) {
    const units = Number(digits)
    return units % step === 0 ? units / step : BAD
  }
  const units = BigInt(digits)
  if (units > BigInt(Number.MAX_SAFE_INTEGER) || units % BigInt(step) !== 0n) return BAD
  return Number(units / BigInt(step))
}
