import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { FEATURE_GROUP_NAMES } from '../../src/features/catalogue.ts'
import { FEATURES } from '../../src/features/registry.ts'
import { featureGroups } from '../../src/threads/engine-plan.ts'
import {
  deskFeatureSchema,
  featureColumns,
  featureRegistry,
} from '../../src/threads/feature-registry.ts'
import { temporaryFolder } from '../temporary-folder.ts'

function groupsOf(text: string, environment: Record<string, string> = {}) {
  const file = join(temporaryFolder(), 'bookflow.yaml')
  writeFileSync(file, text)
  const loaded = loadConfig({ file, environment })
  if (!loaded.ok) return loaded.problems.map(({ message, path }) => `${path}: ${message}`).join()
  return featureGroups(loaded.value.config).join('')
}

const ALL = FEATURE_GROUP_NAMES.join('')

describe('groups of features', () => {
  it('are all on unless the configuration says which', () => {
    expect(groupsOf('{}')).toBe(ALL)
    expect(groupsOf('features: {groups: all}')).toBe(ALL)
    expect(groupsOf(`features: {groups: [${[...ALL].join(', ')}]}`)).toBe(ALL)
    expect(groupsOf('features: {groups: [L, H]}')).toBe('ABCDHL')
    expect(groupsOf('features: {groups: []}')).toBe('ABCD')
    expect(groupsOf('{}', { BOOKFLOW_FEATURES_GROUPS: 'K,M' })).toBe('ABCDKM')
    expect(groupsOf('{}', { BOOKFLOW_FEATURES_GROUPS: 'all' })).toBe(ALL)
  })

  it('are refused when they do not exist', () => {
    expect(groupsOf('features: {groups: [A, O]}')).toContain('features.groups')
    expect(groupsOf('features: {groups: none}')).toContain('features.groups')
    expect(groupsOf('features: {groups: [E, E]}')).toContain('features.groups')
  })

  it('are named to models, clients and people alike', () => {
    const on = ['A', 'B', 'C', 'D', 'H'] as const
    const { groupsOff } = featureRegistry(on)
    const desk = deskFeatureSchema(on)
    const { features, groups_off: off, hash } = featureColumns(on)
    expect(off).toEqual(FEATURE_GROUP_NAMES.filter((name) => !on.some((one) => one === name)))
    expect(desk.groups_off).toEqual(off)
    expect(desk.hash).toBe(hash)
    for (const [i, { formula, group, name }] of FEATURES.entries()) {
      const isOn = on.some((one) => one === group)
      expect(groupsOff?.get(name)).toBe(isOn ? undefined : group)
      expect(desk.built[i]).toBe(isOn)
      expect(features[i]).toMatchObject({ name, is_on: isOn })
      expect([desk.formulas[i], desk.groups[i]]).toEqual([formula, group])
    }
  })
})
