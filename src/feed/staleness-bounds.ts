/** Default bounds in milliseconds; 0: never stale, because silence is normal there. */
const STALE_AFTER_MS_DEFAULT = {
  orderbook: 10_000, // depth 1 repeats itself after 3 s; deeper books of quiet symbols may be silent
  tickers: 30_000,
  publicTrade: 0,
  kline: 0,
  allLiquidation: 0,
} as const

/**
 * Bound for a topic by the first word of its name ("orderbook.50.BTCUSDT"); 0 for a kind that is
 * not known.
 */
export function staleAfterMsDefault(topicName: string): number {
  for (const [kind, boundMs] of Object.entries(STALE_AFTER_MS_DEFAULT)) {
    if (topicName.startsWith(`${kind}.`)) return boundMs
  }
  return 0
}
