import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { assert } from '../../src/core/assert.ts'

/**
 *   frames, made before -> decoder -> sequencer -> book -> features     in a process of its own
 */
const script = fileURLToPath(new URL('./allocation-run.js', import.meta.url))
const compiled = new URL('../../dist/threads/pipeline.js', import.meta.url)
const MESSAGES = 1_000_000
/** V8 collects the young generation when this much was allocated. */
const YOUNG = ['--min-semi-space-size=16', '--max-semi-space-size=16']
const KEPT_BYTES_MAX = 1_000_000

async function run(stage: string): Promise<Record<string, number>> {
  assert(existsSync(compiled), 'the process loads compiled files: run "npm run build" first')
  const args = ['--expose-gc', ...YOUNG, script, stage, String(MESSAGES)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

it.each([
  // What is left comes from V8: a double is boxed at a call it chose not to inline, which depends on
  // what it measured while it warmed up. Objects, strings and arrays there are none. All 150
  // features leave some 80 bytes of such boxes a message.
  ['decode', 4, 0],
  ['book', 16, 0],
  ['features', 112, 7],
])(
  '%s: a million messages leave nothing on the heap',
  async (stage, bytesMax, scavengesMax) => {
    const { grown, kept, scavenges, ...facts } = await run(stage)
    expect(facts).toMatchObject({ bad: 0, fallbacks: 0, gaps: 0 })
    expect(kept).toBeLessThan(KEPT_BYTES_MAX)
    expect(scavenges).toBeLessThanOrEqual(scavengesMax)
    if (scavenges === 0) expect(grown).toBeLessThan(bytesMax * MESSAGES)
    if (stage === 'features') expect(facts.rows).toBeGreaterThan(MESSAGES / 2)
    if (stage === 'features') expect(facts.trades_counted).toBeGreaterThan(MESSAGES / 5)
  },
  60_000,
)
