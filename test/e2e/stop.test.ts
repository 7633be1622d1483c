import { describe, expect, it } from 'vitest'
import { eagerEngine } from './eager-engine.ts'
import { foldJournal, readJournal } from './journal-fold.ts'
import { Program, until } from './processes.ts'

/** The program promises 3 s; a hang, not a duration, is what is to be found on a busy machine. */
const STOP_MS_MAX = 30_000
const { config, data } = eagerEngine({
  ...{ symbols: 5, rate: 500, logLevel: 'info' },
  execution: {
    limits: {
      spread_bps_max: 'off',
      intent_age_ms_max: 5000,
      book_age_ms_max: 10_000,
      score_age_ms_max: 'off',
    },
    entry: { time_in_force: 'gtc', rest_ms_max: 60_000 },
  },
  params: { hold_ms_max: 600_000, notional_quote: 1000 },
})

function timeMs(line: string): number {
  return Date.parse(/"time":"([^"]+)"/.exec(line)?.[1] ?? '')
}

describe('Ctrl-C', () => {
  it('with positions held cancels what is open and ends the journal before the books go, without an error', async () => {
    const engine = new Program(['run', '--config', config])
    await until('open position', () => {
      const { positions } = foldJournal(readJournal(data))
      return Object.keys(positions).length > 0 ? true : undefined
    })
    const said = engine.stderr.length
    const signaledMs = performance.now()
    engine.child.kill('SIGINT')
    const ended = await engine.ended
    expect(ended.code).toBe(0)
    expect(performance.now() - signaledMs).toBeLessThan(STOP_MS_MAX)
    const lines = ended.stderr.slice(said).split('\n')
    expect(lines.some((line) => line.includes('"level":"info"'))).toBe(true)
    const errors = lines.filter((line) => /"level":"(error|fatal)"/.test(line))
    expect(errors).toEqual([])
    const records = readJournal(data)
    expect(records.at(-1)?.type).toBe('run_stopped')
    // The books were there until the journal was closed.
    const shardEnds = lines.filter((line) => line.includes('"state":"stopped"'))
    expect(shardEnds.length).toBeGreaterThan(0)
    const firstEndMs = Math.min(...shardEnds.map((line) => timeMs(line)))
    expect(Number(records.at(-1)?.time_us) / 1000).toBeLessThanOrEqual(firstEndMs + 1)
    const folded = foldJournal(records)
    expect(folded.unfinished).toEqual([])
    expect(Object.keys(folded.positions).length).toBeGreaterThan(0)
  })

  it('ends an engine in order that traded on after nobody read what it printed', async () => {
    const engine = new Program(['run', '--config', config])
    await engine.printed(/desk stream/)
    const runs = () => readJournal(data).filter(({ type }) => type === 'run_started').length
    const before = runs()
    engine.child.stdout?.destroy()
    engine.child.stderr?.destroy()
    // A line every five seconds: the second one at the latest finds nobody.
    await new Promise((resolve) => setTimeout(resolve, 11_000))
    expect(engine.child.exitCode).toBe(null)
    engine.child.kill('SIGINT')
    expect((await engine.ended).code).toBe(0)
    expect(runs()).toBe(before)
    expect(readJournal(data).at(-1)?.type).toBe('run_stopped')
  })
})
