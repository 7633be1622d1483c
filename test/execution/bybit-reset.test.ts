import { describe, expect, it } from 'vitest'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { WireRig } from './bybit-wire.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { createInstrument, START_US } from './rig.ts'

const START_MS = START_US / 1000

function approvedExit() {
  const instrument = createInstrument(0, 'BTCUSDT')
  const facts = { ...CALM_FACTS, positionLots: 5 }
  const gate = new RiskGate(DEFAULT_EXECUTION_OPTIONS)
  const checked = gate.check({ ...CALM_INTENT, instrument, action: 'exit' }, facts)
  return checked.ok ? checked.value : expect.unreachable(checked.message)
}

describe('orders after one that met the limit of calls', () => {
  it.each([
    ['wait for the reset', 0, 300, 400],
    ['wait no longer than some seconds, however far off the reset is told', 0, 60_000, 5_100],
    ['wait by the time of the exchange alone, wherever our clock is', 3_000, 300, 400],
    ['wait by the time of the exchange alone, wherever our clock is', -3_000, 300, 400],
  ])('%s', async (_name, aheadMs, resetMs, afterMs) => {
    let orders = 0
    const rig = new WireRig(() => {
      orders++
      const timeMs = START_MS + aheadMs
      const reset = String(timeMs + resetMs)
      const headers = { 'X-Bapi-Limit-Status': '0', 'X-Bapi-Limit-Reset-Timestamp': reset }
      return { result: { retCode: orders === 1 ? 10006 : 0 }, timeMs, headers }
    })
    expect((await rig.gateway.submit(approvedExit())).kind).toBe('unknown')
    await rig.pass(Math.max(0, afterMs - 1000))
    const next = rig.gateway.submit(approvedExit())
    await rig.pass(100)
    const isEarly = orders > 1
    await rig.pass(1900)
    expect((await next).kind).toBe('accepted')
    expect(isEarly).toBe(false)
  })
})
