import type { ResultCode } from '../../domain/result-codes.ts'
import type { Intent } from '../intent.ts'
import type { RiskLimits, SizingOptions } from '../options.ts'
import { isWhole, midOf } from './book-figures.ts'
import { isClockUnknown, type RiskFacts } from './facts.ts'

// Long because the gate is one table.
/** Everything that one rule may look at. */
export type Look = Readonly<{
  intent: Intent
  facts: RiskFacts
  limits: RiskLimits
  sizing: SizingOptions
  /** The order may take what the book offers; not so post-only. */
  isTaking: boolean
  /** Highest price the order may fill at, so that no fill can pass a limit. */
  worstTicks: number
}>

/** What a rule found, and what it allows; null where it has no figures. */
export type Breach = Readonly<{ limit: number | null; actual: number | null }>

type Check = (look: Look, lots: number) => Breach | undefined

export type Rule = Readonly<{
  code: ResultCode
  /**
   * `every`: for every order. `entry`: for orders that open or enlarge a position; closing passes
   * all of these and stays possible in every state, as a kill needs it. `sized`: for an entry whose
   * size is known.
   */
  when: 'every' | 'entry' | 'sized'
  text: string
  check: Check
}>

type Figure = (look: Look, lots: number) => number

const NO_FIGURES: Breach = { limit: null, actual: null }

function forbids(isBroken: (look: Look) => boolean): Check {
  return (look) => (isBroken(look) ? NO_FIGURES : undefined)
}

/** A figure that is not known, NaN, is never within a limit; without a limit it is not asked. */
function atMost(actual: Figure, limit: Figure): Check {
  return compared(actual, limit, (found, allowed) => found <= allowed)
}

function below(actual: Figure, limit: Figure): Check {
  return compared(actual, limit, (found, allowed) => found < allowed)
}

function atLeast(actual: Figure, limit: Figure): Check {
  return compared(actual, limit, (found, allowed) => found >= allowed)
}

function compared(
  actual: Figure,
  limit: Figure,
  isWithin: (found: number, allowed: number) => boolean,
): Check {
  return (look, lots) => {
    const allowed = limit(look, lots)
    if (allowed === Number.POSITIVE_INFINITY) return undefined
    const found = actual(look, lots)
    if (isWithin(found, allowed)) return undefined
    return { limit: finiteOrNull(allowed), actual: finiteOrNull(found) }
  }
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/**
 * The whole gate but for the size (size-caps.ts). In this order: the first rule that denies names
 * the reason. Texts name the key of the configuration where there is one.
 */
export const RULES: readonly Rule[] = [
  {
    code: 'kill_latch',
    when: 'entry',
    text: 'the kill latch is set: only what closes may leave until its release',
    check: forbids(({ facts }) => facts.isKilled),
  },
  {
    code: 'journal_unavailable',
    when: 'every',
    text: 'the journal cannot be written',
    check: forbids(({ facts }) => !facts.isJournalAvailable),
  },
  {
    code: 'instance_lock',
    when: 'entry',
    text: 'another process trades this account',
    check: forbids(({ facts }) => !facts.hasInstanceLock),
  },
  {
    code: 'intent_too_old',
    when: 'every',
    text: 'the intent waited longer than intent_age_ms_max',
    check: atMost(
      ({ facts, intent }) => (facts.nowUs - intent.createdUs) / 1000,
      ({ limits }) => limits.intentAgeMsMax,
    ),
  },
  {
    code: 'duplicate_intent',
    when: 'every',
    text: 'an order was made of this decision before',
    check: forbids(({ facts }) => facts.isDecisionKnown),
  },
  {
    code: 'order_in_flight',
    when: 'every',
    text: 'an order of this symbol is not finished',
    check: forbids(({ facts }) => facts.hasOrderInFlight),
  },
  {
    code: 'open_orders_limit',
    when: 'entry',
    text: 'open_orders_max orders are open',
    check: below(
      ({ facts }) => facts.ordersOpen,
      ({ limits }) => limits.ordersOpenMax,
    ),
  },
  {
    code: 'recovering',
    when: 'entry',
    text: 'our record of the account does not agree with that of the exchange yet',
    check: forbids(({ facts }) => !facts.isRecovered),
  },
  {
    code: 'halted',
    when: 'entry',
    text: 'trading is halted',
    check: forbids(({ facts }) => facts.tradingState === 'halted'),
  },
  {
    code: 'reduce_only',
    when: 'entry',
    text: 'trading is reduce-only',
    check: forbids(({ facts }) => facts.tradingState !== 'active'),
  },
  {
    code: 'risk_off',
    when: 'entry',
    text: 'the regime is risk_off',
    check: forbids(({ facts }) => facts.regime !== 'risk_on'),
  },
  {
    code: 'strategy_stopped',
    when: 'entry',
    text: 'its strategy was stopped by a person',
    check: forbids(({ facts }) => facts.isStrategyStopped),
  },
  {
    code: 'flattening',
    when: 'entry',
    text: 'the symbol is being flattened',
    check: forbids(({ facts }) => facts.isFlattening),
  },
  {
    code: 'exit_due',
    when: 'entry',
    text: 'an exit of the symbol is due and goes first',
    check: forbids(({ facts }) => facts.isExitWaiting),
  },
  {
    code: 'clock_unknown',
    when: 'entry',
    text: 'our clock is not compared with that of the exchange, or was not for minutes',
    check: forbids(({ facts, limits }) => isClockUnknown(facts, limits.clockDriftMsMax)),
  },
  {
    code: 'clock_drift',
    when: 'entry',
    text: 'our clock differs from that of the exchange by more than clock_drift_ms_max',
    check: atMost(
      ({ facts }) => Math.abs(facts.clockOffsetMs),
      ({ limits }) => limits.clockDriftMsMax,
    ),
  },
  {
    code: 'book_not_live',
    when: 'entry',
    text: 'the book is not LIVE or is crossed, or that of an open position has no price',
    check: forbids(
      ({ facts }) => facts.book.state !== 'LIVE' || !facts.isEquityKnown || !isWhole(facts.book),
    ),
  },
  {
    code: 'daily_loss',
    when: 'entry',
    text: 'the loss of the day has reached daily_loss_fraction',
    check: below(
      ({ facts }) => facts.dayLossQuote,
      ({ facts }) => facts.dayLossQuoteMax,
    ),
  },
  {
    code: 'max_drawdown',
    when: 'entry',
    text: 'the equity has fallen from its peak by drawdown_fraction',
    check: below(
      ({ facts }) => 1 - facts.equityQuote / facts.peakQuote,
      ({ limits }) => limits.drawdownFractionMax,
    ),
  },
  {
    code: 'loss_streak',
    when: 'entry',
    text: 'loss_streak_max positions in a row were closed at a loss',
    check: below(
      ({ facts }) => facts.lossStreak,
      ({ limits }) => limits.lossStreakMax,
    ),
  },
  {
    code: 'breaker_open',
    when: 'entry',
    text: 'the gateway failed too often: its breaker is open',
    check: forbids(({ facts }) => facts.isBreakerOpen),
  },
  {
    code: 'book_too_old',
    when: 'entry',
    text: 'the book is older than book_age_ms_max',
    check: atMost(
      ({ facts }) => facts.book.ageMs,
      ({ limits }) => limits.bookAgeMsMax,
    ),
  },
  {
    code: 'score_too_old',
    when: 'entry',
    text: 'the book event behind the score is older than score_age_ms_max',
    check: atMost(
      ({ facts, intent }) => (facts.nowUs - intent.receiveUs) / 1000,
      ({ limits }) => limits.scoreAgeMsMax,
    ),
  },
  {
    code: 'would_flip',
    when: 'entry',
    text: 'a position of the other side is open: close it first',
    check: forbids(({ facts, intent }) =>
      intent.action === 'enter_long' ? facts.positionLots < 0 : facts.positionLots > 0,
    ),
  },
  {
    code: 'position_open',
    when: 'entry',
    text: 'the position was entered entries_per_position_max times already',
    check: below(entriesBefore, ({ limits }) => limits.entriesPerPositionMax),
  },
  {
    code: 'open_symbols_limit',
    when: 'entry',
    text: 'open_symbols_max symbols are open',
    check: below(
      ({ facts }) => (facts.isSymbolOpen ? -1 : facts.symbolsOpen),
      ({ limits }) => limits.openSymbolsMax,
    ),
  },
  {
    code: 'correlated_positions',
    when: 'entry',
    text: 'correlated_positions_max symbols of its correlation group are open',
    check: below(
      ({ facts }) => (facts.isSymbolOpen ? -1 : facts.correlatedOpen),
      ({ limits }) => limits.correlatedPositionsMax,
    ),
  },
  {
    code: 'double_send',
    when: 'entry',
    text: 'the same entry was sent within double_send_ms',
    check: atLeast(sinceEqualEntryMs, ({ limits }) => limits.doubleSendMs),
  },
  {
    code: 'cooldown',
    when: 'entry',
    text: 'the last entry of the symbol is less than cooldown_ms ago',
    check: atLeast(sinceEntryMs, ({ limits }) => limits.cooldownMs),
  },
  {
    code: 'order_rate',
    when: 'entry',
    text: 'orders_5m_max orders were made in the last five minutes',
    check: below(
      ({ facts }) => facts.ordersRecent,
      ({ limits }) => limits.orders5mMax,
    ),
  },
  {
    code: 'spread_cap',
    when: 'entry',
    text: 'the spread is wider than spread_bps_max',
    check: atMost(
      ({ facts: { book } }) => ((book.askTicks - book.bidTicks) * 10_000) / midOf(book),
      ({ limits }) => limits.spreadBpsMax,
    ),
  },
  {
    code: 'price_band',
    when: 'entry',
    text: 'the limit price is further from the mid than price_band_bps',
    check: atMost(
      ({ facts, intent }) =>
        (Math.abs(intent.limitTicks - midOf(facts.book)) * 10_000) / midOf(facts.book),
      ({ limits }) => limits.priceBandBps,
    ),
  },
  {
    code: 'stop_invalid',
    when: 'entry',
    text: 'the stop is on the side of the limit price where it would close at once',
    check: forbids(({ intent }) => stopDistanceTicks(intent) <= 0),
  },
  {
    code: 'protective_stop_missing',
    when: 'entry',
    text: 'live orders that open carry a stop, which the exchange keeps',
    check: forbids(({ facts, intent }) => facts.requiresStop && !(intent.stopTicks > 0)),
  },
  {
    code: 'reward_risk',
    when: 'entry',
    text: 'the target is nearer than reward_risk_min times the distance of the stop',
    check: atLeast(rewardRisk, ({ limits }) => limits.rewardRiskMin),
  },
  {
    code: 'slippage_cap',
    when: 'sized',
    text: 'the book fills this size at a price worse than the mid by more than slippage_bps_max',
    check: atMost(slippageBps, ({ limits }) => limits.slippageBpsMax),
  },
]

/** Of the open position; the rest of an entry is not another one. */
function entriesBefore({ facts, intent }: Look): number {
  if (facts.positionLots === 0) return 0
  return Math.max(1, facts.entriesOfPosition) - (intent.follows === undefined ? 0 : 1)
}

function sinceEntryMs({ facts, intent }: Look): number {
  const { lastEntry, nowUs } = facts
  // The rest of an entry is that entry.
  if (intent.follows !== undefined) return Number.POSITIVE_INFINITY
  return lastEntry === undefined ? Number.POSITIVE_INFINITY : (nowUs - lastEntry.timeUs) / 1000
}

function sinceEqualEntryMs(look: Look): number {
  const { facts, intent } = look
  const { lastEntry } = facts
  const isEqual = lastEntry?.action === intent.action && lastEntry.limitTicks === intent.limitTicks
  return isEqual ? sinceEntryMs(look) : Number.POSITIVE_INFINITY
}

/** From the limit price to the stop, positive where a stop belongs; NaN without one. */
export function stopDistanceTicks({ action, limitTicks, stopTicks }: Intent): number {
  return action === 'enter_long' ? limitTicks - stopTicks : stopTicks - limitTicks
}

/** Infinity unless both levels are given: then there is nothing to compare. */
function rewardRisk({ intent }: Look): number {
  const riskTicks = stopDistanceTicks(intent)
  const rewardTicks = (intent.targetTicks - intent.limitTicks) * directionOf(intent)
  const ratio = rewardTicks / riskTicks
  return Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio
}

function directionOf(intent: Intent): number {
  return intent.action === 'enter_long' ? 1 : -1
}

/**
 * How much worse than the mid the part of the order fills that the book would fill now; 0 when it
 * fills nothing.
 */
function slippageBps({ facts, intent, isTaking }: Look, lots: number): number {
  if (!isTaking) return 0
  let left = lots
  let tickLots = 0
  for (const level of facts.book.crossing) {
    const taken = Math.min(left, level.lots)
    tickLots += taken * level.ticks
    left -= taken
    if (left <= 0) break
  }
  const filled = lots - left
  if (filled === 0) return 0
  const mid = midOf(facts.book)
  return ((tickLots / filled - mid) * directionOf(intent) * 10_000) / mid
}
