import type { ListedInstrument } from './instruments.ts'
import { BID } from './matching-engine.ts'
import { type Money, share, tradeValue } from './money.ts'
import type { TriggerSource } from './private-order.ts'

/**
 * One position in one-way mode. Lots are signed: above zero it is long. The cost is what the open
 * lots were bought or sold for; a closing fill takes its share of the cost with it and the last one
 * takes the rest, so that nothing is ever lost to rounding:
 *
 *     sum of realised profit = money received - money paid, whenever the position is flat
 */
export type StopLevels = {
  takeProfitTicks: number
  stopLossTicks: number
  /** Distance of a trailing stop; 0 is none. */
  trailingTicks: number
  /** Price from which it trails; 0: from the start. */
  activeTicks: number
  /** Best price since it trails; 0: it does not yet. */
  bestTicks: number
  takeProfitBy: TriggerSource
  stopLossBy: TriggerSource
}

export function noStops(): StopLevels {
  return {
    ...{ takeProfitTicks: 0, stopLossTicks: 0, trailingTicks: 0, activeTicks: 0, bestTicks: 0 },
    ...{ takeProfitBy: 'LastPrice', stopLossBy: 'LastPrice' },
  }
}

export class AccountPosition {
  readonly instrument: ListedInstrument
  lots = 0
  cost: Money = 0n
  /** All there ever was: profits and losses, fees and funding. */
  realised: Money = 0n
  /** Since the position was opened. */
  currentRealised: Money = 0n
  leverage: number
  /** -1: never traded. */
  seq = -1
  createdMs = 0
  updatedMs = 0

  constructor(instrument: ListedInstrument, leverage: number) {
    this.instrument = instrument
    this.leverage = leverage
  }

  /** Takes one fill in and answers the profit or loss that it realised, without fees. */
  fill(side: number, ticks: number, lots: number): Money {
    const sign = side === BID ? 1 : -1
    const value = tradeValue(ticks, lots, this.instrument)
    if (this.lots * sign >= 0) {
      if (this.lots === 0) this.currentRealised = 0n
      this.lots += sign * lots
      this.cost += value
      return 0n
    }
    const open = Math.abs(this.lots)
    const closing = Math.min(open, lots)
    const costOut = closing === open ? this.cost : share(this.cost, closing, open)
    const valueClosed = tradeValue(ticks, closing, this.instrument)
    const profit = this.lots > 0 ? valueClosed - costOut : costOut - valueClosed
    this.cost -= costOut
    this.lots += sign * closing
    const opening = lots - closing
    if (opening > 0) {
      this.lots = sign * opening
      this.cost = value - valueClosed
      this.currentRealised = 0n
    }
    return profit
  }

  realise(amount: Money): void {
    this.realised += amount
    this.currentRealised += amount
  }

  valueAt(ticks: number): Money {
    return tradeValue(ticks, Math.abs(this.lots), this.instrument)
  }

  /** Profit or loss if it were closed at this price. */
  unrealisedAt(ticks: number): Money {
    const value = this.valueAt(ticks)
    return this.lots >= 0 ? value - this.cost : this.cost - value
  }
}
