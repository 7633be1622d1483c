import { assert } from '../../src/core/assert.ts'
import { parseStep } from '../../src/core/decimal.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { createBookCopy } from '../../src/memory/book-view.ts'
import * as intents from '../../src/memory/intent-record.ts'
import { createRowCopy } from '../../src/memory/row-view.ts'
import {
  SCORE_DOWN,
  SCORE_FIELDS,
  SCORE_ROW_NUMBER,
  SCORE_TIME_US,
  SCORE_UP,
} from '../../src/memory/score-record.ts'
import { createScalper } from '../../src/signal/scalper.ts'
import { readScalperParameters } from '../../src/signal/scalper-parameters.ts'
import type { MarketView, Strategy } from '../../src/signal/strategy.ts'

/** The one feature of these tests; all others are NaN. */
export const NAMES = ['imb_5'] as const
const IMBALANCE = 0

export function testInstrument(index: number): Instrument {
  const step = parseStep('1')
  assert(step !== undefined, '1 is a step')
  return {
    index,
    symbol: `TEST${index}`,
    category: 'linear',
    tick: step,
    lot: step,
    minOrderLots: 1,
    maxOrderLots: 1e6,
    minNotionalQuote: 1,
    features: { bandTicks: 5, refNotionalQuote: '1', vpinBucketBase: '1' },
  }
}

export type Moment = {
  nowUs: number
  imbalance: number
  up: number
  down: number
  bidTicks: number
  askTicks: number
}

export const CALM: Moment = {
  nowUs: 1_000_000_000,
  imbalance: 0,
  up: 0.5,
  down: 0.5,
  bidTicks: 10_000,
  askTicks: 10_001,
}
export const LONG: Moment = { ...CALM, imbalance: 0.8, up: 0.85, down: 0.15 }
export const SHORT: Moment = { ...CALM, imbalance: -0.8, up: 0.15, down: 0.85 }

/** Everything in order, as the runner would fill it in; tests break one thing at a time. */
export function viewOf(moment: Moment): MarketView {
  const view: MarketView = {
    nowUs: moment.nowUs,
    instrument: testInstrument(0),
    row: createRowCopy(),
    score: new Float64Array(SCORE_FIELDS),
    book: createBookCopy(5),
    alerts: new Float64Array(0),
    candles: new Float64Array(0),
  }
  view.row.rowNumber = 100
  view.row.u = 777
  view.row.tauMs = moment.nowUs / 1000
  view.row.values.fill(Number.NaN)
  view.row.values[IMBALANCE] = moment.imbalance
  view.score[SCORE_UP] = moment.up
  view.score[SCORE_DOWN] = moment.down
  view.score[SCORE_ROW_NUMBER] = 100
  view.score[SCORE_TIME_US] = moment.nowUs
  view.book.state = 'LIVE'
  view.book.u = 777
  view.book.bidCount = 1
  view.book.askCount = 1
  view.book.bidTicks[0] = moment.bidTicks
  view.book.askTicks[0] = moment.askTicks
  return view
}

export type Asked = Readonly<{
  action: string
  reason: string
  limit: number
  target: number
  stop: number
  hold: number
  notional: number
  imbalance: number
  probability: number
}>

/** A scalper with its state of one symbol. */
export class Trader {
  readonly state: Float64Array
  readonly #strategy: Strategy
  readonly #intent = new Float64Array(intents.INTENT_FIELDS)

  constructor(params: Record<string, unknown> = {}) {
    const read = readScalperParameters(params)
    assert(read.ok, 'the parameters are valid')
    const created = createScalper(read.value, NAMES)
    assert(created.ok, 'the feature is known')
    this.#strategy = created.value
    this.state = new Float64Array(this.#strategy.stateLength)
  }

  see(moment: Moment): Asked | undefined {
    return this.look(viewOf(moment))
  }

  look(view: MarketView): Asked | undefined {
    const intent = this.#intent
    if (!this.#strategy.decide(view, this.state, 0, intent)) return undefined
    return {
      action: intents.INTENT_ACTIONS[intent[intents.INTENT_ACTION]],
      reason: intents.INTENT_REASONS[intent[intents.INTENT_REASON]],
      limit: intent[intents.INTENT_LIMIT_TICKS],
      target: intent[intents.INTENT_TARGET_TICKS],
      stop: intent[intents.INTENT_STOP_TICKS],
      hold: intent[intents.INTENT_HOLD_MS_MAX],
      notional: intent[intents.INTENT_NOTIONAL_QUOTE],
      imbalance: intent[intents.INTENT_IMBALANCE],
      probability: intent[intents.INTENT_PROBABILITY],
    }
  }
}

/** The same moment `milliseconds` later. */
export function later(moment: Moment, milliseconds: number): Moment {
  return { ...moment, nowUs: moment.nowUs + milliseconds * 1000 }
}
