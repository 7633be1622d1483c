import { describe, expect, it } from 'vitest'
import { judge, runEpisodes } from '../../bench/episode-run.ts'
import { parseEpisodes, standardEpisodes } from '../../src/sim/episode-director.ts'
import { EPISODE_NAMES } from '../../src/sim/episode-scripts.ts'

/** One symbol through every episode once, and the same market a second time left alone. */
const SECONDS = 150 + EPISODE_NAMES.length * 100
const SYMBOLS = ['XRPUSDT']

describe('alerts on a market with planted episodes', () => {
  const plan = standardEpisodes(SYMBOLS, SECONDS)
  const run = runEpisodes({ symbols: SYMBOLS, seconds: SECONDS, seed: 5, plan })
  const verdicts = judge(run, SECONDS / 3600)
  const sum = (pick: 'planted' | 'hits' | 'false_alarms') =>
    verdicts.reduce((total, verdict) => total + verdict[pick], 0)

  it('finds nearly everything that was planted', () => {
    expect(new Set(plan.map((one) => one.episode)).size).toBe(EPISODE_NAMES.length)
    expect(sum('planted')).toBeGreaterThan(EPISODE_NAMES.length)
    expect(sum('hits') / sum('planted')).toBeGreaterThanOrEqual(0.85)
  })

  it('plants every kind but the other side of a level', () => {
    const missing = verdicts.filter((verdict) => verdict.planted === 0).map((one) => one.kind)
    expect(missing.length).toBe(1)
    expect(['support_found', 'resistance_found']).toContain(missing[0])
  })

  it('raises few alarms where nothing was planted', () => {
    expect(sum('false_alarms') / (SECONDS / 3600)).toBeLessThan(20)
  })

  it('raises the same alerts from the same seed', () => {
    const seconds = 260
    const short = standardEpisodes(SYMBOLS, seconds)
    const first = runEpisodes({ symbols: SYMBOLS, seconds, seed: 9, plan: short })
    const second = runEpisodes({ symbols: SYMBOLS, seconds, seed: 9, plan: short })
    expect(first.raised.length).toBeGreaterThan(0)
    expect(second.raised).toEqual(first.raised)
    expect(second.truths).toEqual(first.truths)
  })
})

describe('alerts on a market left alone', () => {
  it('are few', () => {
    const seconds = 900
    const run = runEpisodes({ symbols: ['DOGEUSDT'], seconds, seed: 2, plan: [] })
    const wrong = judge(run, seconds / 3600).reduce((sum, one) => sum + one.false_alarms, 0)
    expect(run.rows).toBeGreaterThan(10_000)
    expect(wrong / (seconds / 3600)).toBeLessThan(40)
  })
})

describe('a plan of episodes from a file', () => {
  it('is refused with the line and what it needs', () => {
    expect(parseEpisodes('[')).toMatchObject({ ok: false })
    expect(parseEpisodes('{}')).toMatchObject({ ok: false })
    const unknown = parseEpisodes('[{"episode":"flood","symbol":"XRPUSDT","at_s":1}]')
    expect(unknown).toMatchObject({ ok: false, message: expect.stringMatching(/episodes\[0\]/) })
    const late = parseEpisodes('[{"episode":"level","symbol":"XRPUSDT","at_s":-1}]')
    expect(late).toMatchObject({ ok: false, message: expect.stringMatching(/at_s/) })
    const good = '[{"episode":"level","symbol":"XRPUSDT","side":"ask","at_s":1}]'
    expect(parseEpisodes(good)).toMatchObject({ ok: true, value: [{ side: 'ask' }] })
  })
})
