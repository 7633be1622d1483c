import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { CLIENTS_MAX, INSTRUMENTS_MAX, SHARDS_MAX, TAKER_FEES_BPS } from '../constants.ts'
import { AlertSection } from './alert-section.ts'
import { BreakersSection } from './breaker-section.ts'
import { CandleSection } from './candle-section.ts'
import { EntrySection, ExitSection, PaperSection } from './exit-section.ts'
import { FollowUpSection } from './follow-up-section.ts'
import { BybitSection } from './gateway-section.ts'
import { JournalSection, PortfolioSection } from './portfolio-section.ts'
import { LimitsSchema, PRESETS } from './risk-limits.ts'
import { VenueSection } from './venue-section.ts'

/**
 * Every key of the configuration, with its default, its bounds and one sentence about it. From this
 * one table come the types, the checks, the defaults, the names of the environment variables and
 * `schemas/config.json`. Long because it is one table.
 *
 * `writeOnly` marks a secret: it is taken from the environment or a file, and never printed.
 */
const SYMBOL_PATTERN = '^[A-Z0-9]{2,30}$'
/**
 * The format of exact decimal text: prices and quantities never pass through a double on their way
 * to ticks and lots.
 */
export const DECIMAL_FORMAT = 'decimal'

/** A section: unknown keys are refused, and a section that is left out is all defaults. */
function section<Properties extends TProperties>(
  description: string,
  properties: Properties,
): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false, default: {}, description })
}

function choice<const Names extends readonly (string | number)[]>(
  names: Names,
  chosen: NoInfer<Names[number]>,
  description: string,
) {
  const type = typeof names[0] === 'number' ? 'integer' : 'string'
  return Type.Unsafe<Names[number]>({ type, enum: names, default: chosen, description })
}

function integer(chosen: number, minimum: number, maximum: number, description: string) {
  return Type.Integer({ minimum, maximum, default: chosen, description })
}

function amount(chosen: number, minimum: number, maximum: number, description: string) {
  return Type.Number({ minimum, maximum, default: chosen, description })
}

function flag(chosen: boolean, description: string) {
  return Type.Boolean({ default: chosen, description })
}

function text(chosen: string, description: string) {
  return Type.String({ minLength: 1, maxLength: 1000, default: chosen, description })
}

function url(chosen: string, scheme: string, description: string) {
  return Type.String({ pattern: `^${scheme}s?://\\S+$`, default: chosen, description })
}

function secret(minLength: number, description: string) {
  return Type.Optional(Type.String({ minLength, maxLength: 4096, writeOnly: true, description }))
}

function decimal(description: string) {
  return Type.Optional(Type.String({ format: DECIMAL_FORMAT, description }))
}

const Symbols = Type.Union(
  [
    Type.Array(
      Type.String({ pattern: SYMBOL_PATTERN, description: 'capital letters and digits' }),
      {
        minItems: 1,
        maxItems: INSTRUMENTS_MAX,
        uniqueItems: true,
      },
    ),
    Type.Object(
      { top: Type.Integer({ minimum: 1, maximum: INSTRUMENTS_MAX }) },
      { additionalProperties: false },
    ),
  ],
  {
    default: { top: 100 },
    description: 'a list of symbols, or {top: N} for the N with the largest turnover',
  },
)

const InstrumentOverride = Type.Object(
  {
    tick_size: decimal('price step'),
    qty_step: decimal('quantity step, in base currency'),
    min_order_qty: decimal('smallest order, in base currency'),
    max_order_qty: decimal('largest order, in base currency'),
    min_notional: decimal('smallest order, in quote currency'),
    band_ticks: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'half width of the _band features',
      }),
    ),
    ref_notional: decimal('notional whose price impact is measured, in quote currency'),
    vpin_bucket_qty: decimal('volume of one VPIN bucket, in base currency'),
  },
  { additionalProperties: false },
)

const ROTATE_TEXT = 'age at which a connection is replaced, make before break; 0: never'

const DEPTHS = [1, 50, 200, 1000] as const

const Feed = section('market data connections', {
  depth: choice(DEPTHS, 50, 'levels of the order book topic'),
  fusion: section('several depths of each symbol, joined into one book', {
    enabled: flag(false, 'features stay on feed.depth; books show the deepest of depths'),
    depths: Type.Array(Type.Unsafe<1 | 50 | 200 | 1000>({ type: 'integer', enum: DEPTHS }), {
      minItems: 2,
      uniqueItems: true,
      default: [1, 50, 200],
      description: 'levels of the topics that are joined; feed.depth is one of them',
    }),
  }),
  cross_check: section('books compared at equal seq, with another depth of theirs or with REST', {
    enabled: flag(true, 'a book that differs is marked and asked for again'),
    per_minute: amount(6, 0.1, 60, 'books looked at in a minute'),
  }),
  symbols_per_connection: integer(10, 1, INSTRUMENTS_MAX, 'symbols on one WebSocket'),
  redundancy: integer(1, 1, 2, 'connections that carry each topic; with 2 one may be lost'),
  rotate_after_ms: integer(21_600_000, 0, 604_800_000, ROTATE_TEXT),
  shards: Type.Union(
    [
      Type.Unsafe<'auto'>({ type: 'string', enum: ['auto'] }),
      Type.Integer({ minimum: 1, maximum: SHARDS_MAX }),
    ],
    { default: 'auto', description: 'auto (from the number of cores), or a number of workers' },
  ),
  topics: Type.Array(
    Type.Unsafe<'orderbook' | 'publicTrade' | 'tickers'>({
      type: 'string',
      enum: ['orderbook', 'publicTrade', 'tickers'],
    }),
    {
      minItems: 1,
      uniqueItems: true,
      default: ['orderbook', 'publicTrade', 'tickers'],
      description: 'what is subscribed for each symbol; orderbook is always needed',
    },
  ),
  ping_period_ms: integer(20_000, 1000, 30_000, 'the exchange closes a connection silent for 30 s'),
  stale_after_ms: section('age of the last data at which a topic is stale', {
    book: integer(10_000, 100, 600_000, 'order book'),
    ticker: integer(30_000, 100, 600_000, 'ticker'),
  }),
  backoff_ms: section('wait before a lost connection is opened again', {
    min: integer(125, 1, 60_000, 'the first wait'),
    max: integer(30_000, 1, 600_000, 'the longest wait'),
  }),
  resync: section('token bucket of the requests for a new snapshot, per shard', {
    per_second: amount(10, 0.1, 1000, 'tokens a second'),
    burst: integer(20, 1, 1000, 'tokens at most'),
  }),
})

/** Of the catalogue, in its order. */
const FEATURE_GROUPS = [...'ABCDEFGHIJKLMN']

const FeatureGroups = Type.Union(
  [
    Type.Unsafe<'all'>({ type: 'string', enum: ['all'] }),
    Type.Array(Type.String({ enum: FEATURE_GROUPS }), {
      maxItems: FEATURE_GROUPS.length,
      uniqueItems: true,
    }),
  ],
  {
    default: 'all',
    description: 'all, or a list of groups to compute; A to D always are, the others cost nothing',
  },
)

const Features = section('groups and parameters of the feature catalogue (docs/features.md)', {
  groups: FeatureGroups,
  grid_ms: integer(1000, 1, 60_000, 'bucket of the time grid'),
  mp_recal_ms: integer(10_000, 1, 3_600_000, 'micro-price: time between calibrations'),
  mp_lookback: integer(360, 1, 10_000, 'micro-price: samples looked back'),
  mp_prior: amount(5, 0.000_001, 1_000_000, 'micro-price: weight of the prior'),
  mp_min_transitions: integer(10, 1, 1_000_000, 'micro-price: transitions needed'),
  hawkes_mu: amount(0.1, 0, 1_000_000, 'Hawkes: base rate, per second'),
  hawkes_self: amount(0.6, 0, 1_000_000, 'Hawkes: excitation by the own side, per second'),
  hawkes_cross: amount(0.2, 0, 1_000_000, 'Hawkes: excitation by the other side, per second'),
  hawkes_beta: amount(1.2, 0.000_001, 1_000_000, 'Hawkes: decay, per second'),
  vp_bin_ticks: integer(10, 1, 1_000_000, 'volume profile: width of a bin'),
  vpin_buckets: integer(50, 1, 10_000, 'VPIN: buckets averaged'),
  vpin_min: integer(10, 1, 10_000, 'VPIN: buckets needed'),
  vpin_cdf_n: integer(200, 1, 100_000, 'VPIN: values of its distribution'),
  vpin_cdf_min: integer(20, 1, 100_000, 'VPIN: values needed'),
  cluster_levels: integer(50, 1, 1000, 'clusters: levels looked at'),
  cluster_min_levels: integer(8, 1, 1000, 'clusters: levels needed'),
  markout_ms: integer(5000, 1, 3_600_000, 'mark-out after a trade'),
  fleeting_ms: integer(2000, 1, 3_600_000, 'life of a fleeting order'),
  spoof_min_dist_ticks: integer(3, 0, 1_000_000, 'spoofing: distance from the touch'),
  spoof_max_life_ms: integer(5000, 1, 3_600_000, 'spoofing: longest life'),
  spoof_min_adds: integer(20, 1, 1_000_000, 'spoofing: adds needed'),
  layer_window_ms: integer(5000, 1, 3_600_000, 'layering: window'),
  layer_min_levels: integer(3, 1, 1000, 'layering: levels needed'),
  flicker_ms: integer(1000, 1, 3_600_000, 'flickering: window'),
  z_samples: integer(256, 2, 512, 'normalized features: samples'),
  z_half_life: amount(60, 0.001, 1_000_000, 'normalized features: half-life, in buckets'),
  z_min: integer(20, 1, 512, 'normalized features: samples needed'),
  z_clip: amount(10, 0.001, 1_000_000, 'normalized features: largest value'),
})

const FEES_TEXT = 'taker fees of both exchanges together, for xv_edge_bps'

const Cross = section('features across symbols and exchanges', {
  leader: Type.Optional(
    Type.String({
      pattern: SYMBOL_PATTERN,
      description: 'the symbol that others are measured against; else BTCUSDT, else the first',
    }),
  ),
  taker_fees_bps: amount(TAKER_FEES_BPS, 0, 1000, FEES_TEXT),
})

const Strategy = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z][a-z0-9_-]{0,31}$',
      description: 'a short name in small letters',
    }),
    kind: Type.Unsafe<'order_book_scalper'>({ type: 'string', enum: ['order_book_scalper'] }),
    enabled: flag(true, 'false: keeps its place, asks for nothing'),
    params: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()]), {
      default: {},
      description: 'checked by the strategy itself',
    }),
  },
  { additionalProperties: false },
)

/** Beside the limits: how large, which symbols move together, and whether to enter at all. */
const CORRELATION_TEXT =
  'by name, symbols that move together: put in one group what correlates above 0.7'

const GATEWAYS = ['paper', 'bybit'] as const

const Execution = section('the one actor that may trade', {
  start: choice(
    ['reduce_only', 'active', 'halted'],
    'reduce_only',
    'trading state after recovery; active: trades on without a person, not in live mode',
  ),
  equity_quote: amount(100_000, 1, 1e12, 'equity at the first start, in quote currency'),
  preset: choice(PRESETS, 'balanced', 'the limits that are left out below'),
  limits: LimitsSchema,
  sizing: section('how large an entry is wanted; the limits may cut it', {
    mode: choice(
      ['strategy', 'percent', 'fixed', 'minimum', 'by_confidence'],
      'strategy',
      'by_confidence: what the strategy asks, times 2p - 1 of its probability',
    ),
    equity_fraction: amount(0.01, 0.0001, 1, 'percent: part of the equity'),
    fixed_notional: amount(10, 0.01, 1e9, 'fixed: in quote currency'),
  }),
  correlation_groups: Type.Record(
    Type.String(),
    Type.Array(
      Type.String({ pattern: SYMBOL_PATTERN, description: 'capital letters and digits' }),
      {
        minItems: 2,
        maxItems: INSTRUMENTS_MAX,
        uniqueItems: true,
      },
    ),
    { additionalProperties: false, default: {}, description: CORRELATION_TEXT },
  ),
  gateway: choice(GATEWAYS, 'paper', 'bybit: orders go to the exchange, signed'),
  live_confirm: Type.Optional(
    Type.String({ maxLength: 100, description: 'mode live: the words "I understand"' }),
  ),
  bybit: BybitSection,
  regime: choice(['risk_on', 'risk_off'], 'risk_on', 'risk_off: nothing is opened, only closed'),
  at_stop: choice(
    ['cancel_orders', 'keep_orders'],
    'cancel_orders',
    'open orders when the engine is stopped; positions stay, with what closes them at the exchange',
  ),
  breakers: BreakersSection,
  follow_up: FollowUpSection,
  entry: EntrySection,
  exits: ExitSection,
  paper: PaperSection,
  portfolio: PortfolioSection,
  journal: JournalSection,
})

const PORT_TEXT = '0 takes any free port'

export const ConfigSchema = Type.Object(
  {
    mode: choice(
      ['paper', 'live'],
      'paper',
      'live: orders cost money; needs execution.gateway, execution.live_confirm and control.token',
    ),
    data_folder: text('./data', 'journal, SQL projection and caches; from the working directory'),
    log_level: choice(['debug', 'info', 'warn', 'error', 'silent'], 'info', 'of the JSON lines'),
    exchange: section('the exchange', {
      name: choice(['bybit'], 'bybit', 'its protocol'),
      category: choice(['linear', 'spot'], 'linear', 'which market of it'),
      ws_url: url('wss://stream.bybit.com', 'ws', 'without a path'),
      rest_url: url('https://api.bybit.com', 'http', 'without a path'),
    }),
    symbols: Symbols,
    instruments: Type.Record(Type.String({ pattern: SYMBOL_PATTERN }), InstrumentOverride, {
      additionalProperties: false,
      default: {},
      description: 'per symbol: what replaces the metadata of the exchange',
    }),
    feed: Feed,
    features: Features,
    cross: Cross,
    venue_b: VenueSection,
    alerts: AlertSection,
    candles: CandleSection,
    model: section('scoring', {
      enabled: flag(true, 'false: no scores, so no signals that need them'),
      folder: text('models/scalper-v1', 'a model with its manifest'),
      batch_period_ms: integer(5, 1, 10_000, 'wait between two batches'),
    }),
    strategies: Type.Array(Strategy, {
      maxItems: 16,
      default: [
        {
          name: 'scalper',
          kind: 'order_book_scalper',
          enabled: true,
          params: { imbalance_feature: 'imb_5', imbalance_min: 0.7, probability_min: 0.8 },
        },
      ],
      description: 'what turns rows and scores into intents',
    }),
    execution: Execution,
    stream: section('the desk stream', {
      host: text('127.0.0.1', 'address to listen on; beyond this machine a token is needed'),
      port: integer(8081, 0, 65_535, PORT_TEXT),
      tick_ms: integer(5, 1, 1000, 'wait between two looks at shared memory'),
      clients_max: integer(CLIENTS_MAX, 1, CLIENTS_MAX, 'clients at once'),
      token: secret(16, 'bearer token of the desk clients'),
    }),
    control: section('the control API', {
      host: text('127.0.0.1', 'address to listen on'),
      port: integer(8080, 0, 65_535, PORT_TEXT),
      token: secret(16, 'bearer token of writes; without one every write is refused'),
    }),
    store: section('the SQL projection of the journal', {
      postgres_url: secret(1, 'PostgreSQL server; without one an embedded PGlite'),
    }),
  },
  { additionalProperties: false },
)

export type DeepReadonly<Value> = Value extends object
  ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
  : Value

/** The configuration before it is frozen. */
export type ConfigDraft = Static<typeof ConfigSchema>
export type Config = DeepReadonly<ConfigDraft>

/** The published JSON Schema, for editors and other tools. */
export function configJsonSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'bookflow configuration',
    ...ConfigSchema,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}
