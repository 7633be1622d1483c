import { ORDER_LINK_ID_CHARACTERS_MAX } from '../../../constants.ts'
import { assert } from '../../../core/assert.ts'
import { parseOrderLinkId } from '../../order/order-link-id.ts'

/**
 * Our ids as the exchange sees them: `bf-RUN-NUMBER-TAG`. Runs are counted by a journal, so two
 * journals make the same ids; the exchange wants each id once in the account's life, and would
 * answer with the other journal's order. The tag is the time at which the journal began.
 */
export class LinkIds {
  readonly #firstStartUs: () => number

  /** `firstStartUs`: of the first run of the journal; asked when the first id is needed. */
  constructor(firstStartUs: () => number) {
    this.#firstStartUs = firstStartUs
  }

  get #tag(): string {
    const firstStartUs = this.#firstStartUs()
    assert(Number.isFinite(firstStartUs) && firstStartUs > 0, 'a journal has begun at some time')
    return Math.floor(firstStartUs / 1000).toString(36)
  }

  toWire(orderLinkId: string): string {
    const id = `${orderLinkId}-${this.#tag}`
    assert(id.length <= ORDER_LINK_ID_CHARACTERS_MAX, 'an orderLinkId fits its limit')
    return id
  }

  /** Whose order it is; `sibling`: of another bookflow, or of another journal of ours. */
  fromWire(wireId: string): Readonly<{ owner: 'us' | 'sibling' | 'other'; orderLinkId: string }> {
    const at = wireId.lastIndexOf('-')
    const own = wireId.slice(0, at)
    if (at === -1 || parseOrderLinkId(own) === undefined) {
      return { owner: 'other', orderLinkId: wireId }
    }
    if (wireId.slice(at + 1) === this.#tag) return { owner: 'us', orderLinkId: own }
    return { owner: 'sibling', orderLinkId: wireId }
  }
}
