import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { createEngineMemory } from '../../src/threads/engine-memory.ts'
import { executionOptions, executionWorkerData } from '../../src/threads/execution-plan.ts'

const LIVE = {
  mode: 'live',
  'execution.gateway': 'bybit',
  'execution.live_confirm': 'I understand',
  'execution.bybit.api_key_file': '/run/secrets/key',
  'execution.bybit.api_secret_file': '/run/secrets/secret',
  'control.token': 'a-token-of-some-length',
}
const MOCK = {
  ...LIVE,
  mode: 'paper',
  'exchange.ws_url': 'ws://127.0.0.1:8090',
  'exchange.rest_url': 'http://127.0.0.1:8090',
}

function load(options: Readonly<Record<string, unknown>>) {
  return loadConfig({ environment: {}, options })
}

function complaints(options: Readonly<Record<string, unknown>>): string {
  const loaded = load(options)
  return loaded.ok ? 'accepted' : loaded.message
}

describe('trading with money', () => {
  it('needs the mode, the gateway, the words, and the files of the key', () => {
    expect(complaints(LIVE)).toBe('accepted')
    expect(complaints({ ...LIVE, 'execution.gateway': 'paper' })).toContain('mode: live needs')
    for (const words of [undefined, 'yes', 'i understand']) {
      const said = complaints({ ...LIVE, 'execution.live_confirm': words })
      expect(said).toContain('live needs execution.live_confirm: "I understand"')
    }
    for (const key of ['api_key_file', 'api_secret_file']) {
      const said = complaints({ ...LIVE, [`execution.bybit.${key}`]: undefined })
      expect(said).toContain(`execution.bybit.${key}: is needed by gateway: bybit`)
    }
  })

  it('needs a token of the control API, as nobody could kill without', () => {
    const said = complaints({ ...LIVE, 'control.token': undefined })
    expect(said).toContain('control.token: live needs it, as nobody could kill or resume')
    expect(complaints({ ...MOCK, 'control.token': undefined })).toBe('accepted')
  })

  it('says what the configuration does not hold back', () => {
    const loaded = load({ ...LIVE, 'execution.limits.drawdown_fraction': 'off' })
    if (!loaded.ok) return expect.unreachable(loaded.message)
    const off =
      'order_notional_min, drawdown_fraction, loss_streak_max, cooldown_ms, reward_risk_min'
    expect(loaded.value.warnings).toEqual([
      expect.stringMatching(`execution\\.limits: off, .* by: ${off}$`),
      expect.stringContaining('execution.correlation_groups: no group is named'),
      expect.stringContaining('execution.exits.stop_loss_percent: off: a position that is taken'),
    ])
    const whole = load({
      ...LIVE,
      'execution.preset': 'conservative',
      'execution.limits.order_notional_min': 10,
      'execution.correlation_groups': { majors: ['BTCUSDT', 'ETHUSDT'] },
      'execution.exits.stop_loss_percent': 2,
    })
    if (!whole.ok) return expect.unreachable(whole.message)
    expect(whole.value.warnings).toEqual([])
  })

  it('begins with closing only, and with stops', () => {
    const loaded = load(LIVE)
    if (!loaded.ok) return expect.unreachable(loaded.message)
    expect(executionOptions(loaded.value.config)).toMatchObject({
      start: 'reduce_only',
      requiresStop: true,
    })
    const active = load({ ...LIVE, 'execution.start': 'active' })
    expect(active.ok && executionOptions(active.value.config).start).toBe('reduce_only')
    const halted = load({ ...LIVE, 'execution.start': 'halted' })
    if (!halted.ok) return expect.unreachable(halted.message)
    expect(executionOptions(halted.value.config).start).toBe('halted')
  })

  it('is not reached by accident: paper mode takes a mock or the testnet only', () => {
    expect(complaints({ ...LIVE, mode: 'paper' })).toContain('bybit trades with money at https')
    expect(complaints(MOCK)).toBe('accepted')
    const testnet = {
      ...MOCK,
      'exchange.ws_url': 'wss://stream-testnet.bybit.com',
      'exchange.rest_url': 'https://api-testnet.bybit.com',
    }
    expect(complaints(testnet)).toBe('accepted')
    const half = { ...testnet, 'exchange.rest_url': 'https://api.bybit.com' }
    expect(complaints(half)).toContain('bybit trades with money')
    const tricky = { ...MOCK, 'exchange.rest_url': 'https://api-testnet.bybit.com.evil.io' }
    expect(complaints(tricky)).toContain('bybit trades with money')
  })

  it('leaves the machine by encrypted connections alone, and keeps the wait of HTTP 403', () => {
    const open = { ...LIVE, 'exchange.ws_url': 'ws://stream.bybit.com' }
    expect(complaints(open)).toContain('only by https and wss')
    expect(complaints({ ...LIVE, 'execution.bybit.lock_out_ms': 1000 })).toContain('10 minutes')
    expect(complaints({ ...MOCK, 'execution.bybit.lock_out_ms': 1000 })).toBe('accepted')
    expect(complaints({ ...LIVE, 'execution.bybit.disconnect_cancel_s': 2 })).toContain('3 to 300')
    expect(complaints({ ...LIVE, 'exchange.category': 'spot' })).toContain('linear instruments')
  })

  it('gives the execution thread paths and no key', () => {
    const loaded = load(MOCK)
    if (!loaded.ok) return expect.unreachable(loaded.message)
    const data = executionWorkerData(loaded.value.config, [], createEngineMemory(1, 1, 50))
    expect(data.bybit).toMatchObject({
      restUrl: 'http://127.0.0.1:8090',
      keyFile: '/run/secrets/key',
      secretFile: '/run/secrets/secret',
    })
  })
})
