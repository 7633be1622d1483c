import type { LevelList } from '../../src/domain/messages.ts'
import { resultCodeName } from '../../src/domain/result-codes.ts'
import { BybitDecoder } from '../../src/feed/bybit/decoder.ts'
import * as kinds from '../../src/feed/bybit/frame-kind.ts'
import type { Topic } from '../../src/feed/bybit/topic.ts'
import { Counters } from '../../src/memory/counters.ts'
import type { SlowFrame } from '../reference/slow-decode.ts'

/** A decoder with its counters, whose answers have the shape of the slow reference. */
export class DecoderHarness {
  readonly counters = new Counters()
  readonly decoder = new BybitDecoder(this.counters)

  constructor(topics: readonly Topic[]) {
    for (const topic of topics) this.decoder.addTopic(topic)
  }

  decode(frame: Uint8Array): SlowFrame {
    const { decoder } = this
    const kind = decoder.decode(frame)
    const topic = decoder.topicIndex
    switch (kind) {
      case kinds.FRAME_BOOK:
        return { kind: 'book', topic, fields: bookFields(decoder) }
      case kinds.FRAME_TRADE:
        return { kind: 'trade', topic, fields: tradeFields(decoder) }
      case kinds.FRAME_TICKER:
        return { kind: 'ticker', topic, fields: tickerFields(decoder) }
      case kinds.FRAME_OTHER:
        return 'other'
      case kinds.FRAME_CONTROL:
        return 'control'
      case kinds.FRAME_UNKNOWN_TOPIC:
        return 'unknown topic'
      default:
        return 'bad'
    }
  }

  decodeText(text: string): SlowFrame {
    return this.decode(Buffer.from(text))
  }

  /** Name of the code of a bad frame; 'ok' for any other. */
  errorOf(text: string): string {
    this.decodeText(text)
    return resultCodeName(this.decoder.errorCode)
  }

  get fallbacks(): number {
    return this.counters.get('frames_fallback')
  }
}

function bookFields({ book }: BybitDecoder): unknown[] {
  const type = book.isSnapshot ? 'snapshot' : 'delta'
  const times = [book.tsMs, book.ctsMs, book.u, book.seq]
  return [type, ...times, levelsOf(book.bids), levelsOf(book.asks)]
}

function levelsOf(list: LevelList): number[][] {
  return Array.from({ length: list.count }, (_, i) => [list.ticks[i], list.lots[i]])
}

function tradeFields({ trade }: BybitDecoder): unknown[] {
  const trades = Array.from({ length: trade.count }, (_, i) => [
    trade.timeMs[i],
    trade.ticks[i],
    trade.lots[i],
    trade.sign[i],
    trade.isBlock[i],
    trade.isRpi[i],
    trade.seq[i],
    `${trade.idLow[i]} ${trade.idHigh[i]}`,
  ])
  return [trade.tsMs, trades]
}

function tickerFields({ ticker }: BybitDecoder): unknown[] {
  const type = ticker.isSnapshot ? 'snapshot' : 'delta'
  const prices = [ticker.lastPrice, ticker.markPrice, ticker.indexPrice]
  return [type, ticker.tsMs, ...prices, ticker.fundingRate, ticker.openInterest, ticker.turnover24h]
}
