import { describe, expect, it } from 'vitest'
import {
  ControlBlock,
  createControlBlock,
  EXECUTION_BEAT,
  STREAM_BEAT,
} from '../../src/memory/control-block.ts'
import { type EngineObservation, observeComponents } from '../../src/threads/engine-health.ts'

const NOW_US = 1e12

function observation(change: Partial<EngineObservation> = {}): EngineObservation {
  const control = new ControlBlock(createControlBlock())
  control.beat(EXECUTION_BEAT, NOW_US)
  control.beat(STREAM_BEAT, NOW_US)
  control.setRecovered(true, NOW_US)
  const thread = {
    threadId: 1,
    heapMb: 10,
    loopLagUs: { p50: 0, p99: 0, max: 0 },
    gc: { pauses: 0, totalMs: 0, longestMs: 0 },
  }
  const status = { connections: 2, connectionsOpen: 2, resyncsWaiting: 0, cpuSeconds: 1, thread }
  return {
    nowUs: NOW_US,
    control,
    states: { NO_BOOK: 0, SYNCING: 0, LIVE: 10, STALE: 0 },
    shards: [
      { shard: 0, symbols: 10, state: 'running', reason: '', sinceUs: 0, restarts: 0, status },
    ],
    store: {
      state: 'running',
      reason: '',
      sinceUs: 0,
      restarts: 0,
      lagRecords: 0,
      offset: 0,
      conflicts: 0,
    },
    incidents: [],
    liquidatesFirst: [],
    isExecutionEnded: false,
    isStreamEnded: false,
    ...change,
  }
}

function states(change: Partial<EngineObservation>): Record<string, string> {
  return Object.fromEntries(
    observeComponents(observation(change)).map(({ name, state }) => [name, state]),
  )
}

const WELL = {
  exchange: 'ok',
  feed: 'ok',
  'shard-0': 'ok',
  execution: 'ok',
  recovery: 'ok',
  kill: 'ok',
  regime: 'ok',
  trading: 'ok',
  positions: 'ok',
  equity: 'ok',
  clock: 'ok',
  gateway: 'ok',
  liquidation: 'ok',
  stream: 'ok',
  store: 'ok',
}

describe('the health matrix', () => {
  const [shard] = observation().shards
  const lost = { ...shard, status: { ...shard.status, connectionsOpen: 1 } }

  it.each([
    ['off', undefined],
    ['pending', 'degraded'],
    ['armed', 'ok'],
    ['failed', 'degraded'],
  ] as const)('shows a cancel on disconnect that is %s as %s', (guard, state) => {
    const seen = observation()
    seen.control.setGuard(guard)
    expect(states(seen).disconnect_cancel).toBe(state)
  })

  it.each<[string, Partial<EngineObservation>, Partial<typeof WELL> | Record<string, string>]>([
    ['all is well', {}, {}],
    ['a connection is down', { shards: [lost as typeof shard] }, { exchange: 'degraded' }],
    [
      'no shard has reported',
      { shards: [{ ...shard, status: undefined }] },
      { exchange: 'unhealthy' },
    ],
    [
      'a book waits',
      { states: { NO_BOOK: 0, SYNCING: 1, LIVE: 9, STALE: 0 } },
      { feed: 'degraded' },
    ],
    [
      'no book lives',
      { states: { NO_BOOK: 10, SYNCING: 0, LIVE: 0, STALE: 0 } },
      { feed: 'unhealthy' },
    ],
    [
      'a shard starts again',
      { shards: [{ ...shard, state: 'restarting' }] },
      { 'shard-0': 'unhealthy' },
    ],
    ['execution has ended', { isExecutionEnded: true }, { execution: 'unhealthy' }],
    ['nobody beats', { nowUs: NOW_US + 10e6 }, { execution: 'unhealthy', stream: 'unhealthy' }],
    [
      'a position is liquidated before its stop',
      { liquidatesFirst: ['BTCUSDT'] },
      { liquidation: 'degraded' },
    ],
    ['the stream has ended', { isStreamEnded: true }, { stream: 'unhealthy' }],
    [
      'the store is away',
      { store: { ...observation().store, state: 'restarting' } },
      { store: 'degraded' },
    ],
  ])('says which component it is when %s', (_, change, expected) => {
    expect(states(change)).toEqual({ ...WELL, ...expected })
  })

  it('shows a kill, a risk-off and open breakers, without calling the engine sick', () => {
    const seen = observation()
    seen.control.kill()
    seen.control.setRegime('risk_off')
    seen.control.setBreaker('placement', 'open')
    const components = observeComponents(seen)
    const of = (name: string) => components.find((component) => component.name === name)
    expect(of('kill')).toMatchObject({ state: 'degraded' })
    expect(of('regime')).toMatchObject({ state: 'degraded' })
    expect(of('gateway')).toMatchObject({
      state: 'degraded',
      reason: 'breaker of placement open',
    })
  })

  it('names an incident in its component, with the symbols that were told', () => {
    const seen = observation()
    const { control } = seen
    const told = { number: 1, time_us: 1, severity: 'critical', reason: null } as const
    const bare = {
      ...told,
      code: 'position_unguarded',
      message: 'no stop',
      is_active: true,
    } as const
    const incidents = [
      { ...bare, symbol: 'BTCUSDT' },
      { ...bare, symbol: 'ETHUSDT' },
    ]
    control.setIncidents('position_unguarded', 2)
    control.setIncidents('trading_halted', 1)
    control.setIncidents('kill_not_flat', 1)
    control.setIncidents('clock_drift', 1)
    control.setIncidents('equity_gap', 1)
    control.setIncidents('reconcile_stuck', 1)
    const components = observeComponents({ ...seen, incidents })
    const of = (name: string) => components.find((component) => component.name === name)
    expect(of('positions')).toEqual({
      ...{ name: 'positions', state: 'unhealthy' },
      reason: 'position_unguarded: BTCUSDT, ETHUSDT: no stop',
    })
    // The ring told nothing of these, or it was missed: the shared words are enough.
    expect(of('trading')).toMatchObject({ state: 'degraded' })
    expect(of('trading')?.reason).toContain('trading_halted: trading was halted')
    expect(of('kill')).toMatchObject({ state: 'unhealthy' })
    expect(of('clock')).toMatchObject({ state: 'degraded' })
    expect(of('equity')).toMatchObject({ state: 'degraded' })
    expect(of('recovery')).toMatchObject({ state: 'unhealthy' })
    control.setIncidents('trading_halted', 0)
    expect(observeComponents(seen).find(({ name }) => name === 'trading')?.state).toBe('ok')
  })

  it('is unhealthy until the account agrees, and again after the link was lost', () => {
    const seen = observation()
    const { control } = seen
    const of = () => observeComponents(seen).find(({ name }) => name === 'recovery')
    expect(of()).toMatchObject({ state: 'ok' })
    control.setRecovered(false, NOW_US - 4e6)
    control.setRecovered(false, NOW_US - 2e6)
    expect(of()).toMatchObject({
      state: 'unhealthy',
      reason: 'recovering: the account is compared with the exchange, for 4 s',
    })
    control.setRecovered(true, NOW_US)
    expect(of()).toMatchObject({ state: 'ok' })
    expect(control.recoveryUs()).toBe(4e6)
    expect(new ControlBlock(createControlBlock()).recoveryUs()).toBeUndefined()
  })

  it('gives a reason with everything that is not ok', () => {
    const seen = observation({
      isExecutionEnded: true,
      states: { NO_BOOK: 1, SYNCING: 2, LIVE: 3, STALE: 4 },
    })
    for (const { reason, state } of observeComponents(seen))
      expect(reason === '').toBe(state === 'ok')
  })
})
