import { formatSteps } from '../core/decimal.ts'
import type { Account } from './account.ts'
import type { ListedInstrument } from './instruments.ts'
import { averagePriceText, moneyText } from './money.ts'
import { isOpen, leavesOf, sideName } from './private-order.ts'

/**
 * What really happened to the account, for tests to compare with: every accepted order, every
 * execution, every position. Lists may be read from a number on.
 */
export type AccountTruth = ReturnType<typeof accountTruth>

export function accountTruth(account: Account, query: URLSearchParams) {
  const number = (name: string) => {
    const value = Number(query.get(name) ?? 0)
    return Number.isFinite(value) ? value : 0
  }
  const [orderFrom, executionFrom] = [number('order_from'), number('execution_from')]
  const positions = account.positions().map(({ position }) => {
    const { instrument } = position
    const lots = Math.abs(position.lots)
    const size = formatSteps(position.lots, instrument.lot)
    return {
      symbol: instrument.symbol,
      side: lots === 0 ? '' : position.lots > 0 ? 'Buy' : 'Sell',
      /** Above zero is long. */
      signed_size: lots === 0 ? '0' : size,
      average_price: averagePriceText(position.cost, lots, instrument),
      realised: moneyText(position.realised),
      ...levelTexts(account, instrument),
    }
  })
  return {
    wallet_balance: moneyText(account.wallet),
    start_balance: moneyText(account.options.balance),
    profit: moneyText(account.totalProfit),
    fees: moneyText(account.totalFees),
    funding: moneyText(account.totalFunding),
    unrealised: moneyText(account.unrealised()),
    open_orders: account.orders.open().length,
    orders_forgotten: account.orders.forgotten,
    executions_forgotten: account.executionsForgotten,
    duplicate_link_ids: duplicateLinkIds(account),
    positions,
    orders: account.orders
      .all()
      .filter((order) => order.number >= orderFrom)
      .map((order) => ({
        number: order.number,
        order_id: order.orderId,
        order_link_id: order.orderLinkId,
        symbol: order.market.instrument.symbol,
        side: sideName(order.side),
        status: order.status,
        is_open: isOpen(order),
        size: formatSteps(order.lots, order.market.instrument.lot),
        filled: formatSteps(order.filledLots, order.market.instrument.lot),
        leaves: formatSteps(leavesOf(order), order.market.instrument.lot),
        reduce_only: order.isReduceOnly,
        created_ms: order.createdMs,
      })),
    executions: account
      .executions()
      .filter((execution) => execution.number >= executionFrom)
      .map((execution) => ({
        number: execution.number,
        exec_id: execution.execId,
        type: execution.execType,
        order_id: execution.order?.orderId ?? '',
        order_link_id: execution.order?.orderLinkId ?? '',
        symbol: execution.market.instrument.symbol,
        side: sideName(execution.side),
        size: formatSteps(execution.lots, execution.market.instrument.lot),
        price: formatSteps(execution.ticks, execution.market.instrument.tick),
        fee: moneyText(execution.fee),
        profit: moneyText(execution.profit),
        is_maker: execution.isMaker,
        time_ms: execution.timeMs,
      })),
  }
}

/** Accepted orders beyond the first of each link id; nothing but zero is right. */
function duplicateLinkIds(account: Account): number {
  const seen = new Set<string>()
  let duplicates = 0
  for (const { orderLinkId } of account.orders.all()) {
    if (orderLinkId === '') continue
    if (seen.has(orderLinkId)) duplicates++
    seen.add(orderLinkId)
  }
  return duplicates
}

/** What closes a position without its client; empty: none. */
function levelTexts(account: Account, { symbol, tick }: ListedInstrument) {
  const { stopLossTicks, takeProfitTicks } = account.stops(symbol)
  const text = (ticks: number) => (ticks === 0 ? '' : formatSteps(ticks, tick))
  return { stop_loss: text(stopLossTicks), take_profit: text(takeProfitTicks) }
}
