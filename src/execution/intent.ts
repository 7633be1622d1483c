import type { Instrument, InstrumentTable } from '../domain/instrument.ts'
import type { OrderCreated } from '../domain/journal.ts'
import {
  INTENT_ACTION,
  INTENT_ACTIONS,
  INTENT_CREATED_US,
  INTENT_HOLD_MS_MAX,
  INTENT_IMBALANCE,
  INTENT_INSTRUMENT,
  INTENT_LIMIT_TICKS,
  INTENT_NOTIONAL_QUOTE,
  INTENT_NUMBER,
  INTENT_PROBABILITY,
  INTENT_REASON,
  INTENT_REASONS,
  INTENT_RECEIVE_US,
  INTENT_ROW_NUMBER,
  INTENT_SHARD,
  INTENT_STOP_TICKS,
  INTENT_STRATEGY,
  INTENT_TARGET_TICKS,
  INTENT_U,
  type IntentAction,
  type IntentReason,
} from '../memory/intent-record.ts'

/** What a signal, an exit or a person asks for, before risk has seen it. */
export type Intent = Readonly<{
  /** Counts per shard from 1; of the actor's own exits, shard is -1. */
  number: number
  shard: number
  instrument: Instrument
  strategy: number
  action: IntentAction
  reason: IntentReason
  u: number
  rowNumber: number
  createdUs: number
  receiveUs: number
  /** Worst acceptable price. */
  limitTicks: number
  /** Of an exit: at whatever price there is; `limitTicks` is then the last one known. */
  isAtMarket?: boolean
  /** NaN: none. */
  targetTicks: number
  stopTicks: number
  /** 0: no bound. */
  holdMsMax: number
  /** Wanted size of an entry; the gate may cut it. Exits close what is there. */
  notionalQuote: number
  /** Of an exit: how much it closes at most; absent: all. */
  exitLots?: number
  /** Of an order for the rest of another: whose rest it is (follow-up.ts). */
  follows?: Readonly<{ orderLinkId: string; decision: string }>
  imbalance: number
  probability: number
}>

/**
 * Names the decision behind an intent: the strategy, and the book event it saw. A shard that was
 * started again, or a ring that was read twice, may bring the same decision under another number;
 * it is still the same. The actor's own exits are counted by the run.
 */
export function decisionOf(intent: Intent, run: number): string {
  const { action, follows, instrument, number, receiveUs, shard, strategy, u } = intent
  if (follows !== undefined) return `${follows.decision}/rest`
  if (shard === ACTOR_SHARD) return `exit/${run}/${number}`
  return `${strategy}/${instrument.category}:${instrument.symbol}/${action}/${u}/${receiveUs}`
}

/** The decision behind an order, for a change of it or another order of it. */
export function intentOf(
  terms: OrderCreated,
  instrument: Instrument,
): Omit<Intent, 'reason' | 'createdUs' | 'limitTicks' | 'notionalQuote'> {
  return {
    number: terms.intent_number,
    shard: terms.shard,
    instrument,
    strategy: terms.strategy,
    action: terms.reduce_only ? 'exit' : terms.side === 'buy' ? 'enter_long' : 'enter_short',
    u: terms.u,
    rowNumber: terms.row_number,
    receiveUs: terms.receive_us,
    targetTicks: terms.target_ticks ?? Number.NaN,
    stopTicks: terms.stop_ticks ?? Number.NaN,
    holdMsMax: terms.hold_ms_max,
    imbalance: terms.imbalance ?? Number.NaN,
    probability: terms.probability ?? Number.NaN,
  }
}

/** Shard of the intents that the actor makes by itself. */
export const ACTOR_SHARD = -1

/**
 * Undefined when a field that decides something is no valid number: such a record is refused as a
 * whole.
 */
export function decodeIntent(
  slots: Float64Array,
  at: number,
  instruments: InstrumentTable,
): Intent | undefined {
  const instrument = instruments[slots[at + INTENT_INSTRUMENT]]
  const action = INTENT_ACTIONS[slots[at + INTENT_ACTION]]
  const reason = INTENT_REASONS[slots[at + INTENT_REASON]]
  if (instrument === undefined || action === undefined || reason === undefined) return undefined
  const intent: Intent = {
    number: slots[at + INTENT_NUMBER],
    shard: slots[at + INTENT_SHARD],
    instrument,
    strategy: slots[at + INTENT_STRATEGY],
    action,
    reason,
    u: slots[at + INTENT_U],
    rowNumber: slots[at + INTENT_ROW_NUMBER],
    createdUs: slots[at + INTENT_CREATED_US],
    receiveUs: slots[at + INTENT_RECEIVE_US],
    limitTicks: slots[at + INTENT_LIMIT_TICKS],
    targetTicks: slots[at + INTENT_TARGET_TICKS],
    stopTicks: slots[at + INTENT_STOP_TICKS],
    holdMsMax: slots[at + INTENT_HOLD_MS_MAX],
    notionalQuote: slots[at + INTENT_NOTIONAL_QUOTE],
    imbalance: slots[at + INTENT_IMBALANCE],
    probability: slots[at + INTENT_PROBABILITY],
  }
  return isWhole(intent) ? intent : undefined
}

function isWhole(intent: Intent): boolean {
  const hasIds =
    Number.isSafeInteger(intent.number) &&
    Number.isSafeInteger(intent.shard) &&
    Number.isSafeInteger(intent.strategy)
  const hasTimes = Number.isFinite(intent.createdUs) && intent.holdMsMax >= 0
  const hasPrice = Number.isSafeInteger(intent.limitTicks) && intent.limitTicks > 0
  const hasLevels = isLevel(intent.targetTicks) && isLevel(intent.stopTicks)
  const hasSize = intent.action === 'exit' || intent.notionalQuote > 0
  const hasTerms = hasPrice && hasLevels && hasSize
  return hasIds && hasTimes && hasTerms && Number.isFinite(intent.holdMsMax)
}

/** None, or a price that the exchange can keep: a stop between two ticks would be none there. */
function isLevel(ticks: number): boolean {
  return Number.isNaN(ticks) || (Number.isSafeInteger(ticks) && ticks > 0)
}
