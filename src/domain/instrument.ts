import type { Step } from '../core/decimal.ts'

export type Category = 'linear' | 'spot'

/**
 * One thing traded on one exchange. `symbol` is only its name on the wire; threads speak of it by
 * `index`.
 */
export type Instrument = Readonly<{
  /** Position in the engine's table of instruments, the same in every thread. */
  index: number
  symbol: string
  category: Category
  /** Price step; a price is an integer number of ticks. */
  tick: Step
  /** Quantity step; a quantity is an integer number of lots. */
  lot: Step
  minOrderLots: number
  maxOrderLots: number
  /** Of a market order; absent: as of any other. */
  maxMarketLots?: number
  minNotionalQuote: number
  /** Parameters of the feature catalogue (features.md 1.1). */
  features: FeatureParameters
}>

export type FeatureParameters = Readonly<{
  /** Half width of the `_band` features around the mid, in ticks. */
  bandTicks: number
  /** Notional whose price impact is measured, in quote currency, as decimal text. */
  refNotionalQuote: string
  /** Volume of one VPIN bucket, in base currency, as decimal text. */
  vpinBucketBase: string
}>

/**
 * A tick of the engine's instruments is found by symbol at the edges only; inside it is an index.
 */
export type InstrumentTable = readonly Instrument[]
