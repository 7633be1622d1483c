import fs from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import { createLogger } from '../../src/core/log.ts'

let written = ''
let isFull = false

afterEach(() => vi.restoreAllMocks())

it('outlives an error output that cannot be written, and then says how much is missing', () => {
  vi.spyOn(fs, 'writeSync').mockImplementation((...[descriptor, text]) => {
    expect(descriptor).toBe(2)
    if (isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    written += String(text)
    return Buffer.byteLength(String(text))
  })
  const log = createLogger('test', 'info')
  log.info('before')
  isFull = true
  const text = 'x'.repeat(1000)
  for (let line = 0; line < 3000; line++) log.warn({ line, text }, 'lost or late')
  isFull = false
  log.info('after')
  log.info('later')
  const lines = written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines[0].msg).toBe('before')
  const late = lines.filter(({ msg }) => msg === 'lost or late')
  // What waited is in order and without a hole.
  expect(late.map(({ line }) => line)).toEqual(late.map((_, at) => at))
  expect(late.length).toBeGreaterThan(500)
  const told = lines.filter(({ msg }) => msg === 'lines of this log were lost')
  expect(told).toHaveLength(1)
  const shown = lines.filter(({ msg }) => msg === 'after' || msg === 'later').length
  expect(late.length + told[0].lines + shown).toBe(3002)
  expect(shown).toBeGreaterThan(0)
})
