import { GATEWAY_EVENTS_WAITING_MAX } from '../../../constants.ts'
import type { GatewayEvent } from '../gateway.ts'

/**
 * Events for the actor, in their order. When they are too many all are dropped and the link is
 * declared down: what was missed is found when the account is compared anew.
 */
export class EventQueue {
  readonly #wake: () => void
  readonly #onFull: () => void
  readonly #nowUs: () => number
  #events: GatewayEvent[] = []
  #isLinkUp = false

  constructor(wake: () => void, onFull: () => void, nowUs: () => number) {
    this.#wake = wake
    this.#onFull = onFull
    this.#nowUs = nowUs
  }

  get isEmpty(): boolean {
    return this.#events.length === 0
  }

  next(): GatewayEvent | undefined {
    return this.#events.shift()
  }

  push(event: GatewayEvent): void {
    if (this.#events.length >= GATEWAY_EVENTS_WAITING_MAX) {
      // News of the link may be among what is dropped, and what is cut now never came up.
      this.#isLinkUp = false
      this.#events = [{ type: 'link', isUp: false, timeUs: this.#nowUs() }]
      this.#onFull()
      this.#wake()
      if (event.type === 'link') return
    }
    this.#events.push(event)
    this.#wake()
  }

  /** The private side came up or was lost; told once for each change. */
  pushLink(isUp: boolean, timeUs: number): void {
    if (this.#isLinkUp === isUp) return
    this.#isLinkUp = isUp
    this.push({ type: 'link', isUp, timeUs })
  }
}
