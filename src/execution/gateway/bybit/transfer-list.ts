import type { RemoteTransfer, TransfersReply } from '../gateway.ts'
import type { AccountLists } from './account-lists.ts'
import type { ExchangeClock } from './exchange-clock.ts'
import { type Fields, numberIn, textIn } from './wire-fields.ts'

/** What moves money between this account and others, by type, and which way. */
const SIGNS = { TRANSFER_IN: 1, TRANSFER_OUT: -1 } as const
/** Coins that are the quote currency, one for one. */
const QUOTE_COINS: ReadonlySet<string> = new Set(['USDT', 'USDC', 'USD'])
const WINDOW_MS = 7 * 24 * 3600 * 1000
/** Of the last window beyond now: the exchange's clock may be ahead. */
const AHEAD_MS = 60_000

/** All transfers since then, in windows of seven days; `unknown` when a part of them is. */
export async function listTransfers(
  lists: AccountLists,
  exchangeClock: ExchangeClock,
  sinceUs: number,
): Promise<TransfersReply> {
  const transfers: RemoteTransfer[] = []
  const endMs = exchangeClock.nowMs() + AHEAD_MS
  let startTime = Math.min(Math.max(0, exchangeClock.toExchangeMs(sinceUs)), endMs)
  do {
    const endTime = Math.min(startTime + WINDOW_MS, endMs)
    for (const type of ['TRANSFER_IN', 'TRANSFER_OUT'] as const) {
      const params = { accountType: 'UNIFIED', type, startTime, endTime, limit: 50 }
      const path = '/v5/account/transaction-log'
      const query = { path, callClass: 'wallet' as const, params, isOptional: true }
      const read = await lists.list(query, (fields) => readTransfer(fields, SIGNS[type]))
      if (!read.ok) return { kind: 'unknown', message: read.message }
      transfers.push(...read.value.rows)
    }
    startTime = endTime
  } while (startTime < endMs)
  return { kind: 'transfers', transfers }
}

function readTransfer(fields: Fields, sign: 1 | -1): RemoteTransfer | undefined {
  const transferId = textIn(fields, 'id')
  const amount = Math.abs(numberIn(fields, 'cashFlow'))
  const timeUs = numberIn(fields, 'transactionTime') * 1000
  if (transferId === '' || !Number.isFinite(timeUs)) return undefined
  const isQuote = QUOTE_COINS.has(textIn(fields, 'currency'))
  return { transferId, amountQuote: isQuote ? sign * amount : Number.NaN, timeUs }
}
