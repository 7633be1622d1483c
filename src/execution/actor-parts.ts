import type { Clock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { Books } from './books.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import type { ExecutionOptions } from './options.ts'
import type { RiskGuards } from './risk-guards.ts'
import type { Tape } from './tape.ts'
import type { TradingControl } from './trading-switch.ts'

/** What an execution actor is made of. */
export type ActorParts = Readonly<{
  clock: Clock
  /** Journal, state, desk, log and counters, already recovered (recovery.ts). */
  ledger: Ledger
  gateway: Gateway
  books: Books
  instruments: InstrumentTable
  options: ExecutionOptions
  control: TradingControl
  /** What is not given, is never in the way. */
  guards?: Partial<RiskGuards>
  /** Public trades for the exits; a reader of its own. */
  tape?: Tape
  /** An answer has come while the actor may sleep. */
  wake?: () => void
  /** Signal to order on the disk, in microseconds. */
  intentToDurable?: Histogram
  /** Signal to order handed over, journal included, in microseconds. */
  intentToSubmit?: Histogram
  /** Calls of the gateway, to their answers, in microseconds. */
  callTime?: Histogram
}>
