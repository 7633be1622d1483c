import { formatSteps, parseStep, parseStepsText, type Step } from '../../core/decimal.ts'
import { fail, type Result, succeed } from '../../core/result.ts'
import type { Category, FeatureParameters, Instrument } from '../../domain/instrument.ts'
import type { InstrumentRow, TickerRow } from './rest-market.ts'

/**
 * What the configuration says about one symbol; it wins over the exchange. Decimal text, as on the
 * wire.
 */
export type InstrumentOverride = Readonly<{
  tickSize?: string | undefined
  qtyStep?: string | undefined
  minOrderQty?: string | undefined
  maxOrderQty?: string | undefined
  minNotional?: string | undefined
  bandTicks?: number | undefined
  refNotionalQuote?: string | undefined
  vpinBucketBase?: string | undefined
}>

/** The filters of one symbol as the exchange or the configuration states them. */
export type InstrumentFilters = Readonly<{
  tickSize: string
  qtyStep: string
  minOrderQty: string
  maxOrderQty: string
  /** Absent or empty: not told. */
  maxMarketQty?: string
  minNotional: string
  status: string
}>

export type InstrumentFailureCode = 'config_invalid' | 'exchange_answer_invalid'

/** Half width of the band around the mid: 10 basis points of the price, at least two ticks. */
const BAND_FRACTION = 0.001
const BAND_TICKS_MIN = 2
/** Where the price is not known. */
const BAND_TICKS_UNKNOWN = 10
const REF_NOTIONAL_USD = 10_000
/** As many VPIN buckets as fill in an average day. */
const VPIN_BUCKETS_A_DAY = 50
/** Smallest orders in a bucket where the volume is not known. */
const VPIN_BUCKET_ORDERS_UNKNOWN = 1000

export function filtersOf(row: InstrumentRow, override: InstrumentOverride): InstrumentFilters {
  const lot = row.lotSizeFilter
  return {
    tickSize: override.tickSize ?? row.priceFilter.tickSize ?? '',
    qtyStep: override.qtyStep ?? first(lot.qtyStep, lot.basePrecision),
    minOrderQty: override.minOrderQty ?? first(lot.minOrderQty),
    maxOrderQty: override.maxOrderQty ?? first(lot.maxLimitOrderQty, lot.maxOrderQty),
    maxMarketQty: first(lot.maxMarketOrderQty, lot.maxMktOrderQty),
    minNotional: override.minNotional ?? first(lot.minNotionalValue, lot.minOrderAmt),
    status: row.status,
  }
}

/**
 * Filters from the configuration alone, for a start without the exchange; undefined unless both
 * steps are there.
 */
export function filtersOfOverride(override: InstrumentOverride): InstrumentFilters | undefined {
  const { tickSize, qtyStep } = override
  if (tickSize === undefined || qtyStep === undefined) return undefined
  return {
    tickSize,
    qtyStep,
    minOrderQty: override.minOrderQty ?? qtyStep,
    maxOrderQty: override.maxOrderQty ?? '',
    minNotional: override.minNotional ?? '',
    status: 'Trading',
  }
}

export type InstrumentParts = Readonly<{
  index: number
  symbol: string
  category: Category
  filters: InstrumentFilters
  override: InstrumentOverride
  /**
   * Undefined: nothing is known of its price and volume, and the feature parameters are plain
   * defaults.
   */
  ticker: TickerRow | undefined
}>

/** Prices and sizes as steps; a message names the symbol, the field and its value. */
export function createInstrument(
  parts: InstrumentParts,
): Result<Instrument, InstrumentFailureCode> {
  const { category, filters, index, override, symbol } = parts
  const tick = parseStep(filters.tickSize)
  if (tick === undefined) return refuse(symbol, 'tick_size', filters.tickSize, override.tickSize)
  const lot = parseStep(filters.qtyStep)
  if (lot === undefined) return refuse(symbol, 'qty_step', filters.qtyStep, override.qtyStep)
  const minOrderLots = countLots(filters.minOrderQty, lot, 'up')
  if (minOrderLots === undefined) {
    return refuse(symbol, 'min_order_qty', filters.minOrderQty, override.minOrderQty)
  }
  const maxOrderLots = countLots(filters.maxOrderQty, lot, 'down')
  if (maxOrderLots === undefined) {
    return refuse(symbol, 'max_order_qty', filters.maxOrderQty, override.maxOrderQty)
  }
  // One that cannot be read is one that is not told: no start depends on it.
  const maxMarketLots = countLots(filters.maxMarketQty ?? '', lot, 'down') ?? 0
  const minNotionalQuote = Number(filters.minNotional)
  if (!Number.isFinite(minNotionalQuote) || minNotionalQuote < 0) {
    return refuse(symbol, 'min_notional', filters.minNotional, override.minNotional)
  }
  const features = chooseFeatureParameters(parts, tick, lot, Math.max(1, minOrderLots))
  if (!features.ok) return features
  return succeed({
    index,
    symbol,
    category,
    tick,
    lot,
    minOrderLots: Math.max(1, minOrderLots),
    // Nothing said: no bound of the exchange; our own risk limits remain.
    maxOrderLots: maxOrderLots === 0 ? Number.MAX_SAFE_INTEGER : maxOrderLots,
    ...(maxMarketLots === 0 ? {} : { maxMarketLots }),
    minNotionalQuote,
    features: features.value,
  })
}

/**
 * Parameters of the feature catalogue (features.md 1.1) where the configuration has none: a band of
 * 10 basis points, a notional worth about 10,000 dollars and a fiftieth of a day's volume as VPIN
 * bucket. Rounded to one and two digits, so that they move seldom from day to day.
 */
function chooseFeatureParameters(
  { override, symbol, ticker }: InstrumentParts,
  tick: Step,
  lot: Step,
  minOrderLots: number,
): Result<FeatureParameters, InstrumentFailureCode> {
  const price = positive(ticker?.lastPrice)
  const volumeBase = positive(ticker?.volume24h)
  const bandTicksOfPrice = Math.max(
    BAND_TICKS_MIN,
    Math.round((price * BAND_FRACTION) / tick.value),
  )
  const bandTicks = override.bandTicks ?? (price > 0 ? bandTicksOfPrice : BAND_TICKS_UNKNOWN)
  const refNotionalQuote = override.refNotionalQuote ?? refNotional(ticker)
  if (!(Number(refNotionalQuote) > 0)) {
    return refuse(symbol, 'ref_notional', refNotionalQuote, override.refNotionalQuote)
  }
  const bucketLots =
    volumeBase > 0
      ? roundTo(volumeBase / VPIN_BUCKETS_A_DAY / lot.value, 2)
      : minOrderLots * VPIN_BUCKET_ORDERS_UNKNOWN
  const vpinBucketBase = override.vpinBucketBase ?? formatSteps(Math.max(1, bucketLots), lot)
  if (parseStepsText(vpinBucketBase, lot) < 1) {
    return refuse(symbol, 'vpin_bucket_qty', vpinBucketBase, override.vpinBucketBase)
  }
  return succeed({ bandTicks, refNotionalQuote, vpinBucketBase })
}

/**
 * Ten thousand dollars in the quote currency, one digit; most quotes are dollars, and where they
 * are not spot says so.
 */
function refNotional(ticker: TickerRow | undefined): string {
  const price = positive(ticker?.lastPrice)
  const priceUsd = positive(ticker?.usdIndexPrice)
  const quotePerUsd = price > 0 && priceUsd > 0 ? price / priceUsd : 1
  const value = REF_NOTIONAL_USD * quotePerUsd
  const exponent = Math.floor(Math.log10(value))
  // toFixed never writes an exponent for what a price can be, and rounds the digits that are not
  // there away.
  return exponent >= 0 ? roundTo(value, 1).toFixed(0) : value.toFixed(Math.min(15, -exponent))
}

/** Integers keep at most `digits` significant digits. */
function roundTo(value: number, digits: number): number {
  if (!(value > 0)) return 0
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - digits + 1)
  return Math.round(value / unit) * unit
}

function positive(text: string | undefined): number {
  const value = Number(text ?? 0)
  return Number.isFinite(value) && value > 0 ? value : 0
}

/**
 * Lots in a quantity that need not be a whole number of them (limits as "200000.04000000004" do
 * occur), rounded to the safe side. 0 for "", undefined for what is no decimal number.
 */
function countLots(text: string, lot: Step, towards: 'up' | 'down'): number | undefined {
  if (text === '') return 0
  const match = /^(\d{1,20})(?:\.(\d{1,20}))?$/.exec(text)
  if (match === null) return undefined
  const fraction = match[2] ?? ''
  const decimals = Math.max(fraction.length, lot.decimals)
  const units = BigInt(match[1] + fraction.padEnd(decimals, '0'))
  const step = BigInt(lot.unitsPerStep) * 10n ** BigInt(decimals - lot.decimals)
  const lots = (towards === 'up' ? units + step - 1n : units) / step
  return Number(lots > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : lots)
}

function first(...texts: (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== '') ?? ''
}

function refuse(symbol: string, field: string, value: string, override: string | undefined) {
  const key = `instruments.${symbol}.${field}`
  return override === undefined
    ? fail(
        'exchange_answer_invalid',
        `${symbol}: the exchange states ${field} as "${value}", set ${key} in the configuration`,
      )
    : fail(
        'config_invalid',
        `${key}: "${value}" cannot be used, a decimal number such as "0.01" can`,
      )
}
