// hot
import type { BookFlow } from './book-flow.ts'
import type { HawkesIntensity } from './hawkes.ts'
import { writeImbalance } from './imbalance.ts'
import type { StreamTime } from './stream-time.ts'
import type { TradeFlow } from './trade-flow.ts'

/** Order flow: idx 26 to 42. */
const OFI_EVENT = 26
const OFI_1S = 27
const OFI_10S = 28
const OFI_NORM_10S = 29
const MLOFI_SUM_5_10S = 30
const MLOFI_NORM_10_10S = 31
const VOLUME_DELTA_10S = 32
const CVD_DAY = 33
const TFI_10S = 34
const TRADE_RATE_10S = 35
const VOLUME_10S = 36
const LARGE_TRADE_SHARE_60S = 37
const TRADE_RUN = 38
const MS_SINCE_TRADE = 39
const HAWKES_BUY = 40
const HAWKES_SELL = 41
const HAWKES_IMB = 42

/** Writes what the flows of the book are now; `step` is the size of a lot. */
export function writeBookFlow(values: Float64Array, flow: BookFlow, step: number): void {
  values[OFI_EVENT] = flow.eventLots * step
  values[OFI_1S] = flow.secondEventLots() * step
  values[OFI_10S] = flow.tenSecondsEventLots() * step
  flow.writeInQueues(values, OFI_NORM_10S)
  values[MLOFI_SUM_5_10S] = flow.tenSecondsFiveLots() * step
  flow.writeInLevelQueues(values, MLOFI_NORM_10_10S)
}

/** Writes what the trades are at `time`. */
export function writeTradeFlow(
  values: Float64Array,
  flow: TradeFlow,
  hawkes: HawkesIntensity,
  time: StreamTime,
  step: number,
): void {
  flow.log.advance(time)
  const delta = flow.deltaLots()
  const volume = flow.volumeLots()
  values[VOLUME_DELTA_10S] = delta * step
  values[CVD_DAY] = flow.dayLots(time) * step
  // Bought minus sold over bought plus sold.
  values[TFI_10S] = delta / volume
  if (volume === 0) values[TFI_10S] = Number.NaN
  values[TRADE_RATE_10S] = flow.tenSeconds.count / 10
  values[VOLUME_10S] = volume * step
  values[LARGE_TRADE_SHARE_60S] = flow.large.share()
  values[TRADE_RUN] = flow.run
  values[MS_SINCE_TRADE] = time.tauMs - flow.lastMs
  hawkes.writeRates(time, values, HAWKES_BUY) // HAWKES_SELL is the next one
  writeImbalance(values, HAWKES_IMB, values[HAWKES_BUY], values[HAWKES_SELL])
}
