import { Command } from 'commander'
import { processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load-config.ts'
import { createLogger } from '../core/log.ts'
import { startEngine } from '../threads/engine-start.ts'
import { CONFIG_FILE_DEFAULT, configFile } from './config-file.ts'
import { watchEngine } from './engine-session.ts'
import { withPackagedModel } from './packaged-model.ts'
import { EXIT_USAGE, failCommand } from './terminal.ts'

type RunOptions = Readonly<{ config?: string }>

export function runCommand(): Command {
  return new Command('run')
    .description('Run the engine against the configured exchange; on paper, unless configured.')
    .option(
      '--config <file>',
      `YAML file (default: ${CONFIG_FILE_DEFAULT} where there is one, else the defaults)`,
    )
    .addHelpText(
      'after',
      '\nThe log goes to the standard error, one JSON line an event. Ctrl-C ends it in order.' +
        '\nExit codes: 0 ended in order, 1 could not start, 2 wrong configuration, 70 execution died,' +
        '\n71 execution gave no sign of life.' +
        '\n\nExample:\n  bookflow check-config --config bookflow.yaml && bookflow run --config bookflow.yaml',
    )
    .action(run)
}

async function run(options: RunOptions): Promise<void> {
  const file = configFile(options.config)
  const loaded = loadConfig({
    environment: processEnvironment(),
    ...(file === undefined ? {} : { file }),
  })
  if (!loaded.ok) {
    process.stderr.write(`${loaded.message}\n`)
    process.exitCode = EXIT_USAGE
    return
  }
  const { warnings } = loaded.value
  const config = withPackagedModel(loaded.value.config)
  const log = createLogger('main', config.log_level)
  for (const warning of warnings) log.warn(warning)
  const started = await startEngine(config, log)
  if (!started.ok) return failCommand(started.message)
  const engine = started.value
  const end = await watchEngine(
    engine,
    engineAddresses(engine.controlAddress, engine.stream.port, config.stream.host),
    undefined,
  )
  await engine.stop()
  if (end.exitCode !== 0) process.stderr.write(`bookflow: ${end.message}\n`)
  process.exit(end.exitCode)
}

export function engineAddresses(control: string, streamPort: number, streamHost: string): string[] {
  return [
    `control API    ${control}   (docs at ${control}/api/docs)`,
    `desk stream    ws://${streamHost}:${streamPort}`,
  ]
}
