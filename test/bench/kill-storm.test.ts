import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Storm } from '../../bench/storm.ts'
import { StormEngine, writeStormConfig } from '../../bench/storm-engine.ts'
import { StormJournal } from '../../bench/storm-journal.ts'
import { DemoKeys } from '../../src/cli/demo-account.ts'
import { MockProcess } from '../../src/cli/mock-process.ts'
import { until } from '../e2e/processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const ROOT = pathToFileURL(`${import.meta.dirname}/../../`)
const PROGRAM = new URL('dist/main.js', ROOT)
const MODEL = new URL('models/scalper-v1', ROOT).pathname
/** Its first lives: two that trade, and between them one killed in the first third of its start. */
const SEED = 2147
const PLAN = { seed: SEED, symbols: 3, rate: 300, lifeMsMax: 500, program: PROGRAM }
const ZEROS = { duplicate_orders: 0, lost_fills: 0, position_mismatches: 0, unfinished: 0 }

describe('the kill storm', () => {
  it('kills engines at several stages, and its account agrees in the end', async () => {
    const verdict = await new Storm({ ...PLAN, kills: 5 }, () => {}).run()
    if (typeof verdict === 'string') return expect.unreachable(verdict)
    expect(verdict).toMatchObject({ ok: true, reason: '', kills: 5, ...ZEROS })
    const { starting, recovering, ...later } = verdict.kills_by_stage
    expect(starting + recovering).toBeGreaterThan(0)
    expect(Object.values(later).reduce((sum, kills) => sum + kills)).toBeGreaterThan(0)
    expect(verdict.fills).toBeGreaterThan(0)
  }, 600_000)

  it('compares also when it is stopped early, and says so', async () => {
    const storm = new Storm({ ...PLAN, kills: 1000 }, () => {})
    const ended = storm.run()
    await once(storm.lives, 'ended')
    storm.stop()
    const verdict = await ended
    if (typeof verdict === 'string') return expect.unreachable(verdict)
    expect(verdict).toMatchObject(ZEROS)
    // The orders of one life may all have rested.
    expect(verdict.reason).toBe(verdict.fills > 0 ? 'stopped early' : 'nothing was traded')
    expect(verdict.ok).toBe(verdict.fills > 0)
    expect(verdict.kills).toBeLessThan(1000)
  }, 600_000)
})

describe('an engine in the storm', () => {
  const keys = new DemoKeys()
  const folder = temporaryFolder('storm')
  let mock: MockProcess

  beforeAll(async () => {
    const started = await MockProcess.start({ ...PLAN, port: 0 })
    if (!started.ok) expect.unreachable(started.message)
    else mock = started.value
  })
  afterAll(async () => {
    keys.remove()
    await mock.stop()
  })

  it('that is halted is told from one that is slow, and released on record', async () => {
    const config = writeStormConfig(folder, { mock, keys, model: MODEL, symbols: PLAN.symbols })
    const journal = new StormJournal(folder)
    const engine = new StormEngine(PROGRAM.pathname, config)
    const expectAlive = () => {
      if (engine.hasEnded) expect.unreachable(`${engine.end}: ${engine.complaint}`)
    }
    const seen = (what: string, isSeen: () => boolean) =>
      until(
        what,
        () => {
          journal.catchUp()
          expectAlive()
          return isSeen() ? true : undefined
        },
        180,
      )
    await seen('run', () => journal.runs === 1)
    expect(journal.stage(0)).not.toBe('starting')
    expect(journal.stage(1)).toBe('starting')
    expect(journal.isHeld).toBe(false)
    const halt = async () => {
      expectAlive()
      return (await engine.command('halt', 'a test')) ? true : undefined
    }
    await until('halt', halt, 180)
    await seen('the record of the halt', () => journal.isHeld)
    expect(Object.fromEntries(journal.halts)).toEqual({ command: 1 })
    expect(await engine.command('resume', 'the test is over')).toBe(true)
    await seen('trading', () => journal.tradingState === 'active' && !journal.isHeld)
    await engine.stop()
    expect(engine.end).toBe('exit 0')
    journal.close()
  }, 300_000)
})
