import { Type } from '@sinclair/typebox'

const SYMBOL_PATTERN = '^[A-Z0-9]{2,30}$'

/** `venue_b` of the configuration. */
export const VenueSection = Type.Object(
  {
    enabled: Type.Boolean({ default: false, description: 'true: its quotes are followed' }),
    exchange: Type.Unsafe<'binance'>({
      type: 'string',
      enum: ['binance'],
      default: 'binance',
      description: 'its protocol',
    }),
    ws_url: Type.String({
      pattern: '^wss?://\\S+$',
      default: 'wss://fstream.binance.com',
      description: 'before /stream; the market that has the same contracts',
    }),
    symbols: Type.Record(
      Type.String({ pattern: SYMBOL_PATTERN }),
      Type.String({ pattern: SYMBOL_PATTERN, description: 'capital letters and digits' }),
      {
        additionalProperties: false,
        default: {},
        description: 'per symbol of ours: its name there, where that differs',
      },
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'a second exchange for the features xv_basis_bps and xv_edge_bps',
  },
)
