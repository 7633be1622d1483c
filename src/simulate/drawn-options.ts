import type { Random } from '../core/random.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../execution/options.ts'

/** Other limits and times for each history, so that none of them is the only one that works. */
export function drawOptions(random: Random): ExecutionOptions {
  const oneOf = <T>(values: readonly T[]): T => values[random.below(values.length)]
  const defaults = DEFAULT_EXECUTION_OPTIONS
  return {
    ...defaults,
    breaker: { ...defaults.breaker, windowUs: 10_000_000, openUs: 3_000_000 },
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
