import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { run } from './processes.ts'

const LOAD = ['load-test', '--symbols', '10', '--rate', '1500', '--shards', '1', '--no-floor']

it('loses no update while connections are killed that others double', async () => {
  const folder = temporaryFolder('kills')
  const plan = join(folder, 'kills.json')
  // Before the shard is killed, at half time.
  const kills = [300, 2300].map((at_ms) => ({ kind: 'kill_connection', at_ms }))
  writeFileSync(plan, JSON.stringify(kills))
  const options = ['--seconds', '8', '--redundant', '--faults', plan, '--json']
  const ended = await run([...LOAD, ...options])
  rmSync(folder, { recursive: true })
  const verdict = JSON.parse(ended.stdout)
  expect(verdict).toMatchObject({ ok: true, books_wrong: 0, books_live: 10, lost_updates: 0 })
  expect(verdict).toMatchObject({ gaps: 0, faults: { kill_connection: { injected: 2 } } })
  expect(verdict.books_compared).toBeGreaterThan(10)
  expect(ended.code).toBe(0)
})
