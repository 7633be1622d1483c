import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nameHint, nearestName } from '../../src/core/nearest.ts'

describe('nearestName', () => {
  it.each([
    ['depht', 'depth'],
    ['Depth', 'depth'],
    ['symbols-per-connection', 'symbols_per_connection'],
    ['backof_ms', 'backoff_ms'],
    ['resynk', 'resync'],
  ])('takes %s for %s', (typed, meant) => {
    const known = ['depth', 'shards', 'symbols_per_connection', 'backoff_ms', 'resync']
    expect(nearestName(typed, known)).toBe(meant)
  })

  it('stays silent when nothing is near', () => {
    expect(nearestName('zebra', ['depth', 'shards'])).toBeUndefined()
    expect(nameHint('zebra', ['depth', 'shards'])).toBe('')
    expect(nearestName('x'.repeat(1000), ['x'.repeat(999)])).toBeUndefined()
  })

  it('finds a name after any one edit of it', () => {
    const known = ['position_notional_max', 'open_symbols_max', 'daily_loss_fraction']
    fc.assert(
      fc.property(
        fc.constantFrom(...known),
        fc.nat(),
        fc.constantFrom('x', 'q'),
        (name, at, by) => {
          const i = at % name.length
          expect(nearestName(name.slice(0, i) + by + name.slice(i + 1), known)).toBe(name)
          expect(nearestName(name.slice(0, i) + name.slice(i + 1), known)).toBe(name)
          expect(nearestName(name.slice(0, i) + by + name.slice(i), known)).toBe(name)
        },
      ),
    )
  })
})
