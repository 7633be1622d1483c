import type { InvariantNumber } from './invariants.ts'
import type { Timeline } from './timeline.ts'

export type Look = 'executions' | 'open_orders' | 'positions'
const LOOKS = 3
/** What was decided in time leaves after a flush, which may be slow. */
const SLACK_US = 1_500_000

export type SightWatchParts = Readonly<{
  timeline: Timeline
  /** How long looks may fail before nothing may be opened. */
  blindMsMax: number
  fail: (invariant: InvariantNumber, message: string) => void
}>

/** What the engine could see of the account when it opens something. */
export class SightWatch {
  readonly #parts: SightWatchParts
  #isLinkUp = false
  #linkUs = 0
  /** Answered since the link came up. */
  readonly #looks = new Set<Look>()
  /** A round asks for them in this order. When the first two of it were answered; 0: not yet. */
  #executionsUs = 0
  #ordersUs = 0
  /** End of the last whole round. */
  #seenUs = 0
  #isAgreedInTurn = false
  #seenUsInTurn = 0

  constructor(parts: SightWatchParts) {
    this.#parts = parts
  }

  onStart(): void {
    this.#isLinkUp = false
    this.#forget()
  }

  onLink(isUp: boolean): void {
    this.#isLinkUp = isUp
    this.#linkUs = this.#parts.timeline.nowUs()
    this.#forget()
  }

  /** The exchange answered a look that was asked for at that time. */
  onLook(look: Look, askedUs: number): void {
    if (!this.#isLinkUp || askedUs < this.#linkUs) return
    this.#looks.add(look)
    const nowUs = this.#parts.timeline.nowUs()
    const follows = (us: number) => us > 0 && askedUs >= us
    // A kill asks for itself in between.
    if (look === 'executions') this.#executionsUs ||= nowUs
    else if (look === 'open_orders' && follows(this.#executionsUs)) this.#ordersUs ||= nowUs
    else if (look === 'positions' && follows(this.#ordersUs)) {
      this.#seenUs = nowUs
      this.#forgetRound()
    }
  }

  /** A turn of the actor begins: what is known now is what it may act on. */
  onTurn(): void {
    this.#isAgreedInTurn = this.#isLinkUp && this.#looks.size === LOOKS
    this.#seenUsInTurn = this.#seenUs
  }

  onOpening(orderLinkId: string): void {
    const { blindMsMax, fail, timeline } = this.#parts
    if (!this.#isAgreedInTurn) fail(7, `${orderLinkId} was sent before the account agreed`)
    const blindUs = timeline.nowUs() - this.#seenUsInTurn
    if (blindUs <= blindMsMax * 1000 + SLACK_US) return
    fail(31, `${orderLinkId} was sent ${Math.round(blindUs / 1000)} ms after the last look`)
  }

  #forget(): void {
    this.#looks.clear()
    this.#forgetRound()
  }

  #forgetRound(): void {
    this.#executionsUs = 0
    this.#ordersUs = 0
  }
}
