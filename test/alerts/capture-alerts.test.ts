import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { alertsOfCapture, figuresOf, recordingsIn } from '../../bench/capture-alerts.ts'
import { Random } from '../../src/core/random.ts'
import { BYBIT_CAPTURES, DATA, HAS_DATA } from '../threads/captures.ts'
import { AlertMarket } from './market.ts'

const FOLDER = join(DATA, 'binance-raw')

describe.skipIf(!HAS_DATA)('alerts on recordings of real markets', () => {
  it('take files that go on from one another as one recording', () => {
    const names = recordingsIn(FOLDER).map((paths) => paths.map((path) => basename(path)))
    expect(names).toContainEqual(['spot_btcusdt_20240808.gz', 'spot_btcusdt_20240809.gz'])
  })

  it('have values at their thresholds or above, and are counted by the hour of market', async () => {
    const run = await alertsOfCapture([BYBIT_CAPTURES[0]])
    if (!run.ok) expect.fail(run.message)
    const { hours, raised, rows, symbols } = run.value
    expect(symbols).toEqual(['BTCUSDT', 'SOLUSDT'])
    expect(rows).toBe(797)
    expect(hours * 60).toBeCloseTo(1.4, 1)
    expect(raised.length).toBeLessThan(10)
    for (const { numbers } of raised) expect(numbers[0]).toBeGreaterThanOrEqual(numbers[1])
    for (const { count, kind, per_hour: perHour } of figuresOf([run.value])) {
      expect(count).toBe(raised.filter((one) => one.kind === kind).length)
      expect(perHour).toBeCloseTo(count / hours, 6)
    }
  })
})

describe('volume that varies as much as its mean, as in real markets', () => {
  it('is no explosion, and ten times as much is', () => {
    const market = new AlertMarket()
    const random = new Random(7)
    for (let i = 0; i < 360; i++) {
      market.row({ afterMs: 10_000, features: { volume_10s: 100 * random.exponential(1) } })
    }
    const before = market.kinds().filter((kind) => kind === 'volume_explosion').length
    expect(before).toBeLessThanOrEqual(5)
    market.row({ afterMs: 10_000, features: { volume_10s: 1000 } })
    const after = market.kinds().filter((kind) => kind === 'volume_explosion').length
    expect(after).toBe(before + 1)
  })
})
