import { expect, it } from 'vitest'
import { createTickerMessage } from '../../src/domain/messages.ts'
import { createRecords, openRecordView, readRecord } from '../../src/memory/record-view.ts'
import * as ticker from '../../src/memory/ticker-record.ts'
import { TickerBoard } from '../../src/threads/ticker-board.ts'

it('keeps of each ticker field the newest, in whatever order two connections bring them', () => {
  const tickers = createRecords('tickers', 1, ticker.TICKER_FIELDS)
  const board = new TickerBoard(tickers, [0])
  const view = openRecordView(tickers, 'tickers', 0, ticker.TICKER_FIELDS)
  const tell = (fields: Partial<ReturnType<typeof createTickerMessage>>) =>
    board.publish(0, { ...createTickerMessage(), ...fields })
  tell({ tsMs: 100, lastPrice: 10, markPrice: 11 })
  tell({ tsMs: 300, lastPrice: 30 })
  tell({ tsMs: 200, lastPrice: 20, markPrice: 21 })
  tell({ tsMs: 100, lastPrice: 10, markPrice: 11 })
  const record = new Float64Array(ticker.TICKER_FIELDS)
  expect(readRecord(view, record)).toBe(true)
  const shown = [ticker.TICKER_LAST_PRICE, ticker.TICKER_MARK_PRICE, ticker.TICKER_TS_MS]
  expect(shown.map((field) => record[field])).toEqual([30, 21, 300])
})
