import type { Logger } from '../../../core/log.ts'
import type { CancelTimer, Timers } from '../../../core/timer.ts'
import type { GuardState } from '../../../domain/trading.ts'
import type { Counters } from '../../../memory/counters.ts'
import type { RestLink } from './rest-link.ts'
import { listIn, textIn } from './wire-fields.ts'

export type DisconnectCancelParts = Readonly<{
  rest: Pick<RestLink, 'call'>
  timers: Timers
  log: Logger
  counters: Counters
  /** The exchange cancels everything when we are gone for so long; 0: not asked for. */
  windowS: number
}>

const PRODUCT = 'DERIVATIVES'
/** A setting takes about so long to apply at the exchange. */
const APPLY_MS = 10_000
const ATTEMPTS_MAX = 5
const RETRY_MS_MIN = 2000

/**
 * Has the exchange cancel every order by itself when our private side is gone, and looks whether it
 * will: the answer to the asking only says that it was heard. Tried ATTEMPTS_MAX times each time the
 * private side comes up; until it was seen, and for good after the last of them, nobody may count on
 * it.
 */
export class DisconnectCancel {
  readonly #parts: DisconnectCancelParts
  #state: GuardState
  #cancel: CancelTimer = () => {}
  /** Counts the times that the private side came up or went: what began before ends nothing now. */
  #era = 0

  constructor(parts: DisconnectCancelParts) {
    this.#parts = parts
    this.#state = parts.windowS === 0 ? 'off' : 'pending'
  }

  get state(): GuardState {
    return this.#state
  }

  /** The private side is up. */
  arm(): void {
    if (this.#parts.windowS === 0) return
    this.stop()
    this.#state = 'pending'
    void this.#attempt(1, this.#era)
  }

  /** The private side is gone, or the process ends. What the exchange was told stays told. */
  stop(): void {
    this.#era++
    this.#cancel()
  }

  async #attempt(attempt: number, era: number): Promise<void> {
    const { rest, timers, windowS } = this.#parts
    const { message, verdict } = await rest.call({
      method: 'POST',
      path: '/v5/order/disconnected-cancel-all',
      callClass: 'setting',
      params: { product: PRODUCT, timeWindow: windowS },
    })
    if (era !== this.#era) return
    if (verdict.class !== 'ok') this.#fail(attempt, era, message)
    else this.#cancel = timers.after(APPLY_MS, () => void this.#look(attempt, era))
  }

  /** Whether it applies now. */
  async #look(attempt: number, era: number): Promise<void> {
    const { counters, log, rest, windowS } = this.#parts
    const path = '/v5/account/query-dcp-info'
    const reply = await rest.call({ method: 'GET', path, callClass: 'setting', params: {} })
    if (era !== this.#era) return
    const rows = reply.verdict.class === 'ok' ? listIn(reply.result, 'dcpInfos') : undefined
    const row = rows?.find((fields) => textIn(fields, 'product') === PRODUCT)
    const found = row === undefined ? 'nothing' : textIn(row, 'timeWindow')
    const isOn = row !== undefined && textIn(row, 'dcpStatus') === 'ON'
    if (isOn && Number(found) === windowS) {
      this.#state = 'armed'
      counters.add('disconnect_cancels_armed')
      log.info({ window_s: windowS }, 'the exchange cancels our orders when we are gone')
    } else this.#fail(attempt, era, reply.message || `the exchange has ${found}, not ${windowS} s`)
  }

  #fail(attempt: number, era: number, reason: string): void {
    const { counters, log, timers } = this.#parts
    counters.add('disconnect_cancels_failed')
    if (attempt < ATTEMPTS_MAX) {
      const delayMs = RETRY_MS_MIN * 2 ** (attempt - 1)
      this.#cancel = timers.after(delayMs, () => void this.#attempt(attempt + 1, era))
      return
    }
    this.#state = 'failed'
    log.error({ reason }, 'no cancel on disconnect: orders would outlive this process')
  }
}
