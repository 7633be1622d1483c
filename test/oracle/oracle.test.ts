import { afterEach, describe, expect, it, vi } from 'vitest'
import { OracleRun } from '../../bench/oracle-run.ts'
import { Book } from '../../src/book/book.ts'
import { Sequencer } from '../../src/feed/sequencer.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

function run(messages: number, seed: number) {
  const oracle = new OracleRun({ messages, seed, depths: [1, 50, 200, 1000], faults: 5000 })
  oracle.advance(messages)
  return oracle.result
}

describe('the whole-book oracle', () => {
  it('finds no difference between fast and slow books through every fault', () => {
    const result = run(10_000, 11)
    expect(result.examples).toEqual([])
    expect(result.differences).toBe(0)
    expect(result.messages).toBe(10_000)
    expect(result.compared).toBeGreaterThan(9000)
    expect(result.comparedWhole).toBeGreaterThan(5)
    // A book that is never LIVE is never wrong either.
    expect(result.notLive).toBeLessThan(1500)
    expect(result.resyncs).toBeGreaterThan(5)
    expect(Object.keys(result.faults).length).toBeGreaterThan(10)
  })

  it('finds a book that forgets one delta in a thousand', () => {
    const applyDelta = Book.prototype.applyDelta
    let calls = 0
    vi.spyOn(Book.prototype, 'applyDelta').mockImplementation(function (this: Book, message, us) {
      calls++
      if (calls % 1000 === 0) message.bids.count = 0
      applyDelta.call(this, message, us)
    })
    expect(run(4000, 12).differences).toBeGreaterThan(0)
  })

  it('finds a sequencer that lets a gap pass', () => {
    const check = Sequencer.prototype.check
    vi.spyOn(Sequencer.prototype, 'check').mockImplementation(function (this: Sequencer, message) {
      this.setChainCheck(message.topic, false)
      return check.call(this, message)
    })
    expect(run(10_000, 11).differences).toBeGreaterThan(0)
  })

  it('gives the same run for the same seed', () => {
    expect(run(2000, 13)).toEqual(run(2000, 13))
  })
})
