// hot
import { assert } from '../core/assert.ts'
import { Counters, counterIndex } from '../memory/counters.ts'
import { type GridClock, LocalGridClock } from '../memory/grid-clock.ts'
import { createMidGrid, type MidCell, openGridClock, openMidCell } from '../memory/mid-grid.ts'
import { RETURN_BUCKETS, ReturnWindow } from './return-window.ts'
import type { StreamTime } from './stream-time.ts'

const READS_BUSY = counterIndex('cross_reads_busy')

export type CrossMarketOptions = Readonly<{
  /** Configured symbols, by place in the grid. */
  symbols: number
  /** Place of the leader; -1: it is not among them, and what is measured against it is NaN. */
  leader: number
  gridMs: number
  /** Shared with other threads; a run on one thread leaves it out. */
  mids?: SharedArrayBuffer
  /** Best quotes of a second exchange; without them its features are NaN. */
  quotes?: SharedArrayBuffer
  /** Taker fees of both exchanges together, in bps. */
  feesBps?: number
  counters?: Counters
}>

/**
 * What one thread sees of all symbols together: the global clock, and the frozen mids of the
 * latest closed buckets with their returns (features.md 1.8). One object a thread, for all symbols
 * it owns.
 *
 * The windows are brought up to date at the first row after the clock entered a new bucket: each
 * symbol gives the mids of the buckets that closed, normally one. Frozen mids never change, so what
 * was copied once stays right.
 */
export class CrossMarket {
  readonly clock: GridClock
  readonly gridMs: number
  readonly symbols: number
  readonly leader: number
  readonly quotes: SharedArrayBuffer | undefined
  readonly feesBps: number
  readonly window: ReturnWindow
  readonly counters: Counters
  /** Latest effective time of any symbol of this thread, in ms. */
  tauMs = Number.NEGATIVE_INFINITY
  /** Changes when the windows do. */
  version = 0
  readonly #mids: SharedArrayBuffer
  readonly #cells: MidCell[] = []
  /** Bucket that follows the windows. */
  #bucket = Number.NEGATIVE_INFINITY
  /** 1: the mids of this symbol could not be read when the windows moved. */
  readonly #isBehind: Uint8Array
  #behind = 0
  readonly #range = { from: 0.5, to: 0.5 }

  constructor(options: CrossMarketOptions) {
    const { gridMs, leader, mids, symbols } = options
    assert(leader >= -1 && leader < symbols, 'the leader is one of the symbols, or none')
    this.gridMs = gridMs
    this.symbols = symbols
    this.leader = leader
    this.quotes = options.quotes
    this.feesBps = options.feesBps ?? 0
    this.counters = options.counters ?? new Counters()
    this.clock = mids === undefined ? new LocalGridClock() : openGridClock(mids, gridMs)
    this.#mids = mids ?? createMidGrid(symbols, 0)
    for (let i = 0; i < symbols; i++) this.#cells.push(openMidCell(this.#mids, i))
    this.window = new ReturnWindow(symbols)
    this.#isBehind = new Uint8Array(symbols)
  }

  cellOf(symbol: number): MidCell {
    assert(symbol >= 0 && symbol < this.symbols, 'the market has this symbol')
    return this.#cells[symbol]
  }

  /** An event of a symbol of this thread, before it moves the grid's clock. */
  note(time: StreamTime): void {
    if (time.tauMs > this.tauMs) this.tauMs = time.tauMs
  }

  /** Brings the windows to the bucket that the clock was in at the latest event of this thread. */
  refresh(): void {
    const bucket = this.clock.current
    if (bucket > this.#bucket) this.#move(bucket)
    else if (this.#behind > 0) this.#catchUp()
  }

  #move(bucket: number): void {
    const closed = Math.min(RETURN_BUCKETS + 1, bucket - this.#bucket)
    this.#bucket = bucket
    this.window.shift(closed)
    for (let symbol = 0; symbol < this.symbols; symbol++) {
      const isBehind = this.#isBehind[symbol] === 1
      this.#take(symbol, isBehind ? RETURN_BUCKETS + 1 : closed)
    }
    this.version++
  }

  #catchUp(): void {
    for (let symbol = 0; symbol < this.symbols; symbol++) {
      if (this.#isBehind[symbol] === 1) this.#take(symbol, RETURN_BUCKETS + 1)
    }
    this.version++
  }

  /** Reads the mids of the last `closed` buckets. */
  #take(symbol: number, closed: number): void {
    const window = this.window
    this.#range.from = this.#bucket - closed
    this.#range.to = this.#bucket
    const at = window.endOf(symbol) - closed
    const wasBehind = this.#isBehind[symbol]
    if (this.#cells[symbol].read(this.#range, window.mids, at)) this.#isBehind[symbol] = 0
    else {
      this.#isBehind[symbol] = 1
      window.mids.fill(Number.NaN, at, at + closed)
      this.counters.values[READS_BUSY]++
    }
    this.#behind += this.#isBehind[symbol] - wasBehind
    window.update(symbol, closed)
  }
}

/** The wanted leader where it is followed, else BTCUSDT, else the first; -1: wanted, but absent. */
export function leaderAmong(symbols: readonly string[], wanted: string | undefined): number {
  if (wanted !== undefined) return symbols.indexOf(wanted)
  return symbols.length === 0 ? -1 : Math.max(0, symbols.indexOf('BTCUSDT'))
}
