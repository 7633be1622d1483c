import { parseStep, type Step } from '../core/decimal.ts'
import type { Category } from '../domain/instrument.ts'
import { type CapturedMessage, isRecord, parseObject } from './capture-reader.ts'
import { Channel, type FrameReceiver, type SendTotals } from './channel.ts'
import { ascii, FrameWriter } from './frame-writer.ts'
import { LISTED_MAX, type ListedInstrument, listInstruments, QUOTE_COIN } from './instruments.ts'
import type { MarketSource, Truth } from './market-source.ts'

/**
 * A capture, sent again at its recorded pace times `speed`, byte by byte, to the subscribers of its
 * topics. It begins shortly after the first subscription. Who subscribes to a book or ticker later
 * gets the present state as a snapshot first, so that the chain of `u` holds for everybody.
 */
const START_DELAY_US = 500_000

type Levels = Map<string, string>
type ReplayTopic = {
  readonly channel: Channel
  readonly bids: Levels
  readonly asks: Levels
  /** The last message, parsed: the frame of a snapshot for late subscribers. */
  last: Record<string, unknown> | undefined
  /** The fields of a ticker, merged. */
  fields: Record<string, unknown>
}

export class ReplayMarket implements MarketSource {
  readonly totals: SendTotals = { published: 0 }
  nowUs: number
  readonly listed: Readonly<Record<Category, ListedInstrument[]>>
  readonly #messages: readonly CapturedMessage[]
  readonly #speed: number
  readonly #topics = new Map<string, ReplayTopic>()
  readonly #writer = new FrameWriter()
  #next = 0
  #beginUs = Number.POSITIVE_INFINITY

  constructor(messages: readonly CapturedMessage[], speed: number, startUs: number) {
    this.#messages = messages
    this.#speed = speed
    this.nowUs = startUs
    for (const message of messages) {
      for (const category of categoriesOf(message)) {
        const key = `${category}.${message.topic}`
        if (this.#topics.has(key)) continue
        const channel = new Channel(message.topic, this.totals)
        const empty = { bids: new Map(), asks: new Map(), last: undefined, fields: {} }
        this.#topics.set(key, { channel, ...empty })
      }
    }
    this.listed = {
      linear: instrumentsOf(messages, 'linear'),
      spot: instrumentsOf(messages, 'spot'),
    }
  }

  /** Messages that were sent or passed over. */
  position(): number {
    return this.#next
  }

  subscribe(category: Category, name: string, receiver: FrameReceiver): boolean {
    const topic = this.#topics.get(`${category}.${name}`)
    if (topic === undefined) return false
    if (topic.last !== undefined) this.#sendState(topic, receiver)
    topic.channel.receivers.push(receiver)
    if (this.#beginUs === Number.POSITIVE_INFINITY) this.#beginUs = this.nowUs + START_DELAY_US
    return true
  }

  unsubscribe(category: Category, name: string, receiver: FrameReceiver): void {
    const receivers = this.channelOf(category, name)?.receivers ?? []
    const at = receivers.indexOf(receiver)
    if (at !== -1) receivers.splice(at, 1)
  }

  channelOf(category: Category, name: string): Channel | undefined {
    return this.#topics.get(`${category}.${name}`)?.channel
  }

  /** A capture cannot be restarted in the middle. */
  restart(): boolean {
    return false
  }

  advance(untilUs: number, messagesMax: number): boolean {
    const first = this.#messages[0].timeMs
    let left = messagesMax
    while (this.#next < this.#messages.length) {
      const message = this.#messages[this.#next]
      const dueUs = this.#beginUs + ((message.timeMs - first) * 1000) / this.#speed
      if (dueUs > untilUs) break
      if (left-- === 0) return false
      this.nowUs = Math.max(this.nowUs, dueUs)
      this.#next++
      for (const category of categoriesOf(message)) this.#send(category, message)
    }
    this.nowUs = untilUs
    return true
  }

  skipTo(timeUs: number): void {
    this.#beginUs += timeUs - this.nowUs
    this.nowUs = timeUs
  }

  truth(_category: Category, topic: string, u: number): Truth {
    return { topic, u, unknown: true }
  }

  #send(category: Category, message: CapturedMessage): void {
    const topic = this.#topics.get(`${category}.${message.topic}`)
    const value = parseObject(message.text)
    if (topic === undefined || value === undefined) return
    remember(topic, value)
    if (this.nowUs < topic.channel.silentUntilUs) return
    this.#write(message.text)
    topic.channel.publish(this.#writer)
  }

  #sendState(topic: ReplayTopic, receiver: FrameReceiver): void {
    const last = topic.last
    if (last === undefined) return
    const kind = topic.channel.name.split('.')[0]
    let data = last.data
    if (kind === 'orderbook' && isRecord(last.data)) {
      data = { ...last.data, b: sorted(topic.bids, -1), a: sorted(topic.asks, 1) }
    } else if (kind === 'tickers') {
      data = topic.fields
    } else {
      return
    }
    this.#write(JSON.stringify({ ...last, type: 'snapshot', data }))
    receiver.receive(this.#writer.bytes, this.#writer.from, this.#writer.at)
  }

  #write(text: string): void {
    this.#writer.begin()
    this.#writer.ascii(ascii(text))
    this.#writer.finish()
  }
}

/** A capture that does not say where it comes from is offered everywhere. */
function categoriesOf(message: CapturedMessage): readonly Category[] {
  if (message.endpoint === 'linear') return ['linear']
  if (message.endpoint === 'spot') return ['spot']
  return message.endpoint === undefined ? ['linear', 'spot'] : []
}

function remember(topic: ReplayTopic, value: Record<string, unknown>): void {
  topic.last = value
  const data = value.data
  if (!isRecord(data)) return
  if (value.type === 'snapshot') {
    topic.bids.clear()
    topic.asks.clear()
    topic.fields = {}
  }
  Object.assign(topic.fields, data)
  setLevels(topic.bids, data.b)
  setLevels(topic.asks, data.a)
}

function setLevels(levels: Levels, changes: unknown): void {
  if (!Array.isArray(changes)) return
  for (const change of changes) {
    if (!Array.isArray(change)) continue
    const [price, size] = change
    if (typeof price !== 'string' || typeof size !== 'string') continue
    if (Number(size) === 0) levels.delete(price)
    else levels.set(price, size)
  }
}

function sorted(levels: Levels, sign: number): [string, string][] {
  return [...levels].sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
}

/**
 * Instruments of a capture: from our list where its steps fit, else with the decimals that its
 * books show.
 */
function instrumentsOf(
  messages: readonly CapturedMessage[],
  category: Category,
): ListedInstrument[] {
  const decimals = new Map<string, { price: number; size: number; start: number }>()
  for (const message of messages) {
    if (!message.topic.startsWith('orderbook.') || !categoriesOf(message).includes(category))
      continue
    const symbol = message.topic.slice(message.topic.lastIndexOf('.') + 1)
    const data = parseObject(message.text)?.data
    if (!isRecord(data)) continue
    const seen = decimals.get(symbol) ?? { price: 0, size: 0, start: 0 }
    decimals.set(symbol, seen)
    for (const side of [data.b, data.a]) {
      if (!Array.isArray(side)) continue
      for (const [price, size] of side) {
        seen.price = Math.max(seen.price, decimalsOf(price))
        seen.size = Math.max(seen.size, decimalsOf(size))
        if (seen.start === 0) seen.start = Number(price)
      }
    }
  }
  const known = listInstruments(category, LISTED_MAX)
  return [...decimals].map(([symbol, seen], rank) => {
    const listed = known.find((instrument) => instrument.symbol === symbol)
    const tick = stepOf(seen.price)
    const lot = stepOf(seen.size)
    const fits =
      listed !== undefined && fitsStep(listed.tick, seen.price) && fitsStep(listed.lot, seen.size)
    if (fits) return listed
    return {
      symbol,
      baseCoin: symbol.endsWith(QUOTE_COIN) ? symbol.slice(0, -QUOTE_COIN.length) : symbol,
      category,
      tick,
      lot,
      startTicks: Math.round(seen.start / tick.value),
      rank,
      maxOrderQty: '1000000',
      maxMarketQty: '100000',
      fundingIntervalMinutes: 480,
      maxLeverage: '25.00',
    }
  })
}

function decimalsOf(text: unknown): number {
  if (typeof text !== 'string') return 0
  const point = text.indexOf('.')
  return point === -1 ? 0 : text.length - point - 1
}

function fitsStep(step: Step, decimals: number): boolean {
  return decimalsOf(step.text) >= decimals
}

const ONE: Step = { text: '1', decimals: 0, unitsPerStep: 1, value: 1 }

function stepOf(decimals: number): Step {
  return parseStep(decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`) ?? ONE
}
