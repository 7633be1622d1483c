import { Command } from 'commander'
import { stringify } from 'yaml'
import { processEnvironment } from '../config/environment.ts'
import { type LoadedConfig, loadConfig } from '../config/load-config.ts'
import { problemLine } from '../config/problem.ts'
import { redactedConfig } from '../config/redaction.ts'
import { CONFIG_FILE_DEFAULT, configFile } from './config-file.ts'

type Options = { config?: string; json?: boolean }

/** `bookflow check-config`: says whether a configuration is right, and what it amounts to. */
export function checkConfigCommand(): Command {
  return new Command('check-config')
    .description('Check a configuration and print what it amounts to, secrets redacted.')
    .argument(
      '[file]',
      `the YAML file (default: ${CONFIG_FILE_DEFAULT} where there is one, else the defaults)`,
    )
    .option('-c, --config <file>', 'the same, as an option')
    .option('--json', 'print one JSON object: {ok, file, warnings, config} or {ok, file, errors}')
    .addHelpText('after', '\nExit code: 0 the configuration is right, 1 it is not.')
    .action((argument: string | undefined, options: Options) => {
      const named = argument ?? options.config
      const file = configFile(named)
      const request = file === undefined ? {} : { file }
      const loaded = loadConfig({ ...request, environment: processEnvironment() })
      if (loaded.ok) printConfig(file, loaded.value, options.json === true)
      else {
        process.exitCode = 1
        if (options.json === true)
          printJson({ ok: false, file: file ?? null, errors: loaded.problems })
        else process.stderr.write(`${loaded.problems.map(problemLine).join('\n')}\n`)
      }
    })
}

function printConfig(file: string | undefined, loaded: LoadedConfig, isJson: boolean): void {
  const config = redactedConfig(loaded.config)
  if (isJson) {
    printJson({ ok: true, file: file ?? null, warnings: loaded.warnings, config })
    return
  }
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`)
  process.stdout.write(`OK ${file ?? 'no file, all defaults'}\n\n${stringify(config)}`)
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
