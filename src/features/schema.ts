import { FEATURE_GROUPS } from './catalogue.ts'
import { FEATURES, featureHash } from './registry.ts'

/**
 * What `schemas/features.json` holds: the columns of a row, for readers that are not this program.
 */
export type FeatureSchema = Readonly<{
  hash: string
  count: number
  built_count: number
  note: string
  groups: Readonly<Record<string, string>>
  features: ReadonlyArray<
    Readonly<{
      idx: number
      name: string
      group: string
      unit: string
      update: string
      is_built: boolean
      doc: string
      formula: string
      range: string
      missing_when: string
      source: string
    }>
  >
}>

const NOTE =
  'A row is an array of numbers in this order. Missing values are NaN, null in JSON; ' +
  'a feature with is_built false is always missing in this version. ' +
  'update: B book event, T trade, C closing of a one-second bucket. ' +
  'The notation of the formulas is explained in docs/features.md.'

export function featureSchema(): FeatureSchema {
  return {
    hash: featureHash(),
    count: FEATURES.length,
    built_count: FEATURES.filter((feature) => feature.isBuilt).length,
    note: NOTE,
    groups: FEATURE_GROUPS,
    features: FEATURES.map((feature) => {
      const { doc, formula, group, idx, isBuilt, missing, name, range, source, unit } = feature
      const head = { idx, name, group, unit, update: feature.update, is_built: isBuilt, doc }
      return { ...head, formula, range, missing_when: missing, source }
    }),
  }
}

/** The text of the file, one feature a line, so that a change reads well in review. */
export function featureSchemaText(): string {
  const { features, ...head } = featureSchema()
  const opening = JSON.stringify(head, null, 2).replace(/\n}$/, ',\n  "features": [\n')
  const lines = features.map((feature) => `    ${JSON.stringify(feature)}`)
  return `${opening}${lines.join(',\n')}\n  ]\n}\n`
}
