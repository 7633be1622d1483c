import type { Regime } from '../domain/trading.ts'
import type { Ledger } from './ledger.ts'

/** What the gate asks of the world outside the actor. Each is asked anew for every intent. */
export type RiskGuards = Readonly<{
  /** Ours minus the exchange's; NaN while it was not measured, and then nothing is opened. */
  clockOffsetMs: () => number
  /** No other process trades this account. */
  hasInstanceLock: () => boolean
  regime: () => Regime
}>

/**
 * What nobody watches is taken to be well. `ordered` is the regime on record: a watcher of the
 * market may be stricter than it, and never looser.
 */
export function createGuards(
  guards: Partial<RiskGuards> | undefined,
  ordered: () => Regime,
): RiskGuards {
  const seen = guards?.regime
  return {
    clockOffsetMs: guards?.clockOffsetMs ?? (() => 0),
    hasInstanceLock: guards?.hasInstanceLock ?? (() => true),
    regime: () => (ordered() === 'risk_off' ? 'risk_off' : (seen?.() ?? 'risk_on')),
  }
}

/** Offsets at which a person is told; entries are denied in between (`clock_drift_ms_max`). */
const WARN_MS = 250
const ALERT_MS = 5_000

/** Tells of a clock that drifts away, once each time it goes beyond a level. */
export class ClockWatch {
  readonly #ledger: Ledger
  readonly #levelsMs: readonly number[]
  #level = 0
  #isKnown = false
  /** It was compared, and is not any more. */
  isLost = false

  constructor(ledger: Ledger, blockMs: number) {
    this.#ledger = ledger
    this.#levelsMs = [WARN_MS, blockMs, ALERT_MS]
  }

  look(offsetMs: number): void {
    const isKnown = !Number.isNaN(offsetMs)
    if (this.#isKnown && !isKnown) {
      this.#ledger.counters.add('clock_drifts')
      this.#ledger.log.error('the clock is not compared any more: nothing is opened')
    }
    this.isLost = !isKnown && (this.#isKnown || this.isLost)
    this.#isKnown = isKnown
    if (!isKnown) return
    const level = this.#levelsMs.filter((limitMs) => Math.abs(offsetMs) > limitMs).length
    if (level === this.#level) return
    const { counters, log } = this.#ledger
    const line = { offset_ms: offsetMs }
    if (level > this.#level) counters.add('clock_drifts')
    this.#level = level
    if (Math.abs(offsetMs) > ALERT_MS) log.error(line, 'the clock is wrong: set it')
    else if (level > 0) log.warn(line, 'the clock drifts from that of the exchange')
    else log.warn(line, 'the clock agrees with that of the exchange')
  }
}
