import type { Config } from '../config/schema.ts'
import type { ExitOptions } from '../execution/exits/exit-options.ts'
import type { BreakerOptions, ExecutionOptions, PaperOptions } from '../execution/options.ts'

type Exits = Config['execution']['exits']

/** `execution.exits` in the units of execution. */
export function exitOptions(exits: Exits): ExitOptions {
  return {
    orderType: exits.order_type,
    stopLossPercent: most(exits.stop_loss_percent),
    takeProfitPercent: most(exits.take_profit_percent),
    timeStopMs: most(exits.time_stop_ms),
    partials: exits.partials.map(({ at_percent, share }) => ({ atPercent: at_percent, share })),
    ...trails(exits),
    reversal: exits.reversal.enabled
      ? {
          indicatorsMin: exits.reversal.indicators_min,
          cooldownMs: exits.reversal.cooldown_ms,
          changeMin: exits.reversal.change_min,
        }
      : undefined,
    held: {
      stepPercent: exits.at_exchange.step_percent,
      intervalMs: exits.at_exchange.interval_ms,
      unguardedMsMax: exits.at_exchange.unguarded_ms_max,
      onUnguarded: exits.at_exchange.on_unguarded,
    },
  }
}

function trails(
  exits: Exits,
): Pick<ExitOptions, 'trailingStop' | 'trailingTakeProfit' | 'bookTrail'> {
  const { book_trail: book, trailing_stop: stop, trailing_take_profit: target } = exits
  const distances = stop.distances.map((level) => ({
    fromPercent: level.from_percent,
    distancePercent: level.distance_percent,
  }))
  return {
    trailingStop: stop.enabled
      ? { activationPercent: stop.activation_percent, distances }
      : undefined,
    trailingTakeProfit: target.enabled
      ? {
          activationPercent: target.activation_percent,
          stepPercent: target.step_percent,
          acceleration: target.acceleration,
        }
      : undefined,
    bookTrail: book.enabled
      ? {
          activationPercent: book.activation_percent,
          reachPercent: book.reach_percent,
          distancePercentMin: book.distance_percent_min,
          strengthMin: book.strength_min,
        }
      : undefined,
  }
}

function most(limit: number | 'off'): number {
  return limit === 'off' ? Number.POSITIVE_INFINITY : limit
}

/** `execution.paper` in the units of execution. */
export function paperOptions(paper: Config['execution']['paper']): PaperOptions {
  return {
    latencyUs: paper.latency_ms * 1000,
    latencyJitterUs: Math.round(paper.latency_jitter_ms * 1000),
    seed: paper.seed,
    queue: paper.queue,
    fundingIntervalMs: paper.funding_interval_ms,
    takerFeeBps: paper.taker_fee_bps,
    makerFeeBps: paper.maker_fee_bps,
  }
}

/** `execution.breakers` in the units of execution. */
export function breakerOptions(
  breakers: Config['execution']['breakers'],
): ExecutionOptions['breakers'] {
  const { account, cancel, market, placement } = breakers
  return {
    market: breaker(market),
    account: breaker(account),
    placement: breaker(placement),
    cancel: breaker(cancel),
  }
}

function breaker(given: Config['execution']['breakers']['market']): BreakerOptions {
  return {
    failuresMax: given.errors,
    windowUs: given.window_ms * 1000,
    openUs: given.open_ms * 1000,
  }
}

/** `execution.follow_up` in the units of execution; undefined: off. */
export function followUpOptions(
  given: Config['execution']['follow_up'],
): ExecutionOptions['followUp'] {
  if (!given.enabled) return undefined
  return { ageMsMax: given.age_ms_max, slippageBps: given.slippage_bps }
}
