type Levels = readonly (readonly [string, string])[]

/** A book of texts, for looking at what a tape says about it. */
export class SlowBook {
  readonly #depth: number
  readonly #bids = new Map<string, string>()
  readonly #asks = new Map<string, string>()
  /** The first thing that was wrong; empty for none. */
  fault = ''

  constructor(depth: number) {
    this.#depth = depth
  }

  apply(isSnapshot: boolean, data: Readonly<{ u: number; b: Levels; a: Levels }>): void {
    if (isSnapshot) {
      this.#bids.clear()
      this.#asks.clear()
    }
    this.#set(this.#bids, data.b)
    this.#set(this.#asks, data.a)
    const bestBid = Math.max(...[...this.#bids.keys()].map(Number))
    const bestAsk = Math.min(...[...this.#asks.keys()].map(Number))
    const deepest = Math.max(this.#bids.size, this.#asks.size)
    if (this.fault !== '') return
    if (bestBid >= bestAsk) this.fault = `crossed at ${data.u}`
    else if (deepest > this.#depth) this.fault = `${deepest} levels at ${data.u}`
    else if (Math.min(this.#bids.size, this.#asks.size) < this.#depth) {
      this.fault = `fewer levels than the depth at ${data.u}`
    }
  }

  #set(side: Map<string, string>, levels: Levels): void {
    for (const [price, size] of levels) {
      if (size !== '0') side.set(price, size)
      else if (!side.delete(price) && this.fault === '') this.fault = `no level at ${price}`
    }
  }
}
