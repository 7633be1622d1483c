/**
 * The indicators by their textbook definitions, each from all candles so far. Wilder's averages
 * begin with the mean of the first n values, exponential ones with the first value; directional
 * moves that are equal on both sides both count, as the library has it.
 */
type Candle = Readonly<{ high: number; low: number; close: number }>

const NONE = Number.NaN

export class SlowIndicators {
  readonly #candles: readonly Candle[]

  constructor(candles: readonly Candle[]) {
    this.#candles = candles
  }

  at(index: number): Record<string, number> {
    const candles = this.#candles.slice(0, index + 1)
    const closes = candles.map(({ close }) => close)
    const macd = macdOf(closes)
    const bands = bandsOf(closes)
    const superTrend = superTrendOf(candles)
    const direction = directionOf(candles)
    return {
      ema_20: closes.length < 20 ? NONE : exponential(closes, 20),
      rsi_14: rsiOf(closes),
      ...macd,
      atr_14: wilder(trueRanges(candles), 14),
      ...bands,
      parabolic_sar: sarOf(candles),
      ...superTrend,
      ...direction,
    }
  }
}

function exponential(values: readonly number[], n: number): number {
  return values.reduce((average, value) => average + (2 / (n + 1)) * (value - average), values[0])
}

function wilder(values: readonly number[], n: number): number {
  if (values.length < n) return NONE
  const first = values.slice(0, n).reduce((sum, value) => sum + value, 0) / n
  return values.slice(n).reduce((average, value) => (average * (n - 1) + value) / n, first)
}

function trueRanges(candles: readonly Candle[]): number[] {
  return candles.map(({ high, low }, i) => {
    const before = candles[i - 1]?.close ?? high
    return Math.max(high, before) - (i === 0 ? low : Math.min(low, before))
  })
}

function rsiOf(closes: readonly number[]): number {
  const moves = closes.slice(1).map((close, i) => close - closes[i])
  const gain = wilder(
    moves.map((move) => Math.max(0, move)),
    14,
  )
  const loss = wilder(
    moves.map((move) => Math.max(0, -move)),
    14,
  )
  return loss === 0 ? 100 : 100 - 100 / (1 + gain / loss)
}

function macdOf(closes: readonly number[]) {
  const line: number[] = []
  for (let n = 26; n <= closes.length; n++) {
    const part = closes.slice(0, n)
    line.push(exponential(part, 12) - exponential(part, 26))
  }
  const macd = line[line.length - 1] ?? NONE
  const signal = line.length < 9 ? NONE : exponential(line, 9)
  return { macd_12_26: macd, macd_signal_9: signal, macd_histogram: macd - signal }
}

function bandsOf(closes: readonly number[]) {
  const part = closes.slice(-20)
  const middle = part.length < 20 ? NONE : part.reduce((sum, close) => sum + close, 0) / 20
  const square = part.reduce((sum, close) => sum + (close - middle) ** 2, 0) / 20
  const width = 2 * Math.sqrt(square)
  return {
    ...{ bollinger_upper: middle + width, bollinger_middle: middle },
    bollinger_lower: middle - width,
  }
}

function superTrendOf(candles: readonly Candle[]) {
  let upper = NONE
  let lower = NONE
  let isUp = false
  for (let i = 9; i < candles.length; i++) {
    const { close, high, low } = candles[i]
    const reach = 3 * wilder(trueRanges(candles.slice(0, i + 1)), 10)
    const before = candles[i - 1].close
    const [top, bottom] = [(high + low) / 2 + reach, (high + low) / 2 - reach]
    if (!(top >= upper && before <= upper)) upper = top
    if (!(bottom <= lower && before >= lower)) lower = bottom
    isUp = i > 9 && isUp ? close >= lower : close > upper
  }
  const isThere = candles.length >= 10
  return {
    supertrend: isThere ? (isUp ? lower : upper) : NONE,
    supertrend_side: isThere ? (isUp ? 1 : -1) : NONE,
  }
}

function directionOf(candles: readonly Candle[]) {
  const up: number[] = [0]
  const down: number[] = [0]
  for (let i = 1; i < candles.length; i++) {
    const rise = candles[i].high - candles[i - 1].high
    const fall = candles[i - 1].low - candles[i].low
    up.push(rise >= fall && rise > 0 ? rise : 0)
    down.push(fall >= rise && fall > 0 ? fall : 0)
  }
  const indexes: number[] = []
  let plus = NONE
  let minus = NONE
  const ranges = trueRanges(candles)
  for (let n = 14; n <= candles.length; n++) {
    const range = wilder(ranges.slice(0, n), 14)
    plus = (100 * wilder(up.slice(0, n), 14)) / range
    minus = (100 * wilder(down.slice(0, n), 14)) / range
    const sum = plus + minus
    indexes.push(sum === 0 ? 0 : (100 * Math.abs(plus - minus)) / sum)
  }
  return { adx_14: wilder(indexes, 14), plus_di_14: plus, minus_di_14: minus }
}

/** Wilder's parabolic stop and reverse, step 0.02, at most 0.2; its first side by the midpoints. */
function sarOf(candles: readonly Candle[]): number {
  if (candles.length < 2) return NONE
  const middle = ({ high, low }: Candle) => (high + low) / 2
  let isLong = middle(candles[1]) >= middle(candles[0])
  let extreme = isLong ? candles[1].high : candles[1].low
  let sar = isLong ? candles[0].low : candles[0].high
  let step = 0.02
  for (let i = 2; i < candles.length; i++) {
    const { high, low } = candles[i]
    const two = candles.slice(i - 2, i)
    sar += step * (extreme - sar)
    // The stop never enters the range of the last two candles.
    if (isLong) sar = Math.min(sar, two[1].low, low < sar ? two[0].low : sar)
    else sar = Math.max(sar, two[1].high, high > sar ? two[0].high : sar)
    const isNew = isLong ? high > extreme : low < extreme
    if (isNew) {
      extreme = isLong ? high : low
      step = Math.min(0.2, step + 0.02)
    }
    if (isLong ? low < sar : high > sar) {
      isLong = !isLong
      sar = extreme
      extreme = isLong ? high : low
      step = 0.02
      if (isLong && sar >= low) sar = low - 0.01
    }
  }
  return sar
}
