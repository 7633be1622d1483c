import { createHash } from 'node:crypto'
import { FEATURE_COUNT } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { CATALOGUE, type FeatureGroup, type FeatureUpdate } from './catalogue.ts'
import { FEATURE_FORMULAS } from './feature-formulas.ts'

/** One column of a feature row. */
export type FeatureDefinition = Readonly<{
  /** Position in a row; never changes. */
  idx: number
  name: string
  group: FeatureGroup
  unit: string
  update: FeatureUpdate
  doc: string
  /** In the notation of feature-notation.ts. */
  formula: string
  /** Values that can occur. */
  range: string
  /** When the value is NaN, the warm-up included. */
  missing: string
  /** The paper or practice it comes from. */
  source: string
  /** False: the value is always NaN in this version. */
  isBuilt: boolean
}>

/** Groups whose values are computed; the others stay NaN. */
const GROUPS_BUILT: ReadonlySet<FeatureGroup> = new Set([
  // biome-ignore format: one group a line
  'A',
  'B',
  'C',
  'D',
  'E',
  'F',
  'G',
  'H',
  'I',
  'J',
  'K',
  'L',
  'M',
  'N',
])

export const FEATURES: readonly FeatureDefinition[] = CATALOGUE.map(
  ([group, name, unit, update, doc], idx) => {
    const exact = FEATURE_FORMULAS[name]
    assert(exact !== undefined, 'every feature of the catalogue has a formula')
    const [formula, range, missing, source] = exact
    const isBuilt = GROUPS_BUILT.has(group)
    return { idx, name, group, unit, update, doc, formula, range, missing, source, isBuilt }
  },
)

export const FEATURE_NAMES: readonly string[] = FEATURES.map((feature) => feature.name)
export const FEATURE_UNITS: readonly string[] = FEATURES.map((feature) => feature.unit)

const INDEX = new Map(FEATURES.map((feature) => [feature.name, feature.idx]))

assert(FEATURES.length === FEATURE_COUNT, 'a row has a column for each feature of the catalogue')
assert(INDEX.size === FEATURE_COUNT, 'a feature name is used once')
assert(
  Object.keys(FEATURE_FORMULAS).length === FEATURE_COUNT,
  'every formula is that of a feature of the catalogue',
)

/** Column of a feature; undefined when no feature has this name. To be looked up once and kept. */
export function featureIndex(name: string): number | undefined {
  return INDEX.get(name)
}

/**
 * Identity of the columns: the first 16 hex digits of the SHA-256 of one line `idx name unit` for
 * each feature, in order. A model, a recording or a client that carries another hash speaks of
 * other columns. Whether a feature is built is not part of it: a column keeps its meaning when it
 * is filled in.
 */
export function featureHash(): string {
  const hash = createHash('sha256')
  for (const { idx, name, unit } of FEATURES) hash.update(`${idx} ${name} ${unit}\n`)
  return hash.digest('hex').slice(0, 16)
}
