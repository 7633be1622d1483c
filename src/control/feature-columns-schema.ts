import { type Static, Type } from '@sinclair/typebox'
import { count, shape, text } from './schemas.ts'

/** The columns of a feature row, and which of them this engine computes. */
export const FeatureColumnsSchema = shape({
  hash: text('of the columns: of their order, names and units'),
  groups_on: Type.Array(text('letter of a group that is computed')),
  groups_off: Type.Array(text('letter of a group that features.groups switches off')),
  features: Type.Array(
    shape({
      idx: count('position in a row'),
      name: text('never changes'),
      group: text('letter of its group'),
      unit: text('- where it has none'),
      is_on: Type.Boolean({ description: 'false: the value is always missing' }),
      doc: text('what it says'),
      formula: text('in the notation of docs/features.md'),
      range: text('values that can occur'),
      missing_when: text('when there is no value, the warm-up included'),
      source: text('the paper or practice it comes from'),
    }),
  ),
})

export type FeatureColumnsAnswer = Static<typeof FeatureColumnsSchema>
