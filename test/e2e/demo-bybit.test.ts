import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listSegments } from '../../src/core/record-folder.ts'
import { fileStorage } from '../../src/core/record-storage.ts'
import { TEST_KEY } from '../../src/sim/signature.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { Program } from './processes.ts'

const folder = temporaryFolder('demo-bybit')

describe('bookflow demo --gateway bybit', () => {
  it('trades signed on the account of the mock, in faults, and ends with three zeros', async () => {
    const ports = ['--mock-port', '0', '--control-port', '0', '--stream-port', '0']
    const size = ['--symbols', '10', '--rate', '500', '--seconds', '12', '--data', folder]
    const demo = new Program([
      'demo',
      '--gateway',
      'bybit',
      '--faults',
      'hostile',
      ...ports,
      ...size,
    ])
    const { code, stderr, stdout } = await demo.ended
    const line = /^account (\{.*\})$/m.exec(stdout)?.[1]
    expect(line, stderr).toBeDefined()
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      duplicate_orders: 0,
      lost_fills: 0,
      position_mismatches: 0,
      unfinished: 0,
    })
    expect(code).toBe(0)
    // The account was agreed upon over the private side, and no secret went anywhere.
    const place = { folder: join(folder, 'journal'), name: 'journal' }
    const segments = listSegments(place, fileStorage)
    expect(segments.ok && segments.value.length).toBeGreaterThan(0)
    const files = fileStorage.list(place.folder).filter((file) => file !== 'lock')
    const journal = files.map((file) => readFileSync(join(place.folder, file), 'latin1')).join('')
    expect(journal).toContain('account_reconciled')
    for (const text of [journal, stdout, stderr]) expect(text).not.toContain(TEST_KEY.secret)
  }, 180_000)
})
