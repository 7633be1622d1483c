import { assert } from '../core/assert.ts'

/** What one symbol costs: messages a second that are expected of all its topics together. */
export type SymbolLoad = Readonly<{ symbol: string; rate: number }>

export type ConnectionLoad = SymbolLoad &
  Readonly<{
    /** Characters that its topics take in the `args` of subscribe requests. */
    characters: number
  }>

export type ConnectionBounds = Readonly<{
  symbolsMax: number
  connectionsMax: number
  charactersMax: number
}>

/**
 * What a symbol of unknown rate counts as: enough that unknown ones are spread evenly and never
 * pile up.
 */
const RATE_MIN = 1

/**
 * Spreads symbols over shards: the longest processing time first, each to the shard with the least
 * load (Graham 1969: never worse than 4/3 of the best possible maximum). The same symbols and rates
 * give the same plan whatever their order. A shard's symbols are in order of name; with fewer
 * symbols than shards the last shards are empty.
 */
export function planShards(loads: readonly SymbolLoad[], shards: number): string[][] {
  assert(Number.isInteger(shards) && shards > 0, 'there is a shard')
  const bins = Array.from({ length: shards }, emptyBin)
  for (const load of byRate(loads)) place(load, leastLoaded(bins), 0)
  return bins.map((bin) => bin.symbols.sort(byName))
}

/**
 * Spreads the symbols of one shard over connections in the same way, with at most `symbolsMax`
 * symbols and `charactersMax` characters on each; the number of connections is the smallest that
 * can hold them. Where `connectionsMax` does not allow `symbolsMax`, connections carry more
 * symbols, evenly.
 */
export function planConnections(
  loads: readonly ConnectionLoad[],
  bounds: ConnectionBounds,
): string[][] {
  if (loads.length === 0) return []
  assert(bounds.symbolsMax > 0 && bounds.connectionsMax > 0, 'a connection carries a symbol')
  const sorted = byRate(loads)
  const wanted = Math.ceil(loads.length / bounds.symbolsMax)
  const symbolsMax = Math.max(bounds.symbolsMax, Math.ceil(loads.length / bounds.connectionsMax))
  for (
    let count = Math.min(wanted, bounds.connectionsMax);
    count <= bounds.connectionsMax;
    count++
  ) {
    const plan = tryConnections(sorted, count, symbolsMax, bounds.charactersMax)
    if (plan !== undefined) return plan
  }
  assert(false, 'the topics of a shard fit its connections')
}

type Bin = { symbols: string[]; rate: number; characters: number }

function emptyBin(): Bin {
  return { symbols: [], rate: 0, characters: 0 }
}

function tryConnections(
  sorted: readonly ConnectionLoad[],
  count: number,
  symbolsMax: number,
  charactersMax: number,
): string[][] | undefined {
  const bins = Array.from({ length: count }, emptyBin)
  for (const load of sorted) {
    const open = bins.filter(
      (bin) => bin.symbols.length < symbolsMax && bin.characters + load.characters <= charactersMax,
    )
    if (open.length === 0) return undefined
    place(load, leastLoaded(open), load.characters)
  }
  return bins.map((bin) => bin.symbols.sort(byName))
}

function place(load: SymbolLoad, bin: Bin, characters: number): void {
  bin.symbols.push(load.symbol)
  bin.rate += rateOf(load)
  bin.characters += characters
}

/** The first of those with the least load; among equals the one with fewer symbols. */
function leastLoaded(bins: readonly Bin[]): Bin {
  let best = bins[0]
  for (const bin of bins) {
    const isLess =
      bin.rate < best.rate || (bin.rate === best.rate && bin.symbols.length < best.symbols.length)
    if (isLess) best = bin
  }
  return best
}

function rateOf(load: SymbolLoad): number {
  return Number.isFinite(load.rate) ? Math.max(load.rate, RATE_MIN) : RATE_MIN
}

function byRate<Load extends SymbolLoad>(loads: readonly Load[]): Load[] {
  return [...loads].sort((a, b) => rateOf(b) - rateOf(a) || byName(a.symbol, b.symbol))
}

/** By code unit, not by locale: a plan must not depend on the machine's language. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
