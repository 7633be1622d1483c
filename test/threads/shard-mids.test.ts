import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { featureIndex } from '../../src/features/registry.ts'
import { openGridClock, openMidCell } from '../../src/memory/mid-grid.ts'
import { createRowCopy, openRowView, readRow } from '../../src/memory/row-view.ts'
import { VenueQuoteWriter } from '../../src/memory/venue-quotes.ts'
import { shardsOnMock, until } from './shards-on-mock.ts'

const SYMBOLS = ['ADAUSDT', 'BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const { instruments, running, start: startShards } = shardsOnMock(SYMBOLS)
/** As the table has them, which is in an order of its own. */
const [ADA, BTC, ETH, SOL] = SYMBOLS.map((symbol) =>
  instruments.findIndex((instrument) => instrument.symbol === symbol),
)
const GRID_MS = 50

/** Two shards of two symbols each that share the engine's memory. */
async function start(leader?: string, hasVenue = false) {
  const { memory, open } = await startShards({
    ...{ rate: 400, seed: 3 },
    owned: [
      [ADA, ETH],
      [BTC, SOL],
    ],
    environment: (port) => ({
      BOOKFLOW_FEATURES_GRID_MS: String(GRID_MS),
      BOOKFLOW_CROSS_TAKER_FEES_BPS: '7',
      ...(leader !== undefined && { BOOKFLOW_CROSS_LEADER: leader }),
      ...(hasVenue && {
        BOOKFLOW_VENUE_B_ENABLED: 'true',
        BOOKFLOW_VENUE_B_WS_URL: `ws://127.0.0.1:${port}/binance`,
      }),
    }),
  })
  for (const shard of [0, 1]) await open(shard)
  return { memory }
}

type Memory = Awaited<ReturnType<typeof start>>['memory']

/** NaN before the first row. */
function column(memory: Memory, index: number, name: string): number {
  const row = createRowCopy()
  expect(readRow(openRowView(memory.rows, index), row)).toBe(true)
  return row.rowNumber === 0 ? Number.NaN : row.values[featureIndex(name) ?? -1]
}

const ALL = SYMBOLS.map((_, index) => index)
const SEVEN = [
  'corr_leader_60s',
  'beta_leader_60s',
  'leadlag_corr_60s',
  'leadlag_ratio_60s',
  'idio_ret_10s_bps',
  'xcorr_mean_60s',
  'breadth_10s',
]

describe('shards with symbols of their own', () => {
  it('see the mids of each other in their rows', async () => {
    const { memory } = await start()
    // A series that rests for a while has no correlation, so each column has its own moment.
    const missing = new Set(ALL.flatMap((index) => SEVEN.map((name) => `${name} ${index}`)))
    const betas = ALL.map(() => Number.NaN)
    await until('every cross-symbol feature of every symbol was there', () => {
      for (const index of ALL) {
        for (const name of SEVEN) {
          const value = column(memory, index, name)
          if (Number.isNaN(value)) continue
          missing.delete(`${name} ${index}`)
          if (name === 'beta_leader_60s') betas[index] = value
        }
      }
      return missing.size === 0
    })
    // BTCUSDT leads where nothing else is said; it is not in the shard of ADAUSDT.
    expect(betas[BTC]).toBeCloseTo(1, 9)
    expect(betas[ADA]).not.toBeCloseTo(1, 3)
    expect(ALL.map((index) => column(memory, index, 'xv_basis_bps'))).toEqual(
      ALL.map(() => Number.NaN),
    )
  })

  it('measure against the configured leader, and against quotes that anybody publishes', async () => {
    const { memory } = await start('SOLUSDT')
    await until('the leader follows itself', () => column(memory, SOL, 'beta_leader_60s') > 0.99)
    const quote = new VenueQuoteWriter(memory.venueQuotes, ETH)
    const mid = column(memory, ETH, 'mid_price')
    quote.publish(mid * 1.01, mid * 1.02, systemClock.nowUs() / 1000)
    await until('the basis is there', () => column(memory, ETH, 'xv_basis_bps') > 50)
    expect(column(memory, ETH, 'xv_edge_bps')).toBeGreaterThan(20)
    expect(column(memory, ADA, 'xv_basis_bps')).toBeNaN()
    await until('the quote is too old', () => Number.isNaN(column(memory, ETH, 'xv_basis_bps')))
  })

  it('follow a second exchange over its own sockets, each for its symbols', async () => {
    const { memory } = await start(undefined, true)
    const missing = new Set(ALL)
    await until('every symbol had a basis and an edge', () => {
      for (const index of missing) {
        const basis = column(memory, index, 'xv_basis_bps')
        const edge = column(memory, index, 'xv_edge_bps')
        if (Number.isNaN(basis) || Number.isNaN(edge)) continue
        missing.delete(index)
        // The second exchange of the mock is within 3 bps and a tick of the first, but its quote
        // may be a moment older; both taker fees are 7 bps.
        expect(Math.abs(basis)).toBeLessThan(60)
        expect(edge).toBeLessThan(Math.abs(basis) - 7 + 1e-9)
      }
      return missing.size === 0
    })
  })

  it('take the mid away from a symbol whose shard was lost', async () => {
    const { memory } = await start()
    await until('there is a breadth', () => !Number.isNaN(column(memory, ADA, 'breadth_10s')))
    const clock = openGridClock(memory.mids, GRID_MS)
    clock.look()
    const now = clock.current
    const out = new Float64Array(1)
    const readMid = (bucket: number): number => {
      const isRead = openMidCell(memory.mids, ADA).read({ from: bucket, to: bucket + 1 }, out, 0)
      return isRead ? out[0] : expect.unreachable('the cell is readable')
    }
    expect(readMid(now - 1)).toBeGreaterThan(0)
    for (const part of running.splice(0)) await part.stop()
    openMidCell(memory.mids, ADA).recover(clock)
    clock.look()
    expect(readMid(now - 1)).toBeGreaterThan(0)
    expect(readMid(clock.current)).toBeNaN()
  })
})
