import type { FeatureColumnsAnswer } from '../control/feature-columns-schema.ts'
import { FEATURE_GROUP_NAMES, type FeatureGroup } from '../features/catalogue.ts'
import { FEATURE_NAMES, FEATURES, featureHash } from '../features/registry.ts'
import type { FeatureRegistry } from '../model/manifest.ts'
import type { DeskFeatureSchema } from '../stream/desk-memory.ts'

/**
 * What this build computes with these groups switched on, in the form in which models are checked
 * against it.
 */
export function featureRegistry(groups: readonly FeatureGroup[]): FeatureRegistry {
  return {
    names: FEATURE_NAMES,
    hash: featureHash(),
    built: FEATURES.map((feature) => feature.isBuilt),
    groupsOff: new Map(
      FEATURES.filter(({ group }) => !groups.includes(group)).map(({ group, name }) => [
        name,
        group,
      ]),
    ),
  }
}

/** The same for people and programs that ask the control API. */
export function featureColumns(groups: readonly FeatureGroup[]): FeatureColumnsAnswer {
  return {
    hash: featureHash(),
    groups_on: [...groups],
    groups_off: groupsOff(groups),
    features: FEATURES.map((feature) => {
      const { doc, formula, group, idx, missing, name, range, source, unit } = feature
      const is_on = feature.isBuilt && groups.includes(group)
      return { idx, name, group, unit, is_on, doc, formula, range, missing_when: missing, source }
    }),
  }
}

function groupsOff(groups: readonly FeatureGroup[]): FeatureGroup[] {
  return FEATURE_GROUP_NAMES.filter((group) => !groups.includes(group))
}

/** The same for clients of the desk stream, with all that they need to read a row. */
export function deskFeatureSchema(groups: readonly FeatureGroup[]): DeskFeatureSchema {
  return {
    hash: featureHash(),
    names: FEATURE_NAMES,
    units: FEATURES.map(({ unit }) => unit),
    built: FEATURES.map(({ group, isBuilt }) => isBuilt && groups.includes(group)),
    groups: FEATURES.map(({ group }) => group),
    groups_off: groupsOff(groups),
    docs: FEATURES.map(({ doc }) => doc),
    formulas: FEATURES.map(({ formula }) => formula),
    ranges: FEATURES.map(({ range }) => range),
    missing_when: FEATURES.map(({ missing }) => missing),
    sources: FEATURES.map(({ source }) => source),
  }
}
