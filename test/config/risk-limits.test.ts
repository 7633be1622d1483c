import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { LimitsSchema, PRESETS } from '../../src/config/risk-limits.ts'
import { executionOptions } from '../../src/threads/execution-plan.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const folder = temporaryFolder('limits')

function load(text: string, environment: Record<string, string> = {}) {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, text)
  return loadConfig({ file, environment })
}

function limitsOf(text: string, environment: Record<string, string> = {}) {
  const loaded = load(text, environment)
  if (!loaded.ok) expect.fail(loaded.message)
  return loaded.value.config.execution.limits
}

function complaint(text: string): string {
  const loaded = load(text)
  return loaded.ok ? 'accepted' : loaded.message
}

describe('a preset of limits', () => {
  it.each(PRESETS)('%s gives every limit a value that the schema accepts', (preset) => {
    const limits = limitsOf(`execution: {preset: ${preset}}`)
    expect(Object.keys(limits).sort()).toEqual(Object.keys(LimitsSchema.properties).sort())
  })

  it('balanced is what holds without a word', () => {
    expect(limitsOf('')).toEqual(limitsOf('execution: {preset: balanced}'))
    expect(limitsOf('')).toMatchObject({
      daily_loss_fraction: 0.02,
      risk_per_trade_fraction: 0.02,
      risk_total_fraction: 0.1,
      open_symbols_max: 10,
      entries_per_position_max: 1,
      correlated_positions_max: 3,
      clock_drift_ms_max: 1000,
    })
  })

  it('is only what was not written: a limit beside it wins, from the environment too', () => {
    const text = 'execution: {preset: conservative, limits: {spread_bps_max: 33}}'
    const environment = { BOOKFLOW_EXECUTION_LIMITS_LOSS_STREAK_MAX: 'off' }
    expect(limitsOf(text, environment)).toMatchObject({
      spread_bps_max: 33,
      loss_streak_max: 'off',
      leverage_max: 1,
    })
    const chosen = { BOOKFLOW_EXECUTION_PRESET: 'aggressive' }
    expect(limitsOf('', chosen)).toMatchObject({ daily_loss_fraction: 0.05, leverage_max: 10 })
  })

  it('grows from conservative to aggressive in every limit on size', () => {
    const [low, middle, high] = PRESETS.map((preset) => limitsOf(`execution: {preset: ${preset}}`))
    for (const key of [
      'order_notional_max',
      'position_notional_max',
      'total_notional_max',
    ] as const) {
      expect(low[key]).toBeLessThan(middle[key])
      expect(middle[key]).toBeLessThan(high[key])
    }
  })

  it('is nowhere looser than the next bolder one', () => {
    const atLeast = ['order_notional_min', 'reward_risk_min', 'cooldown_ms', 'double_send_ms']
    const atMost = (name: string, limit: number | 'off') => {
      if (name === 'loss_streak_lookback_ms') return -limit
      const sign = atLeast.includes(name) ? -1 : 1
      return limit === 'off' ? (sign === 1 ? Number.POSITIVE_INFINITY : 0) : sign * limit
    }
    const [low, middle, high] = PRESETS.map((preset) => limitsOf(`execution: {preset: ${preset}}`))
    const bolder = new Map([...Object.entries(middle)])
    const boldest = new Map([...Object.entries(high)])
    for (const [name, limit] of Object.entries(low)) {
      const next = bolder.get(name) ?? 0
      expect(atMost(name, limit), name).toBeLessThanOrEqual(atMost(name, next))
      expect(atMost(name, next), name).toBeLessThanOrEqual(atMost(name, boldest.get(name) ?? 0))
    }
  })

  it('that does not exist is named', () => {
    expect(complaint('execution: {preset: bold}')).toContain(
      'execution.preset: must be one of conservative, balanced, aggressive, not "bold"',
    )
  })
})

describe('off', () => {
  it('switches a limit off, in the file and in the environment', () => {
    const loaded = load('execution: {limits: {leverage_max: off, cooldown_ms: off}}', {
      BOOKFLOW_EXECUTION_LIMITS_DAILY_LOSS_FRACTION: 'off',
    })
    if (!loaded.ok) expect.fail(loaded.message)
    const { limits } = executionOptions(loaded.value.config)
    expect(limits.leverageMax).toBe(Number.POSITIVE_INFINITY)
    expect(limits.dailyLossFractionMax).toBe(Number.POSITIVE_INFINITY)
    expect(limits.cooldownMs).toBe(0)
  })

  it.each([
    'leverage_max',
    'daily_loss_fraction',
    'spread_bps_max',
    'orders_5m_max',
    'cooldown_ms',
  ])('is not 0: %s says how it is written', (key) => {
    expect(complaint(`execution: {limits: {${key}: 0}}`)).toMatch(
      new RegExp(
        `execution\\.limits\\.${key}: must be at least .*, not 0: to switch the limit off, write off$`,
      ),
    )
  })

  it.each(['daily_loss_fraction', 'clock_drift_ms_max'])('is refused in live mode: %s', (limit) => {
    const text = `mode: live\nexecution: {limits: {${limit}: off}}`
    expect(complaint(text)).toContain(`execution.limits.${limit}: may not be off in live mode`)
  })

  it('is said where the preset would hold something back', () => {
    const loaded = load('execution: {start: active, limits: {leverage_max: off, cooldown_ms: off}}')
    if (!loaded.ok) expect.fail(loaded.message)
    const own = loaded.value.warnings.filter((each) => !each.includes('correlation_groups'))
    expect(own).toEqual([
      expect.stringMatching(
        /execution\.limits: off, so that nothing is held back by: leverage_max$/,
      ),
    ])
  })
})
