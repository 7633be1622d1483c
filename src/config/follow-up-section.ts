import { Type } from '@sinclair/typebox'

/** `execution.follow_up` of the configuration: the rest of an entry that ended partially filled. */
export const FollowUpSection = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      description: 'one more order for the rest, once, through the same risk gate',
    }),
    age_ms_max: Type.Integer({
      minimum: 10,
      maximum: 60_000,
      default: 1000,
      description: 'age of the signal above which the rest is let go',
    }),
    slippage_bps: Type.Number({
      minimum: 0,
      maximum: 100,
      default: 0,
      description: 'how far beyond the limit price of the first order it may reach',
    }),
  },
  { additionalProperties: false, default: {}, description: 'the rest of an entry filled in part' },
)
