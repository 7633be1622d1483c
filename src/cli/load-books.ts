import { formatSteps } from '../core/decimal.ts'
import type { Engine } from '../threads/engine.ts'
import type { MockProcess, TruthBook } from './mock-process.ts'

/** A book as it was read, to be compared when the truth of the same moment has come. */
type Look = Readonly<{ symbol: string; topic: string; u: number; bids: string; asks: string }>

/**
 * Compares the engine's books with the mock's truth: a look reads all books, then asks for the
 * truth at exactly those update ids.
 */
export class BookComparison {
  readonly #engine: Engine
  readonly #mock: MockProcess
  compared = 0
  wrong = 0
  /** Looks at which a book was not LIVE, so there was nothing to compare. */
  notLive = 0
  /** Looks for which the mock no longer knew the truth at that update id. */
  unknown = 0

  constructor(engine: Engine, mock: MockProcess) {
    this.#engine = engine
    this.#mock = mock
  }

  /** Of the instruments from `from` to before `to`. */
  async compare(from: number, to: number): Promise<void> {
    const looks = this.#look(from, to)
    if (looks.length === 0) return
    const truths = await this.#mock.truth(looks.map(({ topic, u }) => ({ topic, u })))
    const byTopic = new Map(truths.map((truth) => [truth.topic, truth]))
    for (const look of looks) {
      const truth = byTopic.get(look.topic)
      if (truth === undefined || truth.u !== look.u) this.unknown++
      else {
        this.compared++
        if (look.bids !== levelText(truth.bids) || look.asks !== levelText(truth.asks)) this.wrong++
      }
    }
  }

  #look(from: number, to: number): Look[] {
    const { config, instruments, watch } = this.#engine
    const looks: Look[] = []
    for (const { index, lot, symbol, tick } of instruments.slice(from, to)) {
      const book = watch.book(index)
      if (book === undefined || book.state !== 'LIVE') {
        this.notLive++
        continue
      }
      const side = (ticks: Float64Array, lots: Float64Array, count: number) =>
        levelText(
          Array.from({ length: count }, (_, i): [string, string] => [
            formatSteps(ticks[i], tick),
            formatSteps(lots[i], lot),
          ]),
        )
      looks.push({
        symbol,
        topic: `orderbook.${config.feed.depth}.${symbol}`,
        u: book.u,
        bids: side(book.bidTicks, book.bidLots, book.bidCount),
        asks: side(book.askTicks, book.askLots, book.askCount),
      })
    }
    return looks
  }
}

/** Numbers, not text: "2" and "2.0" are the same size. */
function levelText(levels: TruthBook['bids']): string {
  return levels.map(([price, size]) => `${Number(price)}:${Number(size)}`).join(' ')
}
