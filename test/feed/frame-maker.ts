import type { Random } from '../../src/core/random.ts'

/** Valid frames in every way a server may write them, and ways to damage them. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export function makeFrame(random: Random, symbol: string): string {
  const isBook = random.below(3) > 0
  const topic = isBook ? `orderbook.50.${symbol}` : `publicTrade.${symbol}`
  const data = isBook ? bookContent(random, symbol) : tradeContent(random, symbol)
  const ts = 1_724_761_127_354 + random.below(1000)
  const fields: [string, Json][] = [
    ['topic', topic],
    ['type', random.below(4) === 0 ? 'snapshot' : 'delta'],
    ['ts', random.below(5) === 0 ? String(ts) : ts],
    ['data', data],
  ]
  if (random.below(3) > 0) fields.push(['cts', ts - 2])
  if (random.below(4) === 0) fields.push([`x${random.below(9)}`, anyJson(random, 4)])
  if (random.below(2) === 0) shuffle(random, fields)
  return write(random, Object.fromEntries(fields))
}

function bookContent(random: Random, symbol: string): Json {
  const side = (): Json =>
    Array.from({ length: random.below(5) }, () => {
      const level: Json[] = [price(random), size(random)]
      if (random.below(10) === 0) level.push(anyJson(random, 2))
      return level
    })
  const fields: [string, Json][] = [
    ['s', symbol],
    ['b', side()],
    ['a', side()],
    ['u', 1 + random.below(100_000_000)],
  ]
  if (random.below(5) > 0) fields.push(['seq', random.below(2 ** 32) * 2 ** random.below(21)])
  if (random.below(5) === 0) fields.push(['new', anyJson(random, 3)])
  if (random.below(2) === 0) shuffle(random, fields)
  return Object.fromEntries(fields)
}

function tradeContent(random: Random, symbol: string): Json {
  return Array.from({ length: random.below(4) }, () => {
    const fields: [string, Json][] = [
      ['T', 1_724_761_127_000 + random.below(1000)],
      ['s', symbol],
      ['S', random.below(2) === 0 ? 'Buy' : 'Sell'],
      ['v', size(random)],
      ['p', price(random)],
      ['L', 'PlusTick'],
      ['i', `a9188a0a-82bc-50de-be60-${random.uint32().toString(16).padStart(12, '0')}`],
      ['BT', random.below(5) === 0],
    ]
    if (random.below(2) === 0) fields.push(['RPI', random.below(5) === 0])
    if (random.below(2) === 0) fields.push(['seq', random.below(2 ** 40)])
    if (random.below(2) === 0) shuffle(random, fields)
    return Object.fromEntries(fields)
  })
}

function price(random: Random): string {
  return `${60_000 + random.below(5000)}.${random.below(10)}${random.below(2) === 0 ? '0' : ''}`
}

function size(random: Random): string {
  if (random.below(3) === 0) return '0'
  return random.below(2) === 0
    ? String(random.below(50))
    : `${random.below(9)}.${100 + random.below(900)}`
}

const ODD_STRINGS = [
  '',
  'a"b',
  '\\',
  'Ω',
  '😀',
  '\n\t',
  '\u0000',
  ']}',
  '{"topic":"x"}',
  '/',
  ',"b":[',
]

/** Any JSON value, for fields that the decoder does not know. */
export function anyJson(random: Random, depth: number): Json {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return null
    case 1:
      return random.below(2) === 0
    case 2:
      return random.below(1000) - 500
    case 3:
      return (random.float() - 0.5) * 10 ** (random.below(40) - 20)
    case 4:
    case 5:
      return ODD_STRINGS[random.below(ODD_STRINGS.length)]
    case 6:
      return Array.from({ length: random.below(4) }, () => anyJson(random, depth - 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, (_, i) => [
          random.below(5) === 0 ? ODD_STRINGS[random.below(ODD_STRINGS.length)] : `k${i}`,
          anyJson(random, depth - 1),
        ]),
      )
  }
}

/**
 * JSON text, now and then with white space wherever it may stand and with escapes where none are
 * needed.
 */
function write(random: Random, value: Json): string {
  const text = JSON.stringify(value)
  if (random.below(3) > 0) return text
  let spaced = ''
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (letter === '"' && !isEscaped(text, at)) isInString = !isInString
    const isToken = !isInString && '{}[]:,'.includes(letter)
    const space = () =>
      random.below(4) === 0 ? [' ', '\t', '\n', '\r', '  '][random.below(5)] : ''
    spaced += isToken ? `${space()}${letter}${space()}` : letter
  }
  return spaced
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function shuffle<T>(random: Random, list: T[]): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[list[i], list[j]] = [list[j], list[i]]
  }
}

/** Bytes that mean something in JSON, more likely to make trouble than others. */
const SHARP = Buffer.from('{}[]":,.\\0123456789-+eEutfn \n\u0001saub')

/**
 * One to three small injuries: a byte changed, put in, taken out, doubled, or a piece moved
 * elsewhere.
 */
export function damage(random: Random, frame: Uint8Array): Uint8Array {
  let bytes = Uint8Array.from(frame)
  for (let injuries = 1 + random.below(3); injuries > 0; injuries--) {
    const at = random.below(bytes.length)
    const sharp = random.below(8) === 0 ? random.below(256) : SHARP[random.below(SHARP.length)]
    switch (random.below(5)) {
      case 0:
        bytes[at] = sharp
        break
      case 1:
        bytes = splice(bytes, at, 0, [sharp])
        break
      case 2:
        bytes = splice(bytes, at, 1, [])
        break
      case 3:
        bytes = splice(bytes, at, 0, [...bytes.slice(at, at + 1 + random.below(12))])
        break
      default:
        bytes = splice(bytes, at, 1 + random.below(20), [])
    }
    if (bytes.length === 0) return bytes
  }
  return bytes
}

function splice(
  bytes: Uint8Array,
  at: number,
  remove: number,
  put: readonly number[],
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...bytes.slice(0, at), ...put, ...bytes.slice(at + remove)])
}
