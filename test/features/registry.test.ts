import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { formatSteps } from '../../src/core/decimal.ts'
import { featurePageText } from '../../src/features/feature-page.ts'
import { parseInstrumentsFile, toInstrument } from '../../src/features/instruments-file.ts'
import { DEFAULT_PARAMETERS, parseParameters } from '../../src/features/parameters.ts'
import {
  FEATURE_NAMES,
  FEATURE_UNITS,
  FEATURES,
  featureHash,
  featureIndex,
} from '../../src/features/registry.ts'
import { featureSchemaText } from '../../src/features/schema.ts'

describe('the registry', () => {
  it('has 150 names in the shape of the catalogue, each at its own index', () => {
    expect(FEATURE_NAMES).toHaveLength(150)
    expect(FEATURE_UNITS).toHaveLength(150)
    FEATURE_NAMES.forEach((name, idx) => {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
      expect(featureIndex(name)).toBe(idx)
    })
    expect(featureIndex('no_such_feature')).toBeUndefined()
  })

  it('has a sentence for each feature', () => {
    for (const { doc } of FEATURES) expect(doc).toMatch(/^[A-Z].{10,70}\.$/)
  })

  it('says of each feature how it is computed, its range, when it is missing and its source', () => {
    for (const { formula, missing, range, source } of FEATURES) {
      expect(formula.length).toBeGreaterThan(4)
      // Each line stands alone: none points at its neighbor.
      expect(formula).not.toMatch(/\b(same,|ditto|section)\b/)
      expect(missing).not.toBe('same')
      expect(source).not.toBe('same')
      expect(range).toMatch(/^(real|integer|within|[<>=[({0-9])/)
      for (const text of [formula, missing, range, source]) expect(text).not.toContain('|')
    }
  })

  it('has a hash that changes only when names, units or their order do', () => {
    // A change of this value makes every trained model and recording refuse to load: names are
    // stable.
    expect(featureHash()).toBe('cc9587222d763214')
  })

  it('has a group built whole or not at all, A to D always', () => {
    const built = new Set(FEATURES.flatMap(({ group, isBuilt }) => (isBuilt ? [group] : [])))
    for (const { group, isBuilt } of FEATURES) expect(isBuilt).toBe(built.has(group))
    expect([...built]).toEqual(expect.arrayContaining(['A', 'B', 'C', 'D']))
  })

  it('equals the committed schema', () => {
    const path = fileURLToPath(new URL('../../schemas/features.json', import.meta.url))
    expect(readFileSync(path, 'utf8')).toBe(featureSchemaText())
    expect(JSON.parse(featureSchemaText()).features).toHaveLength(150)
  })

  it('equals the committed page', () => {
    const path = fileURLToPath(new URL('../../docs/features.md', import.meta.url))
    expect(readFileSync(path, 'utf8')).toBe(featurePageText())
  })
})

describe('parameters', () => {
  it('are the defaults where nothing is said', () => {
    const parsed = parseParameters({})
    expect(parsed).toEqual({ ok: true, value: DEFAULT_PARAMETERS })
    expect(Object.keys(DEFAULT_PARAMETERS)).toHaveLength(28)
  })

  it('take an override and leave the others', () => {
    expect(parseParameters({ hawkesBeta: 2.5, gridMs: 500 })).toEqual({
      ok: true,
      value: { ...DEFAULT_PARAMETERS, hawkesBeta: 2.5, gridMs: 500 },
    })
  })

  it('refuse an unknown name with the nearest known one', () => {
    const refused = parseParameters({ hawkesBetta: 1 })
    expect(refused).toMatchObject({ ok: false, code: 'config_unknown_key' })
    expect(refused).toHaveProperty('message', expect.stringContaining('did you mean hawkesBeta?'))
  })

  it.each([
    ['gridMs', 0],
    ['gridMs', 1.5],
    ['gridMs', '1000'],
    ['hawkesBeta', 0],
    ['hawkesMu', -1],
    ['zClip', Number.NaN],
    ['zSamples', 1e9],
    ['vpBinTicks', null],
  ])('refuse %s = %s, naming the key', (name, value) => {
    const refused = parseParameters({ [name]: value })
    expect(refused).toMatchObject({ ok: false, code: 'config_invalid' })
    expect(refused).toHaveProperty('message', expect.stringContaining(`params.${name}`))
  })
})

describe('the instruments file', () => {
  const entry = {
    tickSize: '0.10',
    qtyStep: '0.001',
    vpinBucketQty: '1.2',
    refNotional: '60000',
    bandTicks: 15,
  }
  const parse = (content: unknown) => parseInstrumentsFile(JSON.stringify(content))

  it('gives symbols, leader and parameters', () => {
    const file = parse({ leader: 'A', params: { vpBinTicks: 5 }, symbols: { A: entry, B: entry } })
    expect(file).toMatchObject({ ok: true, value: { leader: 'A', params: { vpBinTicks: 5 } } })
    expect(file.ok && [...file.value.symbols.keys()]).toEqual(['A', 'B'])
  })

  it('needs neither leader nor parameters', () => {
    expect(parse({ symbols: { A: entry } })).toMatchObject({
      ok: true,
      value: { leader: undefined, params: DEFAULT_PARAMETERS },
    })
  })

  it('becomes an instrument with exact steps', () => {
    const instrument = toInstrument(3, 'A', entry)
    expect(instrument).toMatchObject({ index: 3, symbol: 'A', features: { bandTicks: 15 } })
    expect(formatSteps(600_001, instrument.tick)).toBe('60000.10')
    expect(instrument.lot.value).toBe(0.001)
  })

  it.each([
    ['vpinBucketQty', 1.2, '1.2'],
    ['refNotional', 60000, '60000'],
    ['refNotional', 2.5e-7, '0.000000250000000'],
  ])('takes %s as the number %s, as well as text', (field, value, text) => {
    const file = parse({ symbols: { A: { ...entry, [field]: value } } })
    expect(file.ok && file.value.symbols.get('A')).toEqual({ ...entry, [field]: text })
  })

  it.each([
    ['not JSON', '{', 'not JSON'],
    ['a list', '[]', 'must be an object'],
    ['no symbols', '{"symbols":{}}', 'symbols must be'],
    ['a symbol that is no object', '{"symbols":{"A":1}}', 'symbols.A must be an object'],
  ])('refuses %s with a clear line', (_, text, part) => {
    const refused = parseInstrumentsFile(text)
    expect(refused).toMatchObject({ ok: false, message: expect.stringContaining(part) })
  })

  it.each([
    ['tickSize', '0'],
    ['tickSize', 0.1],
    ['qtyStep', '-1'],
    ['qtyStep', undefined],
    ['vpinBucketQty', '0.0005'],
    ['vpinBucketQty', '0'],
    ['vpinBucketQty', 0.0005],
    ['refNotional', 0],
    ['refNotional', 'many'],
    ['bandTicks', -1],
    ['bandTicks', '15'],
  ])('refuses %s = %s, naming the field', (field, value) => {
    const refused = parse({ symbols: { A: { ...entry, [field]: value } } })
    expect(refused).toMatchObject({
      ok: false,
      message: expect.stringContaining(`symbols.A.${field}`),
    })
  })

  it('refuses a leader that is not among the symbols', () => {
    expect(parse({ leader: 'Z', symbols: { A: entry } })).toMatchObject({
      ok: false,
      message: 'leader must be one of symbols',
    })
  })

  it('refuses a parameter that does not exist', () => {
    expect(parse({ params: { vpBinTick: 5 }, symbols: { A: entry } })).toMatchObject({
      ok: false,
      code: 'config_unknown_key',
    })
  })
})
