import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { Program } from './processes.ts'

type EagerOptions = Readonly<{
  symbols: number
  /** Messages a second of the mock. */
  rate: number
  logLevel?: 'silent' | 'info'
  execution: object
  /** Of the strategy. */
  params: Readonly<Record<string, number>>
}>

/** Thresholds at which the scalper asks for something all the time. */
const EAGER = {
  ...{ imbalance_min: 0.1, imbalance_hysteresis: 0.05 },
  ...{ probability_min: 0.5, probability_hysteresis: 0 },
  ...{ cool_down_ms: 100, spread_ticks_max: 1000 },
}

/**
 * For one file of tests: a mock exchange, and the configuration of an engine that trades on it on
 * paper whatever the market does.
 */
export function eagerEngine({ execution, logLevel, params, rate, symbols }: EagerOptions) {
  const folder = temporaryFolder()
  const config = join(folder, 'bookflow.yaml')
  const data = join(folder, 'data')
  let mock: Program | undefined
  beforeAll(async () => {
    const args = ['--port', '0', '--symbols', String(symbols), '--rate', String(rate)]
    mock = new Program(['mock-exchange', ...args])
    const port = (await mock.printed(/:(\d+)/))[1]
    // JSON is YAML.
    writeFileSync(
      config,
      JSON.stringify({
        exchange: { ws_url: `ws://127.0.0.1:${port}`, rest_url: `http://127.0.0.1:${port}` },
        symbols: { top: symbols },
        data_folder: data,
        log_level: logLevel ?? 'silent',
        control: { port: 0 },
        stream: { port: 0 },
        execution: { start: 'active', ...execution },
        strategies: [
          { name: 'eager', kind: 'order_book_scalper', params: { ...EAGER, ...params } },
        ],
      }),
    )
  })
  afterAll(async () => {
    mock?.child.kill('SIGTERM')
    await mock?.ended
  })
  return { config, data }
}
