import { Command, Option } from 'commander'
import { History, type HistoryOutcome } from '../simulate/history.ts'
import {
  isPlantedBug,
  PLANTED_BUG_NAMES,
  PLANTED_BUGS,
  type PlantedBug,
} from '../simulate/planted-bugs.ts'
import {
  GATEWAY_CHOICES,
  type GatewayChoice,
  gatewayAt,
  gatewayOf,
} from '../simulate/simulated-gateway.ts'
import { simulate, simulateEachCrash, type Verdict } from '../simulate/simulation.ts'
import { EXIT_FAILED, EXIT_USAGE, failCommand, wholeNumber, writeOut } from './terminal.ts'

type SimulateOptions = Readonly<{
  seeds: number
  seed: number
  steps: number
  gateway: GatewayChoice
  bugs: readonly PlantedBug[]
  eachCrash?: boolean
  crashAt?: number
  trace?: boolean
  json?: boolean
  listBugs?: boolean
}>

const SEEDS_MAX = 10_000_000
const SEED_MAX = 0xffff_ffff
const STEPS_MAX = 1_000_000
const STEPS = 1200

const HELP = `
A seed is a history: it ends the same whenever it is run. Each broken rule comes with the command
that shows it again.

Gateways:
  port    a stand-in at the port of the actor, which is quick
  bybit   the gateway to Bybit itself, over simulated requests and sockets
  both    bybit for each seed that four divides, port for the others; with --bugs the one that the
          mistakes are in: bybit for those whose names begin with wire_, port for the others

Examples:
  bookflow simulate --seeds 1000 --seed 5000         other histories
  bookflow simulate --seed 17 --trace                all that happens in one
  bookflow simulate --seeds 60 --bugs LIST           --list-bugs says which there are

Exit code: 0 no rule was broken, 1 one was, 2 wrong usage.`

export function simulateCommand(): Command {
  const command = new Command('simulate')
  const number = (flag: string, min: number, max: number) => wholeNumber(command, flag, min, max)
  return command
    .description('Prove the execution actor: simulated histories with faults and crashes.')
    .option('--seeds <number>', 'histories to run', number('--seeds', 1, SEEDS_MAX), 200)
    .option('--seed <number>', 'seed of the first one', number('--seed', 0, SEED_MAX), 1)
    .option(
      '--steps <number>',
      'events of a history before its faults end; by the gateway to Bybit three times as many',
      number('--steps', 1, STEPS_MAX),
      STEPS,
    )
    .addOption(
      new Option('--gateway <kind>', 'what a history trades through; see below')
        .choices(GATEWAY_CHOICES)
        .default('both'),
    )
    .option('--each-crash', 'run each history once for every place where it could crash')
    .option(
      '--crash-at <number>',
      'crash once, at this place, instead of by chance',
      number('--crash-at', 0, STEPS_MAX),
    )
    .addOption(
      new Option('--bugs <list>', 'put these mistakes in, separated by commas; they must be found')
        .argParser((text: string) => readBugs(command, text))
        .default([], 'none'),
    )
    .option('--list-bugs', 'list the mistakes that --bugs knows')
    .option('--trace', 'tell everything that happens in the first history')
    .option('--json', 'one JSON object to the standard output')
    .addHelpText('after', HELP)
    .action((options: SimulateOptions) =>
      run({ ...options, gateway: chosenGateway(command, options) }),
    )
}

function readBugs(command: Command, text: string): readonly PlantedBug[] {
  const names = text.split(',').filter((name) => name !== '')
  const bugs = names.filter(isPlantedBug)
  if (bugs.length === names.length) return bugs
  const unknown = names.filter((name) => !isPlantedBug(name)).join(', ')
  return command.error(`error: option --bugs: ${unknown} is unknown; see --list-bugs`, {
    exitCode: EXIT_USAGE,
  })
}

/** Mistakes are put into one gateway or the other, and found where they are. */
function chosenGateway(command: Command, { bugs, gateway }: SimulateOptions): GatewayChoice {
  const wanted = gateway === 'both' && bugs.length > 0 ? gatewayOf(bugs[0]) : gateway
  const odd = bugs.find((bug) => gatewayOf(bug) !== wanted)
  if (odd === undefined) return wanted
  const why = gateway === 'both' ? `${bugs[0]} is in ${wanted}: run them apart` : `not in ${wanted}`
  return command.error(`error: option --bugs: ${odd} is in the gateway ${gatewayOf(odd)}, ${why}`, {
    exitCode: EXIT_USAGE,
  })
}

async function run(options: SimulateOptions): Promise<void> {
  if (options.listBugs === true) {
    for (const name of PLANTED_BUG_NAMES) writeOut(`${name.padEnd(24)} ${PLANTED_BUGS[name]}\n`)
    return
  }
  if (options.trace === true || options.crashAt !== undefined) {
    tell(await runOne(options), options)
    return
  }
  const { bugs, gateway, seed: firstSeed, seeds, steps: stepsMax } = options
  const kind = options.eachCrash === true ? simulateEachCrash : simulate
  const verdict = await kind({
    ...{ firstSeed, seeds, stepsMax, bugs, gateway, isFirstOnly: bugs.length > 0 },
    progress: (done, violations) => showProgress(done, seeds, violations),
    onFound: ({ message, replay }) => process.stderr.write(`simulate: ${message}; ${replay}\n`),
  })
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  tellVerdict(verdict, options)
}

function runOne(options: SimulateOptions): Promise<HistoryOutcome> {
  const { bugs, crashAt, gateway, seed, steps: stepsMax } = options
  const history = new History({
    ...{ seed, stepsMax, gateway: gatewayAt(gateway, seed), bugs: new Set(bugs) },
    ...(crashAt === undefined ? {} : { crashAt }),
    ...(options.trace === true ? { tell: (line: string) => writeOut(`${line}\n`) } : {}),
  })
  return history.run()
}

function tell(outcome: HistoryOutcome, options: SimulateOptions): void {
  const { faults, violation, ...rest } = outcome
  const line = { ok: violation === undefined, ...rest, faults_by_kind: Object.fromEntries(faults) }
  writeOut(`${JSON.stringify({ ...line, ...(violation === undefined ? {} : { violation }) })}\n`)
  if (violation === undefined) return
  const text = `seed ${options.seed}: ${violation.rule}: ${violation.message}`
  failCommand(text)
}

const PROGRESS_EVERY = 10

function showProgress(done: number, seeds: number, violations: number): void {
  const isWhole = Number.isInteger(done)
  if (!isWhole || done % PROGRESS_EVERY !== 0) return
  const end = process.stderr.isTTY ? '\r' : '\n'
  process.stderr.write(`simulate: ${done} of ${seeds} seeds, ${violations} violations${end}`)
}

function tellVerdict(verdict: Verdict, options: SimulateOptions): void {
  if (!verdict.ok) process.exitCode = EXIT_FAILED
  if (options.json === true) {
    writeOut(`${JSON.stringify(verdict)}\n`)
    return
  }
  const { crashes, faults_by_kind, fills, first_violation, orders, seeds, steps } = verdict
  writeOut(`${seeds} histories, ${steps} steps, ${crashes} crashes\n`)
  writeOut(`${orders} orders, ${fills} executions, trace ${verdict.trace_hash}\n`)
  for (const [kind, times] of Object.entries(faults_by_kind)) {
    writeOut(`  ${kind.padEnd(20)} ${times}\n`)
  }
  writeOut(`${verdict.violations} violations\n`)
  if (first_violation === undefined) return
  const { invariant, message, replay, rule } = first_violation
  writeOut(`first: ${invariant}, ${rule}: ${message}\nreplay: ${replay}\n`)
}
