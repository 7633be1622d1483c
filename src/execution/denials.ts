import { INSTRUMENTS_MAX } from '../constants.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { Intent } from './intent.ts'
import type { Ledger } from './ledger.ts'

const PERIOD_US = 1_000_000

type Denial = { code: ResultCode; times: number; journaledUs: number }

/**
 * Refusals of the gate. A strategy may ask many times a second for what a limit forbids: the desk sees each refusal, the
 * journal and the log one a second and symbol with the count, so that they stay as small as what happened.
 */
export class Denials {
  readonly #ledger: Ledger
  /** The last refusal of each instrument, by index. */
  readonly #last = new Map<number, Denial>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  record(intent: Intent, code: ResultCode, message: string, nowUs: number): void {
    const ledger = this.#ledger
    ledger.counters.add('orders_denied')
    ledger.auditDenied(intent, code, nowUs)
    const { instrument } = intent
    const last = this.#last.get(instrument.index)
    if (last !== undefined && last.code === code && nowUs - last.journaledUs < PERIOD_US) {
      last.times++
      return
    }
    const times = last !== undefined && last.code === code ? last.times + 1 : 1
    if (this.#last.size < INSTRUMENTS_MAX || last !== undefined) {
      this.#last.set(instrument.index, { code, times: 0, journaledUs: nowUs })
    }
    const { symbol, category } = instrument
    ledger.commit({
      type: 'intent_denied',
      time_us: nowUs,
      run: ledger.run,
      symbol,
      category,
      shard: intent.shard,
      intent_number: intent.number,
      action: intent.action,
      u: Number.isFinite(intent.u) ? intent.u : 0,
      reason: code,
      times,
    })
    const trace = `${symbol}-${intent.u}`
    ledger.log.info({ trace, reason: code, times, action: intent.action }, `denied: ${message}`)
  }
}
