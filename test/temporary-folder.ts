import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const made: string[] = []

// Registered by the import, so for the file that imports this, and after whatever the file itself
// stops in hooks of its own: those run in reverse order.
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A new folder that is gone when the tests of this file have ended. `use` is part of its name. */
export function temporaryFolder(use = 'test'): string {
  const folder = mkdtempSync(join(tmpdir(), `bookflow-${use}-`))
  made.push(folder)
  return folder
}
