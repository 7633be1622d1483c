import { afterEach, describe, expect, it, vi } from 'vitest'
import { FeatureOracleRun } from '../../bench/feature-oracle-run.ts'
import { SymbolFeatures } from '../../src/features/symbol-features.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

function run(events: number): FeatureOracleRun {
  const oracle = new FeatureOracleRun({ events, seed: 700, stream: 150, every: 15 })
  while (!oracle.isDone) oracle.advance()
  return oracle
}

describe('the feature oracle', () => {
  it('finds no difference between fast and slow features', () => {
    const { result } = run(600)
    expect(result.examples).toEqual([])
    expect(result.differences).toBe(0)
    expect(result.events).toBeGreaterThanOrEqual(600)
    expect(result.wholeRows).toBeGreaterThan(5)
    expect(result.values).toBeGreaterThan(result.rows * 40)
    expect(result.parameterSets.size).toBeGreaterThan(1)
  })

  it('finds features that miss a trade message, and says how to see it again', () => {
    const onTrades = SymbolFeatures.prototype.onTrades
    let calls = 0
    vi.spyOn(SymbolFeatures.prototype, 'onTrades').mockImplementation(function (
      this: SymbolFeatures,
      message,
    ) {
      calls++
      if (calls !== 12) onTrades.call(this, message)
    })
    const { result } = run(300)
    expect(result.differences).toBeGreaterThan(0)
    expect(result.examples[0]).toContain('--events 1 --seed 700 --stream 150 --every 15')
  })
})
