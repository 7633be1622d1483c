import { CLIENT_CHANNELS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { isCandleInterval } from '../domain/candles.ts'
import type { Instrument } from '../domain/instrument.ts'
import { readAlert } from '../memory/alert-record.ts'
import { readCandle } from '../memory/candle-record.ts'
import { INTENT_INSTRUMENT } from '../memory/intent-record.ts'
import { BookChannel, BookSource } from './book-channel.ts'
import type { DeskChannel } from './desk-channel.ts'
import type { DeskMemory } from './desk-memory.ts'
import type { DeskRecords } from './desk-records.ts'
import { EventChannel } from './event-log.ts'
import { FeatureChannel } from './feature-channel.ts'
import { HealthChannel, type StreamGauges } from './health-channel.ts'
import { describeSignal, describeTrade } from './market-events.ts'
import {
  AccountChannel,
  incidentsChannel,
  ordersChannel,
  PositionChannel,
} from './order-channel.ts'

/** Families that take a symbol, or `*` for all of them. */
const SYMBOL_FAMILIES = ['features', 'book', 'trades', 'candles']
const PLAIN_CHANNELS = [
  'signals',
  'alerts',
  'orders',
  'positions',
  'account',
  'incidents',
  'health',
]
const FAMILIES = [...SYMBOL_FAMILIES, ...PLAIN_CHANNELS]
const FORMS =
  'features.SYMBOL, book.N.SYMBOL, trades.SYMBOL, candles.1m.SYMBOL (* for all symbols), signals, ' +
  'alerts, orders, positions, account, incidents, health'

export type ChannelFailure = 'unknown_channel' | 'too_many_channels'

type Open = { channel: DeskChannel; subscribers: number }

/** All channels by name; those that take a depth exist only while somebody is subscribed. */
export class ChannelTable {
  readonly #memory: DeskMemory
  readonly #records: DeskRecords
  readonly #gauges: StreamGauges
  readonly #bySymbol: ReadonlyMap<string, Instrument>
  readonly #open = new Map<string, Open>()
  readonly #books = new Map<string, BookSource>()

  constructor(memory: DeskMemory, records: DeskRecords, gauges: StreamGauges) {
    this.#memory = memory
    this.#records = records
    this.#gauges = gauges
    this.#bySymbol = new Map(memory.instruments.map((one) => [one.symbol, one]))
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Names of single channels, wildcards written out, each once. The message of a failure names
   * channel and fix.
   */
  expand(names: readonly string[]): Result<readonly string[], ChannelFailure> {
    const expanded = new Set<string>()
    for (const name of names) {
      const channels = this.#expandOne(name)
      if (!channels.ok) return channels
      for (const channel of channels.value) expanded.add(channel)
      if (expanded.size > CLIENT_CHANNELS_MAX) {
        const message = `channel ${name}: more than the ${CLIENT_CHANNELS_MAX} channels of a client`
        return fail('too_many_channels', message)
      }
    }
    return succeed([...expanded])
  }

  /** By a name that `expand` answered. */
  subscribe(name: string): DeskChannel {
    const open = this.#open.get(name) ?? { channel: this.#create(name), subscribers: 0 }
    open.subscribers++
    this.#open.set(name, open)
    return open.channel
  }

  unsubscribe(name: string): void {
    const open = this.#open.get(name)
    if (open === undefined) return
    open.subscribers--
    if (open.subscribers === 0) this.#open.delete(name)
  }

  #expandOne(name: string): Result<readonly string[], ChannelFailure> {
    const [family, ...rest] = name.split('.')
    if (PLAIN_CHANNELS.includes(name)) return succeed([name])
    if (!SYMBOL_FAMILIES.includes(family) || rest.length === 0) {
      const hint = nameHint(family, FAMILIES) || '.'
      return fail('unknown_channel', `channel ${name}: unknown${hint} Known are ${FORMS}`)
    }
    if (family === 'candles') return this.#expandCandles(name, rest)
    if (family !== 'book') return this.#expandSymbol(name, family, rest.join('.'))
    const [depthText, ...symbol] = rest
    const { depth } = this.#memory
    if (!/^[1-9]\d{0,3}$/.test(depthText) || symbol.length === 0) {
      return fail('unknown_channel', `channel ${name}: write book.N.SYMBOL, as in book.${depth}.*`)
    }
    if (Number(depthText) > depth) {
      const fix = `ask for book.${depth}.${symbol.join('.')}`
      const message = `channel ${name}: the engine keeps ${depth} levels a side, ${fix}`
      return fail('unknown_channel', message)
    }
    return this.#expandSymbol(name, `book.${depthText}`, symbol.join('.'))
  }

  #expandCandles(
    name: string,
    [interval, ...symbol]: readonly string[],
  ): Result<readonly string[], ChannelFailure> {
    const { candleIntervals } = this.#memory
    if (candleIntervals.some((one) => one === interval) && symbol.length > 0) {
      return this.#expandSymbol(name, `candles.${interval}`, symbol.join('.'))
    }
    const form = `write candles.INTERVAL.SYMBOL with one of ${candleIntervals.join(', ')}`
    const fix = candleIntervals.length === 0 ? 'candles are switched off (candles.enabled)' : form
    return fail('unknown_channel', `channel ${name}: ${fix}`)
  }

  #expandSymbol(
    name: string,
    family: string,
    symbol: string,
  ): Result<readonly string[], ChannelFailure> {
    if (symbol === '*') {
      return succeed([...this.#bySymbol.keys()].map((each) => `${family}.${each}`))
    }
    if (this.#bySymbol.has(symbol)) return succeed([`${family}.${symbol}`])
    const hint = nameHint(symbol, this.#bySymbol.keys())
    const fix = hint === '' ? `; ${family}.* is all of them` : hint
    return fail('unknown_channel', `channel ${name}: no symbol ${symbol} here${fix}`)
  }

  #create(name: string): DeskChannel {
    const { counters, instruments } = this.#memory
    const records = this.#records
    if (name === 'health') return new HealthChannel(this.#memory, records, this.#gauges)
    if (name === 'orders') return ordersChannel(records.orders)
    if (name === 'account') return new AccountChannel(records.orders)
    if (name === 'incidents') return incidentsChannel(records.orders)
    if (name === 'positions') return new PositionChannel(records.orders)
    if (name === 'signals') {
      return new EventChannel(name, 'signals', records.signals, (record) =>
        describeSignal(record, instruments[record[INTENT_INSTRUMENT]]),
      )
    }
    if (name === 'alerts') {
      return new EventChannel(name, 'alerts', records.alerts, (record) =>
        readAlert(record, instruments),
      )
    }
    const [family, second] = name.split('.')
    const hasTwo = family === 'book' || family === 'candles'
    const prefix = hasTwo ? `${family}.${second}.` : `${family}.`
    const instrument = this.#bySymbol.get(name.slice(prefix.length))
    assert(instrument !== undefined, 'a channel is opened by a name that was expanded')
    if (family === 'book') return new BookChannel(this.#bookSource(instrument), Number(second))
    if (family === 'trades') {
      return new EventChannel(name, 'trades', records.trades[instrument.index], (trade) =>
        describeTrade(trade, instrument),
      )
    }
    if (family === 'candles' && isCandleInterval(second)) {
      const log = records.candles(instrument.index, second)
      return new EventChannel(name, 'candles', log, (record) => readCandle(record, instruments))
    }
    const { books, rows, scores } = this.#memory
    const at = instrument.index
    return new FeatureChannel(
      instrument,
      { book: books[at], row: rows[at], score: scores[at] },
      counters,
    )
  }

  /** One copy of a book serves all depths of it. */
  #bookSource(instrument: Instrument): BookSource {
    const known = this.#books.get(instrument.symbol)
    if (known !== undefined) return known
    const view = this.#memory.books[instrument.index]
    const source = new BookSource(instrument, view, this.#memory.counters)
    this.#books.set(instrument.symbol, source)
    return source
  }
}
