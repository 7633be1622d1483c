import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { FEATURE_GROUP_NAMES, type FeatureGroup, isFeatureGroup } from '../features/catalogue.ts'
import { FEATURE_NAMES, FEATURES } from '../features/registry.ts'

/** Columns that were asked for, and what must be computed for them. */
export type FeatureSelection = Readonly<{
  /** Positions in a row, ascending. */
  indexes: readonly number[]
  names: readonly string[]
  groups: ReadonlySet<FeatureGroup>
}>

/**
 * `list` holds feature names, letters of groups and patterns with `*` and `?`, separated by commas;
 * without it every feature is selected. The columns keep the order of the catalogue.
 */
export function selectFeatures(list: string | undefined): Result<FeatureSelection> {
  if (list === undefined) return succeed(selectionOf(FEATURES.map(({ idx }) => idx)))
  const selected = new Set<number>()
  for (const word of list.split(',').map((each) => each.trim())) {
    const matches = matchesOf(word)
    if (matches.length === 0) return fail('bad_request', `--select: ${whyNone(word)}`)
    for (const index of matches) selected.add(index)
  }
  return succeed(selectionOf([...selected].sort((a, b) => a - b)))
}

function selectionOf(indexes: readonly number[]): FeatureSelection {
  return {
    indexes,
    names: indexes.map((index) => FEATURE_NAMES[index]),
    groups: new Set(indexes.map((index) => FEATURES[index].group)),
  }
}

function matchesOf(word: string): number[] {
  const isMatch = isFeatureGroup(word)
    ? (index: number) => FEATURES[index].group === word
    : isPattern(word)
      ? matcher(word)
      : (index: number) => FEATURE_NAMES[index] === word
  return FEATURES.map(({ idx }) => idx).filter(isMatch)
}

function isPattern(word: string): boolean {
  return /[*?]/.test(word)
}

function matcher(pattern: string): (index: number) => boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  const source = escaped.replaceAll('*', '.*').replaceAll('?', '.')
  const expression = new RegExp(`^${source}$`)
  return (index) => expression.test(FEATURE_NAMES[index])
}

function whyNone(word: string): string {
  if (word === '') return 'an empty name'
  if (isPattern(word)) return `no feature is like ${word}`
  const known = [...FEATURE_NAMES, ...FEATURE_GROUP_NAMES]
  const letters = `${FEATURE_GROUP_NAMES[0]} to ${FEATURE_GROUP_NAMES.at(-1)}`
  return `${word} is neither a feature nor a group (${letters})${nameHint(word, known)}`
}
