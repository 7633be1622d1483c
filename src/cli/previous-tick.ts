import { SAMPLE_PERIOD_MS_MAX } from '../constants.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { createRowCopy, type RowCopy } from '../memory/row-view.ts'
import type { RowOutput } from './row-output.ts'

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
])

/** Milliseconds of `100ms`, `1s` or `5m`; 0 of `event`. */
export function samplePeriodMs(text: string): Result<number> {
  if (text === 'event') return succeed(0)
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m)$/.exec(text) ?? []
  const periodMs = Number(count) * (UNITS_MS.get(unit) ?? 0)
  if (periodMs >= 1 && periodMs <= SAMPLE_PERIOD_MS_MAX) return succeed(periodMs)
  const range = `1ms to ${SAMPLE_PERIOD_MS_MAX / 60_000}m`
  return fail('bad_request', `--every: ${text} is neither event nor a period from ${range}`)
}

type Kept = { row: RowCopy; bucket: number }

/**
 * Previous-tick sampling by the effective time of each symbol: of the rows with the same
 * `floor(tau/everyMs)` the last one passes, when a later event of the symbol has closed the
 * interval. An interval without a row has none here either, and the interval that is still open at
 * the end is left out.
 */
export class PreviousTick {
  readonly #everyMs: number
  readonly #output: RowOutput
  /** By symbol; undefined before its first row. */
  readonly #kept: (Kept | undefined)[]
  rows = 0

  constructor(symbols: number, everyMs: number, output: RowOutput) {
    this.#everyMs = everyMs
    this.#output = output
    this.#kept = new Array<Kept | undefined>(symbols).fill(undefined)
  }

  add(symbol: number, row: RowCopy): void {
    const kept = this.#kept[symbol] ?? this.#keep(symbol)
    const bucket = this.#bucketOf(row.tauMs)
    if (bucket > kept.bucket) this.#pass(symbol, kept)
    kept.bucket = bucket
    copyRow(row, kept.row)
  }

  /** At the end: `tauMs` is the time of the symbol's last event, which may be a trade. */
  finish(symbol: number, tauMs: number): void {
    const kept = this.#kept[symbol]
    if (kept !== undefined && this.#bucketOf(tauMs) > kept.bucket) this.#pass(symbol, kept)
  }

  #bucketOf(tauMs: number): number {
    return Math.floor(tauMs / this.#everyMs)
  }

  #keep(symbol: number): Kept {
    const kept = { row: createRowCopy(), bucket: Number.POSITIVE_INFINITY }
    this.#kept[symbol] = kept
    return kept
  }

  #pass(symbol: number, kept: Kept): void {
    this.#output.write(symbol, kept.row)
    this.rows++
  }
}

function copyRow(from: RowCopy, to: RowCopy): void {
  to.rowNumber = from.rowNumber
  to.u = from.u
  to.seq = from.seq
  to.ctsMs = from.ctsMs
  to.tauMs = from.tauMs
  to.values.set(from.values)
}
