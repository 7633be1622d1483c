import type { InstrumentTable } from '../domain/instrument.ts'
import type { CommandAsked } from '../domain/journal-stops.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import {
  COMMAND_HASH_SLOTS,
  COMMAND_INSTRUMENT,
  COMMAND_KEY_HASH,
  COMMAND_KILLS,
  COMMAND_KIND,
  COMMAND_LIMIT_TICKS,
  COMMAND_LOTS,
  COMMAND_NUMBER,
  COMMAND_ORDER_NUMBER,
  COMMAND_ORDER_RUN,
  COMMAND_REASON,
  COMMAND_REASON_SLOTS,
  COMMAND_REQUEST_HASH,
  COMMAND_STOP_TICKS,
  COMMAND_STRATEGY,
  COMMAND_TARGET_TICKS,
  COMMAND_TRAILING,
  COMMAND_WHO,
  COMMAND_WHO_SLOTS,
  COMMANDS,
  type Command,
} from '../memory/command-record.ts'
import { readText } from '../memory/text-slots.ts'
import type { Amends } from './amends.ts'
import type { Cancels } from './cancels.ts'
import type { LevelSetter } from './exits/level-setter.ts'
import type { Kill, StopAsk } from './kill.ts'
import type { Ledger } from './ledger.ts'
import type { LossWatch } from './loss-watch.ts'
import { formatOrderLinkId } from './order/order-link-id.ts'
import { isFinished } from './order/order-state.ts'
import type { RegimeSwitch } from './regime-switch.ts'
import type { StrategySwitch } from './strategy-switch.ts'
import type { TradingSwitch } from './trading-switch.ts'
import type { Truth } from './truth.ts'

/** What commands act on. */
export type CommandDesk = Readonly<{
  ledger: Ledger
  instruments: InstrumentTable
  trading: TradingSwitch
  regime: RegimeSwitch
  strategies: StrategySwitch
  kill: Kill
  isKilled: () => boolean
  losses: LossWatch
  cancels: Cancels
  truth: Truth
  amends: Amends
  levels: LevelSetter
}>

export type GivenCommand = Readonly<{
  /** Undefined: no command that we know. */
  kind: Command | undefined
  number: number
  /** -1: all. */
  instrument: number
  /** As the caller named itself, and what it wrote; empty: it did not say. */
  who: string
  reason: string
  /** Of a release: how many settings of the latch it answers. */
  kills: number
  /** Of levels: NaN: as it is, 0: none. */
  stopTicks: number
  targetTicks: number
  /** NaN: as it is, 0: off. */
  trailing: number
  /** The one order it is about; undefined: of a command about none. */
  orderLinkId: string | undefined
  /** Of a change, NaN: as it is. */
  limitTicks: number
  lots: number
  /** Of its stop or start: the place in the configured list. */
  strategy: number
  /** Of the idempotency key and of what was asked; empty: it came without a key. */
  keyHash: string
  requestHash: string
}>

export function readCommand(slots: Float64Array, at: number): GivenCommand {
  return {
    kind: COMMANDS[slots[at + COMMAND_KIND]],
    number: slots[at + COMMAND_NUMBER],
    instrument: slots[at + COMMAND_INSTRUMENT],
    who: readText(slots, at + COMMAND_WHO, COMMAND_WHO_SLOTS),
    reason: readText(slots, at + COMMAND_REASON, COMMAND_REASON_SLOTS),
    kills: slots[at + COMMAND_KILLS],
    stopTicks: slots[at + COMMAND_STOP_TICKS],
    targetTicks: slots[at + COMMAND_TARGET_TICKS],
    trailing: slots[at + COMMAND_TRAILING],
    orderLinkId: readOrder(slots[at + COMMAND_ORDER_RUN], slots[at + COMMAND_ORDER_NUMBER]),
    limitTicks: slots[at + COMMAND_LIMIT_TICKS],
    lots: slots[at + COMMAND_LOTS],
    strategy: slots[at + COMMAND_STRATEGY],
    keyHash: readText(slots, at + COMMAND_KEY_HASH, COMMAND_HASH_SLOTS),
    requestHash: readText(slots, at + COMMAND_REQUEST_HASH, COMMAND_HASH_SLOTS),
  }
}

/** A command that is about no order has 0 or NaN there. */
function readOrder(run: number, number: number): string | undefined {
  const isOrder = Number.isSafeInteger(run) && Number.isSafeInteger(number) && run > 0 && number > 0
  return isOrder ? formatOrderLinkId({ run, number }) : undefined
}

/** Obeys, answers in the audit, and puts on record who asked for what, why, and what came of it. */
export function obeyCommand(desk: CommandDesk, command: GivenCommand, nowUs: number): void {
  const { instrument, keyHash, kind, number, reason, requestHash, who } = command
  const { ledger, trading } = desk
  // The first answer was too late for whoever asked, who asks again: it was done.
  const known = ledger.state.keyedCommands.find(keyHash, nowUs)
  if (known !== undefined) {
    const isSame = known.request_hash === requestHash
    trading.answer(isSame ? 'ok' : 'idempotency_key_reused', number, nowUs)
    return
  }
  ledger.log.warn({ command: kind, number, instrument, who, reason }, 'command')
  const code = obey(desk, command, nowUs)
  const asked = askedOf(desk, command)
  if (code !== undefined) trading.answer(code, number, nowUs)
  ledger.commit({
    type: 'command',
    time_us: nowUs,
    run: ledger.run,
    number: Number.isSafeInteger(number) ? number : 0,
    command: kind ?? 'unknown',
    symbol: desk.instruments[instrument]?.symbol ?? null,
    who,
    reason,
    code: code ?? 'ok',
    trading_state: ledger.state.tradingState,
    ...(keyHash === '' ? {} : { key_hash: keyHash, request_hash: requestHash }),
    ...(command.orderLinkId === undefined ? {} : { order_link_id: command.orderLinkId }),
    ...(asked === undefined ? {} : { asked }),
  })
  desk.strategies.share() // stopped by the record that was just made
}

/** For the record, also of what was refused. Undefined: a command that says no more than its kind. */
function askedOf(desk: CommandDesk, command: GivenCommand): CommandAsked | undefined {
  const { kind, limitTicks, lots, stopTicks, targetTicks, trailing } = command
  if (kind === 'stop_strategy' || kind === 'start_strategy') {
    const strategy = desk.strategies.nameOf(command.strategy)
    return strategy === undefined ? undefined : { strategy }
  }
  if (kind === 'amend_order') {
    return {
      ...(Number.isFinite(limitTicks) ? { limit_ticks: limitTicks } : {}),
      ...(Number.isFinite(lots) ? { lots } : {}),
    }
  }
  if (kind !== 'levels') return undefined
  return {
    ...(Number.isFinite(stopTicks) ? { stop_ticks: stopTicks || null } : {}),
    ...(Number.isFinite(targetTicks) ? { target_ticks: targetTicks || null } : {}),
    ...(Number.isFinite(trailing) ? { trailing: trailing !== 0 } : {}),
  }
}

/** Undefined: done, and answered with the trading state that it made. */
function obey(desk: CommandDesk, command: GivenCommand, nowUs: number): ResultCode | undefined {
  const { kind, number, instrument, who, reason, kills } = command
  const { kill, trading } = desk
  const ask = { reason, who, command: number }
  switch (kind) {
    case 'halt':
      trading.set('halted', number, nowUs)
      desk.cancels.all(-1, 'halted', nowUs)
      return undefined
    case 'reduce_only':
      if (desk.isKilled()) return 'kill_latch'
      trading.set('reduce_only', number, nowUs)
      desk.cancels.opening('reduce_only', nowUs)
      return undefined
    case 'resume':
      if (desk.isKilled()) return 'kill_latch'
      if (desk.losses.isDayLost) return 'daily_loss'
      desk.losses.resume(nowUs)
      kill.endFlattens(ask, nowUs)
      trading.set('active', number, nowUs)
      return undefined
    case 'cancel_all':
      if (instrument !== -1 && desk.instruments[instrument] === undefined) {
        return 'instrument_unknown'
      }
      desk.cancels.all(instrument, 'canceled_by_command', nowUs)
      return 'ok'
    case 'flatten':
      return flatten(desk, instrument, ask, nowUs)
    case 'kill':
      kill.order(ask, nowUs)
      return undefined
    case 'release':
      return kill.release(ask, kills, nowUs)
    case 'reconcile':
      desk.truth.request(nowUs)
      return 'ok'
    case 'levels':
      return setLevels(desk, command, nowUs)
    case 'risk_off':
      desk.regime.set(kind, number, nowUs)
      desk.cancels.opening('risk_off', nowUs)
      return 'ok'
    case 'risk_on':
      desk.regime.set(kind, number, nowUs)
      return 'ok'
    case 'stop_strategy':
      if (desk.strategies.nameOf(command.strategy) === undefined) return 'not_found'
      desk.cancels.openingOf(command.strategy, 'strategy_stopped', nowUs)
      return 'ok'
    case 'start_strategy':
      return desk.strategies.nameOf(command.strategy) === undefined ? 'not_found' : 'ok'
    case 'amend_order':
    case 'cancel_order':
      return changeOrder(desk, command, nowUs)
    default:
      return 'bad_request'
  }
}

/** `ok`: it is journaled and leaves after the flush; what becomes of it the desk tells. */
function changeOrder(desk: CommandDesk, command: GivenCommand, nowUs: number): ResultCode {
  const { kind, orderLinkId = '' } = command
  const order = desk.ledger.state.orders.get(orderLinkId)
  if (order === undefined) return 'not_found'
  if (kind === 'amend_order') return desk.amends.order(order, command, nowUs)
  if (isFinished(order.state)) return 'order_not_amendable'
  desk.cancels.one(order, 'canceled_by_command', nowUs)
  return 'ok'
}

function setLevels(desk: CommandDesk, command: GivenCommand, nowUs: number): ResultCode {
  const { instrument, number, stopTicks, targetTicks, trailing } = command
  const meant = desk.instruments[instrument]
  if (meant === undefined) return 'instrument_unknown'
  const given = (ticks: number) => (Number.isNaN(ticks) ? undefined : ticks || Number.NaN)
  const ask = {
    stopTicks: given(stopTicks),
    targetTicks: given(targetTicks),
    isTrailing: Number.isNaN(trailing) ? undefined : trailing !== 0,
    command: number,
  }
  return desk.levels.set(meant, ask, nowUs)
}

/** Makes flat: no new entries, cancels, then closing orders until nothing is left (Kill). */
function flatten(
  desk: CommandDesk,
  instrument: number,
  ask: StopAsk,
  nowUs: number,
): ResultCode | undefined {
  const meant = desk.instruments[instrument]
  if (instrument !== -1 && meant === undefined) return 'instrument_unknown'
  desk.kill.flatten(meant, ask, nowUs)
  if (instrument !== -1 || desk.trading.state !== 'active') return 'ok'
  desk.trading.set('reduce_only', ask.command ?? 0, nowUs)
  return undefined
}
