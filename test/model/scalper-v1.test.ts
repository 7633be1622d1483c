import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { FEATURE_NAMES, FEATURES, featureHash } from '../../src/features/registry.ts'
import { Counters } from '../../src/memory/counters.ts'
import { createRecords, openRecordView, readRecord } from '../../src/memory/record-view.ts'
import { createRowCopy, createRows, openRowView, publishRow } from '../../src/memory/row-view.ts'
import {
  SCORE_DOWN,
  SCORE_FIELDS,
  SCORE_ROW_NUMBER,
  SCORE_UP,
} from '../../src/memory/score-record.ts'
import { loadModelFolder } from '../../src/model/manifest.ts'
import { openScorer, type Scorer } from '../../src/model/scorer.ts'

const folder = fileURLToPath(new URL('../../models/scalper-v1', import.meta.url))
const recorded = new URL('./scalper-v1-rows.csv', import.meta.url)
const registry = {
  names: FEATURE_NAMES,
  hash: featureHash(),
  built: FEATURES.map((feature) => feature.isBuilt),
}
const SYMBOLS = 100
const SPREAD_TICKS = FEATURE_NAMES.indexOf('spread_ticks')
const quiet = { error: () => {}, info: () => {} }

type RecordedRows = Readonly<{ names: string[]; inputs: number[][]; outputs: number[][] }>

/** Inputs from real recordings, some with values missing, and what Python answered to them. */
function readRecorded(): RecordedRows {
  const [head, ...lines] = readFileSync(recorded, 'utf8').trim().split('\n')
  const names = head.split(',').slice(0, -2)
  const rows = lines.map((line) => line.split(',').map(Number))
  return {
    names,
    inputs: rows.map((row) => row.slice(0, -2)),
    outputs: rows.map((row) => row.slice(-2)),
  }
}

class Engine {
  readonly rows = createRows(SYMBOLS)
  readonly scores = createRecords('scores', SYMBOLS, SCORE_FIELDS)
  readonly counters = new Counters()
  readonly #row = createRowCopy()

  async open(): Promise<Scorer> {
    const model = loadModelFolder(folder, registry)
    if (!model.ok) expect.unreachable(model.message)
    const { rows, scores, counters } = this
    const instruments = Array.from({ length: SYMBOLS }, (_, i) => i)
    const scorer = await openScorer({
      model: model.value,
      instruments,
      rows,
      scores,
      counters,
      logger: quiet,
    })
    if (!scorer.ok) expect.unreachable(scorer.message)
    return scorer.value
  }

  publish(
    symbol: number,
    names: readonly string[],
    values: readonly number[],
    spread: number,
  ): void {
    this.#row.rowNumber++
    this.#row.values.fill(Number.NaN)
    this.#row.values[SPREAD_TICKS] = spread
    for (const [i, name] of names.entries())
      this.#row.values[FEATURE_NAMES.indexOf(name)] = values[i]
    publishRow(openRowView(this.rows, symbol), this.#row)
  }

  score(symbol: number): Float64Array {
    const out = new Float64Array(SCORE_FIELDS)
    expect(readRecord(openRecordView(this.scores, 'scores', symbol, SCORE_FIELDS), out)).toBe(true)
    return out
  }
}

describe('the trained model', () => {
  test('loads against the features of this build and is small', () => {
    const model = loadModelFolder(folder, registry)
    if (!model.ok) expect.unreachable(model.message)
    expect(model.value.onnx.length).toBeLessThan(1 << 20)
    expect(model.value.manifest.name).toBe('scalper-v1')
    const kinds = new Set(model.value.manifest.evaluations.map((one) => one.kind))
    for (const kind of [
      'later_in_time',
      'other_day',
      'other_instrument',
      'other_exchange',
    ] as const) {
      expect(kinds.has(kind)).toBe(true)
    }
  })

  test('agrees with Python on every recorded row, missing values included', async () => {
    const engine = new Engine()
    const scorer = await engine.open()
    const { names, inputs, outputs } = readRecorded()
    expect(inputs.length).toBeGreaterThan(300)
    expect(inputs.some((row) => row.some(Number.isNaN))).toBe(true)
    for (let from = 0; from < inputs.length; from += SYMBOLS) {
      const count = Math.min(SYMBOLS, inputs.length - from)
      for (let i = 0; i < count; i++) {
        engine.publish(i, names, inputs[from + i], 1)
        scorer.markChanged(i)
      }
      expect(await scorer.scoreChanged(1)).toBe(count)
      for (let i = 0; i < count; i++) {
        const score = engine.score(i)
        expect(Math.abs(score[SCORE_DOWN] - outputs[from + i][0])).toBeLessThanOrEqual(1e-5)
        expect(Math.abs(score[SCORE_UP] - outputs[from + i][1])).toBeLessThanOrEqual(1e-5)
      }
    }
    await scorer.close()
  })

  test('is sure of a book that leans, and P(up) never falls with the imbalance', async () => {
    const engine = new Engine()
    const scorer = await engine.open()
    const { names } = readRecorded()
    for (let i = 0; i < SYMBOLS; i++) {
      const imbalance = (2 * i) / (SYMBOLS - 1) - 1
      engine.publish(i, names, new Array(names.length).fill(imbalance), 1)
      scorer.markChanged(i)
    }
    expect(await scorer.scoreChanged(1)).toBe(SYMBOLS)
    const up = Array.from({ length: SYMBOLS }, (_, i) => engine.score(i)[SCORE_UP])
    expect(up[0]).toBeLessThan(0.15)
    expect(up[SYMBOLS - 1]).toBeGreaterThan(0.85)
    for (let i = 1; i < SYMBOLS; i++) expect(up[i]).toBeGreaterThanOrEqual(up[i - 1] - 1e-6)
    await scorer.close()
  })

  test('gives no score to a book that is one-sided, locked or crossed', async () => {
    const engine = new Engine()
    const scorer = await engine.open()
    const { names } = readRecorded()
    engine.publish(0, names, new Array(names.length).fill(1), Number.NaN)
    scorer.markChanged(0)
    expect(await scorer.scoreChanged(1)).toBe(0)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(0)
    expect(engine.counters.get('rows_unscored')).toBe(1)
    await scorer.close()
  })
})
