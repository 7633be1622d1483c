import type { RemotePosition } from '../gateway.ts'
import { type AccountMarket, stepsIn } from './account-market.ts'
import { readLevels } from './position-levels.ts'
import { type Fields, numberIn, textIn } from './wire-fields.ts'

/** Long and short of one symbol are two positions there: there is no such thing here. */
export function isOfHedgeMode(fields: Fields): boolean {
  return numberIn(fields, 'positionIdx') > 0
}

export function readPosition(fields: Fields, market: AccountMarket): RemotePosition | undefined {
  const symbol = textIn(fields, 'symbol')
  const sizeText = textIn(fields, 'size')
  const side = textIn(fields, 'side')
  if (symbol === '' || sizeText === '') return undefined
  const steps = market.steps(symbol, false)
  const size = stepsIn(sizeText, steps?.lot)
  if (steps !== undefined && Number.isNaN(size)) return undefined
  const isNamed = side === 'Buy' || side === 'Sell'
  if (size !== 0 && !isNamed) return undefined
  const leverage = numberIn(fields, 'leverage')
  const liquidationPrice = numberIn(fields, 'liqPrice')
  const levels = readLevels(fields, market.instrument(symbol))
  return {
    key: market.key(symbol),
    lots: Number.isNaN(size) ? undefined : side === 'Sell' ? -size : size,
    ...(Number.isNaN(size) ? { side: side === 'Sell' ? ('sell' as const) : ('buy' as const) } : {}),
    sizeText,
    averagePrice: numberIn(fields, 'avgPrice') || 0,
    unrealizedQuote: numberIn(fields, 'unrealisedPnl') || 0,
    ...(levels === undefined ? {} : { levels }),
    ...(leverage > 0 ? { leverage } : {}),
    ...(liquidationPrice > 0 ? { liquidationPrice } : {}),
  }
}
