/**
 * The fused view as its definition reads, price by price, in the plainest way: for comparing with
 * `FusedBook`.
 */
export type KnownSide = readonly (readonly [ticks: number, lots: number])[]
export type KnownBook = Readonly<{
  depth: number
  seq: number
  ctsMs: number
  bids: KnownSide
  asks: KnownSide
}>

export function fuse(books: readonly KnownBook[]): { bids: KnownSide; asks: KnownSide } {
  const depth = Math.max(...books.map((book) => book.depth))
  const newestFirst = [...books].sort(
    (a, b) =>
      (Number.isNaN(a.seq) || Number.isNaN(b.seq) ? 0 : b.seq - a.seq) ||
      b.ctsMs - a.ctsMs ||
      b.depth - a.depth,
  )
  return {
    bids: fuseSide(newestFirst, 'bids', depth),
    asks: fuseSide(newestFirst, 'asks', depth),
  }
}

function fuseSide(books: readonly KnownBook[], side: 'bids' | 'asks', depth: number): KnownSide {
  const sign = side === 'bids' ? -1 : 1
  const sizes = books.map((book) => new Map(book[side]))
  const levels: [number, number][] = []
  for (const ticks of new Set(sizes.flatMap((held) => [...held.keys()]))) {
    const knowing = books.findIndex((book) => {
      const held = book[side]
      return held.length < book.depth || sign * ticks <= sign * held[held.length - 1][0]
    })
    const lots = sizes[knowing]?.get(ticks)
    if (lots !== undefined) levels.push([ticks, lots])
  }
  return levels.sort((a, b) => sign * (a[0] - b[0])).slice(0, depth)
}
