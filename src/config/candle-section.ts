import { type Static, Type } from '@sinclair/typebox'
import { PROFILE_CANDLES_MAX } from '../constants.ts'
import { CANDLE_INTERVALS, type CandleInterval, type CandleSettings } from '../domain/candles.ts'

/** `candles` of the configuration. */
export const CandleSection = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'false: no candles are made' }),
    intervals: Type.Array(
      Type.Unsafe<CandleInterval>({ type: 'string', enum: [...CANDLE_INTERVALS] }),
      {
        minItems: 1,
        uniqueItems: true,
        default: [...CANDLE_INTERVALS],
        description: 'which are made',
      },
    ),
    indicators: Type.Boolean({ default: true, description: 'EMA, RSI, MACD and others over them' }),
    profile_candles: Type.Integer({
      minimum: 1,
      maximum: PROFILE_CANDLES_MAX,
      default: 100,
      description: 'look-back of the volume profile, from 1m on; bins are features.vp_bin_ticks',
    }),
  },
  { additionalProperties: false, default: {}, description: 'candles of 1 s to 1 h from trades' },
)

type Section = Static<typeof CandleSection>
type ReadonlySection = Readonly<Omit<Section, 'intervals'>> &
  Readonly<{ intervals: readonly CandleInterval[] }>

/** Undefined when no candles are made. Intervals are in the order of CANDLE_INTERVALS. */
export function configuredCandles(section: ReadonlySection): CandleSettings | undefined {
  if (!section.enabled) return undefined
  return {
    intervals: CANDLE_INTERVALS.filter((one) => section.intervals.includes(one)),
    hasIndicators: section.indicators,
    profileCandles: section.profile_candles,
  }
}
