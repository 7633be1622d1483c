import { COIN } from './account.ts'
import { positionFields } from './account-views.ts'
import { moneyText } from './money.ts'
import { type Answer, accepted, type PrivateCall, type PrivateState } from './private-call.ts'
import {
  type Execution,
  executionFields,
  isOpen,
  orderFields,
  type PrivateOrder,
} from './private-order.ts'
import { type Refusal, refused } from './private-refusal.ts'

/**
 * The private lists, newest first, in pages: a cursor names the number of the last entry, so that
 * what comes in meanwhile moves nothing.
 */
const WEEK_MS = 7 * 24 * 3600 * 1000
const CLOSED_SHOWN_MAX = 500

type Page = Readonly<{ limit: number; before: number }>

export function openOrders(state: PrivateState, call: PrivateCall): Answer {
  const { query } = call
  const refusal = needsScope(query)
  if (refusal !== undefined) return refusal
  const page = pageOf(query, 20, 50)
  if (page === undefined) return refused('parameters', 'limit or cursor invalid')
  const openOnly = query.get('openOnly') ?? '0'
  if (!['0', '1', '2', ''].includes(openOnly)) return refused('parameters', 'openOnly invalid')
  const isNamed = named(query)
  const wantsClosed = openOnly === '1' || openOnly === '2'
  const { orders } = state.account
  let oldestShown = 0
  if (wantsClosed) {
    const closed = orders.newest(Number.POSITIVE_INFINITY, CLOSED_SHOWN_MAX, isClosed)
    oldestShown = closed[closed.length - 1]?.number ?? 0
  }
  const isWanted = (order: PrivateOrder) =>
    isNamed(order) && (wantsClosed ? isClosed(order) && order.number >= oldestShown : isOpen(order))
  return orderPage(orders.newest(page.before, page.limit + 1, isWanted), page)
}

/** What is closed, as far as the history has come. */
export function orderHistory(state: PrivateState, call: PrivateCall): Answer {
  const { query, nowMs } = call
  const page = pageOf(query, 20, 50)
  if (page === undefined) return refused('parameters', 'limit or cursor invalid')
  const span = timesOf(query, nowMs)
  if (span === undefined) return refused('parameters', 'startTime or endTime invalid')
  const isNamed = named(query)
  const status = query.get('orderStatus') ?? ''
  const seenMs = nowMs - state.historyLagMs()
  const isWanted = (order: PrivateOrder) =>
    isClosed(order) &&
    order.updatedMs <= seenMs &&
    order.createdMs >= span.fromMs &&
    order.createdMs <= span.toMs &&
    (status === '' || order.status === status) &&
    isNamed(order)
  return orderPage(state.account.orders.newest(page.before, page.limit + 1, isWanted), page)
}

function isClosed(order: PrivateOrder): boolean {
  return !isOpen(order)
}

function orderPage(orders: readonly PrivateOrder[], page: Page): Answer {
  const list = orders.slice(0, page.limit)
  const last = list[list.length - 1]
  const isMore = orders.length > page.limit
  return accepted({
    category: 'linear',
    nextPageCursor: isMore && last !== undefined ? cursorText(last.orderId, last.number) : '',
    list: list.map(orderFields),
  })
}

export function executionList(state: PrivateState, call: PrivateCall): Answer {
  const { query, nowMs } = call
  const page = pageOf(query, 50, 100)
  if (page === undefined) return refused('parameters', 'limit or cursor invalid')
  const span = timesOf(query, nowMs)
  if (span === undefined) return refused('parameters', 'startTime or endTime invalid')
  const text = (name: string) => query.get(name) ?? ''
  const wanted = {
    ...{ orderId: text('orderId'), linkId: text('orderLinkId'), execType: text('execType') },
    ...{ symbol: text('symbol'), baseCoin: text('baseCoin') },
  }
  const isWanted = (execution: Execution) => {
    const { instrument } = execution.market
    return (
      execution.number < page.before &&
      execution.timeMs >= span.fromMs &&
      execution.timeMs <= span.toMs &&
      (wanted.orderId === '' || execution.order?.orderId === wanted.orderId) &&
      (wanted.linkId === '' || execution.order?.orderLinkId === wanted.linkId) &&
      (wanted.execType === '' || execution.execType === wanted.execType) &&
      (wanted.symbol === '' || instrument.symbol === wanted.symbol) &&
      (wanted.baseCoin === '' || instrument.baseCoin === wanted.baseCoin)
    )
  }
  const all = state.account.executions()
  const found: Execution[] = []
  for (let at = all.length - 1; at >= 0 && found.length <= page.limit; at--) {
    if (isWanted(all[at])) found.push(all[at])
  }
  const list = found.slice(0, page.limit)
  const last = list[list.length - 1]
  const isMore = found.length > page.limit && last !== undefined
  return accepted({
    nextPageCursor: isMore ? cursorText(last.execId, last.number) : '',
    category: 'linear',
    list: list.map(executionFields),
  })
}

/** Of the log of all that moved money, the transfers. */
export function transactionLog(state: PrivateState, call: PrivateCall): Answer {
  const { query, nowMs } = call
  const page = pageOf(query, 20, 50)
  const span = timesOf(query, nowMs)
  if (page === undefined || span === undefined) return refused('parameters', 'invalid')
  const type = query.get('type') ?? ''
  const sign = type === 'TRANSFER_IN' ? 1n : type === 'TRANSFER_OUT' ? -1n : 0n
  if (sign === 0n) return refused('parameters', 'only the types of transfers are known here')
  const from = page.before === Number.POSITIVE_INFINITY ? 0 : page.before
  const found = state.account.transfers.filter(
    ({ amount, timeMs }) => amount * sign > 0n && timeMs >= span.fromMs && timeMs <= span.toMs,
  )
  const next = from + page.limit
  const list = found.slice(from, next).map(({ amount, id, timeMs }) => {
    const text = moneyText(amount)
    const flow = { cashFlow: text, change: text, currency: COIN }
    return { id, type, transactionTime: String(timeMs), ...flow, symbol: '', category: '' }
  })
  return accepted({ nextPageCursor: next < found.length ? cursorText('log', next) : '', list })
}

export function positionList(state: PrivateState, call: PrivateCall): Answer {
  const { query } = call
  const symbol = query.get('symbol') ?? ''
  const settleCoin = query.get('settleCoin') ?? ''
  const page = pageOf(query, 20, 200)
  if (page === undefined) return refused('parameters', 'limit or cursor invalid')
  if (symbol === '' && settleCoin === '') {
    return refused('parameters', 'symbol or settleCoin is required')
  }
  const { account } = state
  if (symbol !== '') {
    const market = state.marketOf(symbol)
    if (market === undefined) return refused('parameters', 'symbol invalid')
    const list = [positionFields(account, account.position(market), market)]
    return accepted({ category: 'linear', nextPageCursor: '', list })
  }
  const open = account
    .positions()
    .filter(({ position }) => settleCoin === 'USDT' && position.lots !== 0)
  const from = page.before === Number.POSITIVE_INFINITY ? 0 : page.before
  const list = open
    .slice(from, from + page.limit)
    .map(({ position, market }) => positionFields(account, position, market))
  const next = from + page.limit
  const nextPageCursor = next < open.length ? cursorText('positions', next) : ''
  return accepted({ category: 'linear', nextPageCursor, list })
}

/** Linear lists want to know of what, also beside an id. */
function needsScope(query: URLSearchParams): Refusal | undefined {
  const names = ['symbol', 'baseCoin', 'settleCoin']
  if (names.some((name) => (query.get(name) ?? '') !== '')) return undefined
  return refused('parameters', 'symbol, baseCoin or settleCoin is required')
}

/** `orderId` before `orderLinkId` before `symbol` before `baseCoin`. */
function named(query: URLSearchParams): (order: PrivateOrder) => boolean {
  const text = (name: string) => query.get(name) ?? ''
  const [orderId, orderLinkId] = [text('orderId'), text('orderLinkId')]
  const [symbol, baseCoin, settleCoin] = [text('symbol'), text('baseCoin'), text('settleCoin')]
  if (orderId !== '') return (order) => order.orderId === orderId
  if (orderLinkId !== '') return (order) => order.orderLinkId === orderLinkId
  if (symbol !== '') return ({ market }) => market.instrument.symbol === symbol
  if (baseCoin !== '') return ({ market }) => market.instrument.baseCoin === baseCoin
  return () => settleCoin === '' || settleCoin === 'USDT'
}

function pageOf(query: URLSearchParams, fallback: number, max: number): Page | undefined {
  const limitText = query.get('limit') ?? ''
  const limit = limitText === '' ? fallback : Number(limitText)
  if (!Number.isInteger(limit) || limit < 1 || limit > max) return undefined
  const cursor = query.get('cursor') ?? ''
  if (cursor === '') return { limit, before: Number.POSITIVE_INFINITY }
  // As we sent it, or decoded once more by the client's own URL code.
  const match = /(?::|%3A)(\d{1,15})$/.exec(cursor)
  return match === null ? undefined : { limit, before: Number(match[1]) }
}

function cursorText(id: string, number: number): string {
  return `${id}%3A${number}`
}

/** At most seven days; the last seven when nothing is said. */
function timesOf(
  query: URLSearchParams,
  nowMs: number,
): { fromMs: number; toMs: number } | undefined {
  const startText = query.get('startTime') ?? ''
  const endText = query.get('endTime') ?? ''
  if (![startText, endText].every((text) => /^\d{0,15}$/.test(text))) return undefined
  if (startText === '' && endText === '') {
    return { fromMs: nowMs - WEEK_MS, toMs: Number.POSITIVE_INFINITY }
  }
  const fromMs = startText === '' ? Number(endText) - WEEK_MS : Number(startText)
  const toMs = endText === '' ? fromMs + WEEK_MS : Number(endText)
  return fromMs <= toMs && toMs - fromMs <= WEEK_MS ? { fromMs, toMs } : undefined
}
