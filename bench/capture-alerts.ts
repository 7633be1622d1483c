import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { SymbolAlerts } from '../src/alerts/symbol-alerts.ts'
import { planFeatures } from '../src/cli/features-plan.ts'
import { TAKER_FEES_BPS } from '../src/constants.ts'
import { type Result, succeed } from '../src/core/result.ts'
import {
  ALERT_EVIDENCE_MAX,
  ALERT_KINDS,
  ALERT_TABLE,
  type AlertKind,
  alertSettings,
} from '../src/domain/alerts.ts'
import { FEATURE_NAMES } from '../src/features/registry.ts'
import * as alert from '../src/memory/alert-record.ts'
import { runCaptures } from '../src/threads/capture-run.ts'
import { medianOf } from './table.ts'

/**
 * The alerts that recorded markets raise, at the defaults. Nobody labeled these markets: how often
 * a kind comes, and on what numbers, is all that can be told.
 */
export type CaptureAlerts = Readonly<{
  recording: string
  symbols: readonly string[]
  rows: number
  /** Of market, over all symbols; holes of the recording do not count. */
  hours: number
  /** As they were raised: kind, value, threshold, evidence. */
  raised: readonly RaisedNumbers[]
}>

type RaisedNumbers = Readonly<{
  kind: AlertKind
  symbol: string
  timeMs: number
  /** Value, threshold, then the evidence; sizes in base currency. */
  numbers: readonly number[]
}>

const DEPTH = 50
/** Between two rows of a symbol, longer is a hole. */
const HOLE_MS = 10_000

/** Files of a folder that go on from one another: their names are the same up to the date. */
export function recordingsIn(path: string): readonly (readonly string[])[] {
  if (!statSync(path).isDirectory()) return [[path]]
  const groups = new Map<string, string[]>()
  for (const name of readdirSync(path).sort()) {
    if (!/\.(gz|zst|zip|jsonl)$/.test(name) || /instruments-info|trades/.test(name)) continue
    const key = name.replace(/_?20\d{6}.*$/, '')
    groups.set(key, [...(groups.get(key) ?? []), join(path, name)])
  }
  return [...groups.values()]
}

export async function alertsOfCapture(paths: readonly string[]): Promise<Result<CaptureAlerts>> {
  const plan = await planFeatures(paths, {
    every: 'event',
    binanceDepth: DEPTH,
    venueB: [],
    feesBps: TAKER_FEES_BPS,
  })
  if (!plan.ok) return plan
  const watched = new Map<string, WatchedSymbol>()
  for (const symbol of plan.value.symbols) {
    const lot = plan.value.capture.instruments.get(symbol)?.lot.value ?? 1
    watched.set(symbol, new WatchedSymbol(symbol, lot))
  }
  const ran = await runCaptures({
    ...plan.value.capture,
    onRow: ({ book, features, topic }, message) => {
      if (features === undefined || book === undefined) return
      const isSnapshot = message.isSnapshot || message.u === 1
      watched.get(topic.instrument.symbol)?.onRow(features, book, isSnapshot)
    },
    onLine: () => undefined,
  })
  if (!ran.ok) return ran
  const all = [...watched.values()]
  return succeed({
    recording: paths.map((path) => basename(path)).join(' + '),
    symbols: [...watched.keys()],
    rows: all.reduce((sum, one) => sum + one.rows, 0),
    hours: all.reduce((sum, one) => sum + one.spanMs, 0) / 3_600_000,
    raised: all.flatMap((one) => one.raised),
  })
}

type Features = NonNullable<Parameters<Parameters<typeof runCaptures>[0]['onRow']>[0]['features']>
type Book = Parameters<SymbolAlerts['onRow']>[1]

class WatchedSymbol {
  rows = 0
  spanMs = 0
  readonly raised: RaisedNumbers[] = []
  readonly #alerts: SymbolAlerts
  #lastMs = Number.NaN

  constructor(symbol: string, lot: number) {
    const settings = alertSettings()
    this.#alerts = new SymbolAlerts({
      instrument: 0,
      featureNames: FEATURE_NAMES,
      settings,
      sink: (record) => this.raised.push(numbersOf(record, symbol, lot)),
    })
  }

  onRow(features: Features, book: Book, isSnapshot: boolean): void {
    const { tauMs } = features.row
    if (tauMs - this.#lastMs < HOLE_MS) this.spanMs += tauMs - this.#lastMs
    this.#lastMs = tauMs
    this.rows++
    this.#alerts.onRow(features.row, book, features.flows, isSnapshot, tauMs * 1000)
  }
}

function numbersOf(record: Float64Array, symbol: string, lot: number): RaisedNumbers {
  const kind = ALERT_KINDS[record[alert.ALERT_KIND]]
  const evidence = Array.from({ length: ALERT_EVIDENCE_MAX }, (_, at) => {
    const isSize = ALERT_TABLE[kind].evidence[at]?.endsWith('_lots') === true
    return record[alert.ALERT_EVIDENCE + at] * (isSize ? lot : 1)
  })
  const numbers = [record[alert.ALERT_VALUE], record[alert.ALERT_THRESHOLD], ...evidence]
  return { kind, symbol, timeMs: record[alert.ALERT_TIME_MS], numbers }
}

/** Of one kind over recordings: how often, and the medians of what it rests on. */
export type KindFigures = Readonly<{
  kind: AlertKind
  count: number
  per_hour: number
  value: number
  threshold: number
  evidence: Readonly<Record<string, number>>
}>

export function figuresOf(runs: readonly CaptureAlerts[]): KindFigures[] {
  const hours = runs.reduce((sum, run) => sum + run.hours, 0)
  return ALERT_KINDS.map((kind) => {
    const raised = runs.flatMap((run) => run.raised.filter((one) => one.kind === kind))
    const median = (at: number) => medianOf(raised.map(({ numbers }) => numbers[at]))
    const names = ALERT_TABLE[kind].evidence
    return {
      kind,
      count: raised.length,
      per_hour: raised.length / hours,
      value: median(0),
      threshold: median(1),
      evidence: Object.fromEntries(names.map((name, at) => [name, median(2 + at)])),
    }
  })
}
