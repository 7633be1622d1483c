import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBookMessage } from '../../src/domain/messages.ts'
import * as sequencer from '../../src/feed/sequencer.ts'

const { VERDICT_DELTA, VERDICT_GAP, VERDICT_REPEAT, VERDICT_SNAPSHOT, VERDICT_WAITING } = sequencer
const NAMES = ['', 'snapshot', 'delta', 'repeat', 'waiting', 'gap']

type Sent = readonly [type: 'S' | 'D', u: number]

function judge(target: sequencer.Sequencer, sent: readonly Sent[], topic = 0): string[] {
  const message = createBookMessage()
  return sent.map(([type, u]) => {
    message.topic = topic
    message.isSnapshot = type === 'S'
    message.u = u
    return NAMES[target.check(message)]
  })
}

describe('the sequencer', () => {
  it('accepts the example of the exchange: a chain, a snapshot within it, a restart', () => {
    const target = new sequencer.Sequencer(1)
    const sent: Sent[] = [
      ['S', 10000],
      ['D', 10001],
      ['D', 10002],
      ['S', 10003],
      ['D', 10004],
      ['S', 1],
      ['D', 2],
      ['D', 3],
      ['D', 4],
    ]
    expect(judge(target, sent)).toEqual([
      ...['snapshot', 'delta', 'delta', 'snapshot', 'delta'],
      ...['snapshot', 'delta', 'delta', 'delta'],
    ])
    expect(target.gapCount(0)).toBe(0)
    expect(target.lastU(0)).toBe(4)
  })

  it('lets deltas wait until the first snapshot', () => {
    const target = new sequencer.Sequencer(1)
    expect(target.isLive(0)).toBe(false)
    expect(target.lastU(0)).toBeNaN()
    const sent: Sent[] = [
      ['D', 5],
      ['D', 6],
      ['S', 4],
      ['D', 5],
    ]
    expect(judge(target, sent)).toEqual(['waiting', 'waiting', 'snapshot', 'delta'])
  })

  it.each([
    [7, 1],
    [106, 100],
  ])('calls a jump from 5 to %i a gap of %i, and waits for a snapshot', (u, size) => {
    const target = new sequencer.Sequencer(1)
    const sent: Sent[] = [
      ['S', 5],
      ['D', u],
      ['D', 6],
      ['D', u + 1],
      ['S', u],
      ['D', u + 1],
    ]
    expect(judge(target, sent)).toEqual([
      ...['snapshot', 'gap', 'waiting', 'waiting', 'snapshot', 'delta'],
    ])
    expect(target.gapCount(0)).toBe(1)
    expect(target.lastGapSize(0)).toBe(size)
  })

  it('drops repeats and what goes back, and goes on', () => {
    const target = new sequencer.Sequencer(1)
    const sent: Sent[] = [
      ['S', 5],
      ['D', 5],
      ['D', 6],
      ['D', 6],
      ['D', 2],
      ['D', 7],
    ]
    expect(judge(target, sent)).toEqual([
      ...['snapshot', 'repeat', 'delta', 'repeat', 'repeat', 'delta'],
    ])
  })

  it('takes u = 1 as a restart, whatever its type, even while it waits', () => {
    const target = new sequencer.Sequencer(1)
    const sent: Sent[] = [
      ['D', 1],
      ['D', 2],
      ['D', 9],
      ['D', 1],
      ['D', 2],
    ]
    expect(judge(target, sent)).toEqual(['snapshot', 'delta', 'gap', 'snapshot', 'delta'])
  })

  it('accepts the repeated snapshot of level 1', () => {
    const target = new sequencer.Sequencer(1)
    const sent: Sent[] = [
      ['S', 5],
      ['S', 5],
      ['S', 6],
      ['S', 9],
    ]
    expect(judge(target, sent)).toEqual(['snapshot', 'snapshot', 'snapshot', 'snapshot'])
    expect(target.gapCount(0)).toBe(0)
  })

  it('keeps its topics apart', () => {
    const target = new sequencer.Sequencer(3)
    judge(target, [['S', 5]], 0)
    judge(target, [['S', 50]], 2)
    expect(judge(target, [['D', 7]], 0)).toEqual(['gap'])
    expect(judge(target, [['D', 51]], 2)).toEqual(['delta'])
    expect([0, 1, 2].map((topic) => target.isLive(topic))).toEqual([false, false, true])
  })

  it('waits after a book was called invalid', () => {
    const target = new sequencer.Sequencer(1)
    judge(target, [['S', 5]])
    target.invalidate(0)
    expect(target.isLive(0)).toBe(false)
    expect(judge(target, [['D', 6]])).toEqual(['waiting'])
    expect(target.gapCount(0)).toBe(0)
  })

  it('without the chain check counts a jump and applies the delta', () => {
    const target = new sequencer.Sequencer(1)
    target.setChainCheck(0, false)
    const sent: Sent[] = [
      ['D', 4],
      ['S', 5],
      ['D', 9],
      ['D', 8],
    ]
    expect(judge(target, sent)).toEqual(['waiting', 'snapshot', 'delta', 'repeat'])
    expect(target.gapCount(0)).toBe(1)
    expect(target.lastGapSize(0)).toBe(3)
    target.setChainCheck(0, true)
    expect(judge(target, [['D', 11]])).toEqual(['gap'])
  })

  it('applies only what continues the chain, in any stream at all', () => {
    const sent = fc.tuple(
      fc.constantFrom('S' as const, 'D' as const),
      fc.integer({ min: 1, max: 9 }),
    )
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 40 }), (stream) => {
        const target = new sequencer.Sequencer(1)
        let last = Number.NaN // of the chain; NaN: none
        for (const [type, u] of stream) {
          const verdict = judge(target, [[type, u]])[0]
          const begins = type === 'S' || u === 1
          const expected = begins
            ? 'snapshot'
            : Number.isNaN(last)
              ? 'waiting'
              : u <= last
                ? 'repeat'
                : u === last + 1
                  ? 'delta'
                  : 'gap'
          expect(verdict).toBe(expected)
          if (verdict === 'gap') last = Number.NaN
          if (verdict === 'snapshot' || verdict === 'delta') last = u
        }
        expect(target.lastU(0)).toBe(last)
      }),
      { numRuns: 1000, seed: 9 },
    )
  })

  it('names five different verdicts', () => {
    const verdicts = [VERDICT_SNAPSHOT, VERDICT_DELTA, VERDICT_REPEAT, VERDICT_WAITING, VERDICT_GAP]
    expect(new Set(verdicts).size).toBe(5)
  })
})
