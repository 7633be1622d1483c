import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BroadcastReader, BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import { REGION_HEADER_BYTES } from '../../src/memory/region.ts'
import { createRing, RingReader, RingWriter } from '../../src/memory/ring.ts'

/** As after so many records: both positions of a ring or a broadcast, on a cache line each. */
function setPositions(shared: SharedArrayBuffer, position: number): void {
  const words = new Int32Array(shared, REGION_HEADER_BYTES)
  words[0] = position
  words[16] = position
}

describe('ring', () => {
  it('behaves like a bounded queue under any mix of pushes and reads', () => {
    const operations = fc.array(fc.boolean(), { maxLength: 200 })
    fc.assert(
      fc.property(operations, (pushes) => {
        const shared = createRing(8, 2)
        const writer = new RingWriter(shared)
        const reader = new RingReader(shared)
        const queue: number[] = []
        let next = 1
        for (const isPush of pushes) {
          if (isPush) {
            const pushed = writer.push(Float64Array.of(next, -next))
            expect(pushed).toBe(queue.length < 8)
            if (pushed) queue.push(next)
            next++
          } else {
            const at = reader.peek()
            expect(at === -1).toBe(queue.length === 0)
            if (at === -1) continue
            expect([reader.slots[at], reader.slots[at + 1]]).toEqual([queue[0], -queue[0]])
            queue.shift()
            reader.release()
          }
          expect(reader.isEmpty()).toBe(queue.length === 0)
        }
      }),
    )
  })

  it('goes on when its positions pass the largest of 32 bits', () => {
    const shared = createRing(4, 1)
    setPositions(shared, 2 ** 31 - 2)
    const writer = new RingWriter(shared)
    const reader = new RingReader(shared)
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 4; i++) expect(writer.push(Float64Array.of(10 * round + i))).toBe(true)
      expect(writer.push(Float64Array.of(99))).toBe(false)
      for (let i = 0; i < 4; i++) {
        expect(reader.slots[reader.peek()]).toBe(10 * round + i)
        reader.release()
      }
      expect(reader.peek()).toBe(-1)
    }
  })

  it('goes on where a writer or a reader that died left it', () => {
    const shared = createRing(4, 1)
    new RingWriter(shared).push(Float64Array.of(1))
    new RingWriter(shared).push(Float64Array.of(2))
    const first = new RingReader(shared)
    expect(first.slots[first.peek()]).toBe(1)
    first.release()
    const second = new RingReader(shared)
    expect(second.slots[second.peek()]).toBe(2)
  })

  it('refuses a buffer of another kind', () => {
    expect(() => new RingReader(createBroadcast(4, 1))).toThrow('kind')
    expect(() => new RingReader(new SharedArrayBuffer(1024))).toThrow('magic')
  })
})

describe('broadcast', () => {
  it('gives every reader every record it keeps up with', () => {
    const shared = createBroadcast(8, 1)
    const writer = new BroadcastWriter(shared)
    const readers = [new BroadcastReader(shared, 'now'), new BroadcastReader(shared, 'now')]
    const out = new Float64Array(1)
    for (let i = 1; i <= 100; i++) {
      writer.publish(Float64Array.of(i))
      for (const reader of readers) {
        expect(reader.next(out)).toBe(true)
        expect(out[0]).toBe(i)
        expect(reader.next(out)).toBe(false)
        expect(reader.missed).toBe(0)
      }
    }
  })

  it('tells a reader that fell behind how many it missed, and gives the rest in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), (written) => {
        const shared = createBroadcast(8, 1)
        const writer = new BroadcastWriter(shared)
        const reader = new BroadcastReader(shared, 'now')
        const out = new Float64Array(1)
        for (let i = 1; i <= written; i++) writer.publish(Float64Array.of(i))
        const seen: number[] = []
        while (reader.next(out)) seen.push(out[0])
        expect(seen.length + reader.missed).toBe(written)
        expect(seen).toEqual(
          Array.from({ length: seen.length }, (_, i) => written - seen.length + 1 + i),
        )
      }),
    )
  })

  it('lets a late reader begin with the oldest record that is still there', () => {
    const shared = createBroadcast(4, 1)
    const writer = new BroadcastWriter(shared)
    for (let i = 1; i <= 10; i++) writer.publish(Float64Array.of(i))
    const out = new Float64Array(1)
    const reader = new BroadcastReader(shared, 'oldest')
    expect(reader.next(out)).toBe(true)
    expect(out[0]).toBe(8)
  })

  it.each([2 ** 31 - 6, 2 ** 31 - 3, -(2 ** 31), -2, -5])(
    'goes on when its positions pass the largest of 32 bits, from %s on',
    (position) => {
      const shared = createBroadcast(4, 1)
      setPositions(shared, position)
      const writer = new BroadcastWriter(shared)
      const behind = new BroadcastReader(shared, 'now')
      for (let i = 1; i <= 8; i++) writer.publish(Float64Array.of(i))
      const late = new BroadcastReader(shared, 'oldest')
      const out = new Float64Array(1)
      const rest = (reader: BroadcastReader) => {
        const seen: number[] = []
        while (seen.length < 10 && reader.next(out)) seen.push(out[0])
        return seen
      }
      expect(rest(behind)).toEqual([6, 7, 8])
      expect(behind.missed).toBe(5)
      expect(rest(late)).toEqual([6, 7, 8])
      expect(late.missed).toBe(0)
    },
  )
})
