// hot
import type { Random } from '../core/random.ts'
import type { FairPrice } from './fair-price.ts'
import type { ListedInstrument } from './instruments.ts'
import type { LevelTable } from './level-table.ts'
import { ASK, BID, IOC, MARKET_TICKS, type MatchingEngine, POST_ONLY } from './matching-engine.ts'

/**
 * The crowd of one instrument: who adds, cancels and takes, one event at a time. Makers quote
 * around the fair price, which they know a little before the book shows it: the weaker side is
 * canceled and taken more, the stronger one added to, so the imbalance of the book says something
 * about the next move. Arrivals come in clusters (each take excites more events), sizes have heavy
 * tails, most activity is near the touch.
 */
/** What one event did, for those who publish it. */
export const FLOW_QUIET = 0
export const FLOW_TRADED = 1

const LEVELS_WANTED = 1060
const LEVELS_KEPT = 1400
const LEVELS_SEEDED = 1060
/** A side is never canceled below this many levels. */
const LEVELS_LEFT_ALONE = 40
const SEED_OWNER = 0
const ORDERS_WANTED = 4200

const TAKE_SHARE = 0.13
/**
 * Excitation that one take adds, and its decay in units of the base rate: half of all events have a
 * parent.
 */
const EXCITATION = 0.3
const DECAY = 0.08
const BACKGROUND = 1 - (TAKE_SHARE * EXCITATION) / DECAY
const EXCITATION_MAX = 8

/** Events answered at once by makers after the spread was opened. */
const REACTIONS_MAX = 4

export class OrderFlow {
  readonly engine: MatchingEngine
  readonly fair: FairPrice
  /** Taker side of the last event that traded: BID bought, ASK sold. */
  takerSide = BID
  /** Size of the quotes at the touch, in lots. */
  readonly quoteLots: number
  readonly #random: Random
  readonly #spreadTicks: number
  #excitation = 0

  constructor(
    instrument: ListedInstrument,
    engine: MatchingEngine,
    fair: FairPrice,
    random: Random,
  ) {
    this.engine = engine
    this.fair = fair
    this.#random = random
    const price = instrument.startTicks * instrument.tick.value
    const quoteNotional = 1500 + 24_000 / (1 + 0.35 * instrument.rank)
    this.quoteLots = Math.max(1, quoteNotional / (price * instrument.lot.value))
    const tickShare = 1 / instrument.startTicks
    const spread = (0.3e-4 + 0.8e-4 * Math.min(1, instrument.rank / 80)) / tickShare
    this.#spreadTicks = instrument.rank < 3 ? 1 : Math.max(1, Math.round(spread))
  }

  /** Fills the empty book around the fair price. */
  seedBook(): void {
    for (let side = BID; side <= ASK; side++) {
      const sign = side === BID ? -1 : 1
      const half = this.#spreadTicks / 2
      let ticks =
        side === BID ? Math.ceil(this.fair.ticks - half) : Math.floor(this.fair.ticks + half)
      if (side === ASK) ticks = Math.max(ticks, this.#bestTicks(BID) + 1)
      for (let level = 0; level < LEVELS_SEEDED && ticks > 0; level++) {
        const orders = level < 50 ? 3 : 1
        for (let i = 0; i < orders; i++) this.#add(side, ticks, this.#quoteSize(level))
        ticks += sign * this.#gapTicks()
      }
    }
  }

  /**
   * Microseconds until the next event at `eventsPerSecond` (Ogata's thinning: the intensity only
   * falls until the next event, so its present value is a bound).
   */
  waitUs(eventsPerSecond: number): number {
    const random = this.#random
    let waitedUs = 0
    for (;;) {
      const bound = BACKGROUND + this.#excitation
      const stepUs = random.exponential(1e6 / (eventsPerSecond * bound))
      waitedUs += stepUs
      this.#excitation *= Math.exp((-DECAY * eventsPerSecond * stepUs) / 1e6)
      if (random.float() * bound <= BACKGROUND + this.#excitation) return waitedUs
    }
  }

  /** One event. Answers FLOW_TRADED when the engine's fill list holds trades of `takerSide`. */
  step(): number {
    const random = this.#random
    const pull = this.#pull()
    const dice = random.float()
    if (dice < TAKE_SHARE) {
      this.#excitation = Math.min(EXCITATION_MAX, this.#excitation + EXCITATION)
      return this.#take(pull)
    }
    const crowd = this.engine.orderCount / ORDERS_WANTED
    const addShare =
      TAKE_SHARE + (1 - TAKE_SHARE) * Math.max(0.2, Math.min(0.85, 1.02 - 0.5 * crowd))
    if (dice < addShare) this.#quote(pull)
    else this.#withdraw(pull)
    this.#keepDepth()
    return FLOW_QUIET
  }

  /** Makers close a spread that a trade or a cancel opened; called after the trade was read. */
  react(): void {
    const random = this.#random
    for (let i = 0; i < REACTIONS_MAX; i++) {
      const spread = this.#bestTicks(ASK) - this.#bestTicks(BID)
      if (spread <= this.#spreadTicks || random.float() < 0.15) break
      const mid = (this.#bestTicks(ASK) + this.#bestTicks(BID)) / 2
      this.#quoteInside(this.fair.ticks > mid ? BID : ASK)
    }
    this.#keepDepth()
  }

  /**
   * A forced market order, as a liquidation sends it. Trades of it are in the engine's fill list.
   */
  liquidate(side: number): number {
    const lots = Math.max(1, Math.round(this.quoteLots * this.#heavyTail()))
    this.takerSide = side
    const ticks = side === BID ? MARKET_TICKS : 1
    this.engine.submit(side, ticks, lots, IOC, SEED_OWNER)
    return lots
  }

  /**
   * Where the price is drawn to: -1 far below the mid, +1 far above, by the fair price and what
   * leans on it.
   */
  #pull(): number {
    const gap = this.fair.ticks - (this.#bestTicks(BID) + this.#bestTicks(ASK)) / 2
    return Math.tanh(gap / (1 + this.#spreadTicks) + 0.35 * this.fair.lean)
  }

  #take(pull: number): number {
    const random = this.#random
    const repeats = random.float() < 0.35
    let side = random.float() < 0.5 + 0.42 * pull ? BID : ASK
    if (repeats && Math.abs(pull) < 0.5) side = this.takerSide
    const table = side === BID ? this.engine.asks : this.engine.bids
    if (table.count() <= LEVELS_LEFT_ALONE) return FLOW_QUIET
    const bestLots = table.lots[table.end - 1]
    const fairTicks = Math.round(this.fair.ticks)
    const best = Math.abs(table.keys[table.end - 1])
    // Nobody pays more than fair, except the impatient, who take the best price whatever it is.
    const limit = side === BID ? Math.max(best, fairTicks) : Math.min(best, fairTicks)
    const dice = random.float()
    let lots = bestLots
    if (dice < 0.62) lots = bestLots * random.float() * 0.5
    else if (dice > 0.8) lots = this.quoteLots * this.#heavyTail()
    // The further the price is from fair, the more is taken.
    if (Math.abs(fairTicks - best) > this.#spreadTicks && pull * (side === BID ? 1 : -1) > 0.6) {
      lots = Math.max(lots, bestLots + this.quoteLots * 4 * this.#heavyTail())
    }
    this.takerSide = side
    this.engine.submit(side, Math.max(1, limit), Math.max(1, Math.round(lots)), IOC, SEED_OWNER)
    return this.engine.fills.count > 0 ? FLOW_TRADED : FLOW_QUIET
  }

  #quote(pull: number): void {
    const random = this.#random
    const side = random.float() < 0.5 + 0.3 * pull ? BID : ASK
    const spread = this.#bestTicks(ASK) - this.#bestTicks(BID)
    if (spread > this.#spreadTicks && random.float() < 0.5) {
      this.#quoteInside(side)
      return
    }
    const sign = side === BID ? -1 : 1
    const distance = random.float() < 0.3 ? 0 : this.#distance()
    let ticks = this.#bestTicks(side) + sign * distance
    // A maker does not bid above the fair price, nor ask below it, unless the book is there
    // already.
    const fairTicks = side === BID ? Math.floor(this.fair.ticks) : Math.ceil(this.fair.ticks)
    if (random.float() < 0.7)
      ticks = side === BID ? Math.min(ticks, fairTicks) : Math.max(ticks, fairTicks)
    this.#add(side, ticks, this.#leaningSize(side, distance))
  }

  /** A new best price between the two sides, near where it should be. */
  #quoteInside(side: number): void {
    const bid = this.#bestTicks(BID)
    const ask = this.#bestTicks(ASK)
    if (ask - bid < 2) return
    const half = this.#spreadTicks / 2
    const noise = Math.floor(this.#random.exponential(0.7))
    const wanted =
      side === BID
        ? Math.ceil(this.fair.ticks - half) - noise
        : Math.floor(this.fair.ticks + half) + noise
    const ticks = Math.max(bid + 1, Math.min(ask - 1, wanted))
    this.#add(side, ticks, this.#leaningSize(side, 0))
  }

  #withdraw(pull: number): void {
    const random = this.#random
    // The side in the way of the move is given up.
    const side = random.float() < 0.5 + 0.3 * pull ? ASK : BID
    const table = side === BID ? this.engine.bids : this.engine.asks
    if (table.count() <= LEVELS_LEFT_ALONE) return
    const isExposed = (side === BID ? -pull : pull) > 0.5
    const level = isExposed && random.float() < 0.5 ? 0 : this.#distance() - 1
    const at = table.end - 1 - Math.min(level, table.count() - 1)
    this.#cancel(this.engine.orderAt(side, at, random.float() < 0.7))
    if (level === 0) this.react()
  }

  #add(side: number, ticks: number, lots: number): void {
    if (ticks < 1) return
    this.engine.submit(side, ticks, lots, POST_ONLY, SEED_OWNER)
  }

  /** Levels enough for the deepest topic, and none beyond what the book can hold. */
  #keepDepth(): void {
    for (let side = BID; side <= ASK; side++) {
      const table = side === BID ? this.engine.bids : this.engine.asks
      if (table.count() < LEVELS_WANTED && table.count() > 0) this.#extend(side, table)
      else if (table.count() > LEVELS_KEPT) {
        this.#cancelDeepest(side, table)
      }
    }
  }

  /** The crowd takes back its own orders only. */
  #cancel(id: number): boolean {
    if (this.engine.ownerOf(id) !== SEED_OWNER) return false
    this.engine.cancel(id)
    return true
  }

  /** Passes over levels that end in an order of somebody else. */
  #cancelDeepest(side: number, table: LevelTable): void {
    for (let at = table.start; at < table.end; at++) {
      if (this.#cancel(this.engine.orderAt(side, at, true))) return
    }
  }

  #extend(side: number, table: LevelTable): void {
    const worst = Math.abs(table.keys[table.start])
    const sign = side === BID ? -1 : 1
    this.#add(side, worst + sign * this.#gapTicks(), this.#quoteSize(LEVELS_WANTED))
  }

  #bestTicks(side: number): number {
    const table = side === BID ? this.engine.bids : this.engine.asks
    return Math.abs(table.keys[table.end - 1])
  }

  /** Levels from the touch, at least 1: as many within 1..30 as within 30..1000. */
  #distance(): number {
    return Math.floor(Math.exp(this.#random.float() * 6.6))
  }

  #gapTicks(): number {
    return this.#random.float() < 0.72 ? 1 : 1 + this.#random.below(3)
  }

  /** Deeper levels are larger on average; one in twelve sizes is round, as people type them. */
  #quoteSize(distance: number): number {
    const random = this.#random
    const depth = 0.35 + Math.min(2, distance / 60)
    const lots = this.quoteLots * depth * Math.exp(1.1 * random.normal() - 0.6)
    if (random.float() < 0.08) {
      const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, lots))))
      return unit * (1 + random.below(3))
    }
    return Math.max(1, Math.round(lots))
  }

  /** Near the touch the side that will be needed is quoted larger. */
  #leaningSize(side: number, distance: number): number {
    const lots = this.#quoteSize(distance)
    if (distance > 10) return lots
    const lean = side === BID ? this.fair.lean : -this.fair.lean
    return Math.max(1, Math.round(lots * Math.exp(0.4 * lean)))
  }

  /** Pareto with exponent 1.5 from 0.4 up to 200: the mean is near 1.2. */
  #heavyTail(): number {
    return Math.min(200, 0.4 * (1 - this.#random.float()) ** (-1 / 1.5))
  }
}
