import { systemClock } from '../core/clock.ts'
import { Random } from '../core/random.ts'
import { pause, systemTimers } from '../core/timer.ts'
import { type BookChange, BookHistory } from '../memory/book-history.ts'
import { openBookView } from '../memory/book-view.ts'
import type { FaultEntry } from '../sim/fault-log.ts'
import type { PlannedFault } from '../sim/fault-plan.ts'
import type { Engine } from '../threads/engine.ts'
import {
  type FaultAccount,
  FaultLedger,
  isSettled,
  type LossCount,
  type OpenFault,
} from './fault-account.ts'
import { LostUpdates } from './lost-updates.ts'
import type { MockProcess } from './mock-process.ts'

/** What is slowest to be noticed, a half-open connection, and its repair, fit in here. */
const SETTLE_SECONDS_MAX = 60
const SETTLE_LOOK_MS = 200
/** At the end of a run nothing new goes wrong, so that it shows whether all was mended. */
const CALM_SECONDS = 2
const OPEN_SHOWN_MAX = 20

/** What of the options the verdict depends on. */
export type VerdictPlan = Readonly<{ rate: number; redundant?: boolean }>

export type FaultReport = Readonly<{
  account: FaultAccount
  unexplained: number
  /** The first of what keeps the verdict from being ok. */
  open: readonly OpenFault[]
  /** Book updates that were sent and not delivered by any connection. */
  lostUpdates: number
  /** Every fault was noticed and repaired, and nothing else happened. */
  isSettled: boolean
}>

type Watched = {
  readonly topic: string
  readonly wasLive: boolean
  readonly history: BookHistory
  readonly changes: BookChange[]
}

/**
 * What goes wrong during a load test, by a plan that the mock carries out, and what became of it:
 * the mock's record of faults beside the states of the books, as shared memory tells them. A shard
 * is killed at half time as well.
 */
export class FaultRunner {
  readonly #engine: Engine
  readonly #mock: MockProcess
  readonly #plan: readonly PlannedFault[]
  readonly #random: Random
  readonly #entries: FaultEntry[] = []
  readonly #losses: LossCount[] = []
  readonly #lost: LostUpdates
  #watched: readonly Watched[] = []
  #restartsBefore = 0
  #killedUs: number[] = []

  constructor(engine: Engine, mock: MockProcess, plan: readonly PlannedFault[], seed: number) {
    this.#engine = engine
    this.#mock = mock
    this.#plan = plan
    this.#random = new Random(seed)
    this.#lost = new LostUpdates(engine)
  }

  async begin(): Promise<void> {
    const { config, instruments, memory, watch } = this.#engine
    if (this.#plan.length === 0) return
    this.#restartsBefore = this.#restarts()
    this.#watched = instruments.map(({ index, symbol }) => ({
      topic: `orderbook.${config.feed.depth}.${symbol}`,
      wasLive: watch.head(index)?.state === 'LIVE',
      history: new BookHistory(openBookView(memory.books, index, memory.depth)),
      changes: [],
    }))
    await this.#collect()
    await this.#mock.setPlan(this.#plan)
  }

  async second(second: number, seconds: number): Promise<void> {
    this.#lost.collect()
    if (this.#plan.length === 0) return
    if (second === Math.floor(seconds / 2)) {
      this.#engine.shards.kill(this.#random.below(this.#engine.memory.shards.length))
      this.#killedUs.push(systemClock.nowUs())
    }
    if (second >= seconds - CALM_SECONDS) await this.#mock.setPlan([])
    await this.#collect()
  }

  /** Waits until every fault was noticed and repaired, or for as long as the slowest may take. */
  async settle(stop: AbortSignal): Promise<void> {
    if (this.#plan.length === 0) return
    await this.#mock.setPlan([])
    const endUs = systemClock.nowUs() + SETTLE_SECONDS_MAX * 1e6
    while (systemClock.nowUs() < endUs && !stop.aborted) {
      await this.#collect()
      const isLive = this.#engine.watch.states().LIVE === this.#engine.instruments.length
      if (isLive && this.report().isSettled) return
      await pause(systemTimers, SETTLE_LOOK_MS)
    }
  }

  report(): FaultReport {
    const ledger = new FaultLedger(this.#watched, this.#losses)
    const account: Record<string, FaultAccount[string]> = { ...ledger.account(this.#entries) }
    if (this.#killedUs.length > 0) {
      const restarted = Math.min(this.#killedUs.length, this.#restarts() - this.#restartsBefore)
      account.kill_shard = {
        injected: this.#killedUs.length,
        detected: restarted,
        repaired: restarted,
        ...ledger.repairTimes(this.#killedUs, 'shard_lost'),
      }
    }
    const unexplained = ledger.unexplained(this.#entries)
    return {
      account,
      unexplained: unexplained.length,
      open: [...ledger.open(this.#entries), ...unexplained].slice(0, OPEN_SHOWN_MAX),
      lostUpdates: this.#lost.count(this.#entries),
      isSettled: unexplained.length === 0 && isSettled(account),
    }
  }

  #restarts(): number {
    return this.#engine.shardOverviews().reduce((sum, shard) => sum + shard.restarts, 0)
  }

  async #collect(): Promise<void> {
    for (const { changes, history } of this.#watched) changes.push(...history.read())
    const lost = this.#engine.watch.count('connections_lost')
    this.#losses.push({ atUs: systemClock.nowUs(), lost })
    const since = this.#entries.length === 0 ? 0 : (this.#entries.at(-1)?.id ?? -1) + 1
    this.#entries.push(...(await this.#mock.faultsSince(since)))
  }
}
