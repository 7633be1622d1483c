#!/usr/bin/env node
// Starts the compiled program; in a clone it first compiles what is missing or older than its source.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = join(root, 'src')
const built = join(root, 'dist', '.tsbuildinfo')

function newestMs(folder) {
  let newest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    newest = Math.max(newest, entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs)
  }
  return newest
}

// A package from the registry has no src: its dist is complete.
if (existsSync(sources) && (!existsSync(built) || newestMs(sources) > statSync(built).mtimeMs)) {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json')
  const tsc = join(dirname(compiler), 'bin', 'tsc')
  const result = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (result.status !== 0) {
    rmSync(built, { force: true }) // what was written is not to be run
    process.stderr.write('bookflow: the sources do not compile; see above\n')
    process.exit(1)
  }
}
await import(new URL('../dist/main.js', import.meta.url).href)
