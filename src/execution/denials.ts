import { RESULT_CODES } from '../domain/result-codes.ts'
import type { Intent } from './intent.ts'
import type { Ledger } from './ledger.ts'
import type { Denial } from './risk/risk-gate.ts'

const PERIOD_US = 1_000_000

const CODES_MAX = 1000

type Repeats = { times: number; journaledUs: number }

/**
 * Refusals of the gate. A strategy may ask many times a second for what a limit forbids: the desk
 * sees each refusal, the journal and the log one a second for each symbol and code, with the count,
 * so that they stay as small as what happened.
 */
export class Denials {
  readonly #ledger: Ledger
  /**
   * By instrument and code, so there are at most as many as the gate has codes for each instrument.
   */
  readonly #last = new Map<number, Repeats>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  record(intent: Intent, denial: Denial, nowUs: number): void {
    const ledger = this.#ledger
    const { actual, code, limit, message } = denial
    ledger.counters.add('orders_denied')
    ledger.auditDenied(intent, denial, nowUs)
    const { instrument } = intent
    const key = instrument.index * CODES_MAX + RESULT_CODES[code]
    const last = this.#last.get(key)
    if (last !== undefined && nowUs - last.journaledUs < PERIOD_US) {
      last.times++
      return
    }
    const times = (last?.times ?? 0) + 1
    this.#last.set(key, { times: 0, journaledUs: nowUs })
    const { symbol, category } = instrument
    ledger.commitLazily({
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
      limit,
      actual,
    })
    const trace = `${symbol}-${intent.u}`
    ledger.log.info({ trace, reason: code, times, action: intent.action }, `denied: ${message}`)
  }
}
