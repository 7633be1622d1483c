import type { Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { parseStep } from '../core/decimal.ts'
import type { DayStarted, OrderCreated } from '../domain/journal.ts'
import type { AccountSnapshot } from '../domain/journal-account.ts'
import { isJournalRecord } from '../domain/journal-codec.ts'
import type { CommandObeyed, StopChanged } from '../domain/journal-stops.ts'
import type { ExecutionState } from './execution-state.ts'
import { FifoLots } from './fifo-lots.ts'
import { type ExitPlan, type Holding, instrumentKey, planAfterOthers } from './holding.ts'
import type { Order } from './order/order.ts'
import { isFinished } from './order/order-state.ts'
import { SavedStateShape } from './saved-shape.ts'

/**
 * The state of execution to bytes and back, for checkpoints. What comes back is the state to the
 * last bit: the fold goes on from it as if it had read every record.
 */
type SavedState = Static<typeof SavedStateShape>
type SavedOrder = SavedState['orders'][number]
type SavedHolding = SavedState['holdings'][number]
type SavedPlan = NonNullable<SavedHolding['plan']>

export function encodeState(state: ExecutionState): Uint8Array {
  const { account, stops } = state
  const saved: SavedState = {
    run: state.run,
    orderNumber: state.orderNumber,
    execNumber: state.execNumber,
    tradingState: state.tradingState,
    tradingReason: state.tradingReason,
    regime: state.regime,
    partialEnds: state.partialEnds.save(),
    regimeReason: state.regimeReason,
    equityStartQuote: orNull(state.equityStartQuote),
    firstStartUs: orNull(state.firstStartUs),
    days: state.days.records(),
    balances: state.balances.save(),
    records: state.records,
    fills: state.fills,
    decisions: [...state.decisions],
    orders: Array.from(state.orders.values(), saveOrder),
    finished: [...state.finished],
    holdings: Array.from(state.holdings, ([key, holding]) => saveHolding(key, holding)),
    account: {
      execIds: [...account.execIds],
      externalOrders: [...account.externalOrders],
      lastExecutionUs: orNull(account.lastExecutionUs),
      forgottenUs: account.forgottenUs === Number.NEGATIVE_INFINITY ? null : account.forgottenUs,
      externalFills: account.externalFills,
      adjustments: account.adjustments,
    },
    stops: [...(stops.kill === undefined ? [] : [stops.kill]), ...stops.flattening.values()],
    risk: state.risk.save(),
    pnl: state.pnl.save(),
    keyedCommands: [...state.keyedCommands.values()],
    strategyStops: state.strategyStops.save(),
  }
  return new TextEncoder().encode(JSON.stringify(saved))
}

/**
 * Fills a state that has seen no record yet. Answers why the bytes are not a state; then nothing was
 * changed.
 */
export function restoreState(bytes: Uint8Array, state: ExecutionState): string | undefined {
  let saved: unknown
  try {
    saved = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return 'the state is not JSON'
  }
  if (!Value.Check(SavedStateShape, saved)) {
    const [first] = Value.Errors(SavedStateShape, saved)
    return `the state has another shape: ${first?.path ?? ''} ${first?.message ?? ''}`
  }
  const orders = restoreAll(saved.orders, restoreOrder)
  const holdings = restoreAll(saved.holdings, restoreHolding)
  const stops = restoreAll(saved.stops, asStop)
  const snapshots = restoreAll(savedSnapshots(saved), asSnapshot)
  const days = restoreAll(savedDays(saved), asDay)
  const keyedCommands = restoreAll(saved.keyedCommands, asCommand)
  if (orders === undefined || holdings === undefined || stops === undefined) {
    return 'an order, a position or a stop in it is malformed'
  }
  if (keyedCommands === undefined) return 'a command in it is malformed'
  if (days === undefined) return 'a day in it is malformed'
  if (snapshots === undefined) return 'the snapshot in it is malformed'
  fillState(state, saved, { orders, holdings, stops, days, keyedCommands, snapshots })
  return undefined
}

type Restored = Readonly<{
  orders: readonly Order[]
  holdings: readonly (readonly [string, Holding])[]
  stops: readonly StopChanged[]
  days: readonly DayStarted[]
  snapshots: readonly AccountSnapshot[]
  keyedCommands: readonly CommandObeyed[]
}>

function fillState(state: ExecutionState, saved: SavedState, restored: Restored): void {
  state.run = saved.run
  state.orderNumber = saved.orderNumber
  state.execNumber = saved.execNumber
  state.tradingState = saved.tradingState
  state.tradingReason = saved.tradingReason
  state.regime = saved.regime
  state.partialEnds.restore(saved.partialEnds)
  state.regimeReason = saved.regimeReason
  state.equityStartQuote = orNaN(saved.equityStartQuote)
  state.firstStartUs = orNaN(saved.firstStartUs)
  for (const day of restored.days) state.days.note(day)
  if (saved.balances !== undefined) state.balances.restore(saved.balances, restored.snapshots[0])
  state.records = saved.records
  state.fills = saved.fills
  for (const decision of saved.decisions) state.decisions.add(decision)
  for (const order of restored.orders) {
    const id = order.terms.order_link_id
    state.orders.set(id, order)
    if (!isFinished(order.state)) state.unfinished.set(id, order)
  }
  for (const id of saved.finished) state.finished.add(id)
  for (const [key, holding] of restored.holdings) {
    state.holdings.set(key, holding)
    state.live(key, 0)
  }
  const { account } = state
  const { execIds, forgottenUs, lastExecutionUs } = saved.account
  account.restore(execIds, orNaN(lastExecutionUs), forgottenUs ?? Number.NEGATIVE_INFINITY)
  for (const id of saved.account.externalOrders) account.externalOrders.add(id)
  account.externalFills = saved.account.externalFills
  account.adjustments = saved.account.adjustments
  for (const stop of restored.stops) state.stops.apply(stop)
  state.risk.restore(saved.risk)
  state.pnl.restore(saved.pnl)
  for (const command of restored.keyedCommands) state.keyedCommands.note(command)
  state.strategyStops.restore(saved.strategyStops ?? [])
}

/** Early checkpoints knew the last one alone. */
function savedDays({ day = null, days }: SavedState): readonly unknown[] {
  return days ?? (day === null ? [] : [day])
}

/** Early checkpoints have none. */
function savedSnapshots({ balances }: SavedState): readonly unknown[] {
  const snapshot = balances?.snapshot ?? null
  return snapshot === null ? [] : [snapshot]
}

function saveOrder(order: Order): SavedOrder {
  const {
    amended,
    amends,
    feesQuote,
    filledLots,
    filledTickLots,
    reason,
    state,
    terms,
    updatedUs,
  } = order
  return {
    terms,
    amended: amended ?? null,
    amends,
    state,
    reason,
    filledLots,
    filledTickLots,
    feesQuote,
    execIds: [...order.execIds],
    submittedUs: orNull(order.submittedUs),
    updatedUs,
  }
}

function restoreOrder(saved: SavedOrder): Order | undefined {
  const terms = asTerms(saved.terms)
  if (terms === undefined) return undefined
  const { amended, execIds, submittedUs, ...figures } = saved
  return {
    ...figures,
    terms,
    key: instrumentKey(terms),
    amended: amended ?? undefined,
    execIds: new Set(execIds),
    submittedUs: orNaN(submittedUs),
  }
}

function saveHolding(key: string, holding: Holding): SavedHolding {
  const { fifo, fundingQuote, movedUs, plan, position, steps } = holding
  return {
    key,
    tick: steps.tick.text,
    lot: steps.lot.text,
    position,
    plan: plan === undefined ? null : savePlan(plan),
    fifo: fifo.save(),
    fundingQuote,
    movedUs: orNull(movedUs),
  }
}

function restoreHolding(saved: SavedHolding): readonly [string, Holding] | undefined {
  const { fundingQuote, key, movedUs, position } = saved
  const tick = parseStep(saved.tick)
  const lot = parseStep(saved.lot)
  if (tick === undefined || lot === undefined) return undefined
  // Early checkpoints have none for a position that was taken over.
  const plan =
    saved.plan === null
      ? planAfterOthers({ plan: undefined, position }, position.lots, orNaN(movedUs))
      : restorePlan(saved.plan)
  const fifo = FifoLots.restore(saved.fifo)
  const steps = { tick, lot }
  return [key, { position, fifo, plan, steps, fundingQuote, movedUs: orNaN(movedUs) }]
}

function savePlan(plan: ExitPlan): SavedPlan {
  const { holdUntilUs, setUs, stopTicks, targetTicks, trailTicks } = plan
  return {
    ...plan,
    targetTicks: orNull(targetTicks),
    stopTicks: orNull(stopTicks),
    holdUntilUs: holdUntilUs === Number.POSITIVE_INFINITY ? null : holdUntilUs,
    trailTicks: orNull(trailTicks),
    setUs: orNull(setUs),
  }
}

function restorePlan(saved: SavedPlan): ExitPlan {
  const { holdUntilUs, isTrailing, setUs, stopTicks, targetTicks, trailTicks } = saved
  return {
    ...saved,
    targetTicks: orNaN(targetTicks),
    stopTicks: orNaN(stopTicks),
    holdUntilUs: holdUntilUs ?? Number.POSITIVE_INFINITY,
    trailTicks: orNaN(trailTicks),
    isTrailing: isTrailing ?? true,
    isTakenOver: saved.isTakenOver ?? false,
    setUs: orNaN(setUs ?? null),
  }
}

/** Undefined when one of them is. */
function restoreAll<Saved, Restored>(
  saved: readonly Saved[],
  restore: (one: Saved) => Restored | undefined,
): Restored[] | undefined {
  const all: Restored[] = []
  for (const one of saved) {
    const restored = restore(one)
    if (restored === undefined) return undefined
    all.push(restored)
  }
  return all
}

function asTerms(value: unknown): OrderCreated | undefined {
  return isJournalRecord(value) && value.type === 'order_created' ? value : undefined
}

function asSnapshot(value: unknown): AccountSnapshot | undefined {
  return isJournalRecord(value) && value.type === 'account_snapshot' ? value : undefined
}

function asDay(value: unknown): DayStarted | undefined {
  return isJournalRecord(value) && value.type === 'day_started' ? value : undefined
}

function asStop(value: unknown): StopChanged | undefined {
  return isJournalRecord(value) && value.type === 'stop' ? value : undefined
}

function asCommand(value: unknown): CommandObeyed | undefined {
  return isJournalRecord(value) && value.type === 'command' ? value : undefined
}

function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value
}

function orNaN(value: number | null): number {
  return value ?? Number.NaN
}
