// The other thread of bench/ring.bench.ts: takes all records of one batch after the other, and
// answers after each how many it saw and what their first fields add up to.
import { parentPort, workerData } from 'node:worker_threads'
import { BroadcastReader } from '../dist/memory/broadcast.js'
import { RingReader } from '../dist/memory/ring.js'

const { buffer, fields, kind, records } = workerData

if (kind === 'ring') {
  const ring = new RingReader(buffer)
  parentPort.on('message', () => parentPort.postMessage(takeFromRing(ring)))
} else if (kind === 'broadcast') {
  const broadcast = new BroadcastReader(buffer)
  parentPort.on('message', () => parentPort.postMessage(takeFromBroadcast(broadcast)))
} else takeMessages()
parentPort.postMessage('ready')

function takeFromRing(ring) {
  let sum = 0
  for (let seen = 0; seen < records; ) {
    const at = ring.peek()
    if (at === -1) continue
    sum += ring.slots[at]
    ring.release()
    seen++
  }
  return { seen: records, sum }
}

/** The last record of a batch has its size as number. */
function takeFromBroadcast(broadcast) {
  const out = new Float64Array(fields)
  let sum = 0
  for (let seen = 0; ; ) {
    if (!broadcast.next(out)) continue
    sum += out[0]
    seen++
    if (out[0] === records) return { seen, sum }
  }
}

function takeMessages() {
  let sum = 0
  let seen = 0
  parentPort.on('message', (record) => {
    if (record === 'start') return
    sum += record[0]
    if (++seen < records) return
    parentPort.postMessage({ seen, sum })
    sum = 0
    seen = 0
  })
}
