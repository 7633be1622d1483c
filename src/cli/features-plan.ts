import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { FeatureGroup } from '../features/catalogue.ts'
import type { CaptureRunOptions } from '../threads/capture-run.ts'
import { surveyCaptures } from '../threads/capture-survey.ts'
import {
  noBookText,
  skippedSymbols,
  skippedText,
  surveyedInstruments,
} from './capture-instruments.ts'
import { type FeatureSelection, selectFeatures } from './feature-selection.ts'
import { type OutputFormat, outputFormat } from './output-format.ts'
import { samplePeriodMs } from './previous-tick.ts'

export type FeaturesOptions = Readonly<{
  out?: string
  format?: string
  force?: boolean
  select?: string
  symbols?: string
  bookDepth?: number
  every: string
  instruments?: string
  binanceDepth: number
  venueB: readonly string[]
  feesBps: number
}>

/** What a run of `bookflow features` reads, computes and writes. */
export type FeaturesPlan = Readonly<{
  capture: Omit<CaptureRunOptions, 'onRow' | 'onLine'>
  format: OutputFormat
  selection: FeatureSelection
  /** Symbols whose rows are written. */
  symbols: readonly string[]
  /** Period of the sampling; 0 for every event. */
  everyMs: number
  /** Symbols of the recording that have no instrument. */
  skipped: readonly string[]
  /** Frames of the recordings, for the progress. */
  frames: number
}>

const NO_GROUPS: ReadonlySet<FeatureGroup> = new Set()
const CROSS_GROUP: ReadonlySet<FeatureGroup> = new Set(['M'])

/** What can be refused is refused here, before anything is written. */
export async function planFeatures(
  paths: readonly string[],
  options: FeaturesOptions,
): Promise<Result<FeaturesPlan>> {
  const selection = selectFeatures(options.select)
  if (!selection.ok) return selection
  const format = outputFormat(options.format, options.out)
  if (!format.ok) return format
  const everyMs = samplePeriodMs(options.every)
  if (!everyMs.ok) return everyMs
  const { binanceDepth } = options
  const survey = await surveyCaptures(paths, binanceDepth)
  if (!survey.ok) return survey
  const known = await surveyedInstruments(survey.value, options.instruments)
  if (!known.ok) return known
  const { instruments, leader, params } = known.value
  const followed = chooseDepth(survey.value.topics, options.bookDepth)
  if (!followed.ok) return followed
  const chosen = chooseSymbols(followed.value, options.symbols)
  if (!chosen.ok) return chosen
  const symbols = chosen.value.filter((symbol) => instruments.has(symbol))
  const skipped = skippedSymbols(survey.value, known.value)
  if (symbols.length === 0) {
    const why = skippedText(skipped, options.instruments) || noBookText(survey.value)
    return fail('input_unreadable', `${paths.join(', ')}: ${why}`)
  }
  const { groups } = selection.value
  // The features across symbols look at all of them, whichever are written.
  const isCross = groups.has('M')
  const isWritten = new Set(symbols)
  const topics = followed.value.filter((topic) => isCross || isWritten.has(symbolOf(topic)))
  const venue = isCross ? await openVenue(options, topics) : succeed(undefined)
  if (!venue.ok) return venue
  const groupsOf = (symbol: string) =>
    isWritten.has(symbol) ? groups : isCross ? CROSS_GROUP : NO_GROUPS
  return succeed({
    capture: {
      paths,
      topics,
      instruments,
      params,
      leader,
      ...(venue.value !== undefined && { venue: venue.value }),
      withFeatures: true,
      groupsOf,
      binanceDepth,
    },
    format: format.value,
    selection: selection.value,
    symbols,
    everyMs: everyMs.value,
    skipped,
    frames: survey.value.frames,
  })
}

function symbolOf(topic: string): string {
  return topic.slice(topic.lastIndexOf('.') + 1)
}

/** Without the books of other depths. */
function chooseDepth(
  topics: readonly string[],
  depth: number | undefined,
): Result<readonly string[]> {
  if (depth === undefined) return succeed(topics)
  const books = topics.filter((topic) => topic.startsWith('orderbook.'))
  const followed = topics.filter(
    (topic) => !books.includes(topic) || topic.startsWith(`orderbook.${depth}.`),
  )
  if (books.length === 0 || books.some((topic) => followed.includes(topic))) {
    return succeed(followed)
  }
  return fail(
    'input_unreadable',
    `--book-depth: no book of ${depth} levels, only ${books.join(', ')}`,
  )
}

/** Those with a book; of them the ones of the list, each of which must be there. */
function chooseSymbols(
  topics: readonly string[],
  list: string | undefined,
): Result<readonly string[]> {
  const books = topics.filter((topic) => topic.startsWith('orderbook.'))
  const known = [...new Set(books.map(symbolOf))]
  // Without any book another answer is better than that a symbol is missing.
  if (list === undefined || known.length === 0) return succeed(known)
  const wanted = new Set(list.split(',').map((symbol) => symbol.trim()))
  for (const symbol of wanted) {
    if (known.includes(symbol)) continue
    const hint = nameHint(symbol, known)
    return fail('input_unreadable', `--symbols: no order book of ${symbol}${hint}`)
  }
  return succeed(known.filter((symbol) => wanted.has(symbol)))
}

/** The second exchange, if any; it must have a book of one of the symbols. */
async function openVenue(options: FeaturesOptions, topics: readonly string[]) {
  const { binanceDepth, feesBps, venueB: paths } = options
  if (paths.length === 0) return succeed(undefined)
  const survey = await surveyCaptures(paths, binanceDepth)
  if (!survey.ok) return survey
  const instruments = await surveyedInstruments(survey.value, undefined)
  if (!instruments.ok) return instruments
  const symbols = new Set(topics.map(symbolOf))
  const books = survey.value.topics.filter((topic) => topic.startsWith('orderbook.'))
  if (!books.some((topic) => symbols.has(symbolOf(topic)))) {
    const names = books.map(symbolOf).join(', ')
    const why = books.length === 0 ? noBookText(survey.value) : `no book of theirs, only ${names}`
    return fail('input_unreadable', `${paths.join(', ')}: ${why}`)
  }
  const of = instruments.value.instruments
  return succeed({ paths, topics: books, instruments: of, binanceDepth, feesBps })
}
