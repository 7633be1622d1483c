import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load-config.ts'
import { INSTRUMENTS_MAX } from '../constants.ts'
import { createLogger } from '../core/log.ts'
import type { Engine } from '../threads/engine.ts'
import { startEngine } from '../threads/engine-start.ts'
import { PACKAGED_MODEL } from './demo.ts'
import { FAULT_PLANS, type FaultPlan, FaultRunner } from './load-faults.ts'
import { LoadMeasure, type LoadVerdict } from './load-measure.ts'
import { MockProcess } from './mock-process.ts'
import { failCommand, wholeNumber, writeOut } from './terminal.ts'

type LoadOptions = Readonly<{
  symbols: number
  rate: number
  seconds: number
  seed: number
  faults: FaultPlan
  shards?: number
  json?: boolean
}>

const LIVE_SECONDS_MAX = 60

export function loadTestCommand(): Command {
  const command = new Command('load-test')
  return command
    .description('Mock exchange and engine under load; compares every book with the truth.')
    .option(
      '--symbols <count>',
      'instruments',
      wholeNumber(command, '--symbols', 1, INSTRUMENTS_MAX),
      100,
    )
    .option(
      '--rate <messages>',
      'messages a second',
      wholeNumber(command, '--rate', 1, 1_000_000),
      20_000,
    )
    .option('--seconds <count>', 'measured time', wholeNumber(command, '--seconds', 1, 86_400), 20)
    .option(
      '--seed <number>',
      'of market and faults',
      wholeNumber(command, '--seed', 0, 2 ** 32 - 1),
      1,
    )
    .option(
      '--shards <count>',
      'worker threads, instead of one a core',
      wholeNumber(command, '--shards', 1, 16),
    )
    .addOption(
      new Option('--faults <plan>', 'what goes wrong meanwhile')
        .choices(FAULT_PLANS)
        .default('none'),
    )
    .option('--json', 'the verdict as one JSON object')
    .addHelpText(
      'after',
      '\nThe load is open loop: the mock sends on a schedule that never waits for the engine.' +
        '\nExit code 0 when every book compared was right and every book is live at the end.',
    )
    .action(run)
}

async function run(options: LoadOptions): Promise<void> {
  const { rate, seed, symbols } = options
  const mock = await MockProcess.start({ port: 0, rate, seed, symbols })
  if (!mock.ok) return failCommand(mock.message)
  const data = mkdtempSync(join(tmpdir(), 'bookflow-load-'))
  const exitCode = await runAgainst(mock.value, data, options)
  await mock.value.stop()
  rmSync(data, { recursive: true, force: true })
  process.exit(exitCode)
}

async function runAgainst(mock: MockProcess, data: string, options: LoadOptions): Promise<number> {
  const loaded = loadConfig({
    environment: processEnvironment(),
    options: {
      'exchange.ws_url': mock.wsUrl,
      'exchange.rest_url': mock.restUrl,
      symbols: { top: options.symbols },
      data_folder: data,
      log_level: 'silent',
      'model.folder': PACKAGED_MODEL,
      'control.port': 0,
      'stream.port': 0,
      ...(options.shards === undefined ? {} : { 'feed.shards': options.shards }),
    },
  })
  if (!loaded.ok) return failed(loaded.message)
  const { config } = loaded.value
  const started = await startEngine(config, createLogger('main', config.log_level))
  if (!started.ok) return failed(started.message)
  const engine = started.value
  const verdict = await measure(engine, mock, options)
  await engine.stop()
  if (verdict === undefined) return failed('interrupted')
  writeOut(options.json ? `${JSON.stringify(verdict)}\n` : text(verdict))
  return verdict.ok ? 0 : 1
}

function failed(message: string): number {
  failCommand(message)
  return 1
}

/** Undefined when a person ended it before its time. */
async function measure(
  engine: Engine,
  mock: MockProcess,
  options: LoadOptions,
): Promise<LoadVerdict | undefined> {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  process.once('SIGTERM', () => interrupted.abort())
  const load = new LoadMeasure(engine, mock, interrupted.signal)
  await load.untilLive(LIVE_SECONDS_MAX)
  await load.begin()
  const faults = new FaultRunner(engine, mock, options.faults, options.seed)
  const shown = process.stderr.isTTY === true
  await load.run(options.seconds, async (second) => {
    if (shown) process.stderr.write(`\r${second} of ${options.seconds} s `)
    await faults.second(second, options.seconds)
  })
  if (shown) process.stderr.write('\r\u001b[K')
  if (options.faults !== 'none') await load.untilLive(LIVE_SECONDS_MAX)
  return interrupted.signal.aborted ? undefined : await load.verdict(options, faults.injected)
}

function text(verdict: LoadVerdict): string {
  const lines = Object.entries(verdict).map(([name, value]) => {
    const shown = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return `${name.padEnd(20)} ${shown}`
  })
  return `${lines.join('\n')}\n`
}
