import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Locks of accounts stay where they are between runs, as a folder of the machine. */
const STANDING = ['bookflow-accounts']

/**
 * The whole run has a temporary folder of its own, for tests and for the programs that they start.
 * What is left in it at the end was left behind by one of them, and the run fails.
 */
export default function setUp(): () => void {
  const before = process.env.TMPDIR
  const own = mkdtempSync(join(tmpdir(), 'bookflow-run-'))
  chmodSync(own, 0o755) // servers of other users are started in it
  process.env.TMPDIR = own
  process.env.ORT_DISABLE_TELEMETRY = '1' // as the program does; it leaves files there
  return () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    const left = readdirSync(own).filter((name) => !STANDING.includes(name))
    rmSync(own, { recursive: true, force: true })
    if (left.length === 0) return
    throw new Error(`left in the folder for temporary files: ${left.join(', ')}`)
  }
}
