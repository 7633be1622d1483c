import { COIN } from './account.ts'
import { stepsOf, textOf, triggerSource } from './order-request.ts'
import { type Answer, accepted, type PrivateCall, type PrivateState } from './private-call.ts'
import { refused } from './private-refusal.ts'

/** Leverage and the stops of positions; and what clients ask about a key and its coins. */
export function setLeverage(
  { account, desk, marketOf }: PrivateState,
  { body }: PrivateCall,
): Answer {
  const market = marketOf(textOf(body, 'symbol') ?? '')
  if (market === undefined) return refused('parameters', 'symbol invalid')
  const [buy, sell] = [textOf(body, 'buyLeverage') ?? '', textOf(body, 'sellLeverage') ?? '']
  const isNumber = /^\d{1,4}(\.\d{1,2})?$/.test(buy)
  if (!isNumber || Number(buy) !== Number(sell)) return refused('parameters', 'leverage invalid')
  const leverage = Number(buy)
  if (leverage < 1 || leverage > Number(market.instrument.maxLeverage)) {
    return refused('leverage_range')
  }
  const position = account.position(market)
  if (position.leverage === leverage) return refused('leverage_same')
  const before = position.leverage
  position.leverage = leverage
  if (account.positionMargin() + account.orderMargin() > account.equity()) {
    position.leverage = before
    return refused('balance')
  }
  desk.announce(market)
  return accepted({})
}

/** Stops of a whole position: a level, 0 to take it away, or nothing to leave it. */
export function setTradingStop(state: PrivateState, { body }: PrivateCall): Answer {
  const { account, marketOf, triggers } = state
  const market = marketOf(textOf(body, 'symbol') ?? '')
  if (market === undefined) return refused('parameters', 'symbol invalid')
  if (body.tpslMode === 'Partial') return refused('parameters', 'tpslMode Full only')
  const position = account.position(market)
  if (position.lots === 0) {
    return refused('parameters', 'can not set tp/sl/ts for zero position')
  }
  const { tick, symbol } = market.instrument
  const stops = account.stops(symbol)
  const level = (name: string, now: number) => {
    return textOf(body, name) === '' ? now : stepsOf(body, name, tick)
  }
  const takeProfitTicks = level('takeProfit', stops.takeProfitTicks)
  const stopLossTicks = level('stopLoss', stops.stopLossTicks)
  const trailingTicks = level('trailingStop', stops.trailingTicks)
  const activeTicks = level('activePrice', stops.activeTicks)
  const takeProfitBy = triggerSource(textOf(body, 'tpTriggerBy'))
  const stopLossBy = triggerSource(textOf(body, 'slTriggerBy'))
  if (takeProfitTicks === undefined) return refused('parameters', 'takeProfit invalid')
  if (stopLossTicks === undefined) return refused('parameters', 'stopLoss invalid')
  if (trailingTicks === undefined) return refused('parameters', 'trailingStop invalid')
  if (activeTicks === undefined) return refused('parameters', 'activePrice invalid')
  if (takeProfitBy === undefined || stopLossBy === undefined) {
    return refused('parameters', 'TriggerBy invalid')
  }
  const last = market.trades.lastTicks
  const sign = Math.sign(position.lots)
  if (takeProfitTicks !== 0 && (takeProfitTicks - last) * sign <= 0) {
    return refused('parameters', 'TakeProfit is on the wrong side of the last price')
  }
  if (stopLossTicks !== 0 && (stopLossTicks - last) * sign >= 0) {
    return refused('parameters', 'StopLoss is on the wrong side of the last price')
  }
  const next = { takeProfitTicks, stopLossTicks, trailingTicks, activeTicks }
  const isSame =
    takeProfitTicks === stops.takeProfitTicks &&
    stopLossTicks === stops.stopLossTicks &&
    trailingTicks === stops.trailingTicks &&
    activeTicks === stops.activeTicks
  if (isSame) return refused('no_change')
  const isNewTrail = trailingTicks !== stops.trailingTicks || activeTicks !== stops.activeTicks
  Object.assign(stops, next, { takeProfitBy, stopLossBy })
  if (isNewTrail) stops.bestTicks = 0
  triggers.syncStops(market)
  state.desk.announce(market)
  return accepted({})
}

export function keyInfo({ key, nowMs }: PrivateCall) {
  const trade = key.isReadOnly === true ? [] : ['Order', 'Position']
  const day = 24 * 3600 * 1000
  return {
    id: '1',
    note: 'mock',
    apiKey: key.key,
    readOnly: key.isReadOnly === true ? 1 : 0,
    secret: '',
    permissions: { ContractTrade: trade, Spot: [], Wallet: [], Options: [], Derivatives: trade },
    ips: ['*'],
    type: 1,
    deadlineDay: 90,
    expiredAt: new Date(nowMs + 90 * day).toISOString(),
    createdAt: new Date(nowMs - day).toISOString(),
    unified: 0,
    uta: 1,
    userID: 1,
    inviterID: 0,
    vipLevel: 'No VIP',
    mktMakerLevel: '0',
    affiliateID: 0,
    rsaPublicKey: '',
    isMaster: true,
  }
}

export function coinInfo() {
  const chain = {
    ...{ chain: 'ETH', chainType: 'ERC20', confirmation: '6', withdrawFee: '0', depositMin: '0' },
    ...{ withdrawMin: '0', minAccuracy: '8', chainDeposit: '0', chainWithdraw: '0' },
    ...{ withdrawPercentageFee: '0', contractAddress: '' },
  }
  return { rows: [{ name: COIN, coin: COIN, remainAmount: '0', chains: [chain] }] }
}
