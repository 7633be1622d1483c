import type { ResultCode } from '../domain/result-codes.ts'
import type { TradingState } from '../domain/trading.ts'
import type { Books } from './books.ts'
import type { CircuitBreaker } from './breaker/circuit-breaker.ts'
import type { Closing } from './closing.ts'
import type { ExecutionState } from './execution-state.ts'
import type { Exposures } from './exposures.ts'
import { instrumentKey } from './holding.ts'
import { decisionOf, type Intent } from './intent.ts'
import type { Ledger } from './ledger.ts'
import type { ExecutionOptions } from './options.ts'
import type { ApprovedOrder, BookFacts, RiskFacts } from './risk/risk-gate.ts'
import type { TradingControl } from './trading-switch.ts'

export type FactSources = Readonly<{
  ledger: Ledger
  books: Books
  options: ExecutionOptions
  control: TradingControl
  breaker: CircuitBreaker
  exposures: Exposures
  closing: Closing
  isRecovered: () => boolean
}>

/** Everything the gate decides on, as it is now. */
export function gatherFacts(sources: FactSources, intent: Intent, nowUs: number): RiskFacts {
  const { ledger, options, control, exposures } = sources
  const { state } = ledger
  const { index } = intent.instrument
  const key = instrumentKey(intent.instrument)
  const exposure = exposures.totals(key)
  const equity = exposures.equityQuote()
  const dayStart = state.day?.equity_quote ?? Number.NaN
  return {
    nowUs,
    run: ledger.run,
    orderNumber: state.orderNumber + 1,
    tradingState: state.tradingState,
    isKilled: control.isKilled(),
    isRecovered: sources.isRecovered(),
    isJournalAvailable: ledger.failure === undefined,
    isBreakerOpen: !sources.breaker.allows(nowUs),
    isDecisionKnown: state.decisions.has(decisionOf(intent, ledger.run)),
    isFlattening: sources.closing.isFlattening(index),
    book: bookFacts(sources.books, index, nowUs),
    positionLots: state.position(key).lots,
    hasOrderInFlight: hasUnfinished(state, key),
    ordersOpen: state.unfinished.size,
    symbolsOpen: exposure.symbolsOpen,
    isSymbolOpen: exposure.isSymbolOpen,
    exposure,
    dayLossQuote: dayStart - equity,
    dayLossQuoteMax: dayStart * options.limits.dailyLossFractionMax,
    isEquityKnown: Number.isFinite(equity) && Number.isFinite(dayStart),
  }
}

/** Whether what was lost since midnight UTC, open positions included, has reached its limit. */
export function isDayLost({ ledger, exposures, options }: FactSources): boolean {
  const start = ledger.state.day?.equity_quote ?? Number.NaN
  return start - exposures.equityQuote() >= start * options.limits.dailyLossFractionMax
}

export function hasUnfinished(state: ExecutionState, key: string): boolean {
  for (const order of state.unfinished.values()) if (order.key === key) return true
  return false
}

/** What may have changed between the gate and the moment the order would leave. */
export function lateRefusal(
  approved: ApprovedOrder,
  isKilled: boolean,
  state: TradingState,
): ResultCode | undefined {
  if (isKilled) return 'kill_latch'
  if (approved.isReduceOnly || state === 'active') return undefined
  return state === 'halted' ? 'halted' : 'reduce_only'
}

function bookFacts(books: Books, index: number, nowUs: number): BookFacts {
  const book = books.read(index)
  if (book === undefined) {
    return { state: 'SYNCING', ageMs: Number.NaN, bidTicks: Number.NaN, askTicks: Number.NaN }
  }
  return {
    state: book.state,
    ageMs: (nowUs - book.dataUs) / 1000,
    bidTicks: book.bidCount > 0 ? book.bidTicks[0] : Number.NaN,
    askTicks: book.askCount > 0 ? book.askTicks[0] : Number.NaN,
  }
}
