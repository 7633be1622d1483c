import type { BreakerState } from '../../domain/journal.ts'
import type { CounterName } from '../../memory/counters.ts'
import { ENDPOINT_CLASSES, type EndpointClass } from '../gateway/gateway.ts'
import type { Ledger } from '../ledger.ts'
import type { BreakerOptions } from '../options.ts'
import { CircuitBreaker } from './circuit-breaker.ts'

/** `rejected`: a business refusal, which is an answer. `failed`: none, or not known. */
export type CallOutcome = 'ok' | 'rejected' | 'failed'

const CALLS: Readonly<Record<EndpointClass, Readonly<Record<CallOutcome, CounterName>>>> = {
  market: {
    ok: 'calls_market_ok',
    rejected: 'calls_market_rejected',
    failed: 'calls_market_failed',
  },
  account: {
    ok: 'calls_account_ok',
    rejected: 'calls_account_rejected',
    failed: 'calls_account_failed',
  },
  placement: {
    ok: 'calls_placement_ok',
    rejected: 'calls_placement_rejected',
    failed: 'calls_placement_failed',
  },
  cancel: {
    ok: 'calls_cancel_ok',
    rejected: 'calls_cancel_rejected',
    failed: 'calls_cancel_failed',
  },
}

/** The other threads' view of it; ControlBlock in a running engine. */
export type BreakerSigns = { setBreaker?(endpoint: EndpointClass, state: BreakerState): void }

/** One breaker a class of endpoints, and the count of what their calls came to. */
export class BreakerBoard {
  readonly #breakers: ReadonlyMap<EndpointClass, CircuitBreaker>
  readonly #placement: CircuitBreaker
  readonly #ledger: Ledger
  readonly #signs: BreakerSigns

  constructor(
    options: Readonly<Record<EndpointClass, BreakerOptions>>,
    ledger: Ledger,
    signs: BreakerSigns,
  ) {
    this.#ledger = ledger
    this.#signs = signs
    const create = (endpoint: EndpointClass) =>
      new CircuitBreaker(options[endpoint], (state, nowUs) =>
        this.#onChange(endpoint, state, nowUs),
      )
    this.#placement = create('placement')
    this.#breakers = new Map(
      ENDPOINT_CLASSES.map((each) => [each, each === 'placement' ? this.#placement : create(each)]),
    )
  }

  /** The one that orders which open ask. */
  get placement(): CircuitBreaker {
    return this.#placement
  }

  /**
   * Whether a call may be made; true takes the permission, and its outcome must be noted. Cancels
   * and closing orders are never kept back: they are needed most when the gateway is in trouble.
   */
  claim(endpoint: EndpointClass, nowUs: number): boolean {
    if (endpoint === 'cancel') return true
    const isAllowed = this.#breakers.get(endpoint)?.claim(nowUs, this) ?? true
    if (!isAllowed) this.#ledger.counters.add('calls_kept_back')
    return isAllowed
  }

  isClosed(endpoint: EndpointClass): boolean {
    return this.#breakers.get(endpoint)?.state === 'closed'
  }

  note(endpoint: EndpointClass, outcome: CallOutcome, nowUs: number): void {
    this.#ledger.counters.add(CALLS[endpoint][outcome])
    const breaker = this.#breakers.get(endpoint)
    if (outcome === 'failed') breaker?.fail(nowUs)
    else breaker?.succeed(nowUs)
  }

  #onChange(breaker: EndpointClass, state: BreakerState, nowUs: number): void {
    const ledger = this.#ledger
    if (state === 'open') ledger.counters.add('breaker_trips')
    const record = { type: 'breaker', time_us: nowUs, run: ledger.run } as const
    ledger.commit({ ...record, breaker, state, reason: 'outcome_unknown' })
    ledger.auditBreaker(state, nowUs)
    this.#signs.setBreaker?.(breaker, state)
    ledger.log.warn({ breaker, state }, 'breaker')
  }
}
