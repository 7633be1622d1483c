import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { executionOptions } from '../../src/threads/execution-plan.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** The text of an `execution:` section, through a file, to what the actor gets of it. */
export class ExecutionSection {
  readonly #folder: string

  constructor(name: string) {
    this.#folder = temporaryFolder(name)
  }

  load(execution: string) {
    const file = join(this.#folder, 'config.yaml')
    writeFileSync(file, `execution: ${execution}\n`)
    return loadConfig({ file, environment: {} })
  }

  options(execution: string) {
    const loaded = this.load(execution)
    if (!loaded.ok) expect.fail(loaded.message)
    return executionOptions(loaded.value.config)
  }
}
