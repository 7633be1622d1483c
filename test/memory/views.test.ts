import { describe, expect, it } from 'vitest'
import { createBooks } from '../../src/memory/book-layout.ts'
import {
  beginBookWrite,
  createBookCopy,
  endBookWrite,
  openBookView,
  publishBookState,
  readBook,
  recoverBook,
} from '../../src/memory/book-view.ts'
import { ControlBlock, createControlBlock, STREAM_BEAT } from '../../src/memory/control-block.ts'
import {
  createRecords,
  openRecordView,
  publishRecord,
  readRecord,
  recoverRecord,
} from '../../src/memory/record-view.ts'
import {
  createRowCopy,
  createRows,
  openRowView,
  publishRow,
  readRow,
  recoverRow,
} from '../../src/memory/row-view.ts'

describe('book view', () => {
  it('shows no level of a book that is not LIVE', () => {
    const view = openBookView(createBooks(2, 5), 1, 5)
    const copy = createBookCopy(5)
    beginBookWrite(view)
    view.words[4] = 3 // bid count
    endBookWrite(view)
    expect(readBook(view, copy)).toBe(true)
    expect([copy.state, copy.bidCount]).toEqual(['NO_BOOK', 0])
    publishBookState(view, 'LIVE', 'snapshot', 7)
    expect(readBook(view, copy)).toBe(true)
    expect([copy.state, copy.reason, copy.bidCount, copy.stateSinceUs]).toEqual([
      'LIVE',
      'snapshot',
      3,
      7,
    ])
  })

  it('gives up on a writer that never ends, and is readable again after recovery', () => {
    const view = openBookView(createBooks(1, 5), 0, 5)
    const copy = createBookCopy(5)
    publishBookState(view, 'LIVE', 'snapshot', 1)
    beginBookWrite(view)
    expect(readBook(view, copy)).toBe(false)
    recoverBook(view, 2)
    expect(readBook(view, copy)).toBe(true)
    expect([copy.state, copy.reason]).toEqual(['NO_BOOK', 'shard_lost'])
  })

  it('refuses a second writer', () => {
    const view = openBookView(createBooks(1, 5), 0, 5)
    beginBookWrite(view)
    expect(() => beginBookWrite(view)).toThrow('one writer')
  })
})

describe('row and record views', () => {
  it('gives back the row that was published', () => {
    const view = openRowView(createRows(3), 2)
    const row = createRowCopy()
    row.rowNumber = 4
    row.values.fill(Number.NaN)
    row.values[149] = 1.5
    publishRow(view, row)
    const out = createRowCopy()
    expect(readRow(view, out)).toBe(true)
    expect(out).toEqual(row)
  })

  it('recovers a row and a record whose writer died', () => {
    const view = openRowView(createRows(1), 0)
    Atomics.add(view.words, 0, 1)
    expect(readRow(view, createRowCopy())).toBe(false)
    recoverRow(view)
    expect(readRow(view, createRowCopy())).toBe(true)
    const record = openRecordView(createRecords('scores', 2, 4), 'scores', 1, 4)
    publishRecord(record, Float64Array.of(1, 2, 3, 4))
    Atomics.add(record.words, 0, 1)
    recoverRecord(record)
    const out = new Float64Array(4)
    expect(readRecord(record, out)).toBe(true)
    expect(out.every(Number.isNaN)).toBe(true)
  })
})

describe('control block', () => {
  it('is halted until execution says otherwise', () => {
    const buffer = createControlBlock()
    const block = new ControlBlock(buffer)
    expect(block.tradingState()).toBe('halted')
    new ControlBlock(buffer).setTradingState('active')
    expect(block.tradingState()).toBe('active')
    block.beat(STREAM_BEAT, 12.5)
    expect(new ControlBlock(buffer).lastBeatUs(STREAM_BEAT)).toBe(12.5)
  })

  it('wakes a sleeper at once and does not sleep through a ring before the wait', async () => {
    const block = new ControlBlock(createControlBlock())
    const sleeping = block.sleep(60_000, () => true)
    setTimeout(() => block.ring(), 10)
    await sleeping
    await block.sleep(60_000, () => {
      block.ring()
      return true
    })
    await block.sleep(60_000, () => false)
  })
})
