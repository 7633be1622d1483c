import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { History } from '../../src/simulate/history.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** The history, and how often its process died. */
async function runOne(seed: number, gateway: 'port' | 'bybit') {
  const history = new History({ seed, stepsMax: 400, bugs: new Set(), gateway, crashAt: 40 + seed })
  const { crashes, violation } = await history.run()
  expect(violation).toBeUndefined()
  return { crashes, reference: new WeakRef(history) }
}

describe('a history', () => {
  it.each(['port', 'bybit'] as const)(
    'is forgotten when it is over, with all that its dead processes waited for, by %s',
    async (gateway) => {
      const runs = []
      for (let seed = 1; seed <= 8; seed++) runs.push(await runOne(seed, gateway))
      expect(runs.reduce((sum, { crashes }) => sum + crashes, 0)).toBe(8)
      for (let i = 0; i < 3; i++) {
        await setImmediate()
        if (typeof collectGarbage === 'function') collectGarbage()
      }
      // The last one may still be on the stack.
      const kept = runs.filter(({ reference }) => reference.deref() !== undefined)
      expect(kept.length).toBeLessThan(2)
    },
  )
})
