import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { foldJournal, readJournal } from './journal-fold.ts'
import { getJson, Program, until } from './processes.ts'

/**
 * The whole engine trades on paper and is killed at random moments; each time it comes back with
 * the positions that the fills in its journal add up to, and no order was ever submitted twice.
 */
const KILLS = 4
const folder = temporaryFolder()
const data = join(folder, 'data')
let mock: Program
let config: string

beforeAll(async () => {
  mock = new Program(['mock-exchange', '--port', '0', '--symbols', '10', '--rate', '1500'])
  const port = (await mock.printed(/:(\d+)/))[1]
  config = join(folder, 'bookflow.yaml')
  // Thresholds at which the scalper asks for something all the time: this test is about orders, not
  // about signals. Nor about how late a busy machine is.
  writeFileSync(
    config,
    `
exchange: {ws_url: "ws://127.0.0.1:${port}", rest_url: "http://127.0.0.1:${port}"}
symbols: {top: 10}
data_folder: ${JSON.stringify(data)}
log_level: silent
control: {port: 0}
stream: {port: 0}
execution:
  limits: {spread_bps_max: off, intent_age_ms_max: 5000, book_age_ms_max: 10000, score_age_ms_max: off}
strategies:
  - name: eager
    kind: order_book_scalper
    params: {imbalance_min: 0.1, imbalance_hysteresis: 0.05, probability_min: 0.5, probability_hysteresis: 0, cool_down_ms: 100, hold_ms_max: 1000, notional_quote: 200, spread_ticks_max: 1000}
`,
  )
})

afterAll(async () => {
  mock.child.kill('SIGTERM')
  await mock.ended
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
