import { stat } from 'node:fs/promises'
import { parseStep, type Step } from '../core/decimal.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { BinanceTranslator } from '../feed/binance/translator.ts'
import { type CaptureLine, readCapture } from '../feed/capture-file.ts'

/**
 * What a recording holds, found by reading it once: its topics, and for each symbol the price and
 * size steps that its own numbers show. A recording does not carry tick sizes, and exact integers
 * need them.
 */
export type SymbolSurvey = Readonly<{
  symbol: string
  tick: Step
  lot: Step
  /** Mid of the first two-sided book, in quote; NaN when there was none. */
  firstMid: number
  /** Base currency traded in the recording. */
  tradedBase: number
}>

export type CaptureSurvey = Readonly<{
  /** In order of first appearance. */
  topics: readonly string[]
  symbols: ReadonlyMap<string, SymbolSurvey>
  frames: number
  /** Frames that are no Bybit v5 market data (acks, pongs, other exchanges). */
  foreign: number
  /** Binance diffs whose snapshot the recording does not hold. */
  waitingDiffs: number
}>

/** Frames in the form of Bybit v5, from Bybit's or Binance's recordings alike. */
export class FrameSource {
  readonly #translator: BinanceTranslator

  constructor(binanceDepth: number) {
    this.#translator = new BinanceTranslator(binanceDepth)
  }

  get waitingDiffs(): number {
    return this.#translator.waiting
  }

  /** Empty for a line that holds no market data of a stream. */
  frames(line: CaptureLine): readonly string[] {
    if (line.kind === 'frame' && line.text.includes('"topic"')) return [line.text]
    const value = parseObject(line.text)
    if (value === undefined) return []
    return this.#translator.translate(line, value) ?? (line.kind === 'frame' ? [line.text] : [])
  }
}

export async function surveyCaptures(
  paths: readonly string[],
  binanceDepth: number,
): Promise<Result<CaptureSurvey>> {
  const source = new FrameSource(binanceDepth)
  const survey = new Survey()
  for (const path of paths) {
    if (await isStream(path)) {
      const why = 'is read twice, which a pipe does not allow: give a file'
      return fail('input_unreadable', `${path}: ${why}`)
    }
    const read = await readCapture(path, (line) => {
      for (const frame of source.frames(line)) survey.add(frame)
      return undefined
    })
    if (!read.ok) return read
  }
  return succeed(survey.result(source.waitingDiffs))
}

/** What is missing is told by whoever reads it. */
async function isStream(path: string): Promise<boolean> {
  try {
    const found = await stat(path)
    return found.isFIFO() || found.isSocket() || found.isCharacterDevice()
  } catch {
    return false
  }
}

class Survey {
  frames = 0
  foreign = 0
  readonly #topics = new Set<string>()
  readonly #steps = new Map<
    string,
    { price: StepGuess; size: StepGuess; mid: number; traded: number }
  >()

  add(frame: string): void {
    this.frames++
    const value = parseObject(frame)
    if (value === undefined || !('topic' in value) || typeof value.topic !== 'string') {
      this.foreign++
      return
    }
    const { topic } = value
    const symbol = topic.slice(topic.lastIndexOf('.') + 1)
    if (!('data' in value)) return
    if (topic.startsWith('orderbook.')) this.#addBook(symbol, value.data)
    else if (topic.startsWith('publicTrade.')) this.#addTrades(symbol, value.data)
    else if (!/^(tickers|kline|allLiquidation)\./.test(topic)) {
      this.foreign++
      return
    }
    this.#topics.add(topic)
  }

  result(waitingDiffs: number): CaptureSurvey {
    const symbols = new Map<string, SymbolSurvey>()
    for (const [symbol, { price, size, mid, traded }] of this.#steps) {
      const tick = price.step()
      const lot = size.step()
      if (tick === undefined || lot === undefined) continue
      symbols.set(symbol, { symbol, tick, lot, firstMid: mid, tradedBase: traded })
    }
    const { foreign, frames } = this
    return { topics: [...this.#topics], symbols, frames, foreign, waitingDiffs }
  }

  #of(symbol: string) {
    const known = this.#steps.get(symbol)
    if (known !== undefined) return known
    const fresh = { price: new StepGuess(), size: new StepGuess(), mid: Number.NaN, traded: 0 }
    this.#steps.set(symbol, fresh)
    return fresh
  }

  #addBook(symbol: string, data: unknown): void {
    if (typeof data !== 'object' || data === null) return
    const guess = this.#of(symbol)
    const sides = ['b' in data ? data.b : [], 'a' in data ? data.a : []]
    const best: number[] = []
    for (const side of sides) {
      if (!Array.isArray(side)) continue
      for (const level of side) {
        if (!Array.isArray(level)) continue
        guess.price.add(level[0])
        guess.size.add(level[1])
      }
      if (side.length > 0 && Array.isArray(side[0])) best.push(Number(side[0][0]))
    }
    if (Number.isNaN(guess.mid) && best.length === 2) guess.mid = (best[0] + best[1]) / 2
  }

  #addTrades(symbol: string, data: unknown): void {
    if (!Array.isArray(data)) return
    const guess = this.#of(symbol)
    for (const trade of data) {
      if (typeof trade !== 'object' || trade === null || !('p' in trade) || !('v' in trade))
        continue
      guess.price.add(trade.p)
      guess.size.add(trade.v)
      guess.traded += Number(trade.v) || 0
    }
  }
}

/**
 * The greatest step of which every number seen is a multiple, with the digits that were written.
 */
class StepGuess {
  #decimals = 0 // digits after the point, as written
  #divisor = 0n // at #decimals digits

  add(text: unknown): void {
    if (typeof text !== 'string' || !/^\d+(\.\d+)?$/.test(text)) return
    const point = text.indexOf('.')
    const decimals = point === -1 ? 0 : text.length - point - 1
    if (decimals > this.#decimals) {
      this.#divisor *= 10n ** BigInt(decimals - this.#decimals)
      this.#decimals = decimals
    }
    const digits = BigInt(point === -1 ? text : text.slice(0, point) + text.slice(point + 1))
    const units = digits * 10n ** BigInt(this.#decimals - decimals)
    this.#divisor = greatestCommonDivisor(this.#divisor, units)
  }

  step(): Step | undefined {
    const decimals = this.#decimals
    if (this.#divisor === 0n) return undefined
    const digits = this.#divisor.toString().padStart(decimals + 1, '0')
    const whole = digits.slice(0, digits.length - decimals)
    return parseStep(decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`)
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let x = a
  let y = b
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
