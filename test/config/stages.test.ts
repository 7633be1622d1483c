import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { SETTINGS } from '../../src/config/validation.ts'
import { DEFAULT_PARAMETERS, parseParameters } from '../../src/features/parameters.ts'
import { readScalperParameters } from '../../src/signal/scalper-parameters.ts'

const loaded = loadConfig({ environment: {} })
if (!loaded.ok) throw new Error(loaded.message)
const { config } = loaded.value

function camelCase(key: string): string {
  return key.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase())
}

describe('what the stages check themselves', () => {
  it('the default feature parameters are those of the catalogue', () => {
    const { groups: _, ...numbers } = config.features
    const parameters = Object.fromEntries(
      Object.entries(numbers).map(([key, value]) => [camelCase(key), value]),
    )
    expect(parameters).toEqual(DEFAULT_PARAMETERS)
  })

  it('every feature parameter that the schema allows is accepted by the features', () => {
    const settings = SETTINGS.filter(({ path }) => path[0] === 'features' && path[1] !== 'groups')
    expect(settings.length).toBe(Object.keys(DEFAULT_PARAMETERS).length)
    for (const { path, schema } of settings) {
      for (const value of [schema.minimum, schema.maximum]) {
        const parsed = parseParameters({ [camelCase(path[1])]: value })
        expect(parsed.ok, `${path[1]}: ${value}`).toBe(true)
      }
    }
  })

  it('the default strategy is accepted, and its orders fit the default limits', () => {
    const parsed = readScalperParameters(config.strategies[0].params)
    if (!parsed.ok) expect.fail(parsed.message)
    const limits = config.execution.limits
    expect(parsed.value.notional_quote).toBeLessThanOrEqual(limits.order_notional_max)
  })
})
