import type { Random } from '../core/random.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../execution/options.ts'

const BREAKER = { failuresMax: 5, windowUs: 10_000_000, openUs: 3_000_000 } as const

/** Other limits and times for each history, so that none of them is the only one that works. */
export function drawOptions(random: Random): ExecutionOptions {
  const oneOf = <T>(values: readonly T[]): T => values[random.below(values.length)]
  const defaults = DEFAULT_EXECUTION_OPTIONS
  return {
    ...defaults,
    breakers: {
      market: BREAKER,
      account: BREAKER,
      placement: { ...BREAKER, failuresMax: 3 },
      cancel: BREAKER,
    },
    entryTimeInForce: oneOf(['ioc', 'gtc', 'post_only', 'gtc']),
    restMsMax: 200 + random.below(1500),
    pollMs: 100,
    queryAfterMs: 1000,
    reconcile: {
      ...defaults.reconcile,
      quietMs: 1000,
      openOrdersMs: 2000,
      positionsMs: 4000,
      onMismatch: oneOf(['alert', 'halt']),
    },
  }
}
