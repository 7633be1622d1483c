/**
 * Thresholds at which the scalper asks for something all the time, for runs that are about what
 * becomes of orders and not about signals.
 */
export const EAGER_STRATEGY = {
  name: 'eager',
  kind: 'order_book_scalper',
  params: {
    imbalance_min: 0.1,
    imbalance_hysteresis: 0.05,
    probability_min: 0.5,
    probability_hysteresis: 0,
    cool_down_ms: 100,
    hold_ms_max: 1000,
    notional_quote: 200,
    spread_ticks_max: 1000,
  },
} as const
