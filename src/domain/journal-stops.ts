import type { Category } from './instrument.ts'
import type { OrderSide, Regime, TradingState } from './trading.ts'

/** Journal records of what stops trading harder than a trading state does, and of who asked. */

/**
 * `flatten` makes flat and goes on reduce-only; `kill` makes flat the whole account and stays
 * halted until its release.
 */
export const STOP_KINDS = ['flatten', 'kill'] as const
export type StopKind = (typeof STOP_KINDS)[number]

export const STOP_PHASES = [
  'ordered',
  'flat', // seen at the exchange where it has an account, else here
  'stuck', // its bound was reached with something open: a person is needed
  'released',
] as const
export type StopPhase = (typeof STOP_PHASES)[number]

/** A flatten or a kill entered a phase. */
export type StopChanged = Readonly<{
  type: 'stop'
  time_us: number
  run: number
  stop: StopKind
  phase: StopPhase
  /** null: all instruments; always so of a kill. */
  symbol: string | null
  category: Category | null
  /** Result code, or what the person wrote. */
  reason: string
  /** As the caller named itself; empty when the actor did it by itself. */
  who: string
  command: number | null
  orders_open: number
  positions_open: number
}>

/**
 * A kill closes a position in an instrument that is not configured: a market order that can only
 * reduce, of which nothing is known but what the exchange said.
 */
export type UnwatchedClose = Readonly<{
  type: 'unwatched_close'
  time_us: number
  run: number
  /** Counts those of the run from 1; with the run it makes `order_link_id`. */
  number: number
  order_link_id: string
  symbol: string
  category: Category
  side: OrderSide
  /** As the exchange wrote the size of the position; `0`: as much of it as one order may close. */
  qty: string
}>

/** The regime that the gate goes by from here on. */
export type RegimeChanged = Readonly<{
  type: 'regime'
  time_us: number
  run: number
  regime: Regime
  /** 'command', or 'start': as configured. */
  reason: string
  command: number | null
}>

/** What a command asked for, whether it was done or refused. Absent: to be left as it is. */
export type CommandAsked = Readonly<{
  /** Of a change of one order; the size is the whole of it, what is filled included. */
  limit_ticks?: number
  lots?: number
  /** Of levels; null: none. */
  stop_ticks?: number | null
  target_ticks?: number | null
  trailing?: boolean
  /** Of the stop or start of one: its name. */
  strategy?: string
}>

/** A person's command and what became of it: who, what, when, why. */
export type CommandObeyed = Readonly<{
  type: 'command'
  time_us: number
  run: number
  number: number
  command: string
  /** null: all. */
  symbol: string | null
  who: string
  reason: string
  /** Result code of the answer. */
  code: string
  /** The one order it was about; absent: about none. */
  order_link_id?: string
  /** With what; absent: there was nothing to say, or the record is an early one. */
  asked?: CommandAsked
  /**
   * SHA-256, base64url, of the idempotency key of the request and of what it asked for; the answer
   * is repeated to the same request after a restart. Absent: it came without a key.
   */
  key_hash?: string
  request_hash?: string
  /** After it; part of the answer. Absent in early records. */
  trading_state?: TradingState
}>
