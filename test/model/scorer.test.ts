import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SCORE_BATCH_ROWS_MAX } from '../../src/constants.ts'
import { Counters } from '../../src/memory/counters.ts'
import { createRecords, openRecordView, readRecord } from '../../src/memory/record-view.ts'
import { createRowCopy, createRows, openRowView, publishRow } from '../../src/memory/row-view.ts'
import {
  SCORE_DOWN,
  SCORE_FIELDS,
  SCORE_ROW_NUMBER,
  SCORE_TIME_US,
  SCORE_UP,
} from '../../src/memory/score-record.ts'
import { loadModelFolder, type Model } from '../../src/model/manifest.ts'
import type { ModelSession } from '../../src/model/onnx-session.ts'
import { openScorer, Scorer, type ScorerOptions } from '../../src/model/scorer.ts'
import { TINY_REGISTRY, tinyProbabilities, writeTinyModel } from './tiny-model.ts'

const OFI = 0
const IMB_1 = 1

class Engine {
  readonly rows: SharedArrayBuffer
  readonly scores: SharedArrayBuffer
  readonly counters = new Counters()
  readonly lines: string[] = []
  readonly #row = createRowCopy()

  readonly instruments: readonly number[]

  constructor(instruments: readonly number[]) {
    this.instruments = instruments
    const count = Math.max(...instruments) + 1
    this.rows = createRows(count)
    this.scores = createRecords('scores', count, SCORE_FIELDS)
  }

  options(model: Model): ScorerOptions {
    const log = (_fields: object, text: string) => void this.lines.push(text)
    const logger = { error: log, info: log }
    const { instruments, rows, scores, counters } = this
    return { model, instruments, rows, scores, counters, logger }
  }

  publish(instrument: number, rowNumber: number, ofi: number, imb1: number): void {
    this.#row.rowNumber = rowNumber
    this.#row.receiveUs = 1000 + instrument
    this.#row.values.fill(Number.NaN)
    this.#row.values[OFI] = ofi
    this.#row.values[IMB_1] = imb1
    publishRow(openRowView(this.rows, instrument), this.#row)
  }

  score(instrument: number): Float64Array {
    const out = new Float64Array(SCORE_FIELDS)
    readRecord(openRecordView(this.scores, 'scores', instrument, SCORE_FIELDS), out)
    return out
  }
}

function tinyModel(change?: (manifest: Record<string, unknown>) => void): Model {
  const model = loadModelFolder(writeTinyModel(change), TINY_REGISTRY)
  if (!model.ok) expect.unreachable(model.message)
  return model.value
}

async function openTiny(engine: Engine, change?: (manifest: Record<string, unknown>) => void) {
  const scorer = await openScorer(engine.options(tinyModel(change)))
  if (!scorer.ok) expect.unreachable(scorer.message)
  return scorer.value
}

/** P(up) is the mean of the two inputs, unless a test lets it fail. */
class TestSession implements ModelSession {
  readonly input = new Float32Array(2 * SCORE_BATCH_ROWS_MAX)
  readonly output = new Float32Array(2 * SCORE_BATCH_ROWS_MAX)
  readonly batches: number[] = []
  failure = ''
  isFailing = false
  isReleased = false
  gate: Promise<void> = Promise.resolve()

  async run(rows: number): Promise<boolean> {
    this.batches.push(rows)
    await this.gate
    this.failure = this.isFailing ? 'broken' : ''
    for (let row = 0; row < rows; row++) {
      const up = (this.input[2 * row] + this.input[2 * row + 1]) / 2
      this.output[2 * row] = 1 - up
      this.output[2 * row + 1] = up
    }
    return !this.isFailing
  }

  async release(): Promise<void> {
    this.isReleased = true
  }
}

function withSession(engine: Engine, rowsMax = SCORE_BATCH_ROWS_MAX) {
  const session = new TestSession()
  return { session, scorer: new Scorer(session, engine.options(tinyModel()), rowsMax) }
}

describe('a scorer', () => {
  test('scores what changed, in the order it changed, with row number and time', async () => {
    const engine = new Engine([2, 5, 7])
    const scorer = await openTiny(engine)
    for (const index of [2, 5, 7]) engine.publish(index, 10 + index, 0.1 * index, -0.2 * index)
    scorer.markChanged(7)
    scorer.markChanged(2)
    scorer.markChanged(7)
    expect(scorer.pendingCount()).toBe(2)
    expect(await scorer.scoreChanged(123_456)).toBe(2)
    expect([...scorer.scored.subarray(0, scorer.scoredCount)]).toEqual([7, 2])
    expect([...scorer.scoredReceiveUs.subarray(0, 2)]).toEqual([1007, 1002])
    for (const index of [2, 7]) {
      const [down, up] = tinyProbabilities(-0.2 * index, 0.1 * index)
      const score = engine.score(index)
      expect(score[SCORE_UP]).toBeCloseTo(up, 5)
      expect(score[SCORE_DOWN]).toBeCloseTo(down, 5)
      expect(score[SCORE_ROW_NUMBER]).toBe(10 + index)
      expect(score[SCORE_TIME_US]).toBe(123_456)
    }
    expect(engine.score(5)[SCORE_ROW_NUMBER]).toBe(0)
    expect(await scorer.scoreChanged(123_457)).toBe(0)
    expect(engine.counters.get('scores')).toBe(2)
    expect(engine.counters.get('score_batches')).toBe(1)
    await scorer.close()
  })

  test('takes at most a batch at once and leaves the rest for the next', async () => {
    const engine = new Engine(Array.from({ length: 10 }, (_, i) => i))
    const { session, scorer } = withSession(engine, 4)
    for (let i = 0; i < 10; i++) engine.publish(i, 1, 0.5, 0.5)
    for (let i = 9; i >= 0; i--) scorer.markChanged(i)
    const scored: number[] = []
    while (scorer.pendingCount() > 0) {
      await scorer.scoreChanged(1)
      scored.push(...scorer.scored.subarray(0, scorer.scoredCount))
    }
    expect(session.batches).toEqual([4, 4, 2])
    expect(scored).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
  })

  test('skips a row with a required input missing, counts it, and scores the others', async () => {
    const engine = new Engine([0, 1])
    const scorer = await openTiny(engine)
    engine.publish(0, 1, 0.5, Number.NaN)
    engine.publish(1, 1, 0.5, 0.25)
    scorer.markChanged(0)
    scorer.markChanged(1)
    expect(await scorer.scoreChanged(1)).toBe(1)
    expect(scorer.scored[0]).toBe(1)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(0)
    expect(engine.counters.get('rows_unscored')).toBe(1)
  })

  test('hands missing values to a model that keeps them, and refuses NaN as an answer', async () => {
    const engine = new Engine([0])
    const scorer = await openTiny(engine, (manifest) => {
      manifest.missing_values = 'keep_nan'
    })
    engine.publish(0, 1, 0.5, Number.NaN)
    scorer.markChanged(0)
    expect(await scorer.scoreChanged(1)).toBe(0) // this tiny model answers NaN to NaN
    expect(engine.counters.get('score_errors')).toBe(1)
    expect(engine.counters.get('rows_unscored')).toBe(0)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(0)
  })

  test('never overlaps two runs, and loses no mark made meanwhile', async () => {
    const engine = new Engine([0, 1])
    const { session, scorer } = withSession(engine)
    engine.publish(0, 1, 0, 1)
    engine.publish(1, 1, 0, 1)
    let open = () => {}
    session.gate = new Promise<void>((resolve) => {
      open = resolve
    })
    scorer.markChanged(0)
    const first = scorer.scoreChanged(1)
    engine.publish(0, 2, 1, 1)
    scorer.markChanged(0)
    scorer.markChanged(1)
    expect(await scorer.scoreChanged(2)).toBe(0)
    expect(session.batches).toEqual([1])
    open()
    expect(await first).toBe(1)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(1)
    expect(await scorer.scoreChanged(3)).toBe(2)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(2)
    expect(engine.score(0)[SCORE_UP]).toBe(1)
  })

  test('keeps old scores while the model fails, logs a burst once, and recovers', async () => {
    const engine = new Engine([0])
    const { session, scorer } = withSession(engine)
    const scoreRow = async (rowNumber: number) => {
      engine.publish(0, rowNumber, 0.5, 0.5)
      scorer.markChanged(0)
      return scorer.scoreChanged(rowNumber)
    }
    expect(await scoreRow(1)).toBe(1)
    session.isFailing = true
    expect(await scoreRow(2)).toBe(0)
    expect(await scoreRow(3)).toBe(0)
    expect(scorer.scoredCount).toBe(0)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(1)
    expect(engine.counters.get('score_errors')).toBe(2)
    session.isFailing = false
    expect(await scoreRow(4)).toBe(1)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(4)
    expect(engine.lines).toEqual(['scoring fails; scores grow old', 'scoring works again'])
  })

  test('closes after the run under way and writes nothing afterwards', async () => {
    const engine = new Engine([0])
    const { session, scorer } = withSession(engine)
    engine.publish(0, 1, 0.5, 0.5)
    scorer.markChanged(0)
    const running = scorer.scoreChanged(1)
    const closed = scorer.close()
    expect(session.isReleased).toBe(false)
    expect(await running).toBe(0)
    await closed
    expect(session.isReleased).toBe(true)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBe(0)
    scorer.markChanged(0)
    expect(await scorer.scoreChanged(2)).toBe(0)
  })

  test('refuses a model that does not reproduce its self test', async () => {
    const engine = new Engine([0])
    const scorer = await openScorer(
      engine.options(
        tinyModel((manifest) => {
          manifest.self_test = { tolerance: 1e-5, inputs: [[0.5, 0]], outputs: [[0.5, 0.5]] }
        }),
      ),
    )
    expect(scorer).toMatchObject({ ok: false, code: 'model_invalid' })
    if (!scorer.ok) expect(scorer.message).toMatch(/self test row 0, output column 0 gave 0\.26/)
  })

  test('ends a score that a dead worker left half written', async () => {
    const engine = new Engine([0])
    const view = openRecordView(engine.scores, 'scores', 0, SCORE_FIELDS)
    Atomics.add(view.words, 0, 1)
    const scorer = await openTiny(engine)
    expect(engine.score(0)[SCORE_ROW_NUMBER]).toBeNaN()
    engine.publish(0, 1, 0.5, 0.5)
    scorer.markChanged(0)
    expect(await scorer.scoreChanged(1)).toBe(1)
  })
})

test('any order of marks and batches scores every marked symbol with its latest row', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('mark' as const), at: fc.nat(6) }),
    fc.constant({ kind: 'score' as const, at: 0 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), run),
    { numRuns: 100 },
  )

  async function run(steps: { kind: 'mark' | 'score'; at: number }[], rowsMax: number) {
    const engine = new Engine([0, 1, 2, 3, 4, 5, 6])
    const { scorer } = withSession(engine, rowsMax)
    const rows = new Array<number>(7).fill(0)
    for (const { kind, at } of steps) {
      if (kind === 'score') await scorer.scoreChanged(1)
      else {
        rows[at]++
        engine.publish(at, rows[at], at / 10, at / 10)
        scorer.markChanged(at)
      }
    }
    while (scorer.pendingCount() > 0) await scorer.scoreChanged(1)
    for (let at = 0; at < 7; at++) {
      expect(engine.score(at)[SCORE_ROW_NUMBER]).toBe(rows[at])
      if (rows[at] > 0) expect(engine.score(at)[SCORE_UP]).toBeCloseTo(at / 10, 6)
    }
  }
})
