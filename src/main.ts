import { Command } from 'commander'
import { VERSION } from './constants.ts'

/** The command line: `bookflow <command>`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./cli/demo.ts')).demoCommand(),
  run: async () => (await import('./cli/run.ts')).runCommand(),
  'mock-exchange': async () => (await import('./cli/mock-exchange.ts')).mockExchangeCommand(),
  features: async () => (await import('./cli/features.ts')).featuresCommand(),
  books: async () => (await import('./cli/books.ts')).booksCommand(),
  'load-test': async () => (await import('./cli/load-test.ts')).loadTestCommand(),
  simulate: async () => (await import('./cli/simulate.ts')).simulateCommand(),
  journal: async () => (await import('./cli/journal.ts')).journalCommand(),
  'check-config': async () => (await import('./cli/check-config.ts')).checkConfigCommand(),
}

// The ONNX runtime tells its maker about models and machines unless this is set before it is loaded,
// in the environment of the process, which its threads cannot change.
process.env.ORT_DISABLE_TELEMETRY ??= '1'

const program = new Command('bookflow')
  .description('Order-book analytics engine with an execution core.')
  .version(VERSION)
  .showHelpAfterError('(bookflow COMMAND --help lists the options)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

// A command needs the code of its own part only; the list of all is for help and for what is
// misspelled.
const asked = process.argv[2] ?? ''

process.stdout.on('error', (error) => {
  // An engine trades, whoever reads what it prints, and on a full disk too.
  if (asked === 'run') return
  // Whoever reads our output may have seen enough, as `head` has.
  const isSeen = 'code' in error && error.code === 'EPIPE'
  if (!isSeen) process.stderr.write(`bookflow: standard output: ${error.message}\n`)
  if (asked === 'demo') process.kill(process.pid, 'SIGTERM')
  else process.exit(isSeen ? 0 : 1)
})
process.stderr.on('error', () => {}) // there is nobody left to tell

const names = asked in COMMANDS ? [asked] : Object.keys(COMMANDS)
for (const name of names) {
  const command = await COMMANDS[name]()
  program.addCommand(command.copyInheritedSettings(program))
}

await program.parseAsync(process.argv)
