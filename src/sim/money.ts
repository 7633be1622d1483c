import { assert } from '../core/assert.ts'
import type { Step } from '../core/decimal.ts'

/**
 * Money of the account: whole units of 10^-8 USDT as a BigInt, so that sums are exact whatever the
 * size of the position. Prices and quantities stay counts of their steps.
 */
export type Money = bigint

export const MONEY_DECIMALS = 8
const MONEY_UNIT = 100_000_000n
/** Rates (fees, funding) are whole millionths. */
const RATE_UNIT = 1_000_000n

export type Steps = Readonly<{ tick: Step; lot: Step }>

/** Price times quantity, exactly. */
export function tradeValue(ticks: number, lots: number, steps: Steps): Money {
  return BigInt(ticks) * BigInt(lots) * stepValue(steps)
}

/** What one lot is worth at a price of one tick. */
function stepValue({ tick, lot }: Steps): Money {
  const spare = MONEY_DECIMALS - tick.decimals - lot.decimals
  assert(spare >= 0, 'a tick times a lot is a whole number of money units')
  return BigInt(tick.unitsPerStep) * BigInt(lot.unitsPerStep) * 10n ** BigInt(spare)
}

/** `part` of `whole` shares of the amount, to the nearest unit. */
export function share(amount: Money, part: number, whole: number): Money {
  return divide(amount * BigInt(part), BigInt(whole))
}

/** The amount times a rate in millionths, to the nearest unit. */
export function atRate(amount: Money, ratePpm: number): Money {
  return divide(amount * BigInt(ratePpm), RATE_UNIT)
}

/** To the nearest whole number, halves away from zero. */
export function divide(numerator: bigint, denominator: bigint): bigint {
  assert(denominator > 0n, 'amounts are divided by positive numbers')
  const half = denominator / 2n
  return (numerator >= 0n ? numerator + half : numerator - half) / denominator
}

/** Plain decimal text without zeros at its end. */
export function moneyText(amount: Money): string {
  const isNegative = amount < 0n
  const units = isNegative ? -amount : amount
  const fraction = (units % MONEY_UNIT).toString().padStart(MONEY_DECIMALS, '0')
  const trimmed = fraction.replace(/0+$/, '')
  const text = `${units / MONEY_UNIT}${trimmed === '' ? '' : `.${trimmed}`}`
  return isNegative ? `-${text}` : text
}

/** Undefined when the text is not a plain decimal number of at most 8 digits after the point. */
export function parseMoney(text: string): Money | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,8}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole, fraction = ''] = match
  const units = BigInt(whole + fraction.padEnd(MONEY_DECIMALS, '0'))
  return sign === '-' ? -units : units
}

/** The average price of a quantity that cost so much, as the exchange writes it. */
export function averagePriceText(cost: Money, lots: number, steps: Steps): string {
  if (lots === 0) return '0'
  // Money units a lot costs, over the units of the lot, at ten digits after the point.
  const scaled = cost * 10n ** BigInt(2 + steps.lot.decimals)
  const price = divide(scaled, BigInt(lots) * BigInt(steps.lot.unitsPerStep))
  const text = price.toString().padStart(11, '0')
  const fraction = text.slice(-10).replace(/0+$/, '')
  return `${text.slice(0, -10)}${fraction === '' ? '' : `.${fraction}`}`
}
