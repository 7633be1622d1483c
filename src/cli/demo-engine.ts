import { processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load-config.ts'
import { createLogger } from '../core/log.ts'
import { startEngine } from '../threads/engine-start.ts'
import { isProven as isAccountProven } from './account-proof.ts'
import type { DemoOptions } from './demo.ts'
import { DemoKeys, proveAccount } from './demo-account.ts'
import { watchEngine } from './engine-session.ts'
import type { MockProcess } from './mock-process.ts'
import { PACKAGED_MODEL } from './packaged-model.ts'
import { engineAddresses } from './run.ts'
import { EXIT_USAGE, failCommand } from './terminal.ts'

/** After Ctrl-C. */
const PROOF_MS_HURRIED = 1000

/** The engine of the demo against the mock until its end; the exit code. */
export async function runEngine(
  mock: MockProcess,
  options: DemoOptions,
  isSigned: boolean,
): Promise<number> {
  const keys = isSigned ? new DemoKeys() : undefined
  const exitCode = await runAgainst(mock, options, keys)
  keys?.remove()
  return exitCode
}

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
      'execution.start': 'active', // a demonstration trades without being asked
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
