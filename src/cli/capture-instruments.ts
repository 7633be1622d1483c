import { readFile } from 'node:fs/promises'
import { formatSteps } from '../core/decimal.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Instrument } from '../domain/instrument.ts'
import { parseInstrumentsFile, toInstrument } from '../features/instruments-file.ts'
import type { FeatureCatalogueParameters } from '../features/parameters.ts'
import type { CaptureSurvey, SymbolSurvey } from '../threads/capture-survey.ts'

export type CaptureInstruments = Readonly<{
  instruments: ReadonlyMap<string, Instrument>
  params: Partial<FeatureCatalogueParameters>
  /** As the file says; undefined without one. */
  leader: string | undefined
}>

/** Why a recording has nothing to compute on. */
export function noBookText({ frames, waitingDiffs }: CaptureSurvey): string {
  if (waitingDiffs === 0) return `no order book of Bybit v5 or Binance in ${frames} frames`
  return `${waitingDiffs} Binance diffs without their snapshot: give the file before it too, first`
}

/** Symbols with a book that are skipped because nobody said, or showed, their steps. */
export function skippedSymbols(
  { topics }: CaptureSurvey,
  { instruments }: CaptureInstruments,
): readonly string[] {
  const books = topics.filter((topic) => topic.startsWith('orderbook.'))
  const symbols = new Set(books.map((topic) => topic.slice(topic.lastIndexOf('.') + 1)))
  return [...symbols].filter((symbol) => !instruments.has(symbol))
}

/** What is told of them; empty without any. */
export function skippedText(symbols: readonly string[], file: string | undefined): string {
  if (symbols.length === 0) return ''
  const why = file === undefined ? 'no tick size and lot size to be seen' : `not in ${file}`
  return `skipped, ${why}: ${symbols.join(', ')}`
}

const BAND_BPS = 10
const VPIN_BUCKETS = 50
const REF_NOTIONAL = '10000'

/**
 * From the file where one is given (symbols it does not name are skipped), else from what the
 * recording shows.
 */
export async function surveyedInstruments(
  survey: CaptureSurvey,
  file: string | undefined,
): Promise<Result<CaptureInstruments>> {
  if (file === undefined) {
    const all = [...survey.symbols.values()].map(fromSurvey)
    const instruments = new Map(all.map((instrument) => [instrument.symbol, instrument]))
    return succeed({ instruments, params: {}, leader: undefined })
  }
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return fail('input_unreadable', `${file}: cannot be read: ${why}`)
  }
  const parsed = parseInstrumentsFile(text)
  if (!parsed.ok) return fail(parsed.code, `${file}: ${parsed.message}`)
  const instruments = new Map<string, Instrument>()
  for (const [symbol, entry] of parsed.value.symbols) {
    instruments.set(symbol, toInstrument(instruments.size, symbol, entry))
  }
  const { leader, params } = parsed.value
  return succeed({ instruments, params, leader })
}

function fromSurvey(survey: SymbolSurvey, index: number): Instrument {
  const { symbol, tick, lot, firstMid, tradedBase } = survey
  const bandTicks = Math.round((firstMid * BAND_BPS) / 1e4 / tick.value)
  const bucketLots = Math.max(1, Math.round(tradedBase / VPIN_BUCKETS / lot.value))
  return toInstrument(index, symbol, {
    tickSize: tick.text,
    qtyStep: lot.text,
    vpinBucketQty: formatSteps(bucketLots, lot),
    refNotional: REF_NOTIONAL,
    bandTicks: Number.isFinite(bandTicks) ? Math.max(2, bandTicks) : 2,
  })
}
