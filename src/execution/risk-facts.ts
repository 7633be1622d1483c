import { ORDERS_OPEN_MAX } from '../constants.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { BookCopy } from '../memory/book-view.ts'
import type { Books } from './books.ts'
import type { CircuitBreaker } from './breaker/circuit-breaker.ts'
import type { Closing } from './closing.ts'
import type { ExecutionState } from './execution-state.ts'
import type { Block } from './exits/exit-waits.ts'
import { dayOf, type Exposures } from './exposures.ts'
import { instrumentKey } from './holding.ts'
import { decisionOf, type Intent } from './intent.ts'
import type { Ledger } from './ledger.ts'
import type { LossWatch } from './loss-watch.ts'
import type { ExecutionOptions } from './options.ts'
import type { BookFacts, PriceLevel, RiskFacts } from './risk/facts.ts'
import type { RiskGuards } from './risk-guards.ts'
import type { StrategySwitch } from './strategy-switch.ts'
import type { TradingControl } from './trading-switch.ts'

export type FactSources = Readonly<{
  ledger: Ledger
  books: Books
  options: ExecutionOptions
  control: TradingControl
  breaker: CircuitBreaker
  exposures: Exposures
  closing: Closing
  losses: LossWatch
  guards: RiskGuards
  strategies: StrategySwitch
  isRecovered: () => boolean
  /** `Kill.sinceUs`. */
  killSinceUs: () => number
}>

/** Everything the gate decides on, as it is now; what is open without one order, if it is named. */
export function gatherFacts(
  sources: FactSources,
  intent: Intent,
  nowUs: number,
  without?: string,
): RiskFacts {
  const { ledger, options, control, exposures, guards } = sources
  const { limits } = options
  const { state } = ledger
  const { index, symbol } = intent.instrument
  const key = instrumentKey(intent.instrument)
  const exposure = exposures.totals(key, without)
  const equity = exposures.equityQuote()
  const { gapQuote, takenOutQuote } = exposures
  const dayStart = state.days.equityQuote(dayOf(nowUs))
  const recent = state.risk.recent(nowUs)
  const isExit = intent.action === 'exit'
  const passed = isExit ? passedOver(sources, nowUs, index) : NONE_PASSED_OVER
  return {
    nowUs,
    run: ledger.run,
    orderNumber: state.orderNumber + 1,
    tradingState: state.tradingState,
    isKilled: control.isKilled() || state.stops.isKilled,
    requiresStop: options.requiresStop,
    isRecovered: sources.isRecovered(),
    isJournalAvailable: ledger.failure === undefined,
    isBreakerOpen: !sources.breaker.allows(nowUs),
    isDecisionKnown: state.decisions.has(decisionOf(intent, ledger.run)),
    isFlattening: sources.closing.isFlattening(index),
    isExitWaiting: sources.closing.isWaiting(index),
    hasInstanceLock: guards.hasInstanceLock(),
    regime: guards.regime(),
    isStrategyStopped: sources.strategies.isStopped(intent.strategy),
    clockOffsetMs: guards.clockOffsetMs(),
    book: bookFacts(sources.books, intent, nowUs),
    positionLots: state.position(key).lots,
    entriesOfPosition: state.risk.entries(key),
    lastEntry: state.risk.lastEntry(key),
    hasOrderInFlight: blockOf(state, key, passed) !== undefined,
    ordersOpen: state.unfinished.size,
    symbolsOpen: exposure.open.size,
    isSymbolOpen: exposure.open.has(key),
    correlatedOpen: correlatedOpen(options.correlationGroups, symbol, exposure.open),
    exposure,
    riskQuote: exposure.riskQuote,
    equityQuote: equity - gapQuote,
    peakQuote: state.risk.peakQuote - takenOutQuote,
    dayLossQuote: dayStart - exposures.worthQuote(),
    dayLossQuoteMax: Math.max(0, dayStart - takenOutQuote) * limits.dailyLossFractionMax,
    isEquityKnown: Number.isFinite(equity) && Number.isFinite(dayStart),
    lossStreak: state.risk.lossStreak(nowUs - limits.lossStreakLookbackMs * 1000),
    ordersRecent: recent.orders,
    turnoverRecentQuote: recent.turnoverQuote,
  }
}

/** Other open symbols of the fullest of its groups. */
function correlatedOpen(
  groups: ExecutionOptions['correlationGroups'],
  symbol: string,
  open: ReadonlySet<string>,
): number {
  const openSymbols = new Set([...open].map((key) => key.slice(key.indexOf(':') + 1)))
  let most = 0
  for (const group of Object.values(groups)) {
    if (!group.includes(symbol)) continue
    const others = group.filter((other) => other !== symbol && openSymbols.has(other))
    most = Math.max(most, others.length)
  }
  return most
}

/** An order whose fate nobody tells keeps what must be closed open for so long. */
const PATIENCE_US = 10_000_000

/** Orders that open, and orders that close, submitted before these are not waited for any more. */
export type PassedOver = Readonly<{ openingUs: number; closingUs: number }>

/** All are waited for. */
const NONE_PASSED_OVER: PassedOver = {
  openingUs: Number.NEGATIVE_INFINITY,
  closingUs: Number.NEGATIVE_INFINITY,
}

/**
 * While a kill or a loss beyond its limit closes everything, or an exit of the instrument is due,
 * for as long as the patience: the fate of older orders is asked for in vain, and what closes can
 * only make a position smaller. An order that closes is passed over only where all is to be closed:
 * a part that has filled unseen would be closed again.
 */
export function passedOver(
  { closing, killSinceUs, ledger, losses }: FactSources,
  nowUs: number,
  instrument: number,
): PassedOver {
  if (ledger.state.unfinished.size >= ORDERS_OPEN_MAX) return NONE_PASSED_OVER
  const isLong = (sinceUs: number) => nowUs - sinceUs >= PATIENCE_US
  const beforeUs = nowUs - PATIENCE_US
  if (isLong(killSinceUs()) || isLong(losses.flatSinceUs)) {
    return { openingUs: beforeUs, closingUs: beforeUs }
  }
  if (!isLong(closing.dueSinceUs(instrument))) return NONE_PASSED_OVER
  const isWhole = closing.isWholeDue(instrument)
  return { openingUs: beforeUs, closingUs: isWhole ? beforeUs : NONE_PASSED_OVER.closingUs }
}

/** What keeps an order that closes from leaving. */
export function blockOf(state: ExecutionState, key: string, passed: PassedOver): Block | undefined {
  let block: Block | undefined
  for (const { key: its, submittedUs, terms } of state.unfinished.values()) {
    if (its !== key) continue
    if (submittedUs < (terms.reduce_only ? passed.closingUs : passed.openingUs)) continue
    if (terms.reduce_only) return 'closing'
    block = 'opening'
  }
  return block
}

/** What may have changed between the gate and the moment the order would leave. */
export function lateRefusal(
  { guards, isRecovered, ledger, strategies }: FactSources,
  isOpening: boolean,
  isKilled: boolean,
  strategy: number,
): ResultCode | undefined {
  if (!isOpening) return undefined
  if (isKilled) return 'kill_latch'
  const { tradingState } = ledger.state
  if (tradingState !== 'active') return tradingState
  if (guards.regime() === 'risk_off') return 'risk_off'
  if (strategies.isStopped(strategy)) return 'strategy_stopped'
  return isRecovered() ? undefined : 'recovering'
}

function bookFacts(books: Books, intent: Intent, nowUs: number): BookFacts {
  const book = books.read(intent.instrument.index)
  if (book === undefined) {
    const nowhere = { bidTicks: Number.NaN, askTicks: Number.NaN, crossing: [] }
    return { state: 'SYNCING', ageMs: Number.NaN, ...nowhere }
  }
  return {
    state: book.state,
    ageMs: (nowUs - book.dataUs) / 1000,
    bidTicks: book.bidCount > 0 ? book.bidTicks[0] : Number.NaN,
    askTicks: book.askCount > 0 ? book.askTicks[0] : Number.NaN,
    crossing: intent.action === 'exit' ? [] : crossingLevels(book, intent),
  }
}

/** Levels of the other side at the limit price or better. */
function crossingLevels(book: BookCopy, { action, limitTicks }: Intent): PriceLevel[] {
  const isBuy = action === 'enter_long'
  const [ticks, lots] = isBuy ? [book.askTicks, book.askLots] : [book.bidTicks, book.bidLots]
  const count = isBuy ? book.askCount : book.bidCount
  const levels: PriceLevel[] = []
  for (let i = 0; i < count; i++) {
    if (isBuy ? ticks[i] > limitTicks : ticks[i] < limitTicks) break
    levels.push({ ticks: ticks[i], lots: lots[i] })
  }
  return levels
}
