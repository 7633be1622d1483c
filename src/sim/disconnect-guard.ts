import type { PrivateOrder } from './private-order.ts'

/**
 * Cancel on disconnect (DCP): when every connection that subscribed to a `dcp` topic is gone for
 * longer than the window, all orders of the account are canceled. A change of the window takes a
 * while to apply.
 */
const WINDOW_MS_START = 10_000
export const DCP_APPLY_MS = 10_000

export class DisconnectGuard {
  /** How often it fired. */
  fired = 0
  readonly #applyMs: number
  readonly #connections = new Set<object>()
  #windowMs = WINDOW_MS_START
  #pending: { windowMs: number; fromMs: number } | undefined
  /** When the last connection was lost; undefined while there is one, or never was. */
  #lostMs: number | undefined

  constructor(applyMs: number) {
    this.#applyMs = applyMs
  }

  /** Seconds, as the exchange shows them. */
  get windowSeconds(): number {
    return this.#windowMs / 1000
  }

  setWindow(windowMs: number, nowMs: number): void {
    this.#pending = { windowMs, fromMs: nowMs + this.#applyMs }
  }

  guard(connection: object): void {
    this.#connections.add(connection)
    this.#lostMs = undefined
  }

  /** The connection is gone, or no longer subscribed. */
  release(connection: object, nowMs: number): void {
    if (this.#connections.delete(connection) && this.#connections.size === 0) this.#lostMs = nowMs
  }

  /** Cancels what there is when the time has come. */
  step(nowMs: number, cancelAll: () => readonly PrivateOrder[]): void {
    if (this.#pending !== undefined && nowMs >= this.#pending.fromMs) {
      this.#windowMs = this.#pending.windowMs
      this.#pending = undefined
    }
    if (this.#lostMs === undefined || nowMs - this.#lostMs < this.#windowMs) return
    this.#lostMs = undefined
    this.fired++
    cancelAll()
  }
}
