import { INSTRUMENTS_MAX } from '../../constants.ts'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/log.ts'
import { nameHint } from '../../core/nearest.ts'
import { fail, type Result, succeed } from '../../core/result.ts'
import type { Category, Instrument, InstrumentTable } from '../../domain/instrument.ts'
import { expectedRate } from './expected-rate.ts'
import { readInstrumentCache, writeInstrumentCache } from './instrument-cache.ts'
import {
  createInstrument,
  filtersOf,
  filtersOfOverride,
  type InstrumentFilters,
  type InstrumentOverride,
} from './instrument-row.ts'
import type { RestClient } from './rest-client.ts'
import {
  fetchInstrumentRows,
  fetchTickers,
  type InstrumentRow,
  type TickerRow,
} from './rest-market.ts'

export type InstrumentSource = 'exchange' | 'cache' | 'override'

export type LoadInstrumentsOptions = Readonly<{
  client: RestClient
  category: Category
  /** Names, or the N with the largest turnover of 24 hours. */
  symbols: readonly string[] | Readonly<{ top: number }>
  /** Beside the N: in them something of ours is open. */
  held?: readonly string[]
  /** By symbol. */
  overrides: Readonly<Record<string, InstrumentOverride>>
  /** Undefined: nothing is cached. */
  cacheFile: string | undefined
  /** Of the book topic, for the expected rates. */
  bookPeriodMs?: number
  clock: Clock
  log: Logger
}>

export type LoadedInstruments = Readonly<{
  instruments: InstrumentTable
  /**
   * `cache`: the exchange did not answer. `override`: nor was there a cache, the configuration knew
   * enough.
   */
  source: InstrumentSource
  /** Messages a second to expect, by symbol. */
  rates: ReadonlyMap<string, number>
  /** As they were when loaded, by symbol: what a refresh is compared with. */
  filters: ReadonlyMap<string, InstrumentFilters>
}>

export type LoadFailureCode =
  | 'exchange_unreachable'
  | 'exchange_answer_invalid'
  | 'instrument_unknown'
  | 'config_invalid'

export type Listing = Readonly<{
  source: 'exchange' | 'cache'
  rows: ReadonlyMap<string, InstrumentRow>
  tickers: ReadonlyMap<string, TickerRow>
}>

const BOOK_PERIOD_MS_DEFAULT = 20
/** Quote currencies in which turnovers compare. */
const DOLLAR_QUOTES: ReadonlySet<string> = new Set(['USDT', 'USDC'])
/** Names in one message; a configuration may be wrong from end to end. */
const NAMES_SHOWN_MAX = 10

/** The instruments of the configuration with the exchange's metadata, at start. */
export async function loadInstruments(
  options: LoadInstrumentsOptions,
): Promise<Result<LoadedInstruments, LoadFailureCode>> {
  const wanted = checkWanted(options)
  if (!wanted.ok) return wanted
  const { log, symbols } = options
  const listing = await fetchListing(options)
  if (listing.ok) {
    if (!('top' in symbols)) return fromListing(options, listing.value, symbols)
    if (listing.value.tickers.size > 0) {
      const top = topSymbols(listing.value, symbols.top)
      return fromListing(options, listing.value, withHeld(options, listing.value, top))
    }
    const text = 'symbols: {top: N} needs tickers and there are none, name the symbols instead'
    return fail('exchange_answer_invalid', text)
  }
  if ('top' in symbols) return listing
  const alone = fromOverrides(options, symbols)
  if (alone?.ok) log.warn({ reason: listing.message }, 'instruments from the configuration alone')
  return alone ?? listing
}

/** From the exchange, which refreshes the cache, or else from the cache. */
export async function fetchListing({
  client,
  category,
  cacheFile,
  clock,
  log,
}: Omit<LoadInstrumentsOptions, 'symbols'>): Promise<Result<Listing, LoadFailureCode>> {
  const rows = await fetchInstrumentRows(client, category)
  const cached = cacheFile === undefined ? undefined : await readInstrumentCache(cacheFile)
  const isOurs =
    cached?.ok && cached.value.base_url === client.baseUrl && cached.value.category === category
  const cache = isOurs ? cached.value : undefined
  if (!rows.ok) {
    if (cache === undefined) return rows
    const ageMs = Math.round(clock.nowUs() / 1000) - cache.saved_at_ms
    log.warn({ reason: rows.message, ageMs, cacheFile }, 'instruments from the cache')
    return succeed(listingOf('cache', cache.instruments, cache.tickers))
  }
  const answered = await fetchTickers(client, category)
  if (!answered.ok) log.warn({ reason: answered.message }, 'no tickers from the exchange')
  const tickers = answered.ok ? answered.value : (cache?.tickers ?? [])
  if (cacheFile !== undefined && rows.value.length > 0) {
    const written = await writeInstrumentCache(cacheFile, {
      version: 1,
      base_url: client.baseUrl,
      category,
      saved_at_ms: Math.round(clock.nowUs() / 1000),
      instruments: rows.value,
      tickers,
    })
    if (!written.ok) log.warn({ reason: written.message }, 'instruments not cached')
  }
  return succeed(listingOf('exchange', rows.value, tickers))
}

function listingOf(
  source: Listing['source'],
  rows: readonly InstrumentRow[],
  tickers: readonly TickerRow[],
): Listing {
  return {
    source,
    rows: new Map(rows.map((row) => [row.symbol, row])),
    tickers: new Map(tickers.map((row) => [row.symbol, row])),
  }
}

function checkWanted({ symbols }: LoadInstrumentsOptions): Result<undefined, 'config_invalid'> {
  const count = 'top' in symbols ? symbols.top : symbols.length
  if (!Number.isInteger(count) || count < 1 || count > INSTRUMENTS_MAX) {
    return fail('config_invalid', `symbols: ${count} of them, 1 to ${INSTRUMENTS_MAX} are possible`)
  }
  if ('top' in symbols) return succeed(undefined)
  const repeated = symbols.find((symbol, at) => symbols.indexOf(symbol) !== at)
  if (repeated === undefined) return succeed(undefined)
  return fail('config_invalid', `symbols: ${repeated} is there twice`)
}

/**
 * Those traded now, without an end and in dollars, by turnover; equal turnovers by name. Perpetuals
 * only: a dated future would end in the middle of a run.
 */
function topSymbols(listing: Listing, count: number): string[] {
  const turnoverOf = (symbol: string) => Number(listing.tickers.get(symbol)?.turnover24h ?? 0) || 0
  return [...listing.rows.values()]
    .filter(({ contractType, quoteCoin, status }) => {
      const isEndless = contractType === undefined || contractType === 'LinearPerpetual'
      return status === 'Trading' && isEndless && DOLLAR_QUOTES.has(quoteCoin)
    })
    .map(({ symbol }) => symbol)
    .sort((a, b) => turnoverOf(b) - turnoverOf(a) || (a < b ? -1 : 1))
    .slice(0, count)
}

/** What of ours is open is followed whatever its turnover is now. */
function withHeld(
  { held = [], log }: LoadInstrumentsOptions,
  listing: Listing,
  top: readonly string[],
): string[] {
  const more = held.filter((symbol) => listing.rows.has(symbol) && !top.includes(symbol))
  if (more.length > 0)
    log.warn({ symbols: more }, 'followed too: something of ours is open in them')
  const room = Math.max(0, INSTRUMENTS_MAX - more.length)
  return [...top.slice(0, room), ...more].slice(0, INSTRUMENTS_MAX)
}

function fromListing(
  options: LoadInstrumentsOptions,
  listing: Listing,
  names: readonly string[],
): Result<LoadedInstruments, LoadFailureCode> {
  const { category, log, overrides, symbols } = options
  const unknown = names.filter((name) => !listing.rows.has(name))
  if (unknown.length > 0) return fail('instrument_unknown', unknownText(category, unknown, listing))
  if ('top' in symbols && names.length < symbols.top) {
    log.warn({ wanted: symbols.top, found: names.length }, 'fewer symbols than asked for')
  }
  const filters = new Map<string, InstrumentFilters>()
  const rates = new Map<string, number>()
  const instruments: Instrument[] = []
  for (const symbol of names) {
    const row = listing.rows.get(symbol)
    if (row === undefined) continue // found above
    const override = overrides[symbol] ?? {}
    const stated = filtersOf(row, override)
    const ticker = listing.tickers.get(symbol)
    const index = instruments.length
    const made = createInstrument({ index, symbol, category, filters: stated, override, ticker })
    if (!made.ok) {
      if (!('top' in symbols) || made.code === 'config_invalid') return made
      log.warn({ symbol, reason: made.message }, 'symbol left out')
      continue
    }
    if (row.status !== 'Trading') log.warn({ symbol, status: row.status }, 'symbol is not trading')
    instruments.push(made.value)
    filters.set(symbol, stated)
    const periodMs = options.bookPeriodMs ?? BOOK_PERIOD_MS_DEFAULT
    rates.set(symbol, expectedRate(Number(ticker?.turnover24h ?? 0), periodMs))
  }
  if (instruments.length === 0) {
    return fail('exchange_answer_invalid', `the exchange lists no usable instrument in ${category}`)
  }
  return succeed({ instruments, source: listing.source, rates, filters })
}

/** Undefined when a symbol lacks its steps. */
function fromOverrides(
  { category, overrides }: LoadInstrumentsOptions,
  names: readonly string[],
): Result<LoadedInstruments, LoadFailureCode> | undefined {
  const filters = new Map<string, InstrumentFilters>()
  const instruments: Instrument[] = []
  for (const symbol of names) {
    const override = overrides[symbol] ?? {}
    const stated = filtersOfOverride(override)
    if (stated === undefined) return undefined
    const index = instruments.length
    const parts = { index, symbol, category, filters: stated, override, ticker: undefined }
    const made = createInstrument(parts)
    if (!made.ok) return made
    instruments.push(made.value)
    filters.set(symbol, stated)
  }
  return succeed({ instruments, source: 'override', rates: new Map(), filters })
}

function unknownText(category: Category, unknown: readonly string[], listing: Listing): string {
  const shown = unknown
    .slice(0, NAMES_SHOWN_MAX)
    .map((name) => `${name} is not listed in ${category}${nameHint(name, listing.rows.keys())}`)
  const more = unknown.length - shown.length
  return `symbols: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}
