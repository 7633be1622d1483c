import { afterEach, describe, expect, it } from 'vitest'
import { Book } from '../../src/book/book.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { fail, type Result, succeed } from '../../src/core/result.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { createBookMessage } from '../../src/domain/messages.ts'
import { fetchOrderBook, type RestBook } from '../../src/feed/bybit/rest-book.ts'
import { openBookView } from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import { CrossCheck } from '../../src/threads/cross-check.ts'
import { booksOfDepth, createEngineMemory } from '../../src/threads/engine-memory.ts'
import { createClient, RestExchange, sendResult } from '../feed/rest-exchange.ts'
import { instrumentAt } from './instrument.ts'

const SECOND_US = 1_000_000

/** Two symbols whose books the test writes, and an exchange that answers what the test says. */
class Desk {
  readonly clock = new ManualClock(1e15)
  readonly timers = new ManualTimers()
  readonly counters = new Counters()
  readonly quarantined: string[] = []
  readonly asked: string[] = []
  answer: () => Result<RestBook, string> = () => succeed(restBook(7))
  /** Runs while the question is on its way. */
  meanwhile: () => void = () => {}
  readonly check: CrossCheck
  readonly #memory
  readonly #depths: readonly number[]
  readonly #message = createBookMessage()

  constructor(...depths: readonly number[]) {
    const instruments = [instrumentAt(0, 'AUSDT'), instrumentAt(1, 'BUSDT')]
    this.#depths = depths
    this.#memory = createEngineMemory(2, 1, ...depths)
    this.check = new CrossCheck({
      instruments,
      books: depths.map((depth) => booksOfDepth(this.#memory, depth)),
      perMinute: 6,
      clock: this.clock,
      timers: this.timers,
      log: createLogger('test', 'silent'),
      counters: this.counters,
      fetchBook: async ({ symbol }, depth) => {
        this.asked.push(`${symbol} ${depth}`)
        this.meanwhile()
        return this.answer()
      },
      quarantine: (index, depth) => this.quarantined.push(`${index} ${depth}`),
    })
  }

  /** Bid 10 with `lots`, 9 below it, ask 11 and 12, as far as the depth goes. */
  write(index: number, depth: number, seq: number, lots = 1): void {
    const { books } = booksOfDepth(this.#memory, depth)
    const book = new Book(openBookView(books, index, depth), depth)
    const message = this.#message
    message.isSnapshot = true
    message.u = 5
    message.seq = seq
    for (const [list, ticks] of [
      [message.bids, [10, 9]],
      [message.asks, [11, 12]],
    ] as const) {
      list.count = Math.min(depth, 2)
      for (let i = 0; i < list.count; i++) {
        list.ticks[i] = ticks[i]
        list.lots[i] = list === message.bids && i === 0 ? lots : 1
      }
    }
    book.applySnapshot(message, this.clock.nowUs())
  }

  writeAll(index: number, seq: number): void {
    for (const depth of this.#depths) this.write(index, depth, seq)
  }

  async after(durationUs: number): Promise<void> {
    this.clock.advance(durationUs)
    await this.check.look()
  }

  counts() {
    return [
      this.counters.get('cross_checks'),
      this.counters.get('cross_checks_not_comparable'),
      this.counters.get('cross_checks_failed'),
      this.counters.get('cross_check_mismatches'),
    ]
  }
}

function restBook(seq: number, lots = 1): RestBook {
  return {
    seq,
    bidCount: 2,
    askCount: 2,
    bidTicks: [10, 9],
    bidLots: [lots, 1],
    askTicks: [11, 12],
    askLots: [1, 1],
  }
}

describe('a cross-check with REST', () => {
  it('counts a book that equals the exchange at its seq, and leaves it alone', async () => {
    const desk = new Desk(50)
    desk.write(0, 50, 7)
    await desk.after(SECOND_US)
    expect(desk.asked).toEqual(['AUSDT 50'])
    expect([desk.counts(), desk.quarantined]).toEqual([[1, 0, 0, 0], []])
  })

  it.each([
    ['another size', restBook(7, 2)],
    ['a level more', { ...restBook(7), askCount: 3, askTicks: [11, 12, 13], askLots: [1, 1, 1] }],
    ['a level less', { ...restBook(7), bidCount: 1, bidTicks: [10], bidLots: [1] }],
    ['another price', { ...restBook(7), askTicks: [11, 13] }],
  ])('quarantines a book where REST has %s at the same seq', async (_, answer) => {
    const desk = new Desk(50)
    desk.write(0, 50, 7)
    desk.answer = () => succeed(answer)
    await desk.after(SECOND_US)
    expect([desk.counts(), desk.quarantined]).toEqual([[1, 0, 0, 1], ['0 50']])
  })

  it('says nothing about a book of another seq, however different', async () => {
    const desk = new Desk(50)
    desk.write(0, 50, 7)
    desk.answer = () => succeed(restBook(8, 99))
    await desk.after(SECOND_US)
    expect([desk.counts(), desk.quarantined]).toEqual([[0, 1, 0, 0], []])
  })

  it('takes the book of the question or that of the answer, whichever has the seq', async () => {
    const desk = new Desk(50)
    desk.write(0, 50, 6)
    desk.meanwhile = () => desk.write(0, 50, 7, 2)
    desk.answer = () => succeed(restBook(7))
    await desk.after(SECOND_US)
    desk.meanwhile = () => desk.write(0, 50, 8)
    desk.answer = () => succeed(restBook(7, 2))
    await desk.after(10 * SECOND_US)
    expect([desk.counts(), desk.quarantined]).toEqual([[2, 0, 0, 1], ['0 50']])
  })

  it('does not ask about a book that is not LIVE, and gives each symbol its turn', async () => {
    const desk = new Desk(50)
    await desk.after(SECOND_US)
    expect(desk.asked).toEqual([])
    desk.write(1, 50, 7)
    await desk.after(SECOND_US)
    desk.write(0, 50, 7)
    await desk.after(10 * SECOND_US)
    await desk.after(10 * SECOND_US)
    expect(desk.asked).toEqual(['BUSDT 50', 'AUSDT 50', 'BUSDT 50'])
  })

  it('prefers a quiet symbol, and asks about a busy one after some seconds', async () => {
    const desk = new Desk(50)
    desk.write(1, 50, 7)
    desk.clock.advance(SECOND_US)
    desk.write(0, 50, 7)
    await desk.after(1000)
    expect(desk.asked).toEqual(['BUSDT 50'])
    for (let i = 0; i < 60; i++) {
      desk.clock.advance(250_000)
      desk.write(0, 50, 7)
      desk.write(1, 50, 7)
      await desk.after(1)
    }
    expect(desk.asked).toEqual(['BUSDT 50', 'AUSDT 50'])
  })

  it('asks six times a minute at most, and leaves an exchange alone that did not answer', async () => {
    const desk = new Desk(50)
    desk.write(0, 50, 7)
    desk.write(1, 50, 7)
    for (let i = 0; i < 240; i++) await desk.after(250_000)
    expect(desk.asked.length).toBe(6)
    desk.answer = () => fail('exchange_unreachable', 'no answer')
    for (let i = 0; i < 480; i++) await desk.after(250_000)
    expect(desk.asked.length).toBe(8)
    expect(desk.counts()).toEqual([6, 0, 2, 0])
  })
})

describe('a cross-check of depths', () => {
  it('compares each depth with the deepest, without asking the exchange', async () => {
    const desk = new Desk(1, 50, 200)
    desk.writeAll(0, 7)
    await desk.after(SECOND_US)
    expect([desk.counts(), desk.asked, desk.quarantined]).toEqual([[2, 0, 0, 0], [], []])
  })

  it('quarantines both of two depths that differ at one seq', async () => {
    const desk = new Desk(1, 50, 200)
    desk.writeAll(0, 7)
    desk.write(0, 50, 7, 3)
    await desk.after(SECOND_US)
    expect(desk.counts()).toEqual([2, 0, 0, 1])
    expect(desk.quarantined).toEqual(['0 50', '0 200'])
  })

  it('prefers a symbol whose depths are at one seq, and counts the others after a while', async () => {
    const desk = new Desk(1, 50, 200)
    for (const [at, depth] of [1, 50, 200].entries()) desk.write(0, depth, 7 + at, 1 + at)
    desk.writeAll(1, 7)
    await desk.after(SECOND_US)
    expect(desk.counts()).toEqual([2, 0, 0, 0])
    desk.write(1, 200, 9)
    await desk.after(10 * SECOND_US)
    expect(desk.counts()).toEqual([2, 0, 0, 0])
    await desk.after(6 * SECOND_US)
    expect([desk.counts(), desk.quarantined]).toEqual([[2, 2, 0, 0], []])
  })

  it('does not compare depths of different seq', async () => {
    const desk = new Desk(1, 50, 200)
    desk.writeAll(0, 7)
    desk.write(0, 1, 8, 3)
    await desk.after(SECOND_US)
    expect([desk.counts(), desk.quarantined]).toEqual([[1, 1, 0, 0], []])
  })
})

describe('the REST book', () => {
  const running: RestExchange[] = []
  afterEach(async () => {
    for (const exchange of running.splice(0)) await exchange.stop()
  })

  async function ask(result: object) {
    const exchange = await RestExchange.start()
    running.push(exchange)
    exchange.overrides.set('/v5/market/orderbook', (_, response) => sendResult(response, result))
    const answer = await fetchOrderBook(createClient(exchange.url), instrumentAt(0, 'AUSDT'), 50)
    expect(exchange.requests[0].search).toBe('?category=linear&symbol=AUSDT&limit=50')
    return answer
  }
  const right = { s: 'AUSDT', b: [['5.0', '0.3']], a: [['5.50', '2']], ts: 1, u: 9, seq: 2 ** 40 }

  it('is read in ticks and lots', async () => {
    const book = await ask(right)
    expect(book.ok && book.value).toEqual({
      seq: 2 ** 40,
      bidCount: 1,
      askCount: 1,
      bidTicks: [10],
      bidLots: [3],
      askTicks: [11],
      askLots: [20],
    })
  })

  it.each([
    ['of another symbol', { ...right, s: 'BUSDT' }],
    ['with a price off the tick', { ...right, b: [['5.2', '0.3']] }],
    ['with a size that is no number', { ...right, a: [['5.5', 'x']] }],
    ['without a seq', { ...right, seq: undefined }],
  ])('is refused when it is %s', async (_, result) => {
    const book = await ask(result)
    expect(book).toMatchObject({ ok: false, code: 'exchange_answer_invalid' })
  })
})
