import type { Logger } from '../core/log.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import {
  COMMAND_INSTRUMENT,
  COMMAND_KIND,
  COMMAND_NUMBER,
  COMMANDS,
  type Command,
} from '../memory/command-record.ts'
import type { Closing } from './closing.ts'
import type { TradingSwitch } from './trading-switch.ts'

/** What commands act on. */
export type CommandDesk = Readonly<{
  log: Logger
  trading: TradingSwitch
  closing: Closing
  isKilled: () => boolean
  isDayLost: () => boolean
  /** `instrument` -1: all. */
  cancelAll: (instrument: number, code: ResultCode, nowUs: number) => void
  /** Orders that may open or enlarge a position. */
  cancelOpening: (code: ResultCode, nowUs: number) => void
}>

export type GivenCommand = Readonly<{
  /** Undefined: no command that we know. */
  kind: Command | undefined
  number: number
  /** -1: all. */
  instrument: number
}>

export function readCommand(slots: Float64Array, at: number): GivenCommand {
  return {
    kind: COMMANDS[slots[at + COMMAND_KIND]],
    number: slots[at + COMMAND_NUMBER],
    instrument: slots[at + COMMAND_INSTRUMENT],
  }
}

export function obeyCommand(desk: CommandDesk, command: GivenCommand, nowUs: number): void {
  const { kind, number, instrument } = command
  const { trading, closing } = desk
  desk.log.warn({ command: kind, number, instrument }, 'command')
  switch (kind) {
    case 'halt':
      trading.set('halted', number, nowUs)
      desk.cancelAll(-1, 'halted', nowUs)
      return
    case 'reduce_only':
      trading.set('reduce_only', number, nowUs)
      desk.cancelOpening('reduce_only', nowUs)
      return
    case 'resume':
      if (desk.isKilled()) trading.answer('kill_latch', number, nowUs)
      else if (desk.isDayLost()) trading.answer('daily_loss', number, nowUs)
      else {
        closing.stopFlattening()
        trading.set('active', number, nowUs)
      }
      return
    case 'cancel_all':
      desk.cancelAll(instrument, 'canceled_by_command', nowUs)
      trading.answer('ok', number, nowUs)
      return
    case 'flatten':
      if (desk.isKilled()) trading.answer('kill_latch', number, nowUs)
      else flatten(desk, instrument, number, nowUs)
      return
    case 'kill':
      trading.set('halted', number, nowUs)
      desk.cancelAll(-1, 'kill_latch', nowUs)
      return
    default:
      trading.answer('bad_request', number, nowUs)
  }
}

/** Makes flat: no new entries, cancels, then closing orders until nothing is left (Closing). */
function flatten(desk: CommandDesk, instrument: number, number: number, nowUs: number): void {
  desk.closing.flatten(instrument)
  desk.cancelAll(instrument, 'flattening', nowUs)
  const isAll = instrument === -1
  if (isAll && desk.trading.state === 'active') desk.trading.set('reduce_only', number, nowUs)
  else desk.trading.answer('ok', number, nowUs)
}
