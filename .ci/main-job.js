// Starts the main job as a newcomer does, but for ten seconds and on free ports, and listens like a
// desk: rows of all 100 symbols must come in both encodings. Then Ctrl-C, and the exit code.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectDesk } from '../dist/stream/client.js'

const SYMBOLS = 100
const LISTEN_MS = 10_000
const LIVE_MS_MAX = 20_000

const data = mkdtempSync(join(tmpdir(), 'bookflow-ci-'))
const ports = ['--mock-port', '0', '--control-port', '0', '--stream-port', '0']
const demo = spawn(process.execPath, ['bin/bookflow.js', 'demo', ...ports, '--data', data], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
let output = ''
demo.stdout.on('data', (chunk) => {
  output += chunk
  process.stdout.write(chunk)
})
const ended = once(demo, 'exit')

function check(isTrue, text) {
  process.stdout.write(`${isTrue ? 'ok' : 'NOT OK'}: ${text}\n`)
  if (!isTrue) process.exitCode = 1
}

async function until(ask, millisecondsMax) {
  const end = Date.now() + millisecondsMax
  while (Date.now() < end && demo.exitCode === null) {
    if (await ask()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

let url
let control
await until(() => {
  url = /desk stream\s+(ws:\S+)/.exec(output)?.[1]
  control = /control API\s+(http:\S+)/.exec(output)?.[1]
  return url !== undefined && control !== undefined
}, 60_000)
const isLive = await until(
  async () => (await fetch(`${control}/ready`)).status === 200,
  LIVE_MS_MAX,
)
check(isLive, `${SYMBOLS} symbols live within ${LIVE_MS_MAX / 1000} s`)

const listeners = ['msgpack', 'json'].map((encoding) => {
  const rows = new Map()
  const desk = connectDesk({ url, encoding })
  desk.subscribe(['features.*'], {
    features: ({ symbol, values }) => {
      if (values !== null) rows.set(symbol, (rows.get(symbol) ?? 0) + 1)
    },
  })
  return { encoding, rows, desk }
})
await new Promise((resolve) => setTimeout(resolve, LISTEN_MS))
for (const { encoding, rows, desk } of listeners) {
  const total = [...rows.values()].reduce((sum, count) => sum + count, 0)
  const streaming = [...rows.values()].filter((count) => count >= 2).length
  check(streaming === SYMBOLS, `${encoding}: ${total} rows, ${streaming} symbols streaming`)
  desk.close()
}
demo.kill('SIGINT')
const [code] = await ended
check(code === 0, `Ctrl-C ended it with ${code}`)
rmSync(data, { recursive: true, force: true })
