import { formatSteps } from '../core/decimal.ts'
import { type Account, COIN, MAINTENANCE_PPM, marginOf, roundMark } from './account.ts'
import type { AccountPosition } from './account-position.ts'
import { atRate, averagePriceText, type Money, moneyText, tradeValue } from './money.ts'
import type { WireFields } from './private-order.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** Positions and the wallet as the exchange writes them. */

export function positionFields(
  account: Account,
  position: AccountPosition,
  market: SymbolMarket,
): WireFields {
  const { instrument } = position
  const markTicks = roundMark(market)
  const lots = Math.abs(position.lots)
  const value = position.valueAt(markTicks)
  const stops = account.stops(instrument.symbol)
  const price = (ticks: number) => (ticks === 0 ? '' : formatSteps(ticks, instrument.tick))
  return {
    positionIdx: 0,
    riskId: 1,
    riskLimitValue: '2000000',
    symbol: instrument.symbol,
    side: position.lots === 0 ? '' : position.lots > 0 ? 'Buy' : 'Sell',
    size: lots === 0 ? '0' : formatSteps(lots, instrument.lot),
    avgPrice: averagePriceText(position.cost, lots, instrument),
    entryPrice: averagePriceText(position.cost, lots, instrument),
    positionValue: lots === 0 ? '' : moneyText(position.cost),
    tradeMode: 0,
    positionStatus: 'Normal',
    autoAddMargin: 0,
    adlRankIndicator: 0,
    leverage: String(position.leverage),
    positionBalance: moneyText(marginOf(value, position.leverage)),
    markPrice: formatSteps(markTicks, instrument.tick),
    liqPrice: price(liquidationTicks(account, position, markTicks)),
    bustPrice: '',
    positionMM: moneyText(atRate(value, MAINTENANCE_PPM)),
    positionIM: moneyText(marginOf(value, position.leverage)),
    tpslMode: 'Full',
    takeProfit: price(stops.takeProfitTicks),
    stopLoss: price(stops.stopLossTicks),
    trailingStop: stops.trailingTicks === 0 ? '0' : price(stops.trailingTicks),
    sessionAvgPrice: '',
    unrealisedPnl: lots === 0 ? '' : moneyText(position.unrealisedAt(markTicks)),
    curRealisedPnl: moneyText(position.currentRealised),
    cumRealisedPnl: moneyText(position.realised),
    createdTime: String(position.createdMs),
    updatedTime: String(position.updatedMs),
    seq: position.seq,
    isReduceOnly: false,
    mmrSysUpdatedTime: '',
    leverageSysUpdatedTime: '',
  }
}

/** Where what the account has beyond its maintenance margin is lost; 0: out of reach. */
function liquidationTicks(account: Account, position: AccountPosition, markTicks: number): number {
  const { instrument, lots } = position
  if (lots === 0) return 0
  const spare = account.equity() - account.maintenanceMargin()
  const ticks = Number(spare / tradeValue(1, Math.abs(lots), instrument))
  return Math.max(0, lots > 0 ? markTicks - ticks : markTicks + ticks)
}

/** One account of the wallet list; the stream's shape and REST's are the same. */
export function walletFields(account: Account) {
  const equity = account.equity()
  const positionMargin = account.positionMargin()
  const orderMargin = account.orderMargin()
  const maintenance = account.maintenanceMargin()
  const initial = positionMargin + orderMargin
  const wallet = moneyText(account.wallet)
  const unrealised = moneyText(account.unrealised())
  return {
    accountType: 'UNIFIED',
    accountIMRate: ratioText(initial, equity),
    accountMMRate: ratioText(maintenance, equity),
    totalEquity: moneyText(equity),
    totalWalletBalance: wallet,
    totalMarginBalance: moneyText(equity),
    totalAvailableBalance: moneyText(account.available()),
    totalPerpUPL: unrealised,
    totalInitialMargin: moneyText(initial),
    totalMaintenanceMargin: moneyText(maintenance),
    accountLTV: '0',
    coin: [
      {
        coin: COIN,
        equity: moneyText(equity),
        usdValue: moneyText(equity),
        walletBalance: wallet,
        free: '',
        locked: '0',
        borrowAmount: '0',
        availableToBorrow: '',
        availableToWithdraw: '',
        accruedInterest: '0',
        totalOrderIM: moneyText(orderMargin),
        totalPositionIM: moneyText(positionMargin),
        totalPositionMM: moneyText(maintenance),
        unrealisedPnl: unrealised,
        cumRealisedPnl: moneyText(account.wallet - account.options.balance),
        bonus: '0',
        marginCollateral: true,
        collateralSwitch: true,
        spotHedgingQty: '0',
      },
    ],
  }
}

/** Margins as parts of the equity in ten thousandths, as they are and with an order more. */
export function marginRates(account: Account, more: Readonly<{ margin: Money; value: Money }>) {
  const equity = account.equity()
  const rate = (part: Money) =>
    equity <= 0n ? 0 : Math.round((Number(part) / Number(equity)) * 1e4)
  const initial = account.positionMargin() + account.orderMargin()
  const maintenance = account.maintenanceMargin()
  return {
    preImrE4: rate(initial),
    preMmrE4: rate(maintenance),
    postImrE4: rate(initial + more.margin),
    postMmrE4: rate(maintenance + account.maintenanceOf(more.value)),
  }
}

function ratioText(part: Money, whole: Money): string {
  return whole <= 0n ? '0' : (Number(part) / Number(whole)).toFixed(4)
}
