import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { parseStep } from '../../src/core/decimal.ts'
import type { Category, Instrument } from '../../src/domain/instrument.ts'
import { parseTopicName, type Topic } from '../../src/feed/bybit/topic.ts'

/** Recorded frames of the exchange, if they are there. */
const DATA =
  process.env.BOOKFLOW_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
const FOLDER = `${DATA}/bybit-v5-ws`
export const hasCaptures = existsSync(FOLDER)
if (!hasCaptures) process.stderr.write(`no captures at ${FOLDER}: their tests are skipped\n`)

export const CAPTURES = [
  { file: 'linear_BTCUSDT-SOLUSDT_depth200_20260809.jsonl.gz', category: 'linear' },
  { file: 'spot_ETHUSDT_depth200_20260809.jsonl.gz', category: 'spot' },
  { file: 'linear_orderbook1_20250613.ws.1.0.gz', category: 'linear' },
] as const

export function readFrames(file: string): Buffer[] {
  const lines = gunzipSync(readFileSync(`${FOLDER}/${file}`))
    .toString('utf8')
    .split('\n')
  return lines.flatMap((line) => {
    if (line.startsWith('{')) {
      const envelope: unknown = JSON.parse(line)
      const isFrame = isRecord(envelope) && envelope.t === 'recv'
      return isFrame ? [Buffer.from(String(envelope.data))] : []
    }
    const frame = /^\d+\.\d+: (\{.*)$/.exec(line)
    return frame === null ? [] : [Buffer.from(frame[1])]
  })
}

export function makeInstrument(
  symbol: string,
  tick = '0.1',
  lot = '0.001',
  category: Category = 'linear',
): Instrument {
  return {
    index: 0,
    symbol,
    category,
    tick: stepOf(tick),
    lot: stepOf(lot),
    minOrderLots: 1,
    maxOrderLots: 1_000_000,
    minNotionalQuote: 5,
    features: { bandTicks: 50, refNotionalQuote: '10000', vpinBucketBase: '10' },
  }
}

export function makeTopic(index: number, name: string, instrument: Instrument): Topic {
  const parsed = parseTopicName(name)
  if (parsed === undefined) throw new Error(`not a topic: ${name}`)
  return { index, name, kind: parsed.kind, depth: parsed.depth, instrument }
}

/**
 * Topics of all frames of a capture, with the ticks and lots that the exchange published for them.
 */
export function topicsOf(frames: readonly Buffer[], category: Category): Topic[] {
  const names = new Set<string>()
  for (const frame of frames) {
    const name = /"topic":"([^"]+)"/.exec(frame.toString())
    if (name !== null) names.add(name[1])
  }
  const steps = readSteps(category)
  return [...names].map((name, index) => {
    const parsed = parseTopicName(name)
    if (parsed === undefined) throw new Error(`not a topic: ${name}`)
    // RADUSDT was withdrawn between the two recordings.
    const step = steps.get(parsed.symbol) ?? { tick: '0.0001', lot: '0.1' }
    return makeTopic(index, name, makeInstrument(parsed.symbol, step.tick, step.lot, category))
  })
}

function readSteps(category: Category): Map<string, { tick: string; lot: string }> {
  const bytes = readFileSync(`${FOLDER}/instruments-info_${category}_20260809.json.gz`)
  const answer: unknown = JSON.parse(gunzipSync(bytes).toString('utf8'))
  const result = isRecord(answer) && isRecord(answer.result) ? answer.result.list : []
  const list: unknown[] = Array.isArray(result) ? result : []
  return new Map(
    list.filter(isRecord).map((one) => {
      const price = isRecord(one.priceFilter) ? one.priceFilter : {}
      const lot = isRecord(one.lotSizeFilter) ? one.lotSizeFilter : {}
      const lotText = String(lot.qtyStep ?? lot.basePrecision)
      return [String(one.symbol), { tick: String(price.tickSize), lot: lotText }]
    }),
  )
}

function stepOf(text: string) {
  const step = parseStep(text)
  if (step === undefined) throw new Error(`not a step: ${text}`)
  return step
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
