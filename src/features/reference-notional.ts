import { parseStep, type Step } from '../core/decimal.ts'

/**
 * A notional in units of one lot at one tick, where the notional of a level is the integer
 * ticks * lots.
 */
export type ReferenceNotional = Readonly<{
  /** May have a fraction. */
  value: number
  /** Smallest integer that is not less: levels hold the notional exactly when they hold this. */
  ceiling: number
}>

/** `quote` is decimal text; the division is exact, so that equality is. */
export function referenceNotional(quote: string, tick: Step, lot: Step): ReferenceNotional {
  const amount = parseStep(quote)
  if (amount === undefined) {
    const value = Number(quote) / (tick.value * lot.value)
    return { value, ceiling: Math.ceil(value) }
  }
  const numerator = BigInt(amount.unitsPerStep) * 10n ** BigInt(tick.decimals + lot.decimals)
  const units = BigInt(tick.unitsPerStep) * BigInt(lot.unitsPerStep)
  const denominator = units * 10n ** BigInt(amount.decimals)
  const whole = numerator / denominator
  const rest = numerator % denominator
  return {
    value: Number(whole) + Number(rest) / Number(denominator),
    ceiling: Number(rest === 0n ? whole : whole + 1n),
  }
}
