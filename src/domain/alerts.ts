/**
 * What the desk is told of a market beside its numbers: one table of kinds, with what sets each
 * off. The order is the code in shared memory: append only.
 *
 * `on` sets a kind off and `off` must be passed back before it can be set off again (hysteresis);
 * where both are equal, `off` is not looked at: what ends such an alert is seen in the book.
 * `coolDownMs` of the market's own time lie between two alerts of a kind, a side and a symbol.
 * Evidence are the numbers the alert rests on: names that end in `_lots` are sizes and
 * leave the process as decimal text; the others are plain numbers.
 */
export const ALERT_SEVERITIES = ['info', 'notice', 'warning', 'critical'] as const
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number]

type Row = Readonly<{
  severity: AlertSeverity
  on: number
  off: number
  coolDownMs: number
  /** Of `value`, `on` and `off`. */
  unit: string
  /** `none`: nothing is compared with `on`. `share`: of 1; `times`: what is usual. */
  threshold: 'none' | 'share' | 'times' | 'number'
  /** `off`: the value must fall back to it. */
  hysteresis: 'none' | 'off'
  evidence: readonly string[]
  doc: string
}>

// biome-ignore format: a table, kind by kind
const TABLE = {
  wall_appeared: row('notice', 12, 12, 5000, 'medians',
    ['wall_lots', 'median_lots', 'usual_ratio', 'held_ms'],
    'A level that stands out from the best 50 of its side, and from what is usual there, and ' +
    'stays.'),
  wall_moved: row('notice', 0.5, 0.5, 1000, 'share',
    ['peak_lots', 'added_lots', 'distance', 'life_ms'],
    'A wall was canceled and as much was added at another price of its side within a second.'),
  wall_eaten: row('warning', 0.5, 0.5, 1000, 'share',
    ['peak_lots', 'filled_lots', 'canceled_lots', 'life_ms'],
    'Trades took most of a wall.'),
  wall_pulled: row('warning', 0.5, 0.5, 1000, 'share',
    ['peak_lots', 'filled_lots', 'canceled_lots', 'life_ms'],
    'Most of a wall was canceled, and did not come back elsewhere.'),
  cluster_formed: row('info', 0.45, 0.45, 10_000, 'share',
    ['cluster_lots', 'levels', 'usual_share', 'held_ms'],
    'Adjacent heavy levels that hold an unusual share of the best 50 of their side.'),
  cluster_broken: row('warning', 0.2, 0.2, 1000, 'share',
    ['cluster_lots', 'filled_lots', 'canceled_lots', 'life_ms'],
    'The price traded through a cluster: the breakout.'),
  level_absorbed: row('warning', 20, 20, 10_000, 'queues',
    ['filled_lots', 'queue_lots', 'left_lots', 'held_ms'],
    'A best price took many times its usual queue in trades and still stands.'),
  support_found: row('info', 12, 12, 15_000, 'score',
    ['usual_score', 'held_ms'],
    'A bid level, large and old and often touched, that stands out (support_strength).'),
  resistance_found: row('info', 12, 12, 15_000, 'score',
    ['usual_score', 'held_ms'],
    'An ask level, large and old and often touched, that stands out (resistance_strength).'),
  level_touched: row('info', 1, 1, 5000, 'touches',
    ['age_ms'],
    'The price came back to a support or resistance.'),
  level_broken: row('warning', 1, 1, 1000, 'deviations',
    ['distance', 'age_ms', 'touches'],
    'The price is beyond a support or resistance, by a standard deviation of one second.'),
  spoofing_suspected: row('warning', 0.25, 0.1, 30_000, 'share',
    ['spoof_share', 'manip_score'],
    'Large orders away from the touch, a trade on the other side, and they are gone. An ' +
    'indication, no proof.'),
  layering_suspected: row('warning', 4, 1, 60_000, 'levels',
    ['layers', 'spoof_share'],
    'Several large orders of one side canceled together after a trade on the other. An ' +
    'indication, no proof.'),
  stuffing_suspected: row('warning', 20, 5, 10_000, 'deviations',
    ['stuffing_score', 'order_to_trade'],
    'A burst of entries far above the usual rate.'),
  toxicity_high: row('warning', 0.65, 0.5, 60_000, 'vpin',
    ['vpin', 'vpin_rank'],
    'Volume is one-sided, by level and against its own past.'),
  price_explosion: row('critical', 3, 1.5, 60_000, 'percent',
    ['low', 'high', 'volatility_bps'],
    'The mid moved so far within a minute; in a wild market more is asked for.'),
  volume_explosion: row('warning', 3, 1.5, 30_000, 'times',
    ['volume', 'usual_volume', 'deviation'],
    'Volume of 10 s so many times its mean of ten minutes, and six deviations above it.'),
  spread_blowout: row('warning', 5, 2, 10_000, 'times',
    ['spread_bps', 'usual_bps', 'deviation_bps', 'held_ms'],
    'The spread so many times its mean of a minute, and six deviations above it.'),
  liquidity_hole: row('warning', 6, 2.5, 10_000, 'times',
    ['gap', 'usual_gap', 'held_ms'],
    'The widest gap among the best 20 levels, in ticks, so many times the usual.'),
  book_stale: row('warning', 1, 1, 0, '-',
    ['reason', 'age_ms'],
    'The book is not LIVE any more: nothing of it is shown, no order is decided on it.'),
  book_recovered: row('notice', 1, 1, 0, '-', ['reason', 'down_ms'], 'The book is LIVE again.'),
} as const satisfies Record<string, Row>

export type AlertKind = keyof typeof TABLE
export const ALERT_TABLE: Readonly<Record<AlertKind, Row>> = TABLE
export const ALERT_KINDS: readonly AlertKind[] = Object.keys(TABLE).filter(isAlertKind)
export const ALERT_EVIDENCE_MAX = 4

export function isAlertKind(name: string): name is AlertKind {
  return Object.hasOwn(TABLE, name)
}

export function alertKindCode(kind: AlertKind): number {
  return ALERT_KINDS.indexOf(kind)
}

/** What a user may change of a kind. */
export type AlertSetting = Readonly<{
  isEnabled: boolean
  on: number
  off: number
  coolDownMs: number
}>
export type AlertSettings = Readonly<Record<AlertKind, AlertSetting>>

/** The table with some of it replaced. */
export function alertSettings(
  changes: Readonly<Partial<Record<string, Partial<AlertSetting>>>> = {},
): AlertSettings {
  const setting = (kind: AlertKind): AlertSetting => {
    const { on, off, coolDownMs } = TABLE[kind]
    return { isEnabled: true, on, off, coolDownMs, ...changes[kind] }
  }
  return {
    wall_appeared: setting('wall_appeared'),
    wall_moved: setting('wall_moved'),
    wall_eaten: setting('wall_eaten'),
    wall_pulled: setting('wall_pulled'),
    cluster_formed: setting('cluster_formed'),
    cluster_broken: setting('cluster_broken'),
    level_absorbed: setting('level_absorbed'),
    support_found: setting('support_found'),
    resistance_found: setting('resistance_found'),
    level_touched: setting('level_touched'),
    level_broken: setting('level_broken'),
    spoofing_suspected: setting('spoofing_suspected'),
    layering_suspected: setting('layering_suspected'),
    stuffing_suspected: setting('stuffing_suspected'),
    toxicity_high: setting('toxicity_high'),
    price_explosion: setting('price_explosion'),
    volume_explosion: setting('volume_explosion'),
    spread_blowout: setting('spread_blowout'),
    liquidity_hole: setting('liquidity_hole'),
    book_stale: setting('book_stale'),
    book_recovered: setting('book_recovered'),
  }
}

function row(
  severity: AlertSeverity,
  on: number,
  off: number,
  coolDownMs: number,
  unit: string,
  evidence: readonly string[],
  doc: string,
): Row {
  const hysteresis = off < on ? 'off' : 'none'
  return {
    severity,
    on,
    off,
    coolDownMs,
    unit,
    evidence,
    doc,
    threshold: thresholdOf(unit),
    hysteresis,
  }
}

function thresholdOf(unit: string): Row['threshold'] {
  if (unit === '-' || unit === 'touches') return 'none'
  if (unit === 'share' || unit === 'vpin') return 'share'
  return unit === 'times' ? 'times' : 'number'
}
