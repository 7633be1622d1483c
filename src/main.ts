import { Command } from 'commander'
import { booksCommand } from './cli/books.ts'
import { checkConfigCommand } from './cli/check-config.ts'
import { demoCommand } from './cli/demo.ts'
import { featuresCommand } from './cli/features.ts'
import { loadTestCommand } from './cli/load-test.ts'
import { mockExchangeCommand } from './cli/mock-exchange.ts'
import { runCommand } from './cli/run.ts'
import { VERSION } from './constants.ts'

/** The command line: `bookflow <command>`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
const program = new Command('bookflow')
  .description('Order-book analytics engine with an execution core.')
  .version(VERSION)
  .showHelpAfterError('(bookflow COMMAND --help lists the options)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

for (const command of [
  demoCommand(),
  runCommand(),
  mockExchangeCommand(),
  featuresCommand(),
  booksCommand(),
  loadTestCommand(),
  checkConfigCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program))
}

await program.parseAsync(process.argv)
