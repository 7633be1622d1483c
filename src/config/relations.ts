import {
  CONNECTIONS_PER_SHARD_MAX,
  INSTRUMENTS_MAX,
  SHARDS_MAX,
  SUBSCRIBE_CHARACTERS_MAX,
} from '../constants.ts'
import { nameHint } from '../core/nearest.ts'
import { alertComplaints } from './alert-relations.ts'
import { gatewayComplaints } from './gateway-relations.ts'
import type { KeyPath } from './problem.ts'
import type { ConfigDraft } from './schema.ts'

/**
 * What must hold between keys. Each relation names the key a person would change, and says what to
 * do.
 */
export type RelationComplaint = Readonly<{ path: KeyPath; message: string }>

export function relationComplaints(config: ConfigDraft): RelationComplaint[] {
  return [
    ...orderedComplaints(config),
    ...feedComplaints(config),
    ...instrumentComplaints(config),
    ...strategyComplaints(config),
    ...serverComplaints(config),
    ...liveComplaints(config),
    ...gatewayComplaints(config),
    ...exitComplaints(config),
    ...alertComplaints(config),
  ]
}

/** Pairs of numbers of which the first may not be above the second. */
function orderedComplaints(config: ConfigDraft): RelationComplaint[] {
  const limits = config.execution.limits
  const features = config.features
  const pairs: readonly (readonly [string, number, string, number])[] = [
    [
      'feed.backoff_ms.min',
      config.feed.backoff_ms.min,
      'feed.backoff_ms.max',
      config.feed.backoff_ms.max,
    ],
    [
      'execution.limits.order_notional_max',
      limits.order_notional_max,
      'execution.limits.position_notional_max',
      limits.position_notional_max,
    ],
    [
      'execution.limits.position_notional_max',
      limits.position_notional_max,
      'execution.limits.total_notional_max',
      limits.total_notional_max,
    ],
    [
      'execution.limits.book_age_ms_max',
      limits.book_age_ms_max,
      'feed.stale_after_ms.book',
      config.feed.stale_after_ms.book,
    ],
    ['features.vpin_min', features.vpin_min, 'features.vpin_buckets', features.vpin_buckets],
    ['features.vpin_cdf_min', features.vpin_cdf_min, 'features.vpin_cdf_n', features.vpin_cdf_n],
    [
      'features.cluster_min_levels',
      features.cluster_min_levels,
      'features.cluster_levels',
      features.cluster_levels,
    ],
    ['features.z_min', features.z_min, 'features.z_samples', features.z_samples],
  ]
  return pairs
    .filter(([, low, , high]) => low > high)
    .map(([lowName, low, highName, high]) => ({
      path: lowName.split('.'),
      message: `${low} may not be above ${highName}, which is ${high}`,
    }))
}

function feedComplaints(config: ConfigDraft): RelationComplaint[] {
  const complaints: RelationComplaint[] = []
  const feed = config.feed
  if (!feed.topics.includes('orderbook')) {
    complaints.push({ path: ['feed', 'topics'], message: 'must contain orderbook' })
  }
  const symbols = Array.isArray(config.symbols) ? config.symbols.length : config.symbols.top
  const shards = feed.shards === 'auto' ? SHARDS_MAX : feed.shards
  const room = shards * CONNECTIONS_PER_SHARD_MAX * feed.symbols_per_connection
  if (symbols > room) {
    const have = `${shards} shard(s) of ${CONNECTIONS_PER_SHARD_MAX} connections`
    const message = `${have} have room for ${room} symbols, not ${symbols}`
    complaints.push({ path: ['feed', 'symbols_per_connection'], message })
  }
  // The longest names of topics: `"orderbook.1000.` and 30 characters of symbol, with quotes and
  // comma.
  const { depths, enabled: isFused } = feed.fusion
  const topics = feed.topics.length + (isFused ? depths.length - 1 : 0)
  const characters = feed.symbols_per_connection * topics * TOPIC_CHARACTERS_MAX
  if (characters > SUBSCRIBE_CHARACTERS_MAX) {
    const most = Math.floor(SUBSCRIBE_CHARACTERS_MAX / (topics * TOPIC_CHARACTERS_MAX))
    const bound = `a connection takes ${SUBSCRIBE_CHARACTERS_MAX} characters of topics`
    const message = `${bound}: at most ${most} symbols`
    complaints.push({ path: ['feed', 'symbols_per_connection'], message })
  }
  if (isFused && !depths.includes(feed.depth)) {
    const message = `must contain feed.depth, which is ${feed.depth}: features come from it`
    complaints.push({ path: ['feed', 'fusion', 'depths'], message })
  }
  return complaints
}

const TOPIC_CHARACTERS_MAX = 48

function instrumentComplaints(config: ConfigDraft): RelationComplaint[] {
  const symbols = config.symbols
  const overridden = Object.keys(config.instruments)
  if (overridden.length > INSTRUMENTS_MAX) {
    return [{ path: ['instruments'], message: `must have at most ${INSTRUMENTS_MAX} symbols` }]
  }
  if (!Array.isArray(symbols)) return []
  return [
    ...leaderComplaints(config, symbols),
    ...overridden
      .filter((symbol) => !symbols.includes(symbol))
      .map((symbol) => ({
        path: ['instruments', symbol],
        message: `is not one of symbols${nameHint(symbol, symbols)}`,
      })),
  ]
}

function leaderComplaints(config: ConfigDraft, symbols: readonly string[]): RelationComplaint[] {
  const { leader } = config.cross
  if (leader === undefined || symbols.includes(leader)) return []
  const message = `${leader} is not one of symbols${nameHint(leader, symbols)}`
  return [{ path: ['cross', 'leader'], message }]
}

function strategyComplaints(config: ConfigDraft): RelationComplaint[] {
  const complaints: RelationComplaint[] = []
  config.strategies.forEach((strategy, index) => {
    const first = config.strategies.findIndex((each) => each.name === strategy.name)
    if (first === index) return
    const message = `${strategy.name} is already the name of strategies[${first}]`
    complaints.push({ path: ['strategies', index, 'name'], message })
  })
  return complaints
}

function serverComplaints(config: ConfigDraft): RelationComplaint[] {
  const { stream, control } = config
  const complaints: RelationComplaint[] = []
  if (stream.port !== 0 && stream.port === control.port) {
    const message = `${stream.port} is also control.port: the two servers need a port each`
    complaints.push({ path: ['stream', 'port'], message })
  }
  if (stream.token === undefined && !isLoopback(stream.host)) {
    const fix = 'set BOOKFLOW_STREAM_TOKEN, or listen on 127.0.0.1'
    const message = `${stream.host} is reachable by others: ${fix}`
    complaints.push({ path: ['stream', 'host'], message })
  }
  return complaints
}

/** Limits that paper may do without, and money may not. */
const LIVE_LIMITS = ['daily_loss_fraction', 'clock_drift_ms_max'] as const

function liveComplaints({ execution, mode }: ConfigDraft): RelationComplaint[] {
  if (mode !== 'live') return []
  return LIVE_LIMITS.filter((limit) => execution.limits[limit] === 'off').map((limit) => ({
    path: ['execution', 'limits', limit],
    message: 'may not be off in live mode',
  }))
}

function exitComplaints({ execution }: ConfigDraft): RelationComplaint[] {
  const { entry, exits } = execution
  const complaints: RelationComplaint[] = []
  if (entry.order_type === 'market' && ['gtc', 'post_only'].includes(entry.time_in_force)) {
    const message = 'a market order never rests: use ioc or fok'
    complaints.push({ path: ['execution', 'entry', 'time_in_force'], message })
  }
  const isResting = ['gtc', 'post_only'].includes(entry.time_in_force)
  if (entry.requote.away_ticks !== 'off' && !isResting) {
    const message = 'only orders that rest are requoted: time_in_force is gtc or post_only, or off'
    complaints.push({ path: ['execution', 'entry', 'requote', 'away_ticks'], message })
  }
  const shares = exits.partials.reduce((sum, { share }) => sum + share, 0)
  if (shares > 1 + 1e-9) {
    const message = `the shares add up to ${Number(shares.toPrecision(6))}: at most 1 can be closed`
    complaints.push({ path: ['execution', 'exits', 'partials'], message })
  }
  const { activation_percent: activation, distances } = exits.trailing_stop
  const froms = distances.map((level) => level.from_percent)
  const path = ['execution', 'exits', 'trailing_stop', 'distances']
  if (froms.some((from, i) => i > 0 && from <= froms[i - 1])) {
    complaints.push({ path, message: 'from_percent must ascend' })
  } else if (froms[0] > activation) {
    const message = `nothing is said for the activation_percent, which is ${activation}`
    complaints.push({ path, message })
  }
  return complaints
}

/** An address that only programs on this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
