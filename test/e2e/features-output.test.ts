import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeRecording } from '../cli/recording.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { Program, run, until } from './processes.ts'

describe('bookflow features', () => {
  it('leaves nothing behind when it is interrupted', async () => {
    const folder = temporaryFolder()
    const recording = writeRecording(['BTCUSDT'], 20)
    // The same again and again: repeats are skipped, but they have to be read.
    const files = new Array<string>(500).fill(recording)
    const program = new Program(['features', ...files, '--out', join(folder, 'rows.arrow')])
    await until('a part file', () =>
      readdirSync(folder).some((name) => statSync(join(folder, name)).isFile()) ? true : undefined,
    )
    expect(readdirSync(folder)).toEqual(['rows.arrow.part'])
    program.child.kill('SIGINT')
    const { code, stderr } = await program.ended
    expect(code).toBe(130)
    expect(stderr).toContain('interrupted, nothing was kept')
    expect(readdirSync(folder)).toEqual([])
  })

  it('writes to a pipe what it writes to a file', async () => {
    const recording = writeRecording(['BTCUSDT'], 20)
    const { code, stderr, stdout } = await run(['features', recording, '--select', 'A'])
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(stderr).toContain(`${lines.length} rows from`)
    expect(JSON.parse(lines[0])).toMatchObject({ symbol: 'BTCUSDT', features: { best_bid: 1000 } })
  })
})
