import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccountFigures, isProven } from '../src/cli/account-proof.ts'
import { DemoKeys, proveAccount } from '../src/cli/demo-account.ts'
import { MockProcess } from '../src/cli/mock-process.ts'
import { Random } from '../src/core/random.ts'
import { readOptions } from './command-options.ts'

/**
 * `npm run kill-storm -- --kills 300`: the whole engine trades on the account of a mock exchange,
 * over its signed sockets, and is killed with SIGKILL at random moments, while it starts, recovers
 * or trades. In the end one more start must agree with the exchange's own account. Exit code 1 when
 * a number that must be zero is not.
 */
const USAGE = `
Usage: npm run kill-storm -- [--kills N] [--seed N] [--symbols N] [--rate N] [--life-ms N] [--json]

Kills a trading engine at random moments and compares it with the exchange's account.

  --kills N     default 300
  --seed N      of the moments and the market, default 1
  --symbols N   instruments that are traded, default 5
  --rate N      messages a second of the mock exchange, default 500
  --life-ms N   the longest that an engine lives once it trades, default 1500
  --json        the verdict as one JSON object
  --help        this text`

const ENTRY = join(import.meta.dirname, '../../main.js')
const START_MS_MAX = 60_000
/** While it starts and recovers, and not only once it is up. */
const EARLY_SHARE = 0.3
const EARLY_MS_MAX = 4000

type Plan = Readonly<{
  kills: number
  seed: number
  symbols: number
  rate: number
  lifeMsMax: number
}>

type Verdict = AccountFigures &
  Readonly<{ ok: boolean; kills: number; early_kills: number; seconds: number; seed: number }>

async function main(): Promise<number> {
  const text = (value: number) => ({ type: 'string', default: `${value}` }) as const
  const read = readOptions('kill-storm', USAGE, {
    options: {
      kills: text(300),
      seed: text(1),
      symbols: text(5),
      rate: text(500),
      'life-ms': text(1500),
      json: { type: 'boolean', default: false },
    },
  })
  if (!read.ok) return read.exitCode
  const { values } = read.parsed
  const [kills, seed, symbols, rate, lifeMsMax] = [
    values.kills,
    values.seed,
    values.symbols,
    values.rate,
    values['life-ms'],
  ].map(Number)
  const plan = { kills, seed, symbols, rate, lifeMsMax }
  if (Object.values(plan).some((value) => !Number.isSafeInteger(value) || value < 1)) {
    process.stderr.write('kill-storm: every option is a number of 1 or more\n')
    return 2
  }
  const verdict = await storm(plan)
  if (typeof verdict === 'string') {
    process.stderr.write(`kill-storm: ${verdict}\n`)
    return 1
  }
  process.stdout.write(`${JSON.stringify(verdict, null, values.json ? undefined : 2)}\n`)
  return verdict.ok ? 0 : 1
}

async function storm(plan: Plan): Promise<Verdict | string> {
  const { kills, rate, seed, symbols } = plan
  const started = await MockProcess.start({ port: 0, symbols, rate, seed })
  if (!started.ok) return started.message
  const mock = started.value
  const folder = mkdtempSync(join(tmpdir(), 'bookflow-kill-storm-'))
  const keys = new DemoKeys()
  const random = new Random(seed)
  const beganMs = performance.now()
  try {
    const config = writeConfig(folder, mock, plan, keys)
    let early = 0
    for (let kill = 1; kill <= kills; kill++) {
      if (await liveAndDie(mock, config, random, plan.lifeMsMax)) early++
      if (kill % 10 === 0) process.stderr.write(`kill-storm: ${kill} of ${kills} kills\n`)
    }
    const last = startEngine(config)
    await untilUp(last)
    const figures = await proveAccount(mock, folder)
    const orders = await orderCount(mock)
    last.kill('SIGINT')
    await once(last, 'exit')
    if (figures === undefined) return 'the journal or the account could not be read'
    const seconds = Math.round((performance.now() - beganMs) / 1000)
    const isTrading = figures.fills > 0
    const ok = isProven(figures) && isTrading
    return { ok, kills, early_kills: early, seconds, seed, ...figures, orders }
  } finally {
    await mock.stop()
    keys.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** True: it was killed at any moment of its start; otherwise once it had sent an order. */
async function liveAndDie(
  mock: MockProcess,
  config: string,
  random: Random,
  lifeMsMax: number,
): Promise<boolean> {
  const orders = await orderCount(mock)
  const engine = startEngine(config)
  const ended = once(engine, 'exit')
  const isEarly = random.float() < EARLY_SHARE
  if (!isEarly) await untilTrading(mock, orders)
  await pause(random.float() * (isEarly ? EARLY_MS_MAX : lifeMsMax))
  engine.kill('SIGKILL')
  await ended
  return isEarly
}

function startEngine(config: string): ChildProcess {
  return spawn(process.execPath, [ENTRY, 'run', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function orderCount(mock: MockProcess): Promise<number> {
  return (await mock.account())?.orders.length ?? 0
}

async function untilTrading(mock: MockProcess, orders: number): Promise<void> {
  const endMs = performance.now() + START_MS_MAX
  while (performance.now() < endMs && (await orderCount(mock)) <= orders) await pause(50)
}

async function untilUp(engine: ChildProcess): Promise<void> {
  let said = ''
  engine.stdout?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  })
  const endMs = performance.now() + START_MS_MAX
  while (!/control API/.test(said) && performance.now() < endMs && engine.exitCode === null) {
    await pause(10)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Thresholds at which the scalper asks for something all the time: this is about orders. */
function writeConfig(folder: string, mock: MockProcess, plan: Plan, keys: DemoKeys): string {
  const lines = Object.entries({
    'exchange.ws_url': mock.wsUrl,
    'exchange.rest_url': mock.restUrl,
    'symbols.top': plan.symbols,
    data_folder: folder,
    log_level: 'silent',
    'control.port': 0,
    'stream.port': 0,
    'execution.start': 'active',
    ...keys.options(),
  })
  const params = {
    imbalance_min: 0.1,
    imbalance_hysteresis: 0.05,
    probability_min: 0.5,
    probability_hysteresis: 0,
    cool_down_ms: 100,
    hold_ms_max: 1000,
    notional_quote: 200,
    spread_ticks_max: 1000,
  }
  const strategies = [{ name: 'eager', kind: 'order_book_scalper', params }]
  const config = { ...nested(lines), strategies }
  const file = join(folder, 'bookflow.yaml')
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML too
  return file
}

type Tree = { [key: string]: Tree | unknown }

function nested(lines: readonly (readonly [string, unknown])[]): Tree {
  const root: Tree = {}
  for (const [path, value] of lines) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let at = root
    for (const name of names) {
      const next = at[name]
      const branch: Tree = isTree(next) ? next : {}
      at[name] = branch
      at = branch
    }
    at[last] = value
  }
  return root
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

process.exitCode = await main()
