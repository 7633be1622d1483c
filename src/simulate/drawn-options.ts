import type { Random } from '../core/random.ts'
import type { ExitOptions } from '../execution/exits/exit-options.ts'
import {
  DEFAULT_EXECUTION_OPTIONS,
  type ExecutionOptions,
  type RiskLimits,
} from '../execution/options.ts'
import { INSTRUMENT_SYMBOLS } from './market.ts'
import type { SimulatedGateway } from './simulated-gateway.ts'

const BREAKER = { failuresMax: 5, windowUs: 10_000_000, openUs: 3_000_000 } as const

/** Old enough that a rest is followed in spite of slow lines, and across a quick restart. */
const FOLLOW_UP = { ageMsMax: 5_000, slippageBps: 5 } as const

const OFF = Number.POSITIVE_INFINITY
const TRAILING_STOP = {
  activationPercent: 0.05,
  distances: [
    { fromPercent: 0, distancePercent: 0.1 },
    { fromPercent: 0.5, distancePercent: 0.05 },
  ],
} as const
const TRAILING_TAKE_PROFIT = {
  activationPercent: 0.1,
  stepPercent: 0.1,
  acceleration: 1.5,
} as const
const BOOK_TRAIL = {
  activationPercent: 0.02,
  reachPercent: 0.5,
  distancePercentMin: 0.01,
  strengthMin: 1.5,
} as const
const PARTIALS = [
  { atPercent: 0.05, share: 0.4 },
  { atPercent: 0.2, share: 0.4 },
] as const
const REVERSAL = { indicatorsMin: 2, cooldownMs: 500, changeMin: 0.0005 } as const

type OneOf = <T>(values: readonly T[]) => T

/** Other limits and times for each history, so that none of them is the only one that works. */
export function drawOptions(random: Random, gateway: SimulatedGateway): ExecutionOptions {
  const oneOf: OneOf = (values) => values[random.below(values.length)]
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
    ...(random.below(2) === 0 ? {} : drawLimits(oneOf)),
    correlationGroups: { majors: INSTRUMENT_SYMBOLS },
    exits: random.below(2) === 0 ? drawLevels(oneOf) : drawExits(oneOf),
    atStop: oneOf(['cancel_orders', 'keep_orders']),
    entryTimeInForce: oneOf(['ioc', 'gtc', 'post_only', 'gtc', 'gtc']),
    // Some histories end with orders that rest, whose terms can then be compared.
    restMsMax: random.below(6) === 0 ? 3_600_000 : 200 + random.below(1500),
    requote: oneOf([defaults.requote, { awayTicks: 2, amendsMax: 3 }]),
    pollMs: 100,
    // Longer than a request may be on its way.
    queryAfterMs: gateway === 'bybit' ? defaults.queryAfterMs : 1000,
    reconcile: {
      ...defaults.reconcile,
      quietMs: 1000,
      openOrdersMs: 2000,
      positionsMs: 4000,
      blindMsMax: oneOf([8000, 3000, 3000]),
      onMismatch: oneOf(['alert', 'halt']),
    },
  }
}

/**
 * Most are off, as each of them keeps from trading. A small account reaches those that are parts of
 * it.
 */
function drawLimits(oneOf: OneOf): Pick<ExecutionOptions, 'equityQuote' | 'limits'> {
  const equityQuote = oneOf([100_000, 4_000, 2_000, 1_000])
  const limits: RiskLimits = {
    ...DEFAULT_EXECUTION_OPTIONS.limits,
    totalNotionalQuoteMax: oneOf([20_000, 20_000, 6_000, 3_000]),
    leverageMax: oneOf([OFF, OFF, OFF, 0.5]),
    openSymbolsMax: oneOf([10, 10, 1]),
    correlatedPositionsMax: oneOf([OFF, OFF, OFF, OFF, 1]),
    entriesPerPositionMax: oneOf([OFF, OFF, 2]),
    riskPerTradeFractionMax: oneOf([OFF, OFF, OFF, 0.02]),
    riskTotalFractionMax: oneOf([OFF, OFF, OFF, 0.05]),
    dailyLossFractionMax: oneOf([0.02, 0.01, 0.003]),
    drawdownFractionMax: oneOf([0.2, 0.003]),
    lossStreakMax: oneOf([OFF, OFF, OFF, 3]),
    lossStreakLookbackMs: oneOf([3_600_000, 3_000]),
    cooldownMs: oneOf([0, 0, 0, 600]),
    doubleSendMs: oneOf([0, 0, 1_500]),
    orders5mMax: oneOf([OFF, OFF, OFF, 12]),
    turnover5mQuoteMax: oneOf([OFF, OFF, OFF, 8_000]),
  }
  return { equityQuote, limits }
}

function drawLevels(oneOf: OneOf): ExitOptions {
  return {
    ...DEFAULT_EXECUTION_OPTIONS.exits,
    stopLossPercent: oneOf([OFF, 1, 2]),
    takeProfitPercent: oneOf([OFF, OFF, 2]),
  }
}

function drawExits(oneOf: OneOf): ExitOptions {
  return {
    ...drawLevels(oneOf),
    timeStopMs: oneOf([OFF, OFF, 3_000]),
    trailingStop: oneOf([undefined, undefined, TRAILING_STOP]),
    trailingTakeProfit: oneOf([undefined, undefined, undefined, TRAILING_TAKE_PROFIT]),
    bookTrail: oneOf([undefined, undefined, undefined, BOOK_TRAIL]),
    partials: oneOf([[], [], PARTIALS]),
    reversal: oneOf([undefined, undefined, REVERSAL]),
  }
}
