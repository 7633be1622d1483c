import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load-config.ts'
import { INSTRUMENTS_MAX } from '../constants.ts'
import { createLogger } from '../core/log.ts'
import { startEngine } from '../threads/engine-start.ts'
import { isProven as isAccountProven } from './account-proof.ts'
import { DemoKeys, proveAccount } from './demo-account.ts'
import { watchEngine } from './engine-session.ts'
import { MockProcess } from './mock-process.ts'
import { engineAddresses } from './run.ts'
import { EXIT_USAGE, failCommand, wholeNumber } from './terminal.ts'

type DemoOptions = Readonly<{
  symbols: number
  rate: number
  seed: number
  seconds?: number
  mockPort: number
  controlPort: number
  streamPort: number
  data?: string
  gateway: 'paper' | 'bybit'
  faults: string
  venueB?: boolean
}>

/** The folder that comes with the program, wherever it is run. */
export const PACKAGED_MODEL = fileURLToPath(new URL('../../models/scalper-v1', import.meta.url))

const PORT_MAX = 65_535
/** After Ctrl-C. */
const PROOF_MS_HURRIED = 1000

export function demoCommand(): Command {
  const command = new Command('demo')
  const port = (flag: string) => wholeNumber(command, flag, 0, PORT_MAX)
  return command
    .description('Mock exchange, engine, paper trading, desk stream and control API in one go.')
    .option(
      '--symbols <count>',
      'instruments the mock lists and the engine watches',
      wholeNumber(command, '--symbols', 1, INSTRUMENTS_MAX),
      100,
    )
    .option(
      '--rate <messages>',
      'messages a second that the mock sends',
      wholeNumber(command, '--rate', 0, 1_000_000),
      2000,
    )
    .option(
      '--seed <number>',
      'of the mock market',
      wholeNumber(command, '--seed', 0, 2 ** 32 - 1),
      1,
    )
    .option(
      '--seconds <count>',
      'end by itself after this time',
      wholeNumber(command, '--seconds', 1, 1e9),
    )
    .option('--mock-port <port>', 'of the mock exchange, 0 for any', port('--mock-port'), 8090)
    .option('--control-port <port>', 'of the control API, 0 for any', port('--control-port'), 8080)
    .option('--stream-port <port>', 'of the desk stream, 0 for any', port('--stream-port'), 8081)
    .option(
      '--data <folder>',
      'journal and SQL projection (default: data/demo, of bybit data/bybit)',
    )
    .addOption(
      new Option('--gateway <name>', 'paper, or bybit: orders go signed to the account of the mock')
        .choices(['paper', 'bybit'])
        .default('paper'),
    )
    .option('--faults <plan>', 'none, standard, hostile, or a file as for the mock', 'none')
    .option('--venue-b', 'follow a second exchange too, which the mock plays')
    .addHelpText('after', '\nCtrl-C ends everything within three seconds.')
    .action(run)
}

async function run(options: DemoOptions): Promise<void> {
  const { faults, gateway, mockPort: port, rate, seed, symbols } = options
  const mock = await MockProcess.start({ port, rate, seed, symbols, faults })
  if (!mock.ok) return failCommand(mock.message)
  const keys = gateway === 'bybit' ? new DemoKeys() : undefined
  const exitCode = await runAgainst(mock.value, options, keys)
  keys?.remove()
  await mock.value.stop()
  process.exit(exitCode)
}

/** The exit code. */
async function runAgainst(
  mock: MockProcess,
  options: DemoOptions,
  keys: DemoKeys | undefined,
): Promise<number> {
  const data = options.data ?? (keys === undefined ? 'data/demo' : 'data/bybit')
  const loaded = loadConfig({
    environment: processEnvironment(),
    options: {
      'exchange.ws_url': mock.wsUrl,
      'exchange.rest_url': mock.restUrl,
      symbols: { top: options.symbols },
      data_folder: data,
      log_level: 'error',
      'model.folder': PACKAGED_MODEL,
      'control.port': options.controlPort,
      'stream.port': options.streamPort,
      ...keys?.options(),
      ...(options.venueB === true ? mock.venueOptions() : {}),
    },
  })
  if (!loaded.ok) {
    process.stderr.write(`${loaded.message}\n`)
    return EXIT_USAGE
  }
  const { config } = loaded.value
  const started = await startEngine(config, createLogger('main', config.log_level))
  if (!started.ok) {
    failCommand(started.message)
    return 1
  }
  const engine = started.value
  const addresses = [
    `bookflow demo: ${options.symbols} symbols of a mock exchange at ${mock.wsUrl}`,
    ...engineAddresses(engine.controlAddress, engine.stream.port, config.stream.host),
  ]
  const end = await watchEngine(engine, addresses, options.seconds)
  const isMeant = keys !== undefined && end.exitCode === 0
  const isProven = !isMeant || (await showProof(mock, data, end.isTimeUp))
  await engine.stop()
  if (end.exitCode !== 0) process.stderr.write(`bookflow: ${end.message}\n`)
  return isProven ? end.exitCode : 1
}

/** One line with what must be zero between our journal and the account of the mock. */
async function showProof(
  mock: MockProcess,
  dataFolder: string,
  isPatient: boolean,
): Promise<boolean> {
  const figures = await proveAccount(mock, dataFolder, isPatient ? undefined : PROOF_MS_HURRIED)
  if (figures === undefined) {
    process.stderr.write('bookflow: journal and account could not be compared\n')
    return false
  }
  process.stdout.write(`account ${JSON.stringify(figures)}\n`)
  // Ctrl-C leaves no time for what was still on its way.
  return isAccountProven(figures) || !isPatient
}
