import type { Clock } from '../../core/clock.ts'
import { CALL_LIMITS_DEFAULT, type CallClass } from '../../execution/gateway/bybit/call-pace.ts'

const CLASSES: ReadonlyMap<string, CallClass> = new Map<string, CallClass>([
  ['/v5/order/create', 'create'],
  ['/v5/order/amend', 'amend'],
  ['/v5/order/cancel', 'cancel'],
  ['/v5/order/cancel-all', 'cancel_all'],
  ['/v5/order/realtime', 'orders'],
  ['/v5/order/history', 'orders'],
  ['/v5/execution/list', 'executions'],
  ['/v5/position/list', 'positions'],
  ['/v5/account/wallet-balance', 'wallet'],
  ['/v5/account/transaction-log', 'wallet'],
  ['/v5/position/trading-stop', 'setting'],
])
const SECOND_US = 1_000_000

/** Whether one process calls the exchange more often than it allows, by the clock of the process. */
export class CallWatch {
  readonly #clock: Clock
  readonly #sentUs = new Map<CallClass, number[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What is wrong with one more call; undefined: nothing. */
  onCall(path: string): string | undefined {
    const callClass = CLASSES.get(path)
    if (callClass === undefined) return undefined
    const nowUs = this.#clock.nowUs()
    const known = this.#sentUs.get(callClass) ?? []
    const sentUs = known.filter((timeUs) => timeUs > nowUs - SECOND_US)
    sentUs.push(nowUs)
    this.#sentUs.set(callClass, sentUs)
    const limit = CALL_LIMITS_DEFAULT[callClass]
    return sentUs.length <= limit ? undefined : `${sentUs.length} calls of ${callClass} in a second`
  }
}
