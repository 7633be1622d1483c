import { type Static, Type } from '@sinclair/typebox'
import { CANDLES_ANSWERED_MAX } from '../constants.ts'
import { CANDLE_INTERVALS, POC_STRENGTH_MIN } from '../domain/candles.ts'
import { count, orNull, shape, text, words } from './schemas.ts'

const decimal = (description: string) => Type.String({ description, examples: ['64250.10'] })

const Profile = shape({
  poc: Type.Number({ description: 'point of control: the middle of the bin with most volume' }),
  value_area_high: Type.Number({ description: 'upper end of the 70 % of volume around it' }),
  value_area_low: Type.Number({ description: 'lower end of the same' }),
  poc_strength: Type.Number({ description: 'volume of that bin, over the mean of traded bins' }),
  is_poc_strong: Type.Boolean({ description: `at least ${POC_STRENGTH_MIN}` }),
})

/** What the API says of a closed candle; the same words as on the desk. */
export const CandleSchema = shape({
  symbol: text('name at the exchange'),
  interval: words(CANDLE_INTERVALS, 'its length'),
  open_ms: Type.Integer({ description: 'its begin, exchange time' }),
  close_ms: Type.Integer({ description: 'its end, which is not part of it' }),
  open: decimal('first price'),
  high: decimal('highest price'),
  low: decimal('lowest price'),
  close: decimal('last price'),
  volume: decimal('in base currency'),
  buy_volume: decimal('of it, what buyers took'),
  turnover: Type.Number({ description: 'in quote currency' }),
  vwap: orNull.number('turnover over volume'),
  trades: count('without block trades'),
  flat: Type.Boolean({ description: 'no trade fell into it: its prices are the close before' }),
  partial: Type.Boolean({ description: 'not all of its time was seen' }),
  after_gap: Type.Boolean({ description: 'a long hole without trades was left out before it' }),
  revision: count('times that late trades changed it after its close'),
  profile: Type.Union([Profile, Type.Null()], {
    description: 'volume by price over the latest candles; from 1m on',
  }),
  indicators: Type.Record(Type.String(), Type.Unsafe<number | null>({ type: ['number', 'null'] }), {
    description: 'as of its close; null until warm, or switched off',
  }),
})

export const CandlesQuery = shape({
  interval: Type.Optional(
    Type.Unsafe<(typeof CANDLE_INTERVALS)[number]>({
      type: 'string',
      enum: CANDLE_INTERVALS,
      default: '1m',
      description: 'length of a candle',
    }),
  ),
  limit: Type.Integer({
    minimum: 1,
    maximum: CANDLES_ANSWERED_MAX,
    default: CANDLES_ANSWERED_MAX,
    description: 'newest first',
  }),
})

export type CandleAnswer = Static<typeof CandleSchema>
