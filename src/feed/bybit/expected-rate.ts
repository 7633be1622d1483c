/**
 * Messages a second to expect of a symbol, from its turnover of 24 hours in dollars; good enough to
 * spread load before the first message. A book topic is pushed at most once a period, and only when
 * something changed. In the captures the share of periods with a push follows t / (t + half) with
 * half near 35 million dollars: 0.96 at 1142 (BTCUSDT), 0.89 at 277 (SOLUSDT), 0.55 at 38 (ETHUSDT
 * spot). Trades and tickers add little and grow alike.
 */
const HALF_TURNOVER_USD = 35e6
/** Tickers and the repeats of an idle book. */
const RATE_FLOOR = 1

export function expectedRate(turnoverUsd: number, bookPeriodMs: number): number {
  const turnover = Number.isFinite(turnoverUsd) && turnoverUsd > 0 ? turnoverUsd : 0
  return RATE_FLOOR + (1000 / bookPeriodMs) * (turnover / (turnover + HALF_TURNOVER_USD))
}
