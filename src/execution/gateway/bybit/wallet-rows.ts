import type { RemoteBalance, RemoteMargin } from '../gateway.ts'
import { type Fields, listIn, numberIn } from './wire-fields.ts'

/** Of the stream or the list; undefined: it has no figures of the whole account. */
export function readWallet(wallet: Fields): RemoteBalance | undefined {
  const balance = {
    equityQuote: numberIn(wallet, 'totalEquity'),
    walletQuote: numberIn(wallet, 'totalWalletBalance'),
    availableQuote: numberIn(wallet, 'totalAvailableBalance'),
  }
  if (!Object.values(balance).every(Number.isFinite)) return undefined
  const margin = readMargin(wallet)
  return margin === undefined ? balance : { ...balance, margin }
}

/** Undefined when a figure is missing, as in accounts of isolated margin. */
function readMargin(wallet: Fields): RemoteMargin | undefined {
  const initialQuote = numberIn(wallet, 'totalInitialMargin')
  const maintenanceQuote = numberIn(wallet, 'totalMaintenanceMargin')
  const freeQuote = numberIn(wallet, 'totalAvailableBalance')
  let ordersQuote = 0
  for (const coin of listIn(wallet, 'coin') ?? []) {
    ordersQuote += (numberIn(coin, 'totalOrderIM') || 0) * coinValue(coin)
  }
  const positionsQuote = initialQuote - ordersQuote
  const margin = { positionsQuote, ordersQuote, maintenanceQuote, freeQuote }
  return Object.values(margin).every(Number.isFinite) ? margin : undefined
}

/** Of one unit, in the quote currency of the whole account; 1 where it cannot be told. */
function coinValue(coin: Fields): number {
  const value = numberIn(coin, 'usdValue') / numberIn(coin, 'equity')
  return value > 0 && Number.isFinite(value) ? value : 1
}
