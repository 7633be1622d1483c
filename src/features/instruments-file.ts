import { assert } from '../core/assert.ts'
import { parseStep, parseStepsText, type Step } from '../core/decimal.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Instrument } from '../domain/instrument.ts'
import { type FeatureCatalogueParameters, parseParameters } from './parameters.ts'

/**
 * The instruments file of an offline run: what the catalogue needs to know of each symbol.
 *
 *   { "leader": "AAAUSDT", "params": {},
 *     "symbols": { "AAAUSDT": { "tickSize": "0.1", "qtyStep": "0.001", "vpinBucketQty": "1.2",
 *                               "refNotional": "60000", "bandTicks": 15 } } }
 */
export type InstrumentsFile = Readonly<{
  /** Symbol the cross-symbol features are measured against; undefined when the file names none. */
  leader: string | undefined
  params: FeatureCatalogueParameters
  symbols: ReadonlyMap<string, InstrumentEntry>
}>

/**
 * Prices and quantities as decimal text, as the exchange writes them. In the file `vpinBucketQty`
 * and `refNotional`, which the exchange does not write, may be JSON numbers too.
 */
export type InstrumentEntry = Readonly<{
  tickSize: string
  qtyStep: string
  vpinBucketQty: string
  refNotional: string
  bandTicks: number
}>

type Refusal = 'config_syntax' | 'config_unknown_key' | 'config_invalid'
type Fields = Readonly<Record<string, unknown>>

export function parseInstrumentsFile(text: string): Result<InstrumentsFile, Refusal> {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable'
    return fail('config_syntax', `the instruments file is not JSON: ${reason}`)
  }
  if (!isFields(content)) return fail('config_invalid', 'the instruments file must be an object')
  if (!isFields(content.symbols) || Object.keys(content.symbols).length === 0) {
    return fail('config_invalid', 'symbols must be an object with at least one symbol')
  }
  const symbols = new Map<string, InstrumentEntry>()
  for (const [symbol, fields] of Object.entries(content.symbols)) {
    const entry = parseEntry(`symbols.${symbol}`, fields)
    if (!entry.ok) return entry
    symbols.set(symbol, entry.value)
  }
  const leader = content.leader ?? undefined
  if (leader !== undefined && (typeof leader !== 'string' || !symbols.has(leader))) {
    return fail('config_invalid', 'leader must be one of symbols')
  }
  const overrides = content.params ?? {}
  if (!isFields(overrides)) return fail('config_invalid', 'params must be an object')
  const params = parseParameters(overrides)
  if (!params.ok) return params
  return succeed({ leader, params: params.value, symbols })
}

/** An instrument for offline use: what orders need is left open, as nothing is traded there. */
export function toInstrument(index: number, symbol: string, entry: InstrumentEntry): Instrument {
  const tick = parseStep(entry.tickSize)
  const lot = parseStep(entry.qtyStep)
  assert(tick !== undefined && lot !== undefined, 'an entry was checked when it was read')
  return {
    index,
    symbol,
    category: 'linear',
    tick,
    lot,
    minOrderLots: 1,
    maxOrderLots: Number.MAX_SAFE_INTEGER,
    minNotionalQuote: 0,
    features: {
      bandTicks: entry.bandTicks,
      refNotionalQuote: entry.refNotional,
      vpinBucketBase: entry.vpinBucketQty,
    },
  }
}

function parseEntry(where: string, fields: unknown): Result<InstrumentEntry, Refusal> {
  if (!isFields(fields)) return fail('config_invalid', `${where} must be an object`)
  const tick = parseStepField(`${where}.tickSize`, fields.tickSize)
  if (!tick.ok) return tick
  const lot = parseStepField(`${where}.qtyStep`, fields.qtyStep)
  if (!lot.ok) return lot
  const notional = parseStepField(`${where}.refNotional`, decimalText(fields.refNotional))
  if (!notional.ok) return notional
  const bucket = decimalText(fields.vpinBucketQty)
  if (typeof bucket !== 'string' || !(parseStepsText(bucket, lot.value) > 0)) {
    return fail('config_invalid', `${where}.vpinBucketQty must be a positive multiple of qtyStep`)
  }
  const band = fields.bandTicks
  if (typeof band !== 'number' || !Number.isSafeInteger(band) || band < 0) {
    return fail('config_invalid', `${where}.bandTicks must be an integer of 0 or more`)
  }
  return succeed({
    tickSize: tick.value.text,
    qtyStep: lot.value.text,
    vpinBucketQty: bucket,
    refNotional: notional.value.text,
    bandTicks: band,
  })
}

/** A JSON number as text without an exponent, as far as the longest step goes; else as it is. */
function decimalText(value: unknown): unknown {
  if (typeof value !== 'number') return value
  const text = String(value)
  return text.includes('e-') ? value.toFixed(15) : text
}

function parseStepField(where: string, value: unknown): Result<Step, Refusal> {
  const step = typeof value === 'string' ? parseStep(value) : undefined
  if (step !== undefined) return succeed(step)
  return fail('config_invalid', `${where} must be a positive decimal number as text, such as "0.1"`)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
