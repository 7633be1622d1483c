// A worker that writes one shared structure flat out until told to stop. Loads the compiled views,
// as the engine does.
import { parentPort, workerData } from 'node:worker_threads'
import { bookStateCode } from '../../dist/domain/book.js'
import * as layout from '../../dist/memory/book-layout.js'
import { beginBookWrite, endBookWrite, openBookView } from '../../dist/memory/book-view.js'
import { BroadcastWriter } from '../../dist/memory/broadcast.js'
import { openRecordView, publishRecord } from '../../dist/memory/record-view.js'
import { RingWriter } from '../../dist/memory/ring.js'
import { createRowCopy, openRowView, publishRow } from '../../dist/memory/row-view.js'

const { kind, shared, stop, fields } = workerData
const stopWord = new Int32Array(stop)
const record = new Float64Array(fields)

const steps = {
  /** Every value of a row equals its number. */
  row() {
    const view = openRowView(shared, 0)
    const row = createRowCopy()
    return (n) => {
      row.rowNumber = n
      row.values.fill(n)
      publishRow(view, row)
    }
  },
  record() {
    const view = openRecordView(shared, 'scores', 0, fields)
    return (n) => publishRecord(view, record.fill(n))
  },
  /** A LIVE book of `fields` levels a side, all of one number, with nothing between two writes. */
  book() {
    const view = openBookView(shared, 0, fields)
    const { words, doubles } = view
    const sides = [view.bidTicks, view.bidLots, view.askTicks, view.askLots]
    const live = bookStateCode('LIVE')
    return (n) => {
      beginBookWrite(view)
      words[layout.STATE] = live
      words[layout.BID_COUNT] = fields
      words[layout.ASK_COUNT] = fields
      doubles.fill(n)
      for (const side of sides) for (let i = 0; i < fields; i++) side[i] = n
      endBookWrite(view)
    }
  },
  broadcast() {
    const writer = new BroadcastWriter(shared)
    return (n) => writer.publish(record.fill(n))
  },
  /** The ring loses nothing: a full ring is tried again. */
  ring() {
    const writer = new RingWriter(shared)
    return (n) => {
      record.fill(n)
      while (!writer.push(record)) if (Atomics.load(stopWord, 0) === 1) return
    }
  },
}

const step = steps[kind]()
parentPort.postMessage('started')
let n = 0
while (Atomics.load(stopWord, 0) === 0) step(++n)
parentPort.postMessage(n)
