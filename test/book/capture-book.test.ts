import { describe, expect, it } from 'vitest'
import { Book } from '../../src/book/book.ts'
import { stateHash } from '../../src/book/state-hash.ts'
import { BybitDecoder } from '../../src/feed/bybit/decoder.ts'
import { FRAME_BOOK } from '../../src/feed/bybit/frame-kind.ts'
import type { Topic } from '../../src/feed/bybit/topic.ts'
import {
  Sequencer,
  VERDICT_DELTA,
  VERDICT_GAP,
  VERDICT_SNAPSHOT,
  VERDICT_WAITING,
} from '../../src/feed/sequencer.ts'
import { createBooks } from '../../src/memory/book-layout.ts'
import { createBookCopy, openBookView, readBook } from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import { CAPTURES, hasCaptures, readFrames, topicsOf } from '../feed/capture.ts'
import { SlowBook } from '../reference/slow-book.ts'

/** frames -> BybitDecoder -> Sequencer -> Book, beside a slow book that is told the same. */
function replay(frames: readonly Buffer[], topics: readonly Topic[]) {
  const decoder = new BybitDecoder(new Counters())
  const sequencer = new Sequencer(topics.length)
  const lanes = topics.map((topic) => {
    decoder.addTopic(topic)
    const depth = Math.max(1, topic.depth)
    const view = openBookView(createBooks(1, depth), 0, depth)
    return { view, book: new Book(view, depth), slow: new SlowBook(depth), gaps: 0, waited: 0 }
  })
  let compared = 0
  for (const frame of frames) {
    if (decoder.decode(frame) !== FRAME_BOOK) continue
    const lane = lanes[decoder.topicIndex]
    const verdict = sequencer.check(decoder.book)
    if (verdict === VERDICT_SNAPSHOT) {
      lane.book.applySnapshot(decoder.book, 1)
      lane.slow.applySnapshot(decoder.book)
    } else if (verdict === VERDICT_DELTA) {
      lane.book.applyDelta(decoder.book, 1)
      lane.slow.applyDelta(decoder.book)
    } else {
      if (verdict === VERDICT_GAP) {
        lane.gaps++
        lane.book.markState('SYNCING', 'gap', 2)
      }
      if (verdict === VERDICT_WAITING) lane.waited++
      continue
    }
    expect(stateHash(lane.book)).toBe(stateHash(lane.slow.levels()))
    expect(lane.book.isCrossed()).toBe(false)
    compared++
  }
  return { lanes: lanes.filter((_, i) => topics[i].kind === 'orderbook'), compared }
}

describe.skipIf(!hasCaptures).each(CAPTURES)('the books of $file', ({ file, category }) => {
  const frames = hasCaptures ? readFrames(file) : []
  const topics = hasCaptures ? topicsOf(frames, category) : []

  it('equal the slow reference after every message, live and without a gap', () => {
    const { lanes, compared } = replay(frames, topics)
    expect(compared).toBeGreaterThan(190)
    for (const { view, book, gaps } of lanes) {
      const copy = createBookCopy(book.depth)
      expect(readBook(view, copy)).toBe(true)
      expect(copy).toMatchObject({ state: 'LIVE', bidCount: book.depth, askCount: book.depth })
      expect(gaps).toBe(0)
    }
  })

  it.runIf(file.includes('depth200'))('show nothing after a lost delta, and one gap', () => {
    const isDelta = (frame: Buffer) => /"topic":"orderbook.*"type":"delta"/.test(frame.toString())
    const lost = frames.findIndex((frame, i) => i > frames.length / 2 && isDelta(frame))
    const { lanes } = replay(frames.toSpliced(lost, 1), topics)
    expect(lanes.reduce((sum, { gaps }) => sum + gaps, 0)).toBe(1)
    const hurt = lanes.find(({ gaps }) => gaps === 1)
    expect(hurt?.waited).toBeGreaterThan(10)
    for (const { view, book, gaps } of lanes) {
      const copy = createBookCopy(book.depth)
      expect(readBook(view, copy)).toBe(true)
      expect(copy.state).toBe(gaps === 1 ? 'SYNCING' : 'LIVE')
      expect(copy.bidCount).toBe(gaps === 1 ? 0 : book.depth)
    }
  })
})
