import type { Random } from '../core/random.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../execution/options.ts'

const BREAKER = { failuresMax: 5, windowUs: 10_000_000, openUs: 3_000_000 } as const

/** Old enough that a rest is followed in spite of slow lines, and across a quick restart. */
const FOLLOW_UP = { ageMsMax: 5_000, slippageBps: 1 } as const

/** Other limits and times for each history, so that none of them is the only one that works. */
export function drawOptions(random: Random): ExecutionOptions {
  const oneOf = <T>(values: readonly T[]): T => values[random.below(values.length)]
  const never = Number.POSITIVE_INFINITY
  const defaults = DEFAULT_EXECUTION_OPTIONS
  return {
    ...defaults,
    breakers: {
      market: BREAKER,
      account: BREAKER,
      placement: { ...BREAKER, failuresMax: 3 },
      cancel: BREAKER,
    },
    followUp: oneOf([undefined, FOLLOW_UP, FOLLOW_UP]),
    // Some histories begin without risk, until a person says otherwise.
    regime: random.below(8) === 0 ? 'risk_off' : 'risk_on',
    exits: {
      ...defaults.exits,
      stopLossPercent: oneOf([never, 1, 2]),
      takeProfitPercent: oneOf([never, never, 2]),
    },
    atStop: oneOf(['cancel_orders', 'keep_orders']),
    entryTimeInForce: oneOf(['ioc', 'gtc', 'post_only', 'gtc', 'gtc']),
    // Some histories end with orders that rest, whose terms can then be compared.
    restMsMax: random.below(6) === 0 ? 3_600_000 : 200 + random.below(1500),
    requote: oneOf([defaults.requote, { awayTicks: 2, amendsMax: 3 }]),
    pollMs: 100,
    queryAfterMs: 1000,
    reconcile: {
      ...defaults.reconcile,
      quietMs: 1000,
      openOrdersMs: 2000,
      positionsMs: 4000,
      blindMsMax: 8000,
      onMismatch: oneOf(['alert', 'halt']),
    },
  }
}
