import { describe, expect, it } from 'vitest'
import { eagerEngine } from './eager-engine.ts'
import { foldJournal, readJournal } from './journal-fold.ts'
import { getJson, Program, until } from './processes.ts'

/**
 * A limit so small that fees alone break it soon: the whole engine, trading on paper against the
 * mock, must end flat and halted, and stay so over a restart.
 */
const FLAT_WITHIN_US = 2_000_000
const { config, data } = eagerEngine({
  ...{ symbols: 10, rate: 1500 },
  execution: { limits: { daily_loss_fraction: 0.0001, spread_bps_max: 'off' }, equity_quote: 1000 },
  params: { hold_ms_max: 60_000, notional_quote: 1000 },
})

async function start() {
  const engine = new Program(['run', '--config', config])
  const address = (await engine.printed(/control API\s+(http:\S+)/))[1]
  return { engine, address }
}

function recordsOf(type: string) {
  return readJournal(data).filter((record) => record.type === type)
}

function lossHalt() {
  return recordsOf('trading_state').find(({ reason }) => reason === 'daily_loss')
}

function isFlatInJournal(): true | undefined {
  const folded = foldJournal(readJournal(data))
  const isFlat = Object.keys(folded.positions).length === 0 && folded.unfinished.length === 0
  return isFlat ? true : undefined
}

describe('a daily loss beyond its limit', () => {
  it('ends flat and halted at once, and stays halted over a restart', async () => {
    const { engine } = await start()
    const halt = await until('halt for the daily loss', lossHalt)
    await until('flat account', isFlatInJournal)
    const fills = recordsOf('fill')
    const lastUs = Math.max(...fills.map((fill) => Number(fill.time_us)))
    expect(fills.length).toBeGreaterThan(0)
    // The fee of the first fill is beyond the limit, so something was open.
    expect(recordsOf('order_created').map(({ reason }) => reason)).toContain('flatten')
    const breakingUs = Number(fills[0].time_us)
    expect(lastUs - breakingUs).toBeLessThan(FLAT_WITHIN_US)
    expect(Number(halt.time_us) - breakingUs).toBeLessThan(FLAT_WITHIN_US)
    engine.child.kill('SIGINT')
    expect((await engine.ended).code).toBe(0)

    const { engine: again, address } = await start()
    const created = recordsOf('order_created').length
    const denied = recordsOf('intent_denied').length
    await until('an entry that is denied', () =>
      recordsOf('intent_denied').length > denied ? true : undefined,
    )
    expect(await getJson(`${address}/api/v1/positions`)).toEqual(
      expect.not.arrayContaining([
        expect.objectContaining({ qty: expect.stringMatching(/[1-9]/) }),
      ]),
    )
    expect(recordsOf('order_created')).toHaveLength(created)
    expect(recordsOf('trading_state').at(-1)).toMatchObject({
      state: 'halted',
      reason: 'daily_loss',
    })
    again.child.kill('SIGINT')
    expect((await again.ended).code).toBe(0)
  }, 180_000)
})
