// One of several threads that write mids of their own symbols flat out and read those of all. Loads
// the compiled views, as the engine does.
import { parentPort, workerData } from 'node:worker_threads'
import { openGridClock, openMidCell } from '../../dist/memory/mid-grid.js'

const { mids, ticks, go, own, symbols, events, mode } = workerData
const EVENTS_PER_BUCKET = 64
const READ = 16
const READ_EVERY = 3
const clock = openGridClock(mids, 1)
const cells = Array.from({ length: symbols }, (_, i) => openMidCell(mids, i))
const tick = new Int32Array(ticks)

const pause = () => {
  for (let i = 0; i < 100; i++) Atomics.load(tick, 1)
}

/** A clock that takes its time inside a write, as a busy machine makes it. */
const slow = {
  current: 0,
  advance() {
    clock.advance()
    this.current = clock.current
    pause()
  },
}
/** For the negative control: the writer has looked at the clock before its write. */
const early = { current: 0, advance() {} }

function publish(cell, bucket) {
  clock.own = bucket
  if (mode !== 'early') return cell.publish(slow, true)
  clock.advance()
  early.current = clock.current
  pause()
  cell.publish(early, true)
}

/** By symbol: the last mid written while the clock was in a bucket. */
const written = own.map(() => new Map())
/** What was read: bucket of the reader, symbol, then READ mids of the buckets before. */
const seen = []
let busy = 0
const out = new Float64Array(READ)
const range = { from: 0, to: 0 }
parentPort.postMessage('ready')
Atomics.wait(new Int32Array(go), 0, 0)
for (let n = 1; n <= events; n++) {
  const place = n % own.length
  const cell = cells[own[place]]
  // A number of its own for each event, so that no two mids are equal.
  const mid = n * symbols + own[place]
  const bucket = 1000 + Math.floor(Atomics.add(tick, 0, 1) / EVENTS_PER_BUCKET)
  cell.next = mid
  publish(cell, bucket)
  const now = clock.current
  written[place].set(now, mid)
  if (n % READ_EVERY !== 0) continue
  const other = n % symbols
  range.from = now - READ
  range.to = now
  if (mode === 'unchecked') cells[other].copy(range, out, 0)
  else if (!cells[other].read(range, out, 0)) {
    busy++
    continue
  }
  seen.push([now, other, ...out])
}
parentPort.postMessage({ written: written.map((map) => [...map]), seen, busy })
