import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load-config.ts'
import { INSTRUMENTS_MAX } from '../constants.ts'
import { createLogger } from '../core/log.ts'
import { startEngine } from '../threads/engine-start.ts'
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
  data: string
}>

/** The folder that comes with the program, wherever it is run. */
export const PACKAGED_MODEL = fileURLToPath(new URL('../../models/scalper-v1', import.meta.url))

const PORT_MAX = 65_535

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
    .option('--data <folder>', 'journal and SQL projection of the demo', 'data/demo')
    .addHelpText('after', '\nCtrl-C ends everything within three seconds.')
    .action(run)
}

async function run(options: DemoOptions): Promise<void> {
  const { mockPort: port, rate, seed, symbols } = options
  const mock = await MockProcess.start({ port, rate, seed, symbols })
  if (!mock.ok) return failCommand(mock.message)
  const exitCode = await runAgainst(mock.value, options)
  await mock.value.stop()
  process.exit(exitCode)
}

/** The exit code. */
async function runAgainst(mock: MockProcess, options: DemoOptions): Promise<number> {
  const loaded = loadConfig({
    environment: processEnvironment(),
    options: {
      'exchange.ws_url': mock.wsUrl,
      'exchange.rest_url': mock.restUrl,
      symbols: { top: options.symbols },
      data_folder: options.data,
      log_level: 'error',
      'model.folder': PACKAGED_MODEL,
      'control.port': options.controlPort,
      'stream.port': options.streamPort,
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
  await engine.stop()
  if (end.exitCode !== 0) process.stderr.write(`bookflow: ${end.message}\n`)
  return end.exitCode
}
