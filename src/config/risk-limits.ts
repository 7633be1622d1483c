import { Type } from '@sinclair/typebox'
import { INSTRUMENTS_MAX, ORDERS_OPEN_MAX } from '../constants.ts'
import { isRecord } from './yaml-source.ts'

/**
 * The limits of the risk gate: their keys, bounds and sentences, and the presets that fill in what
 * a configuration leaves out.
 *
 * A limit is switched off by the word `off`, never by 0. Those that bound the size of things cannot
 * be off.
 */
export const PRESETS = ['conservative', 'balanced', 'aggressive'] as const
export type Preset = (typeof PRESETS)[number]

/** Nobody may configure a larger loss in one day than this part of the equity. */
export const DAILY_LOSS_FRACTION_CEILING = 0.05

const BALANCED = {
  order_notional_max: 2000,
  order_notional_min: 'off',
  position_notional_max: 5000,
  total_notional_max: 25_000,
  leverage_max: 3,
  open_symbols_max: 10,
  open_orders_max: 64,
  entries_per_position_max: 1,
  correlated_positions_max: 3,
  risk_per_trade_fraction: 0.02,
  risk_total_fraction: 0.1,
  daily_loss_fraction: 0.02,
  drawdown_fraction: 0.2,
  loss_streak_max: 'off',
  loss_streak_lookback_ms: 3_600_000,
  cooldown_ms: 'off',
  double_send_ms: 50,
  orders_5m_max: 3000,
  turnover_5m_max: 5_000_000,
  spread_bps_max: 100,
  slippage_bps_max: 50,
  price_band_bps: 100,
  book_share_max: 1,
  reward_risk_min: 'off',
  book_age_ms_max: 2000,
  score_age_ms_max: 1000,
  intent_age_ms_max: 500,
  clock_drift_ms_max: 1000,
} as const

type Limits = Readonly<Record<keyof typeof BALANCED, number | 'off'>>

const CONSERVATIVE: Limits = {
  order_notional_max: 1000,
  order_notional_min: 'off',
  position_notional_max: 2000,
  total_notional_max: 10_000,
  leverage_max: 1,
  open_symbols_max: 5,
  open_orders_max: 16,
  entries_per_position_max: 1,
  correlated_positions_max: 2,
  risk_per_trade_fraction: 0.005,
  risk_total_fraction: 0.05,
  daily_loss_fraction: 0.01,
  drawdown_fraction: 0.1,
  loss_streak_max: 5,
  loss_streak_lookback_ms: 3_600_000,
  cooldown_ms: 5000,
  double_send_ms: 1000,
  orders_5m_max: 300,
  turnover_5m_max: 250_000,
  spread_bps_max: 20,
  slippage_bps_max: 10,
  price_band_bps: 50,
  book_share_max: 0.2,
  reward_risk_min: 1,
  book_age_ms_max: 1000,
  score_age_ms_max: 500,
  intent_age_ms_max: 250,
  clock_drift_ms_max: 1000,
}

const AGGRESSIVE: Limits = {
  order_notional_max: 10_000,
  order_notional_min: 'off',
  position_notional_max: 20_000,
  total_notional_max: 100_000,
  leverage_max: 10,
  open_symbols_max: 20,
  open_orders_max: 256,
  entries_per_position_max: 3,
  correlated_positions_max: 5,
  risk_per_trade_fraction: 0.05,
  risk_total_fraction: 0.25,
  daily_loss_fraction: DAILY_LOSS_FRACTION_CEILING,
  drawdown_fraction: 0.4,
  loss_streak_max: 'off',
  loss_streak_lookback_ms: 3_600_000,
  cooldown_ms: 'off',
  double_send_ms: 50,
  orders_5m_max: 10_000,
  turnover_5m_max: 'off',
  spread_bps_max: 500,
  slippage_bps_max: 200,
  price_band_bps: 300,
  book_share_max: 'off',
  reward_risk_min: 'off',
  book_age_ms_max: 5000,
  score_age_ms_max: 2000,
  intent_age_ms_max: 1000,
  clock_drift_ms_max: 1000,
}

export const PRESET_LIMITS: Readonly<Record<Preset, Limits>> = {
  conservative: CONSERVATIVE,
  balanced: BALANCED,
  aggressive: AGGRESSIVE,
}

/**
 * Writes what the chosen preset says into the limits that were left out. A preset that does not
 * exist is left to the checks of the schema.
 */
export function applyPreset(draft: Record<string, unknown>): void {
  const { execution } = draft
  if (!isRecord(execution)) return
  const preset = PRESETS.find((name) => name === execution.preset)
  if (preset === undefined) return
  const limits = execution.limits ?? {}
  if (isRecord(limits)) execution.limits = { ...PRESET_LIMITS[preset], ...limits }
}

/** What the message says when somebody writes 0. */
export const OFF_HINT = 'to switch the limit off, write off'

function limit(chosen: number | 'off', minimum: number, maximum: number, description: string) {
  return Type.Union(
    [
      Type.Unsafe<'off'>({ type: 'string', enum: ['off'] }),
      Type.Number({ minimum, maximum, description: OFF_HINT }),
    ],
    { default: chosen, description: `${description}; or off` },
  )
}

function count(chosen: number | 'off', minimum: number, maximum: number, description: string) {
  return Type.Union(
    [
      Type.Unsafe<'off'>({ type: 'string', enum: ['off'] }),
      Type.Integer({ minimum, maximum, description: OFF_HINT }),
    ],
    { default: chosen, description: `${description}; or off` },
  )
}

function bound(chosen: number, minimum: number, maximum: number, description: string) {
  return Type.Number({ minimum, maximum, default: chosen, description })
}

function countBound(chosen: number, minimum: number, maximum: number, description: string) {
  return Type.Integer({ minimum, maximum, default: chosen, description })
}

const DAY_MS = 86_400_000
const STREAK_TEXT = 'how long a loss counts for loss_streak_max'
const DAY_TEXT = 'loss since midnight UTC, part of the equity then, that halts and flattens'
const DRAWDOWN_TEXT = 'loss from the highest equity, part of it, that halts and flattens'
const RISK_TEXT = 'part of the equity that an entry may lose at its stop (all of it without one)'
const SLIPPAGE_TEXT = 'expected fill of the whole size by the live book, worse than the mid'
const DRIFT_TEXT = "our clock against the exchange's, above which nothing is opened"

export const LimitsSchema = Type.Object(
  {
    order_notional_max: bound(BALANCED.order_notional_max, 1, 1e9, 'of one order'),
    order_notional_min: limit(BALANCED.order_notional_min, 0.01, 1e9, 'of one order that opens'),
    position_notional_max: bound(
      BALANCED.position_notional_max,
      1,
      1e9,
      'of the position of one symbol',
    ),
    total_notional_max: bound(
      BALANCED.total_notional_max,
      1,
      1e9,
      'of all positions and open orders together',
    ),
    leverage_max: limit(BALANCED.leverage_max, 0.01, 50, 'the same, as a multiple of the equity'),
    open_symbols_max: countBound(
      BALANCED.open_symbols_max,
      1,
      INSTRUMENTS_MAX,
      'symbols with a position or an open order',
    ),
    open_orders_max: countBound(
      BALANCED.open_orders_max,
      1,
      ORDERS_OPEN_MAX,
      'orders not yet done',
    ),
    entries_per_position_max: count(
      BALANCED.entries_per_position_max,
      1,
      1000,
      'entries into one position; 1: one position a symbol, never added to',
    ),
    correlated_positions_max: count(
      BALANCED.correlated_positions_max,
      1,
      INSTRUMENTS_MAX,
      'open symbols of one of correlation_groups',
    ),
    risk_per_trade_fraction: limit(BALANCED.risk_per_trade_fraction, 0.0001, 1, RISK_TEXT),
    risk_total_fraction: limit(BALANCED.risk_total_fraction, 0.0001, 1, 'the same, over all'),
    daily_loss_fraction: limit(
      BALANCED.daily_loss_fraction,
      0.0001,
      DAILY_LOSS_FRACTION_CEILING,
      DAY_TEXT,
    ),
    drawdown_fraction: limit(BALANCED.drawdown_fraction, 0.001, 1, DRAWDOWN_TEXT),
    loss_streak_max: count(BALANCED.loss_streak_max, 1, 1000, 'positions in a row with a loss'),
    loss_streak_lookback_ms: countBound(
      BALANCED.loss_streak_lookback_ms,
      1000,
      7 * DAY_MS,
      STREAK_TEXT,
    ),
    cooldown_ms: count(BALANCED.cooldown_ms, 1, DAY_MS, 'between two entries of one symbol'),
    double_send_ms: count(
      BALANCED.double_send_ms,
      1,
      60_000,
      'within which an entry equal to the last of its symbol is taken for a mistake',
    ),
    orders_5m_max: count(BALANCED.orders_5m_max, 1, 1e6, 'orders in five minutes'),
    turnover_5m_max: limit(BALANCED.turnover_5m_max, 1, 1e12, 'notional filled in five minutes'),
    spread_bps_max: limit(BALANCED.spread_bps_max, 0.1, 500, 'of the spread against the mid'),
    slippage_bps_max: limit(BALANCED.slippage_bps_max, 0.1, 500, SLIPPAGE_TEXT),
    price_band_bps: bound(BALANCED.price_band_bps, 0.1, 10_000, 'limit price from the mid'),
    book_share_max: limit(
      BALANCED.book_share_max,
      0.001,
      1,
      'part of what the book offers within the limit price',
    ),
    reward_risk_min: limit(
      BALANCED.reward_risk_min,
      0.01,
      1000,
      'distance of the target over that of the stop, where both are given',
    ),
    book_age_ms_max: countBound(
      BALANCED.book_age_ms_max,
      1,
      600_000,
      'oldest book an order may be decided on',
    ),
    score_age_ms_max: count(
      BALANCED.score_age_ms_max,
      1,
      600_000,
      'oldest book event whose score is acted on',
    ),
    intent_age_ms_max: countBound(
      BALANCED.intent_age_ms_max,
      1,
      60_000,
      'oldest intent that is still acted on',
    ),
    clock_drift_ms_max: count(BALANCED.clock_drift_ms_max, 1, 5000, DRIFT_TEXT),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'limits of the risk gate, notionals in quote currency; off switches one off',
  },
)
