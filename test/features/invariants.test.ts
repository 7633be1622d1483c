import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatSteps, parseStepsText } from '../../src/core/decimal.ts'
import { FEATURES } from '../../src/features/registry.ts'
import { agrees } from '../reference/agreement.ts'
import { FeatureReplay, type ReplayedRow } from '../reference/feature-replay.ts'
import { isRawBook, type RawMessage } from '../reference/raw-message.ts'
import { featureOf, INSTRUMENT, rowsOf, START_TICKS, SYMBOL, streamOf } from './replay-cases.ts'

const BUILT = FEATURES.filter((feature) => feature.isBuilt)

type Levels = [string, string][]

describe('values', () => {
  it('are finite or NaN, never a negative zero, and NaN where not built', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        for (const row of rowsOf(streamOf(seed))) {
          for (const { idx, name, isBuilt } of FEATURES) {
            const value = row.values[idx]
            if (!isBuilt && !Number.isNaN(value)) expect.fail(`${name} is ${value}, not missing`)
            if (Object.is(value, -0)) expect.fail(`${name} is a negative zero`)
            if (!Number.isFinite(value) && !Number.isNaN(value)) expect.fail(`${name} is ${value}`)
          }
        }
      }),
      { numRuns: 25 },
    )
  })

  it('are the same when the same stream is fed again', () => {
    const messages = streamOf(77)
    expect(rowsOf(messages)).toEqual(rowsOf(messages))
  })
})

/** Features that change places in a mirrored market, and those that only change sign. */
const SWAPPED = new Map([
  ['bid_size_1', 'ask_size_1'],
  ['bid_depth_5', 'ask_depth_5'],
  ['bid_depth_20', 'ask_depth_20'],
  ['bid_depth_band', 'ask_depth_band'],
  ['bid_convexity_20', 'ask_convexity_20'],
  ['hawkes_buy', 'hawkes_sell'],
  ['absorption_bid_10s', 'absorption_ask_10s'],
  ['bid_cluster_count', 'ask_cluster_count'],
  ['bid_cluster_share', 'ask_cluster_share'],
  ['bid_cluster_age_ms', 'ask_cluster_age_ms'],
  ['bid_wall_ratio', 'ask_wall_ratio'],
  ['bid_hole_ticks_20', 'ask_hole_ticks_20'],
  ['bid_hhi_20', 'ask_hhi_20'],
])
const FLIPPED = [
  'imb_1',
  'imb_5',
  'imb_20',
  'imb_band',
  'imb_exp_10',
  'log_queue_ratio',
  'imb_streak',
  'ofi_event',
  'ofi_1s',
  'ofi_10s',
  'ofi_norm_10s',
  'mlofi_sum_5_10s',
  'mlofi_norm_10_10s',
  'volume_delta_10s',
  'cvd_day',
  'tfi_10s',
  'trade_run',
  'hawkes_imb',
  'cmf_60s',
  'microprice_adj_ticks',
  'price_pressure_20',
  'bucket_imb',
  'imb_5_ewm_5s',
  'imb_5_mean_10s',
  'imb_5_skew_10s',
  'imb_5_accel_1s',
  'dyn_sig_imb_5',
]
const KEPT = [
  'spread_abs',
  'spread_ticks',
  'bbo_age_ms',
  'trade_rate_10s',
  'volume_10s',
  'large_trade_share_60s',
  'ms_since_trade',
  'abn_volume_score',
  'ofi_beta_60s',
  'vpin',
  'vpin_bvc',
  'vpin_cdf',
  'bucket_ms',
  'cluster_turnover_10s',
  'density_ratio',
  'hotspot_share_10s',
  'imb_5_std_10s',
  'depth_20_roc_10s',
  'z_spread_ticks',
  'z_depth_20',
  'dyn_thr_imb_5',
]

/** Moves of the price per traded notional. */
const PER_NOTIONAL = ['kyle_lambda_60s', 'amihud_60s']

function mirrored(message: RawMessage): RawMessage {
  const { tick } = INSTRUMENT
  const price = (text: string) => formatSteps(2 * START_TICKS - parseStepsText(text, tick), tick)
  if (!isRawBook(message)) {
    const data = message.data.map((trade) => ({
      ...trade,
      p: price(trade.p),
      S: trade.S === 'Buy' ? 'Sell' : 'Buy',
    }))
    return { ...message, data }
  }
  const side = (levels: Levels): Levels => levels.map(([text, size]) => [price(text), size])
  return { ...message, data: { ...message.data, b: side(message.data.a), a: side(message.data.b) } }
}

/** Multiplies every size, at the same steps. */
function scaled(message: RawMessage, factor: number): RawMessage {
  const { lot } = INSTRUMENT
  const size = (text: string) => formatSteps(factor * parseStepsText(text, lot), lot)
  if (!isRawBook(message)) {
    return { ...message, data: message.data.map((trade) => ({ ...trade, v: size(trade.v) })) }
  }
  const side = (levels: Levels): Levels => levels.map(([price, text]) => [price, size(text)])
  return { ...message, data: { ...message.data, b: side(message.data.b), a: side(message.data.a) } }
}

function later(message: RawMessage, byMs: number): RawMessage {
  if (!isRawBook(message)) {
    const data = message.data.map((trade) => ({ ...trade, T: trade.T + byMs }))
    return { ...message, ts: message.ts + byMs, data }
  }
  const { ts, cts } = message
  return { ...message, ts: ts + byMs, cts: cts === undefined ? undefined : cts + byMs }
}

function expectAll(rows: readonly ReplayedRow[], others: readonly ReplayedRow[], names: string[]) {
  expect(others.length).toBe(rows.length)
  rows.forEach((row, at) => {
    for (const name of names) {
      const [x, y] = [featureOf(row, name), featureOf(others[at], name)]
      if (!agrees(x, y)) expect.fail(`row ${at}: ${name} is ${y}, not ${x}`)
    }
  })
}

describe('a changed market changes the features as it must', () => {
  it('mirrored, signs flip and sides change places', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const messages = streamOf(seed)
        const rows = rowsOf(messages)
        const others = rowsOf(messages.map(mirrored))
        expectAll(rows, others, KEPT)
        rows.forEach((row, at) => {
          const other = others[at]
          for (const [x, y] of SWAPPED) {
            if (!agrees(featureOf(row, x), featureOf(other, y)))
              expect.fail(`row ${at}: ${x}, ${y}`)
            if (!agrees(featureOf(row, y), featureOf(other, x)))
              expect.fail(`row ${at}: ${y}, ${x}`)
          }
          for (const name of FLIPPED) {
            if (!agrees(featureOf(row, name), -featureOf(other, name)))
              expect.fail(`${at}: ${name}`)
          }
        })
      }),
      { numRuns: 20 },
    )
  })

  it('with all sizes times seven, ratios stay and sums grow sevenfold', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const messages = streamOf(seed)
        const rows = rowsOf(messages)
        const parameters = { vpinBucketBase: '7', refNotionalQuote: '7000' }
        const features = { ...INSTRUMENT.features, ...parameters }
        const replay = new FeatureReplay(new Map([[SYMBOL, { ...INSTRUMENT, features }]]), 12)
        const others = rowsOf(
          messages.map((message) => scaled(message, 7)),
          replay,
        )
        const grows = BUILT.filter(({ unit }) => unit === 'base').map(({ name }) => name)
        // The slope is not among them: it counts lots inside a logarithm.
        const stays = BUILT.filter(
          ({ unit, name }) =>
            unit !== 'base' && name !== 'ns_slope_20' && !PER_NOTIONAL.includes(name),
        )
        expectAll(
          rows,
          others,
          stays.map(({ name }) => name),
        )
        rows.forEach((row, at) => {
          for (const name of grows) {
            if (!agrees(7 * featureOf(row, name), featureOf(others[at], name))) expect.fail(name)
          }
          for (const name of PER_NOTIONAL) {
            if (!agrees(featureOf(row, name), 7 * featureOf(others[at], name))) expect.fail(name)
          }
        })
      }),
      { numRuns: 20 },
    )
  })

  it('a whole number of days later, nothing changes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 900 }), (seed, days) => {
        const messages = streamOf(seed)
        const others = rowsOf(messages.map((message) => later(message, days * 86_400_000)))
        expectAll(
          rowsOf(messages),
          others,
          BUILT.map(({ name }) => name),
        )
      }),
      { numRuns: 15 },
    )
  })
})
