import type { Topic } from '../../src/feed/bybit/topic.ts'

/**
 * Frames decoded with `JSON.parse` and BigInt, written apart from the decoder: what a frame means,
 * or 'bad'. Bytes that are no UTF-8 are replaced, as `JSON.parse` never sees them.
 */
export type SlowFrame =
  | 'bad'
  | 'control'
  | 'unknown topic'
  | 'other'
  | Readonly<{ kind: 'book' | 'trade' | 'ticker'; topic: number; fields: readonly unknown[] }>

export function slowDecode(frame: Uint8Array, topics: readonly Topic[]): SlowFrame {
  const json = tryParse(Buffer.from(frame).toString('utf8'))
  if (!isObject(json)) return 'bad'
  if (json.topic === undefined) {
    const isAnswer = ['op', 'success', 'retCode'].some((key) => key in json)
    return isAnswer || json.type === 'COMMAND_RESP' ? 'control' : 'bad'
  }
  if (typeof json.topic !== 'string') return 'bad'
  const topic = topics.find((known) => known.name === json.topic)
  if (topic === undefined) return 'unknown topic'
  if (topic.kind === 'orderbook') return slowBook(json, topic)
  if (topic.kind === 'publicTrade') return slowTrades(json, topic)
  if (topic.kind === 'tickers') return slowTicker(json, topic)
  return 'other'
}

type Fields = Record<string, unknown>

function slowBook(json: Fields, topic: Topic): SlowFrame {
  const data = json.data
  if (!isObject(data) || data.s !== topic.instrument.symbol) return 'bad'
  if (json.type !== 'snapshot' && json.type !== 'delta') return 'bad'
  const { tick, lot } = topic.instrument
  const levels = (side: unknown): unknown[] | undefined => {
    if (!Array.isArray(side) || side.length > 2048) return undefined
    return side.map((level: unknown) =>
      Array.isArray(level) && level.length >= 2
        ? [slowSteps(level[0], tick.text), slowSteps(level[1], lot.text)]
        : [undefined, undefined],
    )
  }
  const bids = levels(data.b)
  const asks = levels(data.a)
  const ts = slowInteger(json.ts)
  const cts = has(json, 'cts') ? slowInteger(json.cts) : ts
  const seq = has(data, 'seq') ? slowInteger(data.seq) : Number.NaN
  const fields = [json.type, ts, cts, slowInteger(data.u), seq, bids, asks]
  return whole({ kind: 'book', topic: topic.index, fields })
}

function slowTrades(json: Fields, topic: Topic): SlowFrame {
  if (!Array.isArray(json.data) || json.data.length > 1024) return 'bad'
  const { tick, lot, symbol } = topic.instrument
  const trades = json.data.map((trade: unknown) => {
    if (!isObject(trade) || trade.s !== symbol) return [undefined]
    const flag = (value: unknown, isPresent: boolean) =>
      !isPresent || value === false ? 0 : value === true ? 1 : undefined
    return [
      slowInteger(trade.T),
      slowSteps(trade.p, tick.text),
      slowSteps(trade.v, lot.text),
      trade.S === 'Buy' ? 1 : trade.S === 'Sell' ? -1 : undefined,
      flag(trade.BT, has(trade, 'BT')),
      flag(trade.RPI, has(trade, 'RPI')),
      has(trade, 'seq') ? slowInteger(trade.seq) : Number.NaN,
      typeof trade.i === 'string' ? slowFingerprint(trade.i) : undefined,
    ]
  })
  return whole({ kind: 'trade', topic: topic.index, fields: [slowInteger(json.ts), trades] })
}

function slowTicker(json: Fields, topic: Topic): SlowFrame {
  const data = json.data
  if (!isObject(data) || data.symbol !== topic.instrument.symbol) return 'bad'
  if (json.type !== 'snapshot' && json.type !== 'delta') return 'bad'
  const number = (key: string) => {
    const value = data[key]
    if (typeof value !== 'string' || !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) {
      return Number.NaN
    }
    return Number.isFinite(Number(value)) ? Number(value) : Number.NaN
  }
  const names = ['lastPrice', 'markPrice', 'indexPrice', 'fundingRate', 'openInterest']
  const fields = [json.type, slowInteger(json.ts), ...[...names, 'turnover24h'].map(number)]
  return whole({ kind: 'ticker', topic: topic.index, fields })
}

/** 'bad' when anything inside is undefined. */
function whole(frame: Exclude<SlowFrame, string>): SlowFrame {
  const isWhole = (value: unknown): boolean =>
    Array.isArray(value) ? value.every(isWhole) : value !== undefined
  return isWhole(frame.fields) ? frame : 'bad'
}

function slowInteger(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 ? Math.abs(value) : undefined
  }
  if (typeof value !== 'string' || !/^[0-9]{1,16}$/.test(value)) return undefined
  const number = Number(value)
  return String(number) === value && Number.isSafeInteger(number) ? number : undefined
}

/** The 64-bit fingerprint of a text as the two int32 of a trade, by BigInt. */
export function slowFingerprint(text: string): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length === 0) return '0 0'
  const mix = (state: bigint, word: bigint, factor: bigint, shift: bigint) => {
    const product = ((state ^ word) * factor) & WORD
    return product ^ (product >> shift)
  }
  let low = 0x9e3779b9n
  let high = 0x7f4a7c15n
  for (let at = 0; at < bytes.length; at += 4) {
    const word = [...bytes.slice(at, at + 4)].reduceRight(
      (sum, byte) => sum * 256n + BigInt(byte),
      0n,
    )
    low = mix(low, word, 0x85ebca6bn, 15n)
    high = mix(high, word, 0xc2b2ae35n, 13n)
  }
  low = mix(low, BigInt(bytes.length), 0x85ebca6bn, 15n)
  high = mix(high ^ low, BigInt(bytes.length), 0xc2b2ae35n, 13n)
  low ^= (high * 0x27d4eb2fn) & WORD
  return `${BigInt.asIntN(32, low === 0n && high === 0n ? 1n : low)} ${BigInt.asIntN(32, high)}`
}

const WORD = 0xffffffffn

/** Steps in a decimal text, by exact rational arithmetic. */
function slowSteps(text: unknown, stepText: string): number | undefined {
  if (typeof text !== 'string' || !/^[0-9]+(\.[0-9]+)?$/.test(text)) return undefined
  const [whole, fraction = ''] = text.split('.')
  const [stepWhole, stepFraction = ''] = stepText.split('.')
  const digits = Math.max(fraction.length, stepFraction.length)
  const units = BigInt(whole + fraction.padEnd(digits, '0'))
  const step = BigInt(stepWhole + stepFraction.padEnd(digits, '0'))
  if (units % step !== 0n) return undefined
  // The decoder keeps units of the step's last digit exact, not only the count.
  const decimals = stepFraction.replace(/0+$/, '').length
  const limit = BigInt(Number.MAX_SAFE_INTEGER) * 10n ** BigInt(digits - decimals)
  return units > limit ? undefined : Number(units / step)
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Null says of an optional field that it is not there. */
function has(fields: Fields, key: string): boolean {
  return key in fields && fields[key] !== null
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
