/**
 * The trading state: one shared word that only execution writes. The order is the code in shared
 * memory.
 */
export const TRADING_STATES = ['halted', 'reduce_only', 'active'] as const
export type TradingState = (typeof TRADING_STATES)[number]

/**
 * Whether the market as a whole is one to enter; risk-off blocks what opens and nothing else. The
 * order is the code in shared memory. Append only.
 */
export const REGIMES = ['risk_on', 'risk_off'] as const
export type Regime = (typeof REGIMES)[number]

export const ORDER_SIDES = ['buy', 'sell'] as const
export type OrderSide = (typeof ORDER_SIDES)[number]

export function tradingStateCode(state: TradingState): number {
  return TRADING_STATES.indexOf(state)
}

/** The order is the code in shared memory; the transition table is execution's own. Append only. */
export const ORDER_STATES = [
  'created',
  'submitted',
  'open',
  'canceling',
  'denied',
  'rejected',
  'filled',
  'canceled',
  'expired',
  'unknown', // sent, and nobody knows whether the exchange took it
  'amending', // open, with a change of price or size on its way
] as const
export type OrderState = (typeof ORDER_STATES)[number]

/** The order is the code in shared memory; the transition table is execution's own. Append only. */
export const POSITION_STATES = [
  'closed',
  'open',
  'closing', // an order that makes it smaller is on its way or rests
] as const
export type PositionState = (typeof POSITION_STATES)[number]

/**
 * Whether the exchange cancels what is open when we are gone: not asked for, asked and not seen yet,
 * seen, given up.
 */
export const GUARD_STATES = ['off', 'pending', 'armed', 'failed'] as const
export type GuardState = (typeof GUARD_STATES)[number]
