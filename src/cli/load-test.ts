import { Command, Option } from 'commander'
import { processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load-config.ts'
import { createLogger } from '../core/log.ts'
import { topicName } from '../feed/bybit/topic.ts'
import { LISTED_MAX } from '../sim/instruments.ts'
import type { Engine } from '../threads/engine.ts'
import { feedOptions } from '../threads/engine-plan.ts'
import { startEngine } from '../threads/engine-start.ts'
import { isProven } from './account-proof.ts'
import { DemoKeys, proveAccount } from './demo-account.ts'
import { EAGER_STRATEGY } from './eager-strategy.ts'
import { readFaultPlan } from './fault-file.ts'
import { FaultRunner, type LoadPlan } from './load-faults.ts'
import { FloorProcess } from './load-floor.ts'
import { LoadMeasure } from './load-measure.ts'
import { Ramp, type RampStep } from './load-ramp.ts'
import type { LoadVerdict } from './load-verdict.ts'
import { MockProcess } from './mock-process.ts'
import { PACKAGED_MODEL } from './packaged-model.ts'
import { ScratchFolder } from './scratch-folder.ts'
import { EXIT_USAGE, failCommand, wholeNumber, writeOut } from './terminal.ts'

type LoadOptions = Readonly<{
  symbols: number
  rate: number
  seconds: number
  seed: number
  faults: string
  gateway: 'paper' | 'bybit'
  shards?: number
  redundant?: boolean
  venueB?: boolean
  floor: boolean
  ramp?: boolean
  p99MaxUs?: number
  json?: boolean
}>

const LIVE_SECONDS_MAX = 60
const RATE_MAX = 1_000_000
const P99_US_MAX = 50_000
/** A line of progress to the error output, where nobody watches a terminal. */
const PROGRESS_PERIOD_SECONDS = 60

export function loadTestCommand(): Command {
  const command = new Command('load-test')
  return command
    .description('Mock exchange and engine under load; compares every book with the truth.')
    .option(
      '--symbols <count>',
      'instruments',
      wholeNumber(command, '--symbols', 1, LISTED_MAX),
      100,
    )
    .option(
      '--rate <messages>',
      'messages a second',
      wholeNumber(command, '--rate', 0, RATE_MAX),
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
    .option('--faults <plan>', 'none, standard, hostile, or a YAML or JSON file', 'none')
    .addOption(
      new Option('--gateway <name>', 'paper, or bybit: orders go signed to the account of the mock')
        .choices(['paper', 'bybit'])
        .default('paper'),
    )
    .option('--redundant', 'every topic on two connections, which must not lose an update')
    .option('--venue-b', 'follow a second exchange too, which the mock plays')
    .option('--no-floor', 'without the bare reader that shows the noise floor of the machine')
    .option('--ramp', 'look for the highest rate that keeps p99 (push to feature) under a bound')
    .option(
      '--p99-max-us <microseconds>',
      `the bound of --ramp (default: ${P99_US_MAX})`,
      wholeNumber(command, '--p99-max-us', 1, 60_000_000),
    )
    .option('--json', 'the verdict as one JSON object')
    .addHelpText(
      'after',
      '\nThe load is open loop: the mock sends on a schedule that never waits for the engine.' +
        '\nStamps of the exchange are whole milliseconds; what begins at one is that exact.' +
        '\nWith --ramp, --rate is where it begins and --seconds the length of each step.' +
        '\nWith --rate 0 the exchange says nothing: what an idle engine costs. Books may turn STALE.' +
        '\nWith --gateway bybit the strategy is an eager one, and in the end journal and account agree.' +
        '\nExit code 0 when every book compared was right and every book is live at the end.',
    )
    .action(run)
}

async function run(options: LoadOptions): Promise<void> {
  const { p99MaxUs, rate, seed, symbols } = options
  if (p99MaxUs !== undefined && options.ramp !== true) {
    return failCommand(
      '--p99-max-us is the bound of --ramp: add --ramp, or leave it out',
      EXIT_USAGE,
    )
  }
  const plan = readPlan(options)
  if (plan === undefined) return
  const mock = await MockProcess.start({ port: 0, rate, seed, symbols })
  if (!mock.ok) return failCommand(mock.message)
  const data = new ScratchFolder('load')
  const keys = options.gateway === 'bybit' ? new DemoKeys() : undefined
  const exitCode = await runAgainst({ mock: mock.value, data: data.path, plan, keys }, options)
  await mock.value.stop()
  keys?.remove()
  data.remove()
  process.exit(exitCode)
}

/** Undefined when it is refused, which is said. */
function readPlan({ faults: name, gateway }: LoadOptions): LoadPlan | undefined {
  const plan = readFaultPlan(name)
  if (!plan.ok) {
    failCommand(plan.message, EXIT_USAGE)
    return undefined
  }
  if (gateway === 'bybit') return plan.value
  const { length } = plan.value.privately
  if (length > 0) {
    const why = 'orders go to paper; --gateway bybit sends them to the account of the mock'
    process.stderr.write(`load-test: ${length} faults of the account do nothing: ${why}\n`)
  }
  return { faults: plan.value.faults, privately: [] }
}

/** What a run stands on. */
type Ground = Readonly<{
  mock: MockProcess
  data: string
  plan: LoadPlan
  keys: DemoKeys | undefined
}>

async function runAgainst(ground: Ground, options: LoadOptions): Promise<number> {
  const { data, keys, mock } = ground
  const loaded = loadConfig({
    environment: processEnvironment(),
    options: {
      'exchange.ws_url': mock.wsUrl,
      'exchange.rest_url': mock.restUrl,
      symbols: { top: options.symbols },
      data_folder: data,
      log_level: 'silent',
      'model.folder': PACKAGED_MODEL,
      'execution.start': 'active',
      'control.port': 0,
      'stream.port': 0,
      ...(keys === undefined ? {} : { ...keys.options(), strategies: [EAGER_STRATEGY] }),
      ...(options.redundant === true ? { 'feed.redundancy': 2 } : {}),
      ...(options.venueB === true ? mock.venueOptions() : {}),
      ...(options.shards === undefined ? {} : { 'feed.shards': options.shards }),
    },
  })
  if (!loaded.ok) return failed(loaded.message)
  const { config } = loaded.value
  const started = await startEngine(config, createLogger('main', config.log_level))
  if (!started.ok) return failed(started.message)
  const engine = started.value
  const floor = options.floor ? await startFloor(engine, mock) : undefined
  const exitCode = await measure(engine, floor, ground, options)
  await floor?.stop()
  await engine.stop()
  return exitCode
}

function failed(message: string): number {
  failCommand(message)
  return 1
}

/** Beside the engine, on the same topics; without it the run says what it can. */
async function startFloor(engine: Engine, mock: MockProcess): Promise<FloorProcess | undefined> {
  const { config, instruments } = engine
  const { kinds } = feedOptions(config)
  const topics = instruments.flatMap(({ symbol }) =>
    kinds.map((kind) => topicName(kind, kind === 'orderbook' ? config.feed.depth : 0, symbol)),
  )
  const path = `/v5/public/${config.exchange.category}?observer=1`
  const started = await FloorProcess.start(mock.port, path, topics)
  if (started.ok) return started.value
  failCommand(started.message)
  return undefined
}

async function measure(
  engine: Engine,
  floor: FloorProcess | undefined,
  ground: Ground,
  options: LoadOptions,
): Promise<number> {
  const { mock, plan } = ground
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  process.once('SIGTERM', () => interrupted.abort())
  const load = new LoadMeasure(engine, mock, floor, interrupted.signal)
  await load.untilLive(LIVE_SECONDS_MAX)
  await load.warmUp()
  if (options.ramp === true) return ramp(load, mock, floor, options, interrupted.signal)
  await load.forgetLost(options.rate, LIVE_SECONDS_MAX)
  await load.begin()
  const faults = new FaultRunner(engine, mock, plan, options.seed)
  await faults.begin()
  await load.run(options.seconds, async (second) => {
    showProgress(second, options.seconds)
    await faults.second(second, options.seconds)
  })
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[K')
  await load.end()
  await faults.settle(interrupted.signal)
  if (interrupted.signal.aborted) return failed('interrupted')
  const verdict = await withAccount(await load.verdict(options, faults.report()), ground)
  if (verdict === undefined) return failed('journal and account could not be compared')
  writeOut(options.json ? `${JSON.stringify(verdict)}\n` : text(verdict))
  return verdict.ok ? 0 : 1
}

/** The market stands still from here on: books of it were judged before. */
async function withAccount(
  verdict: LoadVerdict,
  { data, keys, mock }: Ground,
): Promise<LoadVerdict | undefined> {
  if (keys === undefined) return verdict
  const figures = await proveAccount(mock, data)
  if (figures === undefined) return undefined
  const { duplicate_orders, fills, lost_fills, position_mismatches, unfinished } = figures
  const account = { duplicate_orders, lost_fills, position_mismatches, unfinished, fills }
  return { ...verdict, ...account, ok: verdict.ok && isProven(figures) }
}

async function ramp(
  load: LoadMeasure,
  mock: MockProcess,
  floor: FloorProcess | undefined,
  options: LoadOptions,
  stop: AbortSignal,
): Promise<number> {
  const p99MaxUs = options.p99MaxUs ?? P99_US_MAX
  const plan = {
    startRate: Math.max(1, options.rate),
    rateMax: RATE_MAX,
    secondsPerStep: options.seconds,
    p99MaxUs,
  }
  const result = await new Ramp(load, mock, floor, plan).run(stop, (step) => {
    if (options.json !== true) writeOut(`${rampLine(step)}\n`)
  })
  if (stop.aborted) return failed('interrupted')
  if (options.json === true) writeOut(`${JSON.stringify(result)}\n`)
  else writeOut(`highest rate with p99 under ${p99MaxUs} us: ${result.highest_rate}\n`)
  return result.highest_rate > 0 ? 0 : 1
}

function rampLine(step: RampStep): string {
  const floor = step.floor_p99_us === null ? '' : `, bare reader ${step.floor_p99_us} us`
  const verdict = step.ok ? 'ok' : step.reason.replaceAll('_', ' ')
  return `${step.rate} messages/s: p99 ${step.p99_us} us${floor}, ${verdict}`
}

function showProgress(second: number, seconds: number): void {
  const rss = Math.round(process.memoryUsage.rss() / 2 ** 20)
  const line = `${second} of ${seconds} s, ${rss} MB`
  if (process.stderr.isTTY === true) process.stderr.write(`\r${line} `)
  else if (second > 0 && second % PROGRESS_PERIOD_SECONDS === 0) process.stderr.write(`${line}\n`)
}

function text(verdict: LoadVerdict): string {
  const lines = Object.entries(verdict).map(([name, value]) => {
    const shown = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return `${name.padEnd(20)} ${shown}`
  })
  return `${lines.join('\n')}\n`
}
