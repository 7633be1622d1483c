import { describe, expect, it } from 'vitest'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { ExecutionSection } from './execution-section.ts'

const section = new ExecutionSection('conduct')

describe('the rest of an entry', () => {
  it('is let go without a word, and asked for when that is written', () => {
    expect(section.options('{}')).toMatchObject({ followUp: undefined, atStop: 'cancel_orders' })
    const given = section.options(
      '{follow_up: {enabled: true, age_ms_max: 700}, at_stop: keep_orders}',
    )
    expect(given).toMatchObject({
      followUp: { ageMsMax: 700, slippageBps: 0 },
      atStop: 'keep_orders',
    })
  })
})

describe('the start in the configuration', () => {
  it('opens nothing before a person resumes, unless active is asked for', () => {
    expect(section.options('{}').start).toBe('reduce_only')
    expect(section.options('{start: active}').start).toBe('active')
    expect(section.options('{start: halted}').start).toBe('halted')
  })

  it('is warned of where nobody could resume', () => {
    const warnings = (execution: string) => {
      const loaded = section.load(execution)
      return loaded.ok ? loaded.value.warnings.join() : loaded.message
    }
    expect(warnings('{}')).toContain('execution.start: reduce_only: nothing is opened until')
    expect(warnings('{}')).toContain('set BOOKFLOW_CONTROL_TOKEN')
    expect(warnings('{start: halted}')).toContain('execution.start: halted')
    expect(warnings('{start: active}')).not.toContain('execution.start')
    expect(warnings('{}\ncontrol: {token: a-token-of-some-length}')).not.toContain('start')
  })
})

describe('correlation groups in the configuration', () => {
  it('are missed on paper too, where the limit that counts in them is on', () => {
    const said = (execution: string) => {
      const loaded = section.load(`{start: active, ${execution}}`)
      return loaded.ok ? loaded.value.warnings.join() : loaded.message
    }
    const text = 'execution.correlation_groups: no group is named: correlated_positions_max'
    expect(said('preset: balanced')).toContain(text)
    expect(said('correlation_groups: {majors: [BTCUSDT, ETHUSDT]}')).toBe('')
    expect(said('limits: {correlated_positions_max: off}')).not.toContain('correlation_groups')
  })
})

describe('breakers in the configuration', () => {
  it('are those of the catalogue without a word', () => {
    expect(section.options('{}').breakers).toEqual(DEFAULT_EXECUTION_OPTIONS.breakers)
    expect(DEFAULT_EXECUTION_OPTIONS.breakers).toMatchObject({
      placement: { failuresMax: 3, windowUs: 30_000_000, openUs: 30_000_000 },
      account: { failuresMax: 5, windowUs: 30_000_000, openUs: 60_000_000 },
    })
  })

  it.each(['market', 'account', 'placement', 'cancel'] as const)('of %s is its own', (endpoint) => {
    const given = section.options(
      `{breakers: {${endpoint}: {errors: 7, window_ms: 1500, open_ms: 2500}}}`,
    ).breakers
    expect(given).toEqual({
      ...DEFAULT_EXECUTION_OPTIONS.breakers,
      [endpoint]: { failuresMax: 7, windowUs: 1_500_000, openUs: 2_500_000 },
    })
  })

  it.each([
    ['{breakers: {placement: {errors: 0}}}', 'execution.breakers.placement.errors'],
    ['{breakers: {placement: {error: 3}}}', 'did you mean errors?'],
    ['{breakers: {orders: {errors: 3}}}', 'execution.breakers.orders: unknown key'],
    ['{breakers: {market: {open_ms: 10}}}', 'execution.breakers.market.open_ms'],
    ['{at_stop: flatten}', 'execution.at_stop'],
    ['{follow_up: {slippage_bps: -1}}', 'execution.follow_up.slippage_bps'],
  ])('%s is refused by name', (execution, words) => {
    const loaded = section.load(execution)
    expect(loaded.ok ? 'accepted' : loaded.message).toContain(words)
  })
})
