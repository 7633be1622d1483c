import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parseStep, type Step } from '../src/core/decimal.ts'
import type { Random } from '../src/core/random.ts'
import type { Instrument } from '../src/domain/instrument.ts'
import { parseTopicName, type Topic } from '../src/feed/bybit/topic.ts'
import { makeFrame } from '../test/feed/frame-maker.ts'
import { INSTRUMENT } from './market-frames.ts'

/** Frames to be damaged: recorded ones where there are captures, and generated ones. */

/** Larger frames take the time of many small ones and hold nothing new. */
const FRAME_BYTES_MAX = 640
const CAPTURED_MAX = 2000

/** Steps of every kind: tenths, a step that is not a power of ten, many decimals, whole lots. */
const MADE: readonly (readonly [symbol: string, tick: string, lot: string])[] = [
  ['BTCUSDT', '0.10', '0.001'],
  ['ETHUSDT', '0.05', '0.00000001'],
  ['X', '0.1', '1'],
]

/** Ticks and lots of instruments in captures; of others a step that fits all of them. */
const CAPTURED: Readonly<Record<string, readonly [tick: string, lot: string]>> = {
  BTCUSDT: ['0.10', '0.001'],
  ETHUSDT: ['0.01', '0.00001'],
  SOLUSDT: ['0.01', '0.1'],
}
const OTHER = ['0.00000001', '0.00000001'] as const

export type FuzzCorpus = Readonly<{ topics: readonly Topic[]; captured: readonly Buffer[] }>

/** `folder` holds recordings as `bookflow books` reads them, packed with gzip; it may be absent. */
export function readCorpus(folder: string): FuzzCorpus {
  const topics = new Map<string, Topic>()
  const add = (name: string, [tick, lot]: readonly [string, string]) => {
    const parsed = parseTopicName(name)
    if (parsed === undefined || topics.has(name)) return
    const { kind, depth, symbol } = parsed
    if (kind === 'tickers') return // no scanner reads them
    const instrument: Instrument = { ...INSTRUMENT, symbol, tick: step(tick), lot: step(lot) }
    topics.set(name, { index: topics.size, name, kind, depth, instrument })
  }
  for (const [symbol, tick, lot] of MADE) {
    add(`orderbook.50.${symbol}`, [tick, lot])
    add(`publicTrade.${symbol}`, [tick, lot])
    add(`kline.1.${symbol}`, [tick, lot])
  }
  const captured = readCaptured(folder)
  for (const frame of captured) {
    const name = /"topic":"([^"]+)"/.exec(frame.toString())?.[1] ?? ''
    add(name, CAPTURED[name.split('.').at(-1) ?? ''] ?? OTHER)
  }
  return { topics: [...topics.values()], captured }
}

function readCaptured(folder: string): Buffer[] {
  if (!existsSync(folder)) return []
  const frames: Buffer[] = []
  for (const file of readdirSync(folder).filter((name) => /\.gz$/.test(name))) {
    for (const line of gunzipSync(readFileSync(`${folder}/${file}`))
      .toString()
      .split('\n')) {
      const text = frameOf(line)
      if (text.length > 0 && text.length <= FRAME_BYTES_MAX) frames.push(Buffer.from(text))
    }
  }
  return frames.slice(0, CAPTURED_MAX)
}

function frameOf(line: string): string {
  const timed = /^\d+\.\d+: (\{.*)$/.exec(line)
  if (timed !== null) return timed[1]
  if (!line.startsWith('{"t":"recv"')) return ''
  const envelope: { data?: unknown } = JSON.parse(line)
  return typeof envelope.data === 'string' ? envelope.data : ''
}

/** A frame that is in order. */
export function pickFrame(random: Random, { captured }: FuzzCorpus): Buffer {
  if (captured.length > 0 && random.below(2) === 0) return captured[random.below(captured.length)]
  return Buffer.from(makeFrame(random, MADE[random.below(MADE.length)][0]))
}

function step(text: string): Step {
  const parsed = parseStep(text)
  if (parsed === undefined) throw new Error(`not a step: ${text}`)
  return parsed
}
