import { Command, Option } from 'commander'
import { LISTED_MAX } from '../sim/instruments.ts'
import { readFaultPlan } from './fault-file.ts'
import { MockProcess } from './mock-process.ts'
import { EXIT_USAGE, failCommand, wholeNumber } from './terminal.ts'

export type DemoOptions = Readonly<{
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

const PORT_MAX = 65_535
export function demoCommand(): Command {
  const command = new Command('demo')
  const port = (flag: string) => wholeNumber(command, flag, 0, PORT_MAX)
  return command
    .description('Mock exchange, engine, paper trading, desk stream and control API in one go.')
    .option(
      '--symbols <count>',
      'instruments the mock lists and the engine watches',
      wholeNumber(command, '--symbols', 1, LISTED_MAX),
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
  // The mock reads it again; a wrong one is said before anything is started.
  const plan = readFaultPlan(faults)
  if (!plan.ok) return failCommand(plan.message, EXIT_USAGE)
  const starting = MockProcess.start({ port, rate, seed, symbols, faults })
  // A second of loading, while the mock's process loads its own.
  const { runEngine } = await import('./demo-engine.ts')
  const mock = await starting
  if (!mock.ok) return failCommand(mock.message)
  const exitCode = await runEngine(mock.value, options, gateway === 'bybit')
  await mock.value.stop()
  process.exit(exitCode)
}
