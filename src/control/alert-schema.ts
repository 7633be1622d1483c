import { type Static, Type } from '@sinclair/typebox'
import { ALERTS_ANSWERED_MAX } from '../constants.ts'
import { ALERT_KINDS, ALERT_SEVERITIES } from '../domain/alerts.ts'
import { count, orNull, shape, text, time, words } from './schemas.ts'

/** What the API says of alerts. */
export const AlertSchema = shape({
  raised: time('when it was raised'),
  number: count('of the symbol, from 1'),
  symbol: text('name at the exchange'),
  kind: words(ALERT_KINDS, 'what happened'),
  severity: words(ALERT_SEVERITIES, 'of the kind'),
  side: Type.Unsafe<'bid' | 'ask' | null>({
    enum: ['bid', 'ask', null],
    description: 'of the book; for a move of the price bid is up; null: neither',
  }),
  time_ms: orNull.number('effective time of the stream'),
  u: orNull.number('update id of the row'),
  row: orNull.number('of the symbol'),
  price: orNull.text('where it happened'),
  to_price: orNull.text('the other end: where a wall moved to, the far edge of a cluster'),
  value: orNull.number('what passed the threshold, in the unit of the kind'),
  threshold: orNull.number('as it stood then: thresholds adapt'),
  unit: text('of value and threshold'),
  evidence: Type.Record(
    Type.String(),
    Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'] }),
    { description: 'the numbers it rests on; sizes are decimal text' },
  ),
})

export const AlertsQuery = shape({
  limit: Type.Integer({
    minimum: 1,
    maximum: ALERTS_ANSWERED_MAX,
    default: 100,
    description: 'newest first',
  }),
  kind: Type.Optional(words(ALERT_KINDS, 'only this one; without it, all')),
  symbol: Type.Optional(
    Type.String({ pattern: '^[A-Z0-9]{2,30}$', description: 'only this one; without it, all' }),
  ),
})

export type AlertAnswer = Static<typeof AlertSchema>
