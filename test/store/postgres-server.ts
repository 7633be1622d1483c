import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { temporaryFolder } from '../temporary-folder.ts'

/**
 * A PostgreSQL server for the tests: the one that BOOKFLOW_TEST_POSTGRES_URL names, or one of our
 * own in a temporary folder where the machine has the programs, or none, with the reason.
 */
export type TestPostgres = { url: string; stop(): Promise<void> }

type Account = { uid: number; gid: number }

export async function startPostgres(): Promise<TestPostgres | string> {
  const given = process.env.BOOKFLOW_TEST_POSTGRES_URL
  if (given !== undefined) return { url: given, stop: async () => {} }
  const account = serverAccount()
  if (!hasPrograms()) return 'no PostgreSQL: set BOOKFLOW_TEST_POSTGRES_URL, or install it'
  if (account === undefined) return 'PostgreSQL does not run as root, and there is no user postgres'
  const folder = temporaryFolder('postgres')
  chmodSync(folder, 0o700)
  if (account !== 'self') chownSync(folder, account.uid, account.gid)
  const identity = account === 'self' ? {} : account
  const files = join(folder, 'data')
  const initial = ['-D', files, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync']
  execFileSync('initdb', initial, { stdio: 'pipe', cwd: folder, ...identity })
  const port = await freePort()
  const settings = ['fsync=off', `unix_socket_directories=${folder}`, 'listen_addresses=127.0.0.1']
  const flags = [...settings, 'max_connections=10'].flatMap((setting) => ['-c', setting])
  const server = spawn('postgres', ['-D', files, '-p', String(port), ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
    ...identity,
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    server.once('exit', () => reject(new Error('postgres ended at once')))
    server.stderr.on('data', (text) => {
      if (String(text).includes('ready to accept connections')) resolve()
    })
  })
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      server.kill('SIGINT') // fast shutdown
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function hasPrograms(): boolean {
  try {
    for (const program of ['postgres', 'initdb'])
      execFileSync(program, ['--version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

function serverAccount(): Account | 'self' | undefined {
  if (process.getuid?.() !== 0) return 'self'
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
