import type { Random } from '../core/random.ts'
import type { PlantedBug } from './planted-bugs.ts'

/** What goes wrong, and how often: chance at each opportunity in a history that has it. */
export const FAULT_CHANCES = {
  // requests to the exchange
  request_lost: 0.05,
  request_late: 0.05,
  request_repeated: 0.04,
  reply_lost: 0.06,
  rate_limited: 0.04, // 10006
  forbidden: 0.02, // 403
  maintenance: 0.008, // every request fails for a while
  order_refused: 0.03,
  order_disowned: 0.12, // taken, and its reply says that it was refused
  order_hidden: 0.12, // taken, its reply lost, and for a while no query and no list knows it
  list_lags: 0.1,
  // private stream
  message_lost: 0.03,
  message_late: 0.05,
  message_repeated: 0.05,
  message_reordered: 0.08,
  stream_down: 0.06,
  // disk
  write_short: 0.05,
  sync_slow: 0.04,
  sync_failed: 0.004,
  disk_full: 0.003,
  tail_lost: 0.7,
  tail_flipped: 0.5,
  // process
  process_killed: 0.5,
  power_lost: 0.5,
  stopped_in_order: 0.02,
  second_instance: 0.03,
  clock_jumped: 0.03,
  // market, people and others
  book_lost: 0.04,
  book_stale: 0.04,
  market_crashed: 0.012,
  intent_repeated: 0.2,
  intent_malformed: 0.04,
  foreign_order: 0.01,
  foreign_fill: 0.005,
  funding_paid: 0.03,
  money_moved: 0.03, // into the account or out of it
  account_blind: 0.03, // for long no look at the account is answered, while the rest works
  // changes of orders
  amend_refused: 0.1,
  amend_overtaken: 0.15,
  amend_untold: 0.15, // taken, and neither its reply nor the stream says so
  // checkpoints
  removed_is_back: 0.9,
} as const

/** Of connections and answers, where the gateway to Bybit is simulated. */
export const WIRE_FAULT_CHANCES = {
  socket_refused: 0.1,
  socket_half_open: 0.3, // of those that break
  trade_socket_down: 0.06,
  reply_garbled: 0.04, // it acted, and an answer comes that says nothing of it
  key_refused: 0.004, // for a while, every request
  recent_forgotten: 0.2, // the list of what ended lately is empty, and the history lags
  reply_delayed: 0.05, // long after the fills that it is about
  stream_lags: 0.03, // for a while all of it comes late, in its order
  subscription_refused: 0.1,
  pages_shift: 0.3, // what comes or goes between two pages moves the second one
  unconfigured_fill: 0.02, // somebody else trades where we do not
  limit_misstated: 0.3, // the time at which calls are possible again is far off, or was
} as const
export type FaultKind = keyof typeof FAULT_CHANCES | keyof typeof WIRE_FAULT_CHANCES

export const FAULT_KINDS = kindsOf(FAULT_CHANCES)
export const WIRE_FAULT_KINDS = kindsOf(WIRE_FAULT_CHANCES)

function kindsOf<Kind extends string>(chances: Readonly<Record<Kind, number>>): readonly Kind[] {
  return Object.keys(chances).filter((kind): kind is Kind => kind in chances)
}

/** Rare faults that a mistake shows in alone: its histories have them often, and few others. */
const NEEDED: Readonly<Partial<Record<PlantedBug, readonly FaultKind[]>>> = {
  follow_unproven: ['message_lost', 'message_reordered'],
  ignore_blindness: ['account_blind'],
  wire_old_lists: ['account_blind'],
}
const NEEDED_CHANCE = 0.3

/** One history of so many has few kinds of faults, so that it trades for long. */
const QUIET_OF = 4
const QUIET_SHARE = 0.1

/**
 * The faults of one history: each kind is there or not, and stronger or weaker, so that some
 * histories know one fault only and some know all.
 */
export class FaultPlan {
  readonly counts = new Map<FaultKind, number>()
  readonly #chances = new Map<FaultKind, number>()
  readonly #random: Random
  #isCalm = false

  constructor(random: Random, bugs: ReadonlySet<PlantedBug> = new Set()) {
    this.#random = random
    const isQuiet = random.below(QUIET_OF) === 0 || [...bugs].some((bug) => bug in NEEDED)
    const share = isQuiet ? QUIET_SHARE : 0.2 + 0.7 * random.float()
    for (const kind of FAULT_KINDS) {
      const isThere = random.float() < share
      const strength = 0.3 + 2 * random.float()
      this.#chances.set(kind, isThere ? Math.min(0.9, FAULT_CHANCES[kind] * strength) : 0)
    }
    for (const bug of bugs) {
      for (const kind of NEEDED[bug] ?? []) this.#chances.set(kind, NEEDED_CHANCE)
    }
  }

  /** Connections fail as well, each kind of it or not. */
  addWire(random: Random): void {
    for (const kind of WIRE_FAULT_KINDS) {
      const isThere = random.below(2) === 0
      this.#chances.set(kind, isThere ? WIRE_FAULT_CHANCES[kind] * (0.3 + 2 * random.float()) : 0)
    }
  }

  /** Whether the fault happens now; counted when it does. */
  hits(kind: FaultKind): boolean {
    if (this.#isCalm || this.#random.float() >= (this.#chances.get(kind) ?? 0)) return false
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    return true
  }

  get isCalm(): boolean {
    return this.#isCalm
  }

  /** From here on nothing goes wrong any more. */
  calm(): void {
    this.#isCalm = true
  }

  /** Whole microseconds from `low` to `high`. */
  between(low: number, high: number): number {
    return low + this.#random.below(high - low + 1)
  }

  below(bound: number): number {
    return this.#random.below(bound)
  }
}
