import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkConfigCommand } from '../../src/cli/check-config.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const folder = temporaryFolder('check-config')

let printed = ''
let complained = ''

beforeEach(() => {
  printed = ''
  complained = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += text
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

function run(text: string, ...flags: string[]) {
  const path = join(folder, 'some.yaml')
  writeFileSync(path, text)
  checkConfigCommand().parse([path, ...flags], { from: 'user' })
  return { exitCode: process.exitCode, printed, complained }
}

describe('check-config', () => {
  it('says OK and prints the effective configuration without its secrets', () => {
    const result = run('feed:\n  depth: 200\ncontrol:\n  token: not-to-be-seen-by-anyone\n')
    expect(result.exitCode).toBeUndefined()
    expect(result.printed).toMatch(/^OK .*some\.yaml\n/)
    expect(result.printed).toContain('depth: 200')
    expect(result.printed).toContain('[redacted]')
    expect(result.printed + result.complained).not.toContain('not-to-be-seen')
    expect(result.complained).toMatch(/^warning: some\.yaml:4: control\.token: /)
  })

  it('prints one line a mistake on the error output and exits with 1', () => {
    const result = run('feed:\n  depht: 200\nmode: live\nmodel: 3\n')
    expect(result.exitCode).toBe(1)
    expect(result.printed).toBe('')
    expect(result.complained.trimEnd().split('\n')).toEqual([
      'some.yaml:2: feed.depht: unknown key, did you mean depth?',
      'some.yaml:4: model: must be a section of keys, not 3',
    ])
  })

  it('speaks JSON', () => {
    const good = JSON.parse(
      run('execution: {start: active, correlation_groups: {a: [AUSDT, BUSDT]}}', '--json').printed,
    )
    expect(good).toMatchObject({ ok: true, warnings: [], config: { mode: 'paper' } })
    printed = ''
    const bad = run('feed: {depht: 1}', '--json')
    expect(bad.exitCode).toBe(1)
    expect(JSON.parse(bad.printed)).toMatchObject({
      ok: false,
      errors: [{ code: 'config_unknown_key', where: 'some.yaml:1', path: 'feed.depht' }],
    })
  })
})
