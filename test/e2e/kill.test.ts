import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { eagerEngine } from './eager-engine.ts'
import { foldJournal, readJournal } from './journal-fold.ts'
import { getJson, Program, until } from './processes.ts'

/**
 * The whole engine trades on paper and is killed at random moments; each time it comes back with
 * the positions that the fills in its journal add up to, and no order was ever submitted twice.
 */
const KILLS = 4
const { config, data } = eagerEngine({
  ...{ symbols: 10, rate: 1500 },
  // Not about how late a busy machine is.
  execution: {
    limits: {
      spread_bps_max: 'off',
      intent_age_ms_max: 5000,
      book_age_ms_max: 10_000,
      score_age_ms_max: 'off',
    },
  },
  params: { hold_ms_max: 1000, notional_quote: 200 },
})

async function startEngine(start: 'active' | 'halted') {
  const engine = new Program(['run', '--config', config], { BOOKFLOW_EXECUTION_START: start })
  const address = (await engine.printed(/control API\s+(http:\S+)/))[1]
  return { engine, address }
}

type PositionAnswer = Readonly<{ symbol: string; qty: string }>

/** Signed size by symbol, flat ones left out. */
async function positionsOf(address: string): Promise<Record<string, number>> {
  const answer = (await getJson(`${address}/api/v1/positions`)) as PositionAnswer[]
  const open = answer.filter(({ qty }) => Number(qty) !== 0)
  return Object.fromEntries(open.map(({ symbol, qty }) => [symbol, Number(qty)]))
}

describe('kill -9 at any moment', () => {
  it('loses no fill and sends no order twice', async () => {
    let orders = 0
    for (let kill = 1; kill <= KILLS; kill++) {
      const { engine } = await startEngine('active')
      await until('new orders', () => {
        const seen = foldJournal(readJournal(data)).submitted.size
        return seen >= orders + 5 ? true : undefined
      })
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400))
      engine.child.kill('SIGKILL')
      await engine.ended

      const before = foldJournal(readJournal(data))
      orders = before.submitted.size
      const { engine: again, address } = await startEngine('halted')
      expect(await positionsOf(address)).toEqual(before.positions)
      again.child.kill('SIGINT')
      expect((await again.ended).code).toBe(0)

      const after = foldJournal(readJournal(data))
      expect(after.positions).toEqual(before.positions)
      expect(after.submittedTwice).toEqual([])
      expect(after.filledTwice).toEqual([])
      expect(after.unfinished).toEqual([]) // what was in flight was settled, not sent again
    }
    expect(orders).toBeGreaterThanOrEqual(KILLS * 5)
    expect(readdirSync(data)).toContain('journal')
  }, 300_000)
})
