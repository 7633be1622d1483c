import type { PnlAnswer } from '../control/pnl-schema.ts'
import type { PnlMethod } from '../domain/pnl.ts'
import { orNull, unrealizedPnlQuote } from './engine-ports.ts'
import type { MarketWatch } from './market-watch.ts'
import type { AccountView, TradingFold } from './trading-fold.ts'

const DAY_MS = 86_400_000

/** Realized profit of the fold has the fees taken off already. */
type Won = Readonly<{ realizedPnlQuote: number; feesQuote: number; fundingQuote: number }>

export function pnlAnswer(trading: TradingFold, watch: MarketWatch, method: PnlMethod): PnlAnswer {
  const positions = [...trading.positions.values()]
  let unrealized = 0
  const symbols = positions.map((position) => {
    const open = unrealizedPnlQuote(trading, watch, position.instrument)
    unrealized += open
    const { symbol } = watch.instruments[position.instrument]
    return { symbol, ...figures([position]), unrealized_pnl_quote: orNull(open) }
  })
  const strategies = [...trading.pnlStrategies.values()].map((line) => ({
    strategy: line.strategy,
    fills: line.fills,
    ...figures([line]),
  }))
  const days = [...trading.pnlDays.values()]
    .sort((a, b) => b.day - a.day)
    .map((line) => ({
      date: new Date(line.day * DAY_MS).toISOString().slice(0, 10),
      fills: line.fills,
      ...figures([line]),
    }))
  const { account } = trading
  const total = {
    ...figures(strategies.length > 0 ? [...trading.pnlStrategies.values()] : positions),
    unrealized_pnl_quote: orNull(unrealized),
    equity_quote: orNull(account?.equityQuote ?? Number.NaN),
    peak_equity_quote: orNull(account?.peakQuote ?? Number.NaN),
    drawdown_percent: orNull(account?.drawdownPercent ?? Number.NaN),
    max_drawdown_percent: orNull(account?.drawdownPercentMax ?? Number.NaN),
  }
  return { method, total, margin: marginOf(account), symbols, strategies, days }
}

function figures(lines: readonly Won[]) {
  const won = { realized_pnl_quote: 0, fees_quote: 0, funding_quote: 0, net_pnl_quote: 0 }
  for (const { feesQuote, fundingQuote, realizedPnlQuote } of lines) {
    won.realized_pnl_quote += realizedPnlQuote + feesQuote
    won.fees_quote += feesQuote
    won.funding_quote += fundingQuote
    won.net_pnl_quote += realizedPnlQuote - fundingQuote
  }
  return won
}

function marginOf(account: AccountView | undefined): PnlAnswer['margin'] {
  if (account === undefined) return null
  const { equityQuote, margin, notionalQuote } = account
  return {
    source: margin.isExchange ? 'exchange' : 'model',
    initial_quote: orNull(margin.positionsQuote),
    orders_quote: orNull(margin.ordersQuote),
    used_quote: orNull(margin.positionsQuote + margin.ordersQuote),
    maintenance_quote: orNull(margin.maintenanceQuote),
    free_quote: orNull(margin.freeQuote),
    leverage: orNull(notionalQuote / equityQuote),
  }
}
