import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configuredAlerts } from '../../src/config/alert-section.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { ALERT_KINDS, ALERT_TABLE } from '../../src/domain/alerts.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const folder = temporaryFolder('alerts')

function load(kinds: string) {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, `alerts: {kinds: {${kinds}}}\n`)
  return loadConfig({ file, environment: {} })
}

function complaint(kinds: string): string {
  const loaded = load(kinds)
  return loaded.ok ? 'accepted' : loaded.message
}

describe('thresholds of alerts in the configuration', () => {
  it('replace those of the table, the rest stands', () => {
    const loaded = load('price_explosion: {on: 2, off: 0.5}, spoofing_suspected: {enabled: false}')
    if (!loaded.ok) expect.fail(loaded.message)
    const settings = configuredAlerts(loaded.value.config.alerts.kinds)
    expect(settings.price_explosion).toMatchObject({ on: 2, off: 0.5, coolDownMs: 60_000 })
    expect(settings.spoofing_suspected).toMatchObject({ isEnabled: false, on: 0.25 })
  })

  it.each([
    ['price_explosion: {on: 2, off: 2}', 'price_explosion.off: 2 must be below on, which is 2'],
    ['price_explosion: {off: 4}', 'price_explosion.off: 4 must be below on, which is 3'],
    ['price_explosion: {on: 1}', 'price_explosion.on: 1 must be above off, which is 1.5'],
    ['toxicity_high: {on: 1.2}', 'toxicity_high.on: 1.2 is never reached'],
    ['wall_moved: {on: 2}', 'wall_moved.on: 2 is never reached'],
    ['volume_explosion: {on: 1, off: 0}', 'volume_explosion.on: 1 is reached by what is usual'],
    ['stuffing_suspected: {on: 0, off: 0}', 'stuffing_suspected.on: must be above 0'],
    ['wall_appeared: {off: 3}', 'wall_appeared.off: wall_appeared does not fall back to a value'],
    ['book_stale: {on: 5}', 'book_stale.on: book_stale has no threshold'],
    ['level_touched: {on: 2}', 'level_touched.on: level_touched has no threshold'],
  ])('are refused with the key and what it needs: %s', (kinds, message) => {
    const text = complaint(kinds)
    expect(text).toContain(`alerts.kinds.${message}`)
    expect(text).toMatch(/config\.yaml:1/)
    expect(text.split('\n')).toHaveLength(1)
  })

  it('are taken as the table has them, kind by kind, where it has something to compare', () => {
    for (const kind of ALERT_KINDS) {
      const { hysteresis, off, on, threshold } = ALERT_TABLE[kind]
      const written = [
        ...(threshold === 'none' ? [] : [`on: ${on}`]),
        ...(hysteresis === 'none' ? [] : [`off: ${off}`]),
      ]
      expect(complaint(`${kind}: {${[...written, 'enabled: true'].join(', ')}}`)).toBe('accepted')
    }
  })
})
