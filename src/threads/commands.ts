import type { CommandAsk, CommandOutcome } from '../control/ports.ts'
import type { Clock } from '../core/clock.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Timers } from '../core/timer.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import * as record from '../memory/command-record.ts'
import type { ControlBlock } from '../memory/control-block.ts'
import { RingWriter } from '../memory/ring.ts'
import { writeText } from '../memory/text-slots.ts'
import type { TradingFold } from './trading-fold.ts'

const ANSWER_MS_MAX = 2000
const LOOK_PERIOD_MS = 5
const ALL_INSTRUMENTS = -1

/** Of the command `levels`, as its record has them (memory/command-record.ts). */
export type LevelFields = Readonly<{ stopTicks: number; targetTicks: number; trailing: number }>

const NO_LEVELS: LevelFields = {
  stopTicks: Number.NaN,
  targetTicks: Number.NaN,
  trailing: Number.NaN,
}

/** Of a command about no strategy. */
const NO_STRATEGY = Number.NaN

/** Of a command about one order: its number, and what is wanted; NaN: as it is. */
export type OrderFields = Readonly<{
  orderRun: number
  orderNumber: number
  limitTicks: number
  lots: number
}>

const NO_ORDER: OrderFields = {
  orderRun: Number.NaN,
  orderNumber: Number.NaN,
  limitTicks: Number.NaN,
  lots: Number.NaN,
}

const REFUSALS: Readonly<Partial<Record<ResultCode, string>>> = {
  kill_latch: 'the kill latch is set: release it first, with a name and a reason',
  flattening: 'the kill is not flat yet, and its bound not reached: wait',
  not_found: 'there is no such order, or no kill to release',
  order_not_amendable: 'the order does not rest, is leaving, or is being changed already',
  amend_unchanged: 'the order has that price and size',
  amends_limit: 'the order was changed too often: cancel it',
  order_too_small: 'no more than is filled, or less than the exchange takes',
  daily_loss: 'the loss of the day has reached its limit: wait for the next UTC day',
  nothing_to_reduce: 'no position of this symbol is open',
  book_not_live: 'its book gives no price now, which the levels are checked against',
  stop_invalid: 'the stop is where the position would close at once: use flatten for that',
  target_invalid: 'the target is where the position would close at once: use flatten for that',
  risk_per_trade: 'with that stop it may lose more than execution.limits.risk_per_trade_fraction',
  protective_stop_missing: 'in live mode a position has a stop',
  bad_request:
    'the command asks for nothing that can be done: levels needs stop, target or trailing',
}

/**
 * Hands commands to execution through their ring and waits for the audit record that answers each.
 */
export class Commands {
  readonly #ring: RingWriter
  readonly #control: ControlBlock
  readonly #trading: TradingFold
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #fields = new Float64Array(record.COMMAND_FIELDS)
  #number = 0

  constructor(
    ring: SharedArrayBuffer,
    control: ControlBlock,
    trading: TradingFold,
    clock: Clock,
    timers: Timers,
  ) {
    this.#ring = new RingWriter(ring)
    this.#control = control
    this.#trading = trading
    this.#clock = clock
    this.#timers = timers
  }

  /**
   * `instrument` undefined: all of them. `command_queue_full`, or `internal_error` when no answer
   * came in time.
   */
  give(
    kind: record.Command,
    instrument: number | undefined,
    ask: CommandAsk = { who: '', reason: '' },
    levels: LevelFields = NO_LEVELS,
    order: OrderFields = NO_ORDER,
    strategy: number = NO_STRATEGY,
  ): Promise<Result<CommandOutcome, ResultCode>> {
    const number = ++this.#number
    const fields = this.#fields
    fields[record.COMMAND_KIND] = record.COMMANDS.indexOf(kind)
    fields[record.COMMAND_NUMBER] = number
    fields[record.COMMAND_INSTRUMENT] = instrument ?? ALL_INSTRUMENTS
    fields[record.COMMAND_KILLS] = this.#control.kills()
    fields[record.COMMAND_STOP_TICKS] = levels.stopTicks
    fields[record.COMMAND_TARGET_TICKS] = levels.targetTicks
    fields[record.COMMAND_TRAILING] = levels.trailing
    fields[record.COMMAND_ORDER_RUN] = order.orderRun
    fields[record.COMMAND_ORDER_NUMBER] = order.orderNumber
    fields[record.COMMAND_LIMIT_TICKS] = order.limitTicks
    fields[record.COMMAND_LOTS] = order.lots
    fields[record.COMMAND_STRATEGY] = strategy
    writeText(fields, record.COMMAND_WHO, record.COMMAND_WHO_SLOTS, ask.who)
    writeText(fields, record.COMMAND_REASON, record.COMMAND_REASON_SLOTS, ask.reason)
    writeText(fields, record.COMMAND_KEY_HASH, record.COMMAND_HASH_SLOTS, ask.key?.keyHash ?? '')
    const request = ask.key?.requestHash ?? ''
    writeText(fields, record.COMMAND_REQUEST_HASH, record.COMMAND_HASH_SLOTS, request)
    fields[record.COMMAND_TIME_US] = this.#clock.nowUs()
    if (!this.#ring.push(fields)) {
      const full = fail('command_queue_full', 'execution has not taken earlier commands: try again')
      return Promise.resolve(full)
    }
    this.#control.ring()
    return this.#answer(number)
  }

  #answer(number: number): Promise<Result<CommandOutcome, ResultCode>> {
    const endUs = this.#clock.nowUs() + ANSWER_MS_MAX * 1000
    return new Promise((resolve) => {
      const cancel = this.#timers.every(LOOK_PERIOD_MS, () => {
        this.#trading.update()
        const answer = this.#trading.answer(number)
        if (answer === undefined && this.#clock.nowUs() < endUs) return
        cancel()
        if (answer?.code === 'ok') {
          return resolve(succeed({ number, tradingState: answer.tradingState }))
        }
        if (answer !== undefined) {
          const why = REFUSALS[answer.code] ?? 'execution refused it'
          return resolve(fail(answer.code, `${why}; trading is ${answer.tradingState}`))
        }
        const text = `execution did not answer within ${ANSWER_MS_MAX} ms: see /health`
        return resolve(fail('internal_error', text))
      })
    })
  }
}
