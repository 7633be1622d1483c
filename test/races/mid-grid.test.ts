import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { MID_BUCKETS_KEPT } from '../../src/constants.ts'
import { SharedGridClock } from '../../src/memory/grid-clock.ts'
import { createMidGrid, openGridClock, openMidCell } from '../../src/memory/mid-grid.ts'

/**
 * Two threads, each the writer of half the symbols, move one clock and read each other's frozen
 * mids. Afterwards the two logs are laid side by side: the frozen mid of a bucket is the last one
 * that was written while the clock was in it or before, and every mid that was ever read must be
 * that one.
 */
const SYMBOLS = 6
const EVENTS = 120_000

type Report = Readonly<{
  written: readonly (readonly [bucket: number, mid: number])[][]
  seen: readonly (readonly number[])[]
  busy: number
}>
type Mode = 'checked' | 'early' | 'unchecked'

async function race(mode: Mode): Promise<{ reads: number; wrong: number; busy: number }> {
  const mids = createMidGrid(SYMBOLS, 1000)
  const ticks = new SharedArrayBuffer(8)
  const go = new SharedArrayBuffer(4)
  const owned = [
    [0, 2, 4],
    [1, 3, 5],
  ]
  const workers = owned.map(
    (own) =>
      new Worker(new URL('./mid-grid-writer.js', import.meta.url), {
        workerData: { mids, ticks, go, own, symbols: SYMBOLS, events: EVENTS, mode },
      }),
  )
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  const ended = workers.map((worker) => once(worker, 'message'))
  Atomics.store(new Int32Array(go), 0, 1)
  Atomics.notify(new Int32Array(go), 0)
  const reports: Report[] = (await Promise.all(ended)).map(([report]) => report)
  await Promise.all(workers.map((worker) => worker.terminate()))
  const frozen = frozenMids(reports, owned)
  let reads = 0
  let wrong = 0
  for (const [now, symbol, ...values] of reports.flatMap(({ seen }) => seen)) {
    reads++
    const isRight = values.every((value, i) =>
      Object.is(value, frozen(symbol, now - values.length + i)),
    )
    if (!isRight) wrong++
  }
  return { reads, wrong, busy: reports.reduce((sum, { busy }) => sum + busy, 0) }
}

/** What each bucket must hold by what was written. */
function frozenMids(reports: readonly Report[], owned: readonly (readonly number[])[]) {
  const FIRST = 1000
  const last = Math.max(...reports.flatMap(({ written }) => written.flat().map(([b]) => b)))
  const series = new Map<number, Float64Array>()
  owned.forEach((own, thread) => {
    own.forEach((symbol, place) => {
      const mids = new Map(reports[thread].written[place])
      const ofSymbol = new Float64Array(last - FIRST + 1)
      let mid = Number.NaN
      for (let b = FIRST; b <= last; b++) {
        mid = mids.get(b) ?? mid
        ofSymbol[b - FIRST] = mid
      }
      series.set(symbol, ofSymbol)
    })
  })
  return (symbol: number, bucket: number): number =>
    series.get(symbol)?.[bucket - FIRST] ?? Number.NaN
}

describe('two threads on one grid', () => {
  it('agree on every frozen mid, whoever read it and when', async () => {
    const { busy, reads, wrong } = await race('checked')
    expect(reads + busy).toBe(2 * Math.floor(EVENTS / 3))
    expect(reads).toBeGreaterThan(EVENTS / 2)
    expect(wrong).toBe(0)
  })

  it('do not when a writer looks at the clock before its write', async () => {
    expect((await race('early')).wrong).toBeGreaterThan(0)
  })

  it('do not when a reader does not look whether the writer was there', async () => {
    expect((await race('unchecked')).wrong).toBeGreaterThan(0)
  })
})

describe('a cell', () => {
  const FIRST = 5000
  const read = (mids: SharedArrayBuffer, from: number, to: number): number[] => {
    const out = new Float64Array(to - from)
    expect(openMidCell(mids, 0).read({ from, to }, out, 0)).toBe(true)
    return [...out]
  }

  it('that a writer left half written is readable after its recovery, with its past', () => {
    const mids = createMidGrid(2, FIRST)
    const clock = openGridClock(mids, 1)
    const cell = openMidCell(mids, 0)
    const at = (bucket: number, mid: number) => {
      clock.own = bucket
      cell.next = mid
      cell.publish(clock, true)
    }
    at(FIRST, 10)
    at(FIRST + 2, 20)
    // Died after it had said that it writes.
    const dies = { own: 0, current: FIRST + 3, advance: () => expect.fail('dies'), look: () => {} }
    expect(() => cell.publish(dies, true)).toThrow('dies')
    const out = new Float64Array(1)
    const range = { from: FIRST, to: FIRST + 1 }
    expect(openMidCell(mids, 0).read(range, out, 0)).toBe(false)
    // The other symbol and the clock are not held up.
    const other = openMidCell(mids, 1)
    clock.own = FIRST + 4
    other.next = 7
    other.publish(clock, true)
    openMidCell(mids, 0).recover(openGridClock(mids, 1))
    expect(read(mids, FIRST, FIRST + 5)).toEqual([10, 10, 20, 20, Number.NaN])
  })

  it('keeps the latest buckets and refuses older ones', () => {
    const mids = createMidGrid(1, FIRST)
    const clock = openGridClock(mids, 1)
    const cell = openMidCell(mids, 0)
    for (const [bucket, mid] of [
      [FIRST, 1],
      [FIRST + 300, 2],
    ]) {
      clock.own = bucket
      cell.next = mid
      cell.publish(clock, true)
    }
    const kept = FIRST + 300 - MID_BUCKETS_KEPT
    const range = { from: kept - 1, to: kept }
    expect(cell.read(range, new Float64Array(1), 0)).toBe(false)
    expect(read(mids, kept, kept + 1)).toEqual([1])
    expect(read(mids, FIRST + 299, FIRST + 302)).toEqual([1, 2, 2])
  })
})

describe('the shared clock', () => {
  it('never runs backwards, and begins unset', () => {
    const mids = createMidGrid(1, 1_767_261_580_000)
    const clock = openGridClock(mids, 1000)
    clock.look()
    expect(clock.current).toBe(Number.NEGATIVE_INFINITY)
    const seen = [1_767_261_580, 1_767_261_500, 1_767_261_600, 0, 1_767_261_599].map((bucket) => {
      clock.own = bucket
      clock.advance()
      return clock.current
    })
    const [first, later] = [1_767_261_580, 1_767_261_600]
    expect(seen).toEqual([first, first, later, later, later])
    const other = openGridClock(mids, 1000)
    other.look()
    expect(other.current).toBe(later)
  })

  it('stays in its last bucket when time leaves its range', () => {
    const words = new Int32Array(new SharedArrayBuffer(4))
    SharedGridClock.clear(words, 0)
    const clock = new SharedGridClock(words, 0, 0, 1)
    clock.own = 2 ** 40
    clock.advance()
    expect(clock.current).toBe(2 ** 31 - 1)
  })
})
