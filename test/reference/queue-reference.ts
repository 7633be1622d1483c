import type { Level } from './feature-history.ts'
import { type Past, Remembered, type Side } from './past.ts'
import { firstWhere } from './statistics.ts'

/**
 * The queue model of 1.6, told once from the beginning: births, deaths, resting times and the
 * judged lots of group K, each with the row at which it happened. Levels are maps, lots are lists.
 */
export type Added = Readonly<{ at: number; tau: number; lots: number }>
export type Death = Readonly<{ at: number; tau: number; lifetimeMs: number; isCancel: boolean }>
export type Rest = Readonly<{
  at: number
  tau: number
  lots: number
  restMs: number
  kind: 'fill' | 'cancel'
}>
/** A lot that was judged and qualified (group K). */
export type LayerEvent = Readonly<{
  at: number
  tau: number
  ticks: number
  lots: number
  /** Stream position of the message that added it. */
  addedPosition: number
  isSpoof: boolean
}>

export type QueueRecord = Readonly<{
  /** By row, the births of its levels, best first. */
  births: Readonly<Record<Side, number[][]>>
  adds: Readonly<Record<Side, Added[]>>
  deaths: Death[]
  rests: Rest[]
  layers: Readonly<Record<Side, LayerEvent[]>>
}>

type Lot = {
  lots: number
  remaining: number
  filled: number
  canceled: number
  birth: number
  isCensored: boolean
  isLarge: boolean
  distanceTicks: number
  addedPosition: number
  isJudged: boolean
}

type LevelState = { birth: number; isCensored: boolean; lots: Lot[] }

const RECORDS = new Remembered<QueueRecord>()

export function queueRecord(past: Past): QueueRecord {
  return RECORDS.get(past, 0, () => new QueueReplay(past).run())
}

class QueueReplay {
  readonly #past: Past
  readonly #levels = { bids: new Map<number, LevelState>(), asks: new Map<number, LevelState>() }
  readonly #record: QueueRecord = {
    births: { bids: [], asks: [] },
    adds: { bids: [], asks: [] },
    deaths: [],
    rests: [],
    layers: { bids: [], asks: [] },
  }

  /** Adds of both sides, each with the lots of all adds before it. */
  readonly #added: { tau: number; lotsBefore: number }[] = []
  #addedLots = 0

  constructor(past: Past) {
    this.#past = past
  }

  run(): QueueRecord {
    this.#past.history.rows.forEach((row, at) => {
      // What counts as large looks at the rows before, so both sides are judged by the same past.
      const before = this.#addsBefore(at)
      for (const side of ['bids', 'asks'] as const) {
        if (row.isSnapshot) this.#begin(at, side)
        else this.#apply(at, side, before)
        const births = row[side].map(
          ([ticks]) => this.#levels[side].get(ticks)?.birth ?? Number.NaN,
        )
        this.#record.births[side].push(births)
      }
    })
    return this.#record
  }

  /** Count and lots of the adds of both sides in the 60 s before, without the row itself. */
  #addsBefore(at: number): { count: number; lots: number } {
    const { tau } = this.#past.row(at)
    const from = firstWhere(this.#added, (add) => add.tau > tau - 60_000)
    const begin = this.#added[from]?.lotsBefore ?? this.#addedLots
    return { count: this.#added.length - from, lots: this.#addedLots - begin }
  }

  #begin(at: number, side: Side): void {
    this.#levels[side].clear()
    for (const level of this.#past.row(at)[side]) this.#appear(at, side, level)
  }

  /** A level that comes into view with what nobody saw being added. */
  #appear(at: number, side: Side, [ticks, lots]: Level): void {
    const { tau, position } = this.#past.row(at)
    const lot: Lot = {
      lots,
      remaining: lots,
      filled: 0,
      canceled: 0,
      birth: tau,
      isCensored: true,
      isLarge: false,
      distanceTicks: 0,
      addedPosition: position,
      isJudged: false,
    }
    this.#levels[side].set(ticks, { birth: tau, isCensored: true, lots: [lot] })
  }

  #apply(at: number, side: Side, before: { count: number; lots: number }): void {
    const row = this.#past.row(at)
    const levels = this.#levels[side]
    for (const { ticks, kind, add, cancel, fill } of this.#past.flows(at, side)) {
      const post = row[side].find(([price]) => price === ticks)?.[1] ?? 0
      if (kind === 2) this.#appear(at, side, [ticks, post])
      if (kind === 3) levels.delete(ticks)
      if (kind !== 4) continue
      const level = levels.get(ticks) ?? { birth: row.tau, isCensored: false, lots: [] }
      levels.set(ticks, level)
      if (add > 0) this.#add(at, side, ticks, add, before, level)
      this.#take(at, level.lots, fill, 'fill')
      this.#take(at, level.lots.toReversed(), cancel, 'cancel')
      this.#judge(at, side, ticks, level.lots)
      level.lots = level.lots.filter(({ remaining }) => remaining > 0)
      if (post > 0) continue
      levels.delete(ticks)
      if (level.isCensored) continue
      const lifetimeMs = row.tau - level.birth
      this.#record.deaths.push({ at, tau: row.tau, lifetimeMs, isCancel: fill < cancel })
    }
  }

  #add(
    at: number,
    side: Side,
    ticks: number,
    lots: number,
    before: { count: number; lots: number },
    level: LevelState,
  ): void {
    const { tau, position, bids, asks } = this.#past.row(at)
    const best = (side === 'bids' ? bids : asks)[0]?.[0] ?? Number.NaN
    level.lots.push({
      lots,
      remaining: lots,
      filled: 0,
      canceled: 0,
      birth: tau,
      isCensored: false,
      isLarge:
        before.count >= this.#past.params.spoofMinAdds && lots * before.count >= 2 * before.lots,
      distanceTicks: side === 'bids' ? best - ticks : ticks - best,
      addedPosition: position,
      isJudged: false,
    })
    this.#record.adds[side].push({ at, tau, lots })
    this.#added.push({ tau, lotsBefore: this.#addedLots })
    this.#addedLots += lots
  }

  #take(at: number, queue: readonly Lot[], lots: number, kind: 'fill' | 'cancel'): void {
    const { tau } = this.#past.row(at)
    let rest = lots
    for (const lot of queue) {
      const piece = Math.min(rest, lot.remaining)
      if (piece === 0) continue
      rest -= piece
      lot.remaining -= piece
      if (kind === 'fill') lot.filled += piece
      else lot.canceled += piece
      if (lot.isCensored) continue
      this.#record.rests.push({ at, tau, lots: piece, restMs: tau - lot.birth, kind })
    }
  }

  #judge(at: number, side: Side, ticks: number, lots: readonly Lot[]): void {
    const { tau, position } = this.#past.row(at)
    const { spoofMaxLifeMs, spoofMinDistTicks } = this.#past.params
    for (const lot of lots) {
      if (lot.isJudged || 5 * lot.canceled < 4 * lot.lots) continue
      lot.isJudged = true
      const isQuick = tau - lot.birth <= spoofMaxLifeMs
      if (lot.isCensored || !lot.isLarge || lot.filled > 0) continue
      if (!isQuick || !(lot.distanceTicks >= 1)) continue
      const wasUsed = hasTrade(this.#past, side, lot.addedPosition, position)
      this.#record.layers[side].push({
        at,
        tau,
        ticks,
        lots: lot.lots,
        addedPosition: lot.addedPosition,
        isSpoof: lot.distanceTicks >= spoofMinDistTicks && wasUsed,
      })
    }
  }
}

/** A trade whose taker was on this side, strictly between two messages. */
export function hasTrade(past: Past, side: Side, after: number, before: number): boolean {
  const { trades } = past.history
  const sign = side === 'bids' ? 1 : -1
  for (let i = firstWhere(trades, ({ position }) => position > after); i < trades.length; i++) {
    if (trades[i].position >= before) return false
    if (trades[i].sign === sign) return true
  }
  return false
}

/** What happened in the window (tau - windowMs, tau] at the row. */
export function eventsIn<T extends Readonly<{ at: number; tau: number }>>(
  past: Past,
  at: number,
  events: readonly T[],
  windowMs: number,
): readonly T[] {
  const from = firstWhere(events, ({ tau }) => tau > past.row(at).tau - windowMs)
  return events.slice(
    from,
    firstWhere(events, (event) => event.at > at),
  )
}
