import { describe, expect, it } from 'vitest'
import { readEpisodePlan } from '../../src/cli/episode-file.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { systemTimers } from '../../src/core/timer.ts'
import { startMockExchange } from '../../src/sim/mock-exchange.ts'

describe('episodes of the mock exchange', () => {
  it('are planted in the running market and told of at /mock/episodes', async () => {
    const started = await startMockExchange({
      port: 0,
      host: '127.0.0.1',
      symbols: ['XRPUSDT'],
      rate: 100,
      seed: 1,
      episodes: [{ episode: 'spoofing', symbol: 'XRPUSDT', side: 'bid', at_s: 0 }],
      clock: systemClock,
      timers: systemTimers,
      log: createLogger('mock-exchange', 'silent'),
    })
    if (!started.ok) throw new Error(started.message)
    const mock = started.value
    const url = `http://127.0.0.1:${mock.port}/mock/episodes`
    const planted = async (): Promise<unknown> => (await fetch(url)).json()
    await expect.poll(planted, { timeout: 10_000 }).toHaveLength(1)
    expect(await planted()).toMatchObject([
      { kind: 'spoofing_suspected', symbol: 'XRPUSDT', side: 1 },
    ])
    await mock.stop()
  })

  it('are a plan for a day when they are called standard', () => {
    const plan = readEpisodePlan('standard', ['XRPUSDT', 'ADAUSDT'])
    expect(plan.ok && plan.value.length).toBeGreaterThan(1500)
    expect(readEpisodePlan('none', 3)).toEqual({ ok: true, value: [] })
    expect(readEpisodePlan('/nowhere.json', 3)).toMatchObject({ code: 'input_unreadable' })
  })
})
