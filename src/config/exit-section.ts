import { type TObject, type TProperties, Type } from '@sinclair/typebox'
import { OFF_HINT } from './risk-limits.ts'

/** `execution.exits`, `execution.entry` and `execution.paper` of the configuration. */
function section<Properties extends TProperties>(
  description: string,
  properties: Properties,
): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false, default: {}, description })
}

function amount(chosen: number, minimum: number, maximum: number, description: string) {
  return Type.Number({ minimum, maximum, default: chosen, description })
}

function integer(chosen: number, minimum: number, maximum: number, description: string) {
  return Type.Integer({ minimum, maximum, default: chosen, description })
}

function choice<const Names extends readonly string[]>(
  names: Names,
  chosen: NoInfer<Names[number]>,
  description: string,
) {
  const schema = { type: 'string', enum: names, default: chosen, description } as const
  return Type.Unsafe<Names[number]>(schema)
}

function enabled(description: string) {
  return Type.Boolean({ default: false, description })
}

/** A number, or the word off. */
function orOff(minimum: number, maximum: number, description: string) {
  return Type.Union(
    [
      Type.Unsafe<'off'>({ type: 'string', enum: ['off'] }),
      Type.Number({ minimum, maximum, description: OFF_HINT }),
    ],
    { default: 'off', description },
  )
}

const PERCENT_MIN = 0.001
const PERCENT_MAX = 1000
const DAY_MS = 86_400_000

const Distances = Type.Array(
  Type.Object(
    {
      from_percent: Type.Number({ minimum: 0, maximum: PERCENT_MAX, description: 'profit' }),
      distance_percent: Type.Number({
        minimum: PERCENT_MIN,
        maximum: 99,
        description: 'of the present price',
      }),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: 16,
    default: [
      { from_percent: 2, distance_percent: 1 },
      { from_percent: 5, distance_percent: 1.5 },
      { from_percent: 10, distance_percent: 2 },
    ],
    description: 'how far behind the price the stop follows, by the profit; ascending',
  },
)

const Partials = Type.Array(
  Type.Object(
    {
      at_percent: Type.Number({
        minimum: PERCENT_MIN,
        maximum: PERCENT_MAX,
        description: 'profit at which the part is closed',
      }),
      share: Type.Number({
        minimum: 0.001,
        maximum: 1,
        description: 'of the position as it was last entered',
      }),
    },
    { additionalProperties: false },
  ),
  { maxItems: 16, default: [], description: 'parts closed at targets; shares add up to at most 1' },
)

const STOP_TEXT = 'from the average entry, where the strategy gave no stop; or off'
const TARGET_TEXT = 'from the average entry, where the strategy gave no target; or off'

export const ExitSection = section('what closes positions besides what the strategy asked for', {
  order_type: choice(
    ['limit', 'market'],
    'limit',
    'either reaches no further than the slippage cap',
  ),
  stop_loss_percent: orOff(PERCENT_MIN, 99, STOP_TEXT),
  take_profit_percent: orOff(PERCENT_MIN, PERCENT_MAX, TARGET_TEXT),
  time_stop_ms: orOff(1, 365 * DAY_MS, 'after the first fill; or off'),
  trailing_stop: section('a stop that follows the price', {
    enabled: enabled('once the profit has reached the activation'),
    activation_percent: amount(2, 0, PERCENT_MAX, 'profit'),
    distances: Distances,
  }),
  trailing_take_profit: section('gives back the less, the more there is', {
    enabled: enabled('once the profit has reached the activation'),
    activation_percent: amount(1, 0, PERCENT_MAX, 'profit'),
    step_percent: amount(0.5, PERCENT_MIN, PERCENT_MAX, 'profit that may be given back at first'),
    acceleration: amount(1.5, 1, 100, 'divides it at each further step of profit'),
  }),
  book_trail: section('a stop behind the largest level of the live book', {
    enabled: enabled('once the profit has reached the activation'),
    activation_percent: amount(0, -99, PERCENT_MAX, 'profit'),
    reach_percent: amount(1, PERCENT_MIN, 99, 'levels further from the best price do not count'),
    distance_percent_min: amount(0.1, 0, 99, 'levels nearer to it bear no stop'),
    strength_min: amount(3, 1, 1000, 'times the mean level within reach'),
  }),
  partials: Partials,
  reversal: section('closes when the market has turned', {
    enabled: enabled('looked for while a position is open'),
    indicators_min: integer(3, 1, 4, 'of imbalance, trade flow, fast and slow trend'),
    cooldown_ms: integer(60_000, 0, DAY_MS, 'after the first fill'),
    change_min: amount(0.002, 0, 1, 'part of its best that the mid has lost since'),
  }),
  at_exchange: section('stop and target that a live exchange keeps with the position', {
    step_percent: amount(0.05, 0, 99, 'a trail that moved by less is not told to it'),
    interval_ms: integer(1000, 0, DAY_MS, 'between two moves of a trail that are told to it'),
    unguarded_ms_max: integer(15_000, 1000, DAY_MS, 'how long it may be without the stop'),
    on_unguarded: choice(['alert', 'flatten'], 'flatten', 'what is done then, besides an alarm'),
  }),
})

export const EntrySection = section('orders that open', {
  order_type: choice(['limit', 'market'], 'limit', 'a market order takes up to the limit price'),
  time_in_force: choice(
    ['ioc', 'gtc', 'post_only', 'fok'],
    'ioc',
    'gtc and post_only rest; a market order is ioc or fok',
  ),
  rest_ms_max: integer(2000, 1, DAY_MS, 'an order that rests for longer is canceled'),
  requote: section('an order that rests follows the best price of its side', {
    away_ticks: orOff(1, 1_000_000, 'by so many ticks that price must have moved away; or off'),
    amends_max: integer(5, 1, 100, 'changes of one order; then it rests until rest_ms_max'),
  }),
})

const QUEUE_TEXT =
  'before a resting order: nothing; all that was there less trades; its share of cancels off too'

export const PaperSection = section('the paper exchange', {
  latency_ms: amount(5, 0, 60_000, 'from submit to the match, at least'),
  latency_jitter_ms: amount(0, 0, 60_000, 'added to it, uniform from 0, drawn for each request'),
  seed: integer(1, 0, 4_294_967_295, 'of those draws'),
  queue: choice(['none', 'conservative', 'proportional'], 'conservative', QUEUE_TEXT),
  funding_interval_ms: integer(28_800_000, 0, DAY_MS, 'paid at its multiples, UTC; 0: never'),
  taker_fee_bps: amount(5.5, 0, 1000, 'of the notional'),
  maker_fee_bps: amount(2, -100, 1000, 'of the notional; negative: a rebate'),
})
