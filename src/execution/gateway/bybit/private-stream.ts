import { EXEC_IDS_KEPT_MAX } from '../../../constants.ts'
import type { Logger } from '../../../core/log.ts'
import type { Counters } from '../../../memory/counters.ts'
import type { GatewayEvent, RemoteBalance } from '../gateway.ts'
import type { AccountMarket } from './account-market.ts'
import { byTime, type ExecutionRow, readExecutionRow } from './execution-rows.ts'
import type { LinkIds } from './link-ids.ts'
import { type OrderRow, readOrderRow } from './order-rows.ts'
import { type PositionPicture, readPositionRow } from './position-pictures.ts'
import { isOfHedgeMode } from './position-rows.ts'
import { aboutOf, keepUnread, type UnreadParts } from './unread-rows.ts'
import { readWallet } from './wallet-rows.ts'
import { type Fields, listIn, numberIn, textIn } from './wire-fields.ts'

export const PRIVATE_TOPICS = ['order.linear', 'execution.linear', 'position.linear', 'wallet']
/** Marks the connection as one whose end cancels our orders, where the account has that. */
export const DISCONNECT_TOPIC = 'dcp.future'

export type PrivateStreamParts = Readonly<{
  market: AccountMarket
  ids: LinkIds
  counters: Counters
  unread: UnreadParts
  log: Logger
  nowUs: () => number
  onOrder: (row: OrderRow) => void
  onExecution: (row: ExecutionRow) => void
}>

/** The wallet as the stream brought it, and when, by our time and by the exchange's. */
export type SeenWallet = Readonly<{ value: RemoteBalance; receivedUs: number; createdMs: number }>

/**
 * What the private stream tells, in the order of the exchange: each execution once by its execId,
 * of each position the picture with the highest `seq`, of the wallet the newest.
 */
export class PrivateStream {
  readonly positions = new Map<string, PositionPicture>()
  wallet: SeenWallet | undefined
  readonly #parts: PrivateStreamParts
  /** Oldest first; bounded. */
  readonly #execIds = new Set<string>()

  constructor(parts: PrivateStreamParts) {
    this.#parts = parts
  }

  receive(frame: Fields): void {
    const topic = textIn(frame, 'topic')
    if (topic === '') return
    const rows = listIn(frame, 'data')
    const createdMs = numberIn(frame, 'creationTime')
    if (rows === undefined) this.#unread(topic, frame)
    else if (topic.startsWith('order')) this.#orders(rows)
    else if (topic.startsWith('execution')) this.#executions(rows)
    else if (topic.startsWith('position')) this.#positions(rows, createdMs)
    else if (topic === 'wallet') this.#wallet(rows, createdMs)
  }

  #orders(rows: readonly Fields[]): void {
    const { ids, market, onOrder } = this.#parts
    for (const fields of rows) {
      if (isOtherCategory(fields)) continue
      const row = readOrderRow(fields, ids, market)
      if (row === undefined) this.#unread('order', fields)
      else onOrder(row)
    }
  }

  #executions(rows: readonly Fields[]): void {
    const { counters, ids, market, onExecution } = this.#parts
    const read: ExecutionRow[] = []
    for (const fields of rows) {
      if (isOtherCategory(fields)) continue
      const row = readExecutionRow(fields, ids, market)
      if (row === undefined) this.#unread('execution', fields)
      else if (this.#execIds.has(row.execution.execId)) counters.add('exchange_executions_repeated')
      else {
        this.#remember(row.execution.execId)
        read.push(row)
      }
    }
    for (const row of read.sort(byTime)) onExecution(row)
  }

  #positions(rows: readonly Fields[], createdMs: number): void {
    const { market, nowUs } = this.#parts
    for (const fields of rows) {
      if (isOtherCategory(fields)) continue
      const row = readPositionRow(fields, market)
      if (row === undefined || isOfHedgeMode(fields)) {
        this.#unread('position', fields)
        continue
      }
      // Only what is configured, or open and ours: so the map has a bound.
      if (market.steps(textIn(fields, 'symbol'), false) === undefined) continue
      const { key } = row.position
      const known = this.positions.get(key)
      if (known !== undefined && known.seq > row.seq) continue
      this.positions.set(key, { ...row, createdMs, receivedUs: nowUs() })
    }
  }

  #wallet(rows: readonly Fields[], createdMs: number): void {
    const row = rows.find((fields) => textIn(fields, 'accountType') === 'UNIFIED')
    if (row === undefined || (this.wallet?.createdMs ?? 0) > createdMs) return
    const value = readWallet(row)
    if (value === undefined) this.#unread('wallet', row)
    else this.wallet = { value, receivedUs: this.#parts.nowUs(), createdMs }
  }

  #remember(execId: string): void {
    this.#execIds.add(execId)
    if (this.#execIds.size <= EXEC_IDS_KEPT_MAX) return
    for (const oldest of this.#execIds) {
      this.#execIds.delete(oldest)
      return
    }
  }

  #unread(topic: string, content: Fields): void {
    const { log, unread } = this.#parts
    keepUnread(unread, `stream ${topic}`, content)
    const about = aboutOf(content)
    log.error(
      { topic, about },
      'a private message is of a shape we do not know: kept as a dead letter',
    )
  }
}

function isOtherCategory(fields: Fields): boolean {
  const category = textIn(fields, 'category')
  return category !== '' && category !== 'linear'
}

/** The event of an execution; undefined: it is no matter of ours. */
export function executionEvent(row: ExecutionRow): GatewayEvent | undefined {
  const { execution, owner } = row
  const { execId, feeQuote, key, kind, timeUs } = execution
  if (kind === 'funding') return { type: 'funding', execId, key, feeQuote, timeUs }
  if (kind !== 'trade') return undefined
  if (owner === 'us') return { type: 'execution', execution }
  return { type: 'foreign_execution', execution }
}

/** The event of an order of ours that ended; fills are told by executions. */
export function endEvent(row: OrderRow): GatewayEvent | undefined {
  const { code, orderLinkId, owner, state, timeUs } = row
  if (owner !== 'us') return undefined
  if (state === 'canceled') return { type: 'canceled', orderLinkId, code, timeUs }
  if (state === 'rejected') return { type: 'rejected', orderLinkId, code, timeUs }
  return undefined
}
