import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Its options, or the code with which to end: 0 after `--help`, 2 after wrong usage. */
export type CommandOptions<T extends ParseArgsConfig> =
  | Readonly<{ ok: true; parsed: ReturnType<typeof parseArgs<T>> }>
  | Readonly<{ ok: false; exitCode: number }>

/**
 * Reads the command line of a script of this folder. `usage` is printed for `--help` or `-h`; what
 * it does not name is refused in one line.
 */
export function readOptions<const T extends ParseArgsConfig>(
  name: string,
  usage: string,
  config: T,
): CommandOptions<T> {
  const isHelp = (arg: string) => arg === '--help' || arg === '-h'
  if ((config.args ?? process.argv.slice(2)).some(isHelp)) {
    process.stdout.write(`${usage.trim()}\n`)
    return { ok: false, exitCode: 0 }
  }
  try {
    return { ok: true, parsed: parseArgs(config) }
  } catch (error) {
    const [line] = String(error instanceof Error ? error.message : error).split(/\.\s|\n/)
    process.stderr.write(`${name}: ${line}; --help shows the options\n`)
    return { ok: false, exitCode: 2 }
  }
}
