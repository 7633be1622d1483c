/**
 * One side of a book without a depth limit, as Binance streams it, and the window of its best
 * levels, as Bybit does. For recordings, not for the hot path.
 */
type Level = Readonly<{ price: number; priceText: string; sizeText: string }>

export type LevelText = readonly [price: string, size: string]

export class FullBookSide {
  readonly #sign: 1 | -1
  readonly #depth: number
  #levels: Level[] = [] // best first
  #window: Level[] = [] // as it was last told

  constructor(side: 'bid' | 'ask', depth: number) {
    this.#sign = side === 'bid' ? -1 : 1
    this.#depth = depth
  }

  clear(): void {
    this.#levels = []
    this.#window = []
  }

  set(priceText: string, sizeText: string): void {
    const price = Number(priceText)
    const at = this.#find(price)
    const isThere = at < this.#levels.length && this.#levels[at].price === price
    if (Number(sizeText) === 0) {
      if (isThere) this.#levels.splice(at, 1)
      return
    }
    this.#levels.splice(at, isThere ? 1 : 0, { price, priceText, sizeText })
  }

  /**
   * What changed in the window of the best levels since the last call; size "0" for a level that
   * left it.
   */
  takeWindowChanges(): LevelText[] {
    const before = this.#window
    const after = this.#levels.slice(0, this.#depth)
    const changes: LevelText[] = []
    let b = 0
    for (const level of after) {
      while (b < before.length && this.#isBetter(before[b].price, level.price)) {
        changes.push([before[b++].priceText, '0'])
      }
      const old = before[b]
      if (old?.price === level.price) b++
      if (old?.price !== level.price || old.sizeText !== level.sizeText) {
        changes.push([level.priceText, level.sizeText])
      }
    }
    for (; b < before.length; b++) changes.push([before[b].priceText, '0'])
    this.#window = after
    return changes
  }

  #isBetter(price: number, than: number): boolean {
    return (price - than) * this.#sign < 0
  }

  #find(price: number): number {
    let low = 0
    let high = this.#levels.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#isBetter(this.#levels[middle].price, price)) low = middle + 1
      else high = middle
    }
    return low
  }
}
