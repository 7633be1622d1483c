import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { pause, systemTimers } from '../../src/core/timer.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { listInstruments } from '../../src/sim/instruments.ts'
import { startMockExchange } from '../../src/sim/mock-exchange.ts'
import { createEngineMemory } from '../../src/threads/engine-memory.ts'
import { bookDepths, catalogueParameters, shardTasks } from '../../src/threads/engine-plan.ts'
import { Shard } from '../../src/threads/shard.ts'
import { instrumentAt } from './instrument.ts'

export const PORTS = {
  ...{ clock: systemClock, timers: systemTimers, log: createLogger('test', 'silent') },
  fetch,
}

type StartOptions = Readonly<{
  /** Messages a second of the mock. */
  rate: number
  seed: number
  /** Instruments of each shard; all of one shard if it is not given. */
  owned?: number[][]
  environment?: (port: number) => Readonly<Record<string, string>>
}>

/**
 * For one file of tests: a mock exchange, and shards that follow it as the engine plans them from a
 * configuration, each on the test's own thread.
 */
export function shardsOnMock(symbols: string[]) {
  const running: { stop(): unknown }[] = []
  afterEach(async () => {
    for (const part of running.splice(0)) await part.stop()
  })
  const instruments = listInstruments('linear', symbols).map(
    ({ symbol, tick, lot }, index): Instrument => ({ ...instrumentAt(index, symbol), tick, lot }),
  )
  const all = instruments.map(({ index }) => index)
  const start = async ({ environment, owned = [all], rate, seed }: StartOptions) => {
    const mock = await startMockExchange({
      ...{ host: '127.0.0.1', port: 0, symbols, rate, seed },
      ...PORTS,
    })
    if (!mock.ok) return expect.unreachable(mock.message)
    running.push(mock.value)
    const { port } = mock.value
    const loaded = loadConfig({
      environment: {
        BOOKFLOW_EXCHANGE_WS_URL: `ws://127.0.0.1:${port}`,
        BOOKFLOW_EXCHANGE_REST_URL: `http://127.0.0.1:${port}`,
        BOOKFLOW_MODEL_ENABLED: 'false',
        ...environment?.(port),
      },
    })
    if (!loaded.ok) return expect.unreachable(loaded.message)
    const { config } = loaded.value
    const params = catalogueParameters(config)
    if (!params.ok) return expect.unreachable(params.message)
    const memory = createEngineMemory(symbols.length, owned.length, ...bookDepths(config))
    const tasks = shardTasks({
      ...{ config, instruments, owned, rates: new Map(), memory },
      ...{ params: params.value, seed: 1, logLevel: 'silent' },
    })
    /** One of them, begun. */
    const open = async (at = 0) => {
      const shard = await Shard.open({ ...tasks[at], port: new MessageChannel().port1 }, PORTS)
      if (!shard.ok) return expect.unreachable(shard.message)
      running.unshift(shard.value)
      shard.value.start()
      return shard.value
    }
    return { mock: mock.value, memory, open }
  }
  return { instruments, running, start }
}

/** For at most ten seconds. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let wait = 0; wait < 1000; wait++) {
    if (isSo()) return
    await pause(systemTimers, 10)
  }
  expect.unreachable(`in 10 s it did not come to this: ${what}`)
}
