/**
 * A client's book as plainly as it can be written: maps of strings, for comparing with the mock's
 * truth.
 */
export type WireLevels = [string, string][]
export type BookFrame = {
  topic: string
  type: string
  ts: number
  cts: number
  data: { s: string; b: WireLevels; a: WireLevels; u: number; seq: number }
}

export class WireBook {
  readonly bids = new Map<string, string>()
  readonly asks = new Map<string, string>()
  u = -1
  seq = -1

  /** False when the frame does not continue the chain. */
  apply(frame: BookFrame): boolean {
    const { data, type } = frame
    const isSnapshot = type === 'snapshot'
    if (!isSnapshot && data.u !== this.u + 1) return false
    if (isSnapshot) {
      this.bids.clear()
      this.asks.clear()
    }
    for (const [levels, changes] of [
      [this.bids, data.b],
      [this.asks, data.a],
    ] as const) {
      for (const [price, size] of changes) {
        if (size === '0') levels.delete(price)
        else levels.set(price, size)
      }
    }
    this.u = data.u
    this.seq = data.seq
    return true
  }

  sortedBids(): WireLevels {
    return [...this.bids].sort((x, y) => Number(y[0]) - Number(x[0]))
  }

  sortedAsks(): WireLevels {
    return [...this.asks].sort((x, y) => Number(x[0]) - Number(y[0]))
  }
}
