import { FEATURE_NAMES, FEATURES, featureHash } from '../features/registry.ts'
import type { FeatureRegistry } from '../model/manifest.ts'

/** What this build computes, in the form in which models are checked against it. */
export function featureRegistry(): FeatureRegistry {
  return {
    names: FEATURE_NAMES,
    hash: featureHash(),
    built: FEATURES.map((feature) => feature.isBuilt),
  }
}
