import { isRecord } from './capture-reader.ts'
import type { FaultKind } from './fault-kinds.ts'

/**
 * Faults of a book message, made on its text: what the exchange would have sent, and what it sends
 * instead. Nothing here changes the market, so its truth stays exact.
 */
export type BookPorts = Readonly<{
  depth: number
  /** The whole book as it is at the update last published, as the text of a snapshot. */
  snapshot(): string
  /** Takes one more `u` for a message that changes nothing. */
  advance(): Readonly<{ u: number; seq: number }>
  /** The next message is a snapshot with `u` 1. */
  restart(): void
}>

/** Undefined: this message is not one that the fault can be made of; wait for the next. */
export type Mutation = readonly string[] | undefined

type Level = readonly unknown[]
type BookText = {
  topic: string
  type: string
  ts: number
  cts: number
  data: { s: string; b: Level[]; a: Level[]; u: number; seq: number }
}

const HUGE_PRICE_DIGITS = 11
/** Of a number whose every whole step a double holds: 10^15 is below 2^53. */
const EXACT_DIGITS = 16
/** 2^53 - 2: the largest but one that a double tells from its neighbors. */
const HUGE_SEQ = 9_007_199_254_740_990
const LARGE_FRAME_BYTES = 70_000

type Mutate = (message: BookText, ports: BookPorts, text: string) => Mutation

/** Faults of one message that leave its meaning as it was, or change what a client must do. */
// biome-ignore format: a table
const MUTATIONS: Readonly<Partial<Record<FaultKind, Mutate>>> = {
  drop_delta: (message) => (isDelta(message) ? [] : undefined),
  cut_message: (message, _, text) => isDelta(message) ? [text.slice(0, text.length >> 1)] : undefined,
  duplicate: (_message, _, text) => [text, text],
  snapshot_mid_stream: (message, ports) => (isDelta(message) ? [ports.snapshot()] : undefined),
  unknown_topic: (message, _, text) => [
    text, text.replaceAll(message.data.s, 'NOSUCHUSDT').replace('"snapshot"', '"delta"'),
  ],
  restart_empty: (message, ports) => {
    ports.restart()
    return [write({ ...message, type: 'snapshot', data: { ...message.data, b: [], a: [], u: 1 } })]
  },
  delete_absent: (message, ports) => withAbsent(message, ports),
  price_twice: (message) => twice(message),
  unchanged_size: (message, ports) => withUnchanged(message, ports),
  empty_sides: (message, ports, text) => withEmpty(message, ports, text),
  beyond_depth: (message, ports) => withDeepLevels(message, ports),
  huge_price: (message, ports) => withHugePrice(message, ports),
  wrong_symbol: (message) => [write({ ...message, data: { ...message.data, s: 'OTHERUSDT' } })],
  off_tick: (message) => offTick(message),
  key_order: ({ topic, type, ts, cts, data }) => [JSON.stringify({ data, cts, ts, type, topic })],
  quoted_ts: (message) => [JSON.stringify({ ...message, ts: String(message.ts) })],
  spaces: (message) => [JSON.stringify(message, undefined, 2)],
  unknown_fields: (message) => [withUnknown(message)],
  asks_first: ({ data: { s, b, a, u, seq }, ...rest }) => [
    JSON.stringify({ ...rest, data: { seq, u, a, b, s } }),
  ],
  three_items: (message) => [mapLevels(message, ([price, size]) => [price, size, '0'])],
  more_decimals: (message) => [mapLevels(message, (level) => level.map(moreDecimals))],
  huge_seq: (message) => [write({ ...message, data: { ...message.data, seq: HUGE_SEQ } })],
  large_frame: (message) => [JSON.stringify({ ...message, note: 'x'.repeat(LARGE_FRAME_BYTES) })],
}

export function mutateBook(kind: FaultKind, text: string, ports: BookPorts): Mutation {
  const message = parseBook(text)
  return message === undefined ? undefined : MUTATIONS[kind]?.(message, ports, text)
}

/** `u` of the text of a book message; 0 for anything else. */
export function updateIdOf(text: string): number {
  return parseBook(text)?.data.u ?? 0
}

export function isDeltaText(text: string): boolean {
  return text.includes('"type":"delta"')
}

/** The same book at another update id, one that was used before. */
export function withUpdateId(text: string, u: number): string {
  return text.replace(/"u":\d+/, `"u":${u}`)
}

/**
 * As after a change of the tick: `u` is 1 and one price lies between two steps of the old tick.
 */
export function withFinerTick(text: string): string {
  const message = parseBook(text)
  if (message === undefined) return text
  // With digits enough that what is put behind them is finer than the finest tick there is.
  const b = message.data.b.length > 0 ? message.data.b : [['1.00000000', '1']]
  const [[price, size], ...others] = b
  const finer = [[`${withPoint(String(price))}00005`, size], ...others]
  return write({ ...message, type: 'snapshot', data: { ...message.data, b: finer, u: 1 } })
}

function parseBook(text: string): BookText | undefined {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value) || !isRecord(value.data)) return undefined
  const { topic, type, ts, cts } = value
  const { s, b, a, u, seq } = value.data
  if (typeof topic !== 'string' || typeof type !== 'string' || typeof s !== 'string')
    return undefined
  if (typeof ts !== 'number' || typeof cts !== 'number') return undefined
  if (typeof u !== 'number' || typeof seq !== 'number') return undefined
  if (!isLevels(b) || !isLevels(a)) return undefined
  return { topic, type, ts, cts, data: { s, b, a, u, seq } }
}

function isLevels(value: unknown): value is Level[] {
  return Array.isArray(value) && value.every((level) => Array.isArray(level) && level.length >= 2)
}

/** Futures deeper than one level put the type before the time; all take either order. */
function write(message: BookText): string {
  return JSON.stringify(message)
}

function isDelta(message: BookText): boolean {
  return message.type === 'delta'
}

function mapLevels(message: BookText, change: (level: Level) => Level): string {
  const { b, a } = message.data
  return write({ ...message, data: { ...message.data, b: b.map(change), a: a.map(change) } })
}

function withPoint(price: string): string {
  return price.includes('.') ? price : `${price}.`
}

/** Eight digits after the point; zero stays zero, however it is written. */
function moreDecimals(value: unknown): string {
  const [whole, fraction = ''] = String(value).split('.')
  return `${whole}.${fraction.padEnd(8, '0')}`
}

function withUnknown(message: BookText): string {
  const { topic, data, ...rest } = message
  const unknown = { deep: [1, { x: null }], text: '"]}' }
  return JSON.stringify({ id: 'a', topic, unknown, ...rest, data: { v: unknown, ...data, z: -1 } })
}

function offTick(message: BookText): Mutation {
  const { b, a } = message.data
  const side = b.length > 0 ? b : a
  if (side.length === 0) return undefined
  side[0] = [`${withPoint(String(side[0][0]))}000001`, side[0][1]]
  return [write(message)]
}

/** Each price of the delta first with another size, then as it is. */
function twice(message: BookText): Mutation {
  const { b, a } = message.data
  if (!isDelta(message) || b.length + a.length === 0) return undefined
  const both = (levels: Level[]) => levels.flatMap((level) => [[level[0], '1000'], level])
  return [write({ ...message, data: { ...message.data, b: both(b), a: both(a) } })]
}

function whole(ports: BookPorts): BookText | undefined {
  return parseBook(ports.snapshot())
}

/** Deletes a price that is in nobody's book: far above every ask. */
function withAbsent(message: BookText, ports: BookPorts): Mutation {
  const far = deepAsk(whole(ports), 7)
  if (!isDelta(message) || far === undefined) return undefined
  const absent = [[far, '0']]
  const { b, a } = message.data
  return [
    write({ ...message, data: { ...message.data, b: [...b, ...absent], a: [...a, ...absent] } }),
  ]
}

function withUnchanged(message: BookText, ports: BookPorts): Mutation {
  const book = whole(ports)
  if (!isDelta(message) || book === undefined) return undefined
  const { b, a } = message.data
  const extra = (mine: Level[], all: Level[]) => {
    const prices = new Set(mine.map(([price]) => price))
    return all.filter(([price]) => !prices.has(price)).slice(0, 2)
  }
  const data = {
    ...message.data,
    b: [...b, ...extra(b, book.data.b)],
    a: [...a, ...extra(a, book.data.a)],
  }
  return [write({ ...message, data })]
}

/** The message, and a next one that says nothing. */
function withEmpty(message: BookText, ports: BookPorts, text: string): Mutation {
  if (!isDelta(message)) return undefined
  const { u, seq } = ports.advance()
  return [text, write({ ...message, data: { ...message.data, b: [], a: [], u, seq } })]
}

/** Only where the side is full is what lies deeper cut off by every client. */
function deepAsk(book: BookText | undefined, times: number): string | undefined {
  const worst = book?.data.a.at(-1)
  if (worst === undefined) return undefined
  // Whole numbers of the last shown digit times a whole number stay multiples of the tick.
  const text = String(worst[0])
  const digits = text.length - 1 - text.indexOf('.')
  const scaled = BigInt(text.replace('.', '')) * BigInt(times)
  if (!text.includes('.')) return String(scaled)
  const padded = String(scaled).padStart(digits + 1, '0')
  return `${padded.slice(0, -digits)}.${padded.slice(-digits)}`
}

function withDeepLevels(message: BookText, ports: BookPorts): Mutation {
  const book = whole(ports)
  if (book === undefined || book.data.a.length < ports.depth) return undefined
  const deep: Level[] = []
  for (const times of [2, 3, 4]) {
    const price = deepAsk(book, times)
    if (price !== undefined) deep.push([price, '1000'])
  }
  return [write({ ...message, data: { ...message.data, a: [...message.data.a, ...deep] } })]
}

/**
 * 10,000,000,000, or less on a fine tick: no exchange allows a price of more ticks than a double
 * can count.
 */
function withHugePrice(message: BookText, ports: BookPorts): Mutation {
  const worst = whole(ports)?.data.a.at(ports.depth - 1)
  if (worst === undefined) return undefined
  const decimals = String(worst[0]).split('.')[1]?.length ?? 0
  const price = `1${'0'.repeat(Math.min(HUGE_PRICE_DIGITS, EXACT_DIGITS - decimals) - 1)}`
  const { a } = message.data
  return [write({ ...message, data: { ...message.data, a: [...a, [price, '1000']] } })]
}
