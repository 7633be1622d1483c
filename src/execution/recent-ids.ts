/**
 * A set that keeps the latest so many ids. The order of arrival is kept beside the set: to look for
 * the oldest by walking a set is to walk over all that were deleted from its front.
 */
export class RecentIds extends Set<string> {
  readonly #max: number
  readonly #ring: string[] = []
  #oldest = 0

  constructor(max: number) {
    super()
    this.#max = max
  }

  override add(id: string): this {
    this.keep(id)
    return this
  }

  /** Answers the id that had to go for it. */
  keep(id: string): string | undefined {
    if (this.has(id)) return undefined
    super.add(id)
    if (this.#ring.length < this.#max) {
      this.#ring.push(id)
      return undefined
    }
    const gone = this.#ring[this.#oldest]
    this.#ring[this.#oldest] = id
    this.#oldest = (this.#oldest + 1) % this.#max
    this.delete(gone)
    return gone
  }
}
