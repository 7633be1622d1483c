import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'

/**
 * Numbers of the catalogue that a deployment may change. The keys are those of `params` in an
 * instruments file. Window lengths are part of feature names and are not here.
 */
export type FeatureCatalogueParameters = Readonly<Record<ParameterName, number>>

type Range = Readonly<{ value: number; min: number; max: number; isInteger: boolean }>

function count(value: number, min: number, max: number): Range {
  return { value, min, max, isInteger: true }
}

function real(value: number, min: number, max: number): Range {
  return { value, min, max, isInteger: false }
}

const DAY_MS = 86_400_000

// biome-ignore format: a table
const RANGES = {
  gridMs: count(1000, 1, DAY_MS),
  mpRecalMs: count(10_000, 1, DAY_MS),      // micro-price: period of calibration
  mpLookback: count(360, 1, 10_000),        // periods it looks back
  mpPrior: real(5, 1e-9, 1e9),
  mpMinTransitions: count(10, 1, 1e9),
  hawkesMu: real(0.1, 0, 1e6),              // 1/s
  hawkesSelf: real(0.6, 0, 1e6),            // 1/s
  hawkesCross: real(0.2, 0, 1e6),           // 1/s
  hawkesBeta: real(1.2, 1e-9, 1e6),         // 1/s
  vpBinTicks: count(10, 1, 1e9),
  vpinBuckets: count(50, 1, 100_000),
  vpinMin: count(10, 1, 100_000),
  vpinCdfN: count(200, 1, 100_000),
  vpinCdfMin: count(20, 1, 100_000),
  clusterLevels: count(50, 1, 1000),
  clusterMinLevels: count(8, 1, 1000),
  markoutMs: count(5000, 1, DAY_MS),
  fleetingMs: count(2000, 0, DAY_MS),
  spoofMinDistTicks: count(3, 0, 1e9),
  spoofMaxLifeMs: count(5000, 0, DAY_MS),
  spoofMinAdds: count(20, 1, 1e9),
  layerWindowMs: count(5000, 1, DAY_MS),
  layerMinLevels: count(3, 1, 1000),
  flickerMs: count(1000, 0, DAY_MS),
  zSamples: count(256, 1, 512),             // buckets
  zHalfLife: real(60, 1e-9, 1e9),           // buckets
  zMin: count(20, 1, 512),
  zClip: real(10, 1e-9, 1e9),
} as const satisfies Record<string, Range>

export type ParameterName = keyof typeof RANGES

const NAMES: readonly ParameterName[] = Object.keys(RANGES).filter(isParameterName)

function isParameterName(name: string): name is ParameterName {
  return Object.hasOwn(RANGES, name)
}

export const DEFAULT_PARAMETERS: FeatureCatalogueParameters = withDefaults({})

/**
 * The defaults with some of them replaced; the replacements are taken as they are (see
 * `parseParameters`).
 */
export function withDefaults(
  overrides: Partial<FeatureCatalogueParameters>,
): FeatureCatalogueParameters {
  const value = (name: ParameterName): number => overrides[name] ?? RANGES[name].value
  return {
    gridMs: value('gridMs'),
    mpRecalMs: value('mpRecalMs'),
    mpLookback: value('mpLookback'),
    mpPrior: value('mpPrior'),
    mpMinTransitions: value('mpMinTransitions'),
    hawkesMu: value('hawkesMu'),
    hawkesSelf: value('hawkesSelf'),
    hawkesCross: value('hawkesCross'),
    hawkesBeta: value('hawkesBeta'),
    vpBinTicks: value('vpBinTicks'),
    vpinBuckets: value('vpinBuckets'),
    vpinMin: value('vpinMin'),
    vpinCdfN: value('vpinCdfN'),
    vpinCdfMin: value('vpinCdfMin'),
    clusterLevels: value('clusterLevels'),
    clusterMinLevels: value('clusterMinLevels'),
    markoutMs: value('markoutMs'),
    fleetingMs: value('fleetingMs'),
    spoofMinDistTicks: value('spoofMinDistTicks'),
    spoofMaxLifeMs: value('spoofMaxLifeMs'),
    spoofMinAdds: value('spoofMinAdds'),
    layerWindowMs: value('layerWindowMs'),
    layerMinLevels: value('layerMinLevels'),
    flickerMs: value('flickerMs'),
    zSamples: value('zSamples'),
    zHalfLife: value('zHalfLife'),
    zMin: value('zMin'),
    zClip: value('zClip'),
  }
}

/**
 * Overrides from outside: known names, numbers in their range. Refusals name the key and what it
 * accepts.
 */
export function parseParameters(
  overrides: Readonly<Record<string, unknown>>,
): Result<FeatureCatalogueParameters, 'config_unknown_key' | 'config_invalid'> {
  const accepted: { -readonly [Name in ParameterName]?: number } = {}
  for (const [name, value] of Object.entries(overrides)) {
    if (!isParameterName(name)) {
      return fail('config_unknown_key', `params.${name} is not a parameter${nameHint(name, NAMES)}`)
    }
    const { min, max, isInteger } = RANGES[name]
    const isGood =
      typeof value === 'number' &&
      value >= min &&
      value <= max &&
      (!isInteger || Number.isInteger(value))
    if (!isGood) {
      const kind = isInteger ? 'an integer' : 'a number'
      return fail('config_invalid', `params.${name} must be ${kind} from ${min} to ${max}`)
    }
    accepted[name] = value
  }
  return succeed(withDefaults(accepted))
}
