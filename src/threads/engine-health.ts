import { HEARTBEAT_SILENT_MS_MAX } from '../constants.ts'
import type { ComponentObservation } from '../control/health.ts'
import { INCIDENT_CODES, INCIDENT_TABLE, type IncidentComponent } from '../domain/incidents.ts'
import {
  BREAKERS,
  type ControlBlock,
  EXECUTION_BEAT,
  STREAM_BEAT,
} from '../memory/control-block.ts'
import type { IncidentFacts } from '../memory/incident-facts.ts'
import type { StateCounts } from './market-watch.ts'
import type { ShardOverview } from './shard-supervisor.ts'
import type { StoreOverview } from './store-supervisor.ts'

const SYMBOLS_NAMED_MAX = 5

export type EngineObservation = Readonly<{
  nowUs: number
  control: ControlBlock
  states: StateCounts
  shards: readonly ShardOverview[]
  store: StoreOverview
  /** Those that are not over, as the audit ring told them. */
  incidents: readonly IncidentFacts[]
  /** Symbols of positions that the exchange would liquidate before their stop. */
  liquidatesFirst: readonly string[]
  isExecutionEnded: boolean
  isStreamEnded: boolean
}>

/**
 * The components of the health matrix. Pure: what was seen goes in, one line a component comes out.
 */
export function observeComponents(seen: EngineObservation): ComponentObservation[] {
  return [
    exchange(seen),
    feed(seen),
    ...seen.shards.map(shardComponent),
    threadComponent('execution', EXECUTION_BEAT, seen.isExecutionEnded, seen),
    recoveryComponent(seen),
    killComponent(seen),
    regimeComponent(seen),
    incidentComponent('trading', seen),
    incidentComponent('positions', seen),
    incidentComponent('equity', seen),
    incidentComponent('clock', seen),
    breakerComponent(seen),
    ...guardComponents(seen),
    liquidationComponent(seen),
    threadComponent('stream', STREAM_BEAT, seen.isStreamEnded, seen),
    storeComponent(seen.store),
  ]
}

function exchange({ shards }: EngineObservation): ComponentObservation {
  let open = 0
  let all = 0
  for (const { status } of shards) {
    open += status?.connectionsOpen ?? 0
    all += status?.connections ?? 0
  }
  const reason = `${open} of ${all} connections are open`
  if (all > 0 && open === all) return { name: 'exchange', state: 'ok', reason: '' }
  return { name: 'exchange', state: open === 0 ? 'unhealthy' : 'degraded', reason }
}

function feed({ states }: EngineObservation): ComponentObservation {
  const { LIVE, NO_BOOK, STALE, SYNCING } = states
  if (NO_BOOK + STALE + SYNCING === 0) return { name: 'feed', state: 'ok', reason: '' }
  const reason = `${LIVE} books live, ${SYNCING} syncing, ${STALE} stale, ${NO_BOOK} without data`
  return { name: 'feed', state: LIVE === 0 ? 'unhealthy' : 'degraded', reason }
}

function shardComponent(shard: ShardOverview): ComponentObservation {
  const name = `shard-${shard.shard}`
  if (shard.state === 'running') return { name, state: 'ok', reason: '' }
  const state = shard.state === 'starting' ? 'degraded' : 'unhealthy'
  return { name, state, reason: `${shard.state} ${shard.reason}`.trim() }
}

function threadComponent(
  name: string,
  beat: number,
  isEnded: boolean,
  { control, nowUs }: EngineObservation,
): ComponentObservation {
  if (isEnded) return { name, state: 'unhealthy', reason: 'the thread has ended' }
  const silentMs = Math.round((nowUs - control.lastBeatUs(beat)) / 1000)
  if (silentMs <= HEARTBEAT_SILENT_MS_MAX) return { name, state: 'ok', reason: '' }
  return { name, state: 'unhealthy', reason: `no heartbeat for ${silentMs} ms` }
}

/** Nothing is opened before our record of the account is known to be the exchange's. */
function recoveryComponent(seen: EngineObservation): ComponentObservation {
  const name = 'recovery'
  const { control, nowUs } = seen
  const stuck = incidentComponent(name, seen)
  if (stuck.state !== 'ok') return stuck
  if (control.isRecovered()) return { name, state: 'ok', reason: '' }
  const sinceUs = control.recoveredSinceUs()
  const what = 'recovering: the account is compared with the exchange'
  if (sinceUs === 0) return { name, state: 'unhealthy', reason: what }
  const seconds = Math.round((nowUs - sinceUs) / 1e6)
  return { name, state: 'unhealthy', reason: `${what}, for ${seconds} s` }
}

/** A kill that is not released is no fault of the engine; it is shown, so that nobody wonders. */
function killComponent(seen: EngineObservation): ComponentObservation {
  const name = 'kill'
  const { control } = seen
  const stuck = incidentComponent(name, seen)
  if (stuck.state !== 'ok') return stuck
  if (!control.isKilled()) return { name, state: 'ok', reason: '' }
  return { name, state: 'degraded', reason: 'killed: trading is halted until the release' }
}

/** As with a kill: it was ordered, and it is shown. */
function regimeComponent({ control }: EngineObservation): ComponentObservation {
  const name = 'regime'
  if (control.regime() === 'risk_on') return { name, state: 'ok', reason: '' }
  return { name, state: 'degraded', reason: 'risk_off: nothing is opened, only closed' }
}

/**
 * The shared words say what is wrong, and what the audit ring told of it says more: a reader that
 * missed a record still sees that there is something.
 */
function incidentComponent(
  name: IncidentComponent,
  { control, incidents }: EngineObservation,
): ComponentObservation {
  const codes = INCIDENT_CODES.filter(
    (code) => INCIDENT_TABLE[code].component === name && control.incidents(code) > 0,
  )
  if (codes.length === 0) return { name, state: 'ok', reason: '' }
  const isUnhealthy = codes.some((code) => INCIDENT_TABLE[code].health === 'unhealthy')
  const reasons = codes.map((code) => {
    const told = incidents.filter((each) => each.code === code)
    const symbols = told.flatMap(({ symbol }) => (symbol === null ? [] : [symbol]))
    const about = symbols.length === 0 ? '' : `${symbols.slice(0, SYMBOLS_NAMED_MAX).join(', ')}: `
    return `${code}: ${about}${told[0]?.message ?? INCIDENT_TABLE[code].message}`
  })
  return { name, state: isUnhealthy ? 'unhealthy' : 'degraded', reason: reasons.join('; ') }
}

function breakerComponent({ control }: EngineObservation): ComponentObservation {
  const open = BREAKERS.filter((each) => control.breaker(each) !== 'closed')
  if (open.length === 0) return { name: 'gateway', state: 'ok', reason: '' }
  const reason = open.map((each) => `breaker of ${each} ${control.breaker(each)}`).join(', ')
  return { name: 'gateway', state: 'degraded', reason }
}

/** Whether the exchange cancels our orders when this process dies, where that was asked for. */
function guardComponents({ control }: EngineObservation): ComponentObservation[] {
  const name = 'disconnect_cancel'
  const guard = control.guard()
  if (guard === 'off') return []
  if (guard === 'armed') return [{ name, state: 'ok', reason: '' }]
  const what =
    guard === 'pending' ? 'not seen at the exchange yet' : 'the exchange does not show it'
  return [{ name, state: 'degraded', reason: `${what}: orders would outlive this process` }]
}

/** The loss of such a position may be more than its stop allows. */
function liquidationComponent({ liquidatesFirst }: EngineObservation): ComponentObservation {
  const name = 'liquidation'
  if (liquidatesFirst.length === 0) return { name, state: 'ok', reason: '' }
  const reason = `liquidated before the stop: ${liquidatesFirst.join(', ')}`
  return { name, state: 'degraded', reason }
}

/** Its journal is the truth, so a store that lags or is away is no danger. */
function storeComponent(store: StoreOverview): ComponentObservation {
  if (store.state === 'running') return { name: 'store', state: 'ok', reason: '' }
  return { name: 'store', state: 'degraded', reason: `${store.state} ${store.reason}`.trim() }
}
