import { fail, type Result, succeed } from '../../../core/result.ts'
import type { BalanceReply, CancelReply, ExecutionsReply, OpenOrdersReply } from '../gateway.ts'
import type { AccountMarket } from './account-market.ts'
import type { CallClass } from './call-pace.ts'
import type { ExchangeClock } from './exchange-clock.ts'
import { byTime, type ExecutionRow, readExecutionRow } from './execution-rows.ts'
import type { LinkIds } from './link-ids.ts'
import { type OrderRow, readOrderRow, remoteOrder } from './order-rows.ts'
import { type ListedPositions, type PositionRow, readPositionRow } from './position-pictures.ts'
import { isOfHedgeMode } from './position-rows.ts'
import type { RestLink } from './rest-link.ts'
import {
  aboutOf,
  isForeignExecution,
  keepUnread,
  readForeignOpen,
  type UnreadParts,
} from './unread-rows.ts'
import { readWallet } from './wallet-rows.ts'
import { type Fields, listIn, textIn } from './wire-fields.ts'

export type AccountListsParts = Readonly<{
  rest: RestLink
  market: AccountMarket
  ids: LinkIds
  exchangeClock: ExchangeClock
  unread: UnreadParts
  /** Every row that is read, whatever it was asked for. */
  onOrder: (row: OrderRow) => void
  onExecution: (row: ExecutionRow) => void
}>

export type ListQuery = Readonly<{
  path: string
  callClass: CallClass
  params: Readonly<Record<string, unknown>>
  /** A key without the right to read it may trade all the same. */
  isOptional?: boolean
}>

/** `timeMs`: the exchange's own time of its first page; NaN: not told. */
type Listing<Row> = Readonly<{ rows: Row[]; timeMs: number }>

type Unread = 'exchange_answer_invalid'
type Unknown = Readonly<{ kind: 'unknown'; message: string }>

const PAGES_MAX = 200
const WINDOW_MS = 7 * 24 * 3600 * 1000
/** Of the last window beyond now: the exchange's clock may be ahead. */
const AHEAD_MS = 60_000
const HEDGE_MODE = 'positions are in hedge mode: set the account to one-way mode'
const NO_WALLET_FIGURES =
  'the wallet has no figures of the whole account, as in isolated margin: set it to cross margin'

/** Rounds of cancel-all: the exchange cancels 500 at once. */
const CANCEL_ROUNDS_MAX = 10

/**
 * What the exchange keeps of the account, read to the end: pages, windows of seven days, every
 * settlement coin. A list that breaks off anywhere is `unknown` as a whole, and never short; so is
 * one with a row that cannot be read, but for what is provably somebody else's (unread-rows.ts).
 */
export class AccountLists {
  readonly #parts: AccountListsParts

  constructor(parts: AccountListsParts) {
    this.#parts = parts
  }

  /**
   * But for those of others where nothing is ours to count: they would be news at each look, and the
   * account would never agree.
   */
  async executions(sinceUs: number): Promise<ExecutionsReply> {
    // Of our clock or, as the time of an execution is, of the exchange's: the earlier reading.
    const toExchangeMs = this.#parts.exchangeClock.toExchangeMs(sinceUs)
    const read = await this.executionRows({}, Math.min(toExchangeMs, Math.floor(sinceUs / 1000)))
    if (!read.ok) return { kind: 'unknown', message: read.message }
    const { market } = this.#parts
    const isOurs = ({ owner, symbol }: ExecutionRow) =>
      owner === 'us' || market.steps(symbol, false) !== undefined
    const rows = read.value.filter(isOurs).sort(byTime)
    const unique = new Map(rows.map((row) => [row.execution.execId, row.execution]))
    return { kind: 'executions', executions: [...unique.values()] }
  }

  /** All since then, in windows, as the exchange gives those of the last seven days alone else. */
  async executionRows(
    params: Readonly<Record<string, unknown>>,
    sinceMs: number,
  ): Promise<Result<ExecutionRow[], Unread>> {
    const { exchangeClock, ids, market, onExecution } = this.#parts
    const rows: ExecutionRow[] = []
    const endMs = exchangeClock.nowMs() + AHEAD_MS
    // Of an order without a time: as far back as one window reaches, and not from 1970 on.
    const fromMs = Number.isFinite(sinceMs) ? sinceMs : endMs - WINDOW_MS
    let startMs = Math.min(Math.max(0, fromMs), endMs)
    do {
      const window = { startTime: startMs, endTime: Math.min(startMs + WINDOW_MS, endMs) }
      const query: ListQuery = {
        path: '/v5/execution/list',
        callClass: 'executions',
        params: { category: 'linear', limit: 100, ...params, ...window },
      }
      const read = await this.list(
        query,
        (fields) => readExecutionRow(fields, ids, market),
        (fields) => (isForeignExecution(fields, ids, market) ? 'skip' : undefined),
      )
      if (!read.ok) return read
      rows.push(...read.value.rows)
      startMs = window.endTime
    } while (startMs < endMs)
    for (const row of rows) onExecution(row)
    return succeed(rows)
  }

  /** `path` is that of the open orders or of the history. */
  async orderRows(
    path: '/v5/order/realtime' | '/v5/order/history',
    params: Readonly<Record<string, unknown>>,
    isOpenList = false,
  ): Promise<Result<Listing<OrderRow>, Unread>> {
    const { ids, market, onOrder } = this.#parts
    const query: ListQuery = {
      path,
      callClass: 'orders',
      params: { category: 'linear', limit: 50, ...params },
    }
    const read = await this.list(
      query,
      (fields) => readOrderRow(fields, ids, market),
      (fields) => (isOpenList ? readForeignOpen(fields, ids) : undefined),
    )
    if (read.ok) for (const row of read.value.rows) onOrder(row)
    return read
  }

  async openOrders(): Promise<OpenOrdersReply> {
    const open = await this.#openRows()
    if (!open.ok) return { kind: 'unknown', message: open.message }
    const { market } = this.#parts
    const placed = open.value.filter((row) => !row.isPositionStop)
    return { kind: 'orders', orders: placed.map((row) => remoteOrder(row, market, [])) }
  }

  async positions(): Promise<ListedPositions | Unknown> {
    const { market } = this.#parts
    const rows: PositionRow[] = []
    const timesMs: number[] = []
    let isHedged = false
    for (const settleCoin of market.settleCoins) {
      const read = await this.list(
        {
          path: '/v5/position/list',
          callClass: 'positions',
          params: { category: 'linear', settleCoin, limit: 200 },
        },
        (fields) => {
          isHedged ||= isOfHedgeMode(fields)
          return readPositionRow(fields, market)
        },
      )
      if (isHedged) return { kind: 'unknown', message: HEDGE_MODE }
      if (!read.ok) return { kind: 'unknown', message: read.message }
      rows.push(...read.value.rows)
      timesMs.push(read.value.timeMs)
    }
    return { kind: 'listed', rows, timeMs: Math.min(...timesMs) }
  }

  /** `timeMs`: the exchange's own time of the answer; NaN: not told. */
  async balance(): Promise<BalanceReply & Readonly<{ timeMs?: number }>> {
    const reply = await this.#parts.rest.call({
      method: 'GET',
      path: '/v5/account/wallet-balance',
      callClass: 'wallet',
      params: { accountType: 'UNIFIED' },
    })
    const row = reply.verdict.class === 'ok' ? listIn(reply.result, 'list')?.[0] : undefined
    if (row === undefined) return { kind: 'unknown', message: reply.message || 'no wallet' }
    const balance = readWallet(row)
    if (balance !== undefined) return { kind: 'balance', balance, timeMs: reply.timeMs }
    return { kind: 'unknown', message: NO_WALLET_FIGURES }
  }

  /**
   * Everything that anybody placed, until the exchange lists none. The stops of a position stay:
   * they go with it, and guard it until it is closed.
   */
  async cancelAll(): Promise<CancelReply> {
    let message = 'orders are still open'
    for (let round = 0; round < CANCEL_ROUNDS_MAX; round++) {
      for (const settleCoin of this.#parts.market.settleCoins) {
        const params = { category: 'linear', settleCoin, orderFilter: 'Order' }
        const callClass = 'cancel_all' as const
        const path = '/v5/order/cancel-all'
        const reply = await this.#parts.rest.call({ method: 'POST', path, callClass, params })
        if (reply.verdict.class !== 'ok') message = reply.message
      }
      const open = await this.#openRows()
      if (!open.ok) {
        message = open.message
        continue
      }
      const placed = open.value.filter((row) => !row.isPositionStop)
      if (placed.length === 0) return { kind: 'accepted' }
      for (const { orderId, symbol } of placed.filter((row) => row.isConditional)) {
        const params = { category: 'linear', symbol, orderId }
        const callClass = 'cancel' as const
        const path = '/v5/order/cancel'
        const reply = await this.#parts.rest.call({ method: 'POST', path, callClass, params })
        if (reply.verdict.class !== 'ok') message = reply.message
      }
    }
    return { kind: 'unknown', message }
  }

  async #openRows(): Promise<Result<OrderRow[], Unread>> {
    const rows: OrderRow[] = []
    for (const settleCoin of this.#parts.market.settleCoins) {
      const read = await this.orderRows('/v5/order/realtime', { settleCoin, openOnly: 0 }, true)
      if (!read.ok) return read
      rows.push(...read.value.rows)
    }
    return succeed(rows)
  }

  /** All pages of one list; refused as a whole when one row is of a shape that `read` does not know. */
  async list<Row>(
    query: ListQuery,
    read: (fields: Fields) => Row | undefined,
    readUnknown: (fields: Fields) => Row | 'skip' | undefined = () => undefined,
  ): Promise<Result<Listing<Row>, Unread>> {
    const { path, callClass, isOptional = false, params } = query
    const invalid = (text: string) => fail('exchange_answer_invalid' as const, `${path}: ${text}`)
    const rows: Row[] = []
    let timeMs = Number.NaN
    let cursor = ''
    for (let page = 0; page < PAGES_MAX; page++) {
      const paged = cursor === '' ? params : { ...params, cursor }
      const call = { method: 'GET', path, callClass, params: paged, isOptional } as const
      const reply = await this.#parts.rest.call(call)
      if (reply.verdict.class !== 'ok') return invalid(reply.message)
      if (page === 0) timeMs = reply.timeMs
      const list = listIn(reply.result, 'list')
      if (list === undefined) {
        keepUnread(this.#parts.unread, path, reply.result)
        return invalid('no list')
      }
      for (const fields of list) {
        const known = read(fields)
        if (known === undefined) keepUnread(this.#parts.unread, path, fields)
        const row = known ?? readUnknown(fields)
        if (row === undefined) {
          return invalid(`a row is of a shape we do not know: ${aboutOf(fields)}`)
        }
        if (row !== 'skip') rows.push(row)
      }
      const next = textIn(reply.result, 'nextPageCursor')
      if (next === '' || list.length === 0) return succeed({ rows, timeMs })
      if (next === cursor) return invalid('the cursor leads nowhere')
      cursor = next
    }
    return invalid(`more than ${PAGES_MAX} pages`)
  }
}
