import type { Instrument, InstrumentTable } from '../../domain/instrument.ts'
import type { Fields } from '../../execution/gateway/bybit/wire-fields.ts'
import { instrumentKey } from '../../execution/holding.ts'
import type { FaultPlan } from '../fault-plan.ts'
import type { SimExchange } from '../sim-exchange.ts'
import type { SimOrder } from '../sim-order.ts'
import type { Timeline } from '../timeline.ts'
import { executionRow, orderRow, positionRow } from './rows.ts'

/** How far lists may lag behind the exchange. */
const LAG_US_MAX = 300_000
/** Of the history alone, at its worst. */
const HISTORY_LAG_US_MAX = 4_000_000
const RECENT_MAX = 500
const WINDOW_MS_MAX = 7 * 86_400_000
/** Begins a cursor that counts rows. */
const SKIP = 'skip-'

export type ListsParts = Readonly<{
  exchange: SimExchange
  faults: FaultPlan
  timeline: Timeline
  instruments: InstrumentTable
  /** As the exchange was told the id. */
  wireId: (orderLinkId: string) => string
  pageMax: number
}>

type Numbered = Readonly<{ number: number; row: Fields }>

/** The lists of the account, newest first, in pages, which may lag behind it. */
export class BybitLists {
  readonly #parts: ListsParts

  constructor(parts: ListsParts) {
    this.#parts = parts
  }

  /** Undefined: there is no such list, or not with these parameters. */
  read(path: string, query: URLSearchParams): Fields | undefined {
    switch (path) {
      case '/v5/order/realtime': {
        if (!query.has('symbol') && !query.has('settleCoin')) return undefined
        if (query.get('openOnly') !== '1') return this.#paged(this.#open(query), query)
        const isForgotten = this.#parts.faults.hits('recent_forgotten')
        return this.#paged(isForgotten ? [] : this.#ended(query, this.#asOfUs()), query)
      }
      case '/v5/order/history':
        return this.#paged(this.#ended(query, this.#historyUs()), query)
      case '/v5/execution/list':
        return isWindow(query) ? this.#paged(this.#executions(query), query) : undefined
      case '/v5/position/list':
        return { list: this.#heldAt(this.#asOfUs()), nextPageCursor: '' }
      case '/v5/account/wallet-balance':
        return { list: [this.wallet()] }
      case '/v5/account/transaction-log':
        return isWindow(query) ? this.#paged(this.#transfers(query), query) : undefined
      default:
        return undefined
    }
  }

  orderRow(order: SimOrder): Fields {
    const { wireId } = this.#parts
    const { key, orderLinkId } = order.wire
    return orderRow(order, this.instrument(key), wireId(orderLinkId))
  }

  positions(atUs: number): readonly Fields[] {
    const { exchange } = this.#parts
    const seq = exchange.executions.length
    const positions = exchange.positions(atUs)
    return positions.map((each) => positionRow(each, this.instrument(each.key), seq))
  }

  /** What is flat is not listed. */
  #heldAt(atUs: number): readonly Fields[] {
    return this.positions(atUs).filter(({ side }) => side !== '')
  }

  wallet(): Fields {
    const { availableQuote, equityQuote, walletQuote } = this.#parts.exchange.wallet.balance
    return {
      accountType: 'UNIFIED',
      totalEquity: String(equityQuote),
      totalWalletBalance: String(walletQuote),
      totalAvailableBalance: String(availableQuote),
      coin: [],
    }
  }

  instrument(key: string): Instrument {
    const { instruments } = this.#parts
    return instruments.find((each) => instrumentKey(each) === key) ?? instruments[0]
  }

  #asOfUs(): number {
    const { faults, timeline } = this.#parts
    return timeline.nowUs() - (faults.hits('list_lags') ? faults.below(LAG_US_MAX) : 0)
  }

  #historyUs(): number {
    const { faults, timeline } = this.#parts
    const lagsMore = faults.hits('recent_forgotten')
    return lagsMore ? timeline.nowUs() - faults.below(HISTORY_LAG_US_MAX) : this.#asOfUs()
  }

  #open(query: URLSearchParams): readonly Numbered[] {
    const asOfUs = this.#asOfUs()
    return this.#orders(query, ({ acceptedUs, state }) => state === 'open' && acceptedUs <= asOfUs)
  }

  #ended(query: URLSearchParams, asOfUs: number): readonly Numbered[] {
    return this.#orders(query, ({ state, updatedUs }) => state !== 'open' && updatedUs <= asOfUs)
  }

  #orders(query: URLSearchParams, isListed: (order: SimOrder) => boolean): readonly Numbered[] {
    const { exchange, wireId } = this.#parts
    const wanted = query.get('orderLinkId')
    const symbol = query.get('symbol')
    const orders = [...exchange.orders.values()].filter(
      (order) =>
        isListed(order) &&
        exchange.isShown(order) &&
        (wanted === null || wireId(order.wire.orderLinkId) === wanted) &&
        (symbol === null || this.instrument(order.wire.key).symbol === symbol),
    )
    return orders
      .slice(-RECENT_MAX)
      .map((order) => ({ number: Number(order.orderId.slice(1)), row: this.orderRow(order) }))
  }

  #executions(query: URLSearchParams): readonly Numbered[] {
    const { exchange, wireId } = this.#parts
    const asOfUs = this.#asOfUs()
    const wanted = query.get('orderLinkId') ?? ''
    const fromMs = Number(query.get('startTime'))
    const untilMs = Number(query.get('endTime'))
    const found: Numbered[] = []
    exchange.executions.forEach((execution, number) => {
      const timeMs = Math.floor(execution.timeUs / 1000)
      if (timeMs < fromMs || timeMs > untilMs || execution.timeUs > asOfUs) return
      const id = wireId(execution.orderLinkId)
      if (wanted !== '' && id !== wanted) return
      found.push({ number, row: executionRow(execution, this.instrument(execution.key), id) })
    })
    return found
  }

  #transfers(query: URLSearchParams): readonly Numbered[] {
    const type = query.get('type') ?? ''
    const sign = type === 'TRANSFER_IN' ? 1 : -1
    const fromMs = Number(query.get('startTime'))
    const untilMs = Number(query.get('endTime'))
    const asOfUs = this.#asOfUs()
    const found: Numbered[] = []
    this.#parts.exchange.wallet.transfers.forEach(({ amountQuote, timeUs, transferId }, number) => {
      const timeMs = Math.floor(timeUs / 1000)
      if (amountQuote * sign <= 0 || timeMs < fromMs || timeMs > untilMs || timeUs > asOfUs) return
      const cashFlow = String(amountQuote)
      const transactionTime = String(timeMs)
      found.push({
        number,
        row: { id: transferId, type, currency: 'USDT', cashFlow, transactionTime },
      })
    })
    return found
  }

  /** `cursor` is the number of the last row of the page before, or how many rows came before. */
  #paged(rows: readonly Numbered[], query: URLSearchParams): Fields {
    const { faults, pageMax } = this.#parts
    const limit = Math.min(pageMax, Number(query.get('limit') ?? 20))
    const cursor = query.get('cursor') ?? ''
    const skipped = cursor.startsWith(SKIP) ? Number(cursor.slice(SKIP.length)) : 0
    const before = cursor === '' || skipped > 0 ? Number.POSITIVE_INFINITY : Number(cursor)
    const left = rows.filter(({ number }) => number < before).reverse()
    const page = left.slice(skipped, skipped + limit)
    const last = page[page.length - 1]
    if (left.length <= skipped + limit || last === undefined) {
      return { list: page.map(({ row }) => row), nextPageCursor: '' }
    }
    const next = faults.hits('pages_shift')
      ? `${SKIP}${rows.length - left.length + skipped + limit}`
      : last.number
    return { list: page.map(({ row }) => row), nextPageCursor: String(next) }
  }
}

/** The exchange gives no more than seven days at once. */
function isWindow(query: URLSearchParams): boolean {
  const durationMs = Number(query.get('endTime')) - Number(query.get('startTime'))
  return query.has('startTime') && durationMs >= 0 && durationMs <= WINDOW_MS_MAX
}
