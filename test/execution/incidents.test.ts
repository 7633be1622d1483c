import { describe, expect, it } from 'vitest'
import { INCIDENTS_ACTIVE_MAX } from '../../src/constants.ts'
import { INCIDENT_CODES } from '../../src/domain/incidents.ts'
import { type IncidentSources, Incidents } from '../../src/execution/incidents.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { readIncident } from '../../src/memory/incident-facts.ts'
import { told as money } from './fake-exchange.ts'
import { Rig, startRig } from './rig.ts'

const WHO = { who: 'ann', reason: 'looked into it' }
const WELL: IncidentSources = {
  ...{ unguarded: () => [], unwatched: () => [], gapQuote: () => Number.NaN },
  ...{ clockOffsetMs: () => 0, isClockLost: () => false, isStuck: () => false },
  areTransfersUnknown: () => false,
}

function told(rig: Rig) {
  return rig.seen('incident').map((record) => readIncident(record))
}

/** The registry alone, over the ledger of a rig. */
function watching(sources: Partial<IncidentSources>) {
  const rig = new Rig()
  const incidents = new Incidents(rig.ledger, rig.control, { ...WELL, ...sources })
  const look = () => {
    incidents.look(rig.clock.nowUs())
    rig.ledger.publish()
  }
  look() // halted before its start, by nobody
  return { rig, look }
}

describe('an incident', () => {
  it('of a loss beyond its limit lasts until a person resumes', async () => {
    const rig = await startRig({
      options: {
        limits: { ...DEFAULT_EXECUTION_OPTIONS.limits, drawdownFractionMax: 0.000_1 },
        exitSlippageBps: 2_000,
      },
    })
    rig.enter(0, 'enter_long', 10_003, { notional: 1_000 })
    await rig.pass(50)
    rig.quote(0, 9_000)
    await rig.pass(500)
    expect(rig.state.tradingState).toBe('halted')
    expect(told(rig)).toMatchObject([
      {
        code: 'trading_halted',
        severity: 'critical',
        symbol: null,
        reason: 'max_drawdown',
        message: expect.stringContaining('(max_drawdown)'),
        is_active: true,
      },
    ])
    expect(rig.control.incidents.get('trading_halted')).toBe(1)
    rig.command('resume', -1, WHO)
    await rig.pass(50)
    expect(told(rig).at(-1)).toMatchObject({ code: 'trading_halted', is_active: false })
    expect(rig.control.incidents.get('trading_halted')).toBe(0)
    expect(rig.counters.get('incidents_raised')).toBe(1)
    expect(rig.counters.get('incidents_ended')).toBe(1)
  })

  it('is no halt, no kill and no start that a person ordered', async () => {
    const rig = await startRig()
    for (const command of ['halt', 'resume', 'kill'] as const) rig.command(command, -1, WHO)
    await rig.pass(5_000)
    expect(told(rig)).toEqual([])
  })

  it('of a kill that does not come flat ends when it is', async () => {
    const rig = await startRig()
    rig.enter(0, 'enter_long', 10_003)
    await rig.pass(50)
    rig.books.lose(0)
    rig.command('kill')
    await rig.pass(240_000, 500)
    expect(told(rig)).toMatchObject([{ code: 'kill_not_flat', is_active: true }])
    rig.quote(0, 10_000)
    await rig.pass(20_000, 100)
    expect(told(rig).at(-1)).toMatchObject({ code: 'kill_not_flat', is_active: false })
  })

  it('of a clock tells how far it is off, and of one that is not compared any more', async () => {
    let clockOffsetMs = 5_000
    const rig = new Rig({ guards: { clockOffsetMs: () => clockOffsetMs } })
    await rig.start()
    rig.quote(0, 10_000)
    await rig.pass(50)
    expect(told(rig)).toEqual([])
    clockOffsetMs = -5_001
    await rig.pass(50)
    expect(told(rig).at(-1)).toMatchObject({
      code: 'clock_drift',
      message: expect.stringContaining('(-5001 ms)'),
    })
    clockOffsetMs = Number.NaN
    await rig.pass(50)
    expect(told(rig).slice(1)).toMatchObject([
      { code: 'clock_drift', is_active: false },
      { code: 'clock_unknown', is_active: true },
    ])
  })

  it('of the account ends when the exchange has as much as the journal again', async () => {
    const rig = await startRig()
    rig.actor.balances.take(money(50_000), rig.clock.nowUs())
    await rig.pass(50)
    expect(told(rig)).toMatchObject([{ code: 'equity_gap', is_active: true }])
    expect(told(rig)[0]?.message).toContain('(50000 quote)')
    rig.actor.balances.take(money(100_000), rig.clock.nowUs())
    await rig.pass(50)
    expect(told(rig)).toHaveLength(2)
    expect(rig.control.incidents.get('equity_gap')).toBe(0)
  })

  it('is told once for each symbol, and counted by code where other threads see it', () => {
    let symbols = ['BTCUSDT', 'ETHUSDT']
    const { look, rig } = watching({ unguarded: () => symbols, isStuck: () => true })
    look()
    look()
    expect(told(rig).map((each) => [each?.code, each?.symbol])).toEqual([
      ['position_unguarded', 'BTCUSDT'],
      ['position_unguarded', 'ETHUSDT'],
      ['reconcile_stuck', null],
    ])
    expect(rig.control.incidents.get('position_unguarded')).toBe(2)
    symbols = ['ETHUSDT']
    look()
    expect(told(rig).at(-1)).toMatchObject({ symbol: 'BTCUSDT', reason: null, is_active: false })
    expect(rig.control.incidents.get('position_unguarded')).toBe(1)
  })

  it('is one of a bounded number, and those beyond it are counted', () => {
    const symbols = Array.from({ length: INCIDENTS_ACTIVE_MAX + 3 }, (_, i) => `S${i}USDT`)
    const { look, rig } = watching({ unwatched: () => symbols })
    look()
    expect(told(rig)).toHaveLength(INCIDENTS_ACTIVE_MAX)
    expect(rig.counters.get('incidents_untold')).toBe(3)
  })

  it('has a code, a severity and a sentence for a person', () => {
    expect(INCIDENT_CODES).toContain('position_unwatched')
    const { look, rig } = watching({ unwatched: () => ['DOGEUSDT'] })
    look()
    expect(told(rig)).toMatchObject([{ severity: 'critical', symbol: 'DOGEUSDT', reason: null }])
  })
})
