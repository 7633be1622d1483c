import { systemClock } from '../core/clock.ts'
import { Random } from '../core/random.ts'
import { type CancelTimer, pause, systemTimers } from '../core/timer.ts'
import { type BookChange, BookHistory } from '../memory/book-history.ts'
import { openBookView } from '../memory/book-view.ts'
import type { FaultEntry } from '../sim/fault-log.ts'
import type { PlannedFault } from '../sim/fault-plan.ts'
import type { PlannedPrivateFault } from '../sim/private-plan.ts'
import type { Engine } from '../threads/engine.ts'
import { type FaultAccount, FaultLedger, isSettled, type OpenFault } from './fault-account.ts'
import { LostUpdates } from './lost-updates.ts'
import type { MockProcess } from './mock-process.ts'

/** What is slowest to be noticed, a half-open connection, and its repair, fit in here. */
const SETTLE_SECONDS_MAX = 60
const SETTLE_LOOK_MS = 200
/** How exactly the loss and return of a line are timed. */
const LINE_LOOK_MS = 50
/** At the end of a run nothing new goes wrong, so that it shows whether all was mended. */
const CALM_SECONDS = 2
const OPEN_SHOWN_MAX = 20

/** `privately`: what befalls the account, where orders go to it. */
export type LoadPlan = Readonly<{
  faults: readonly PlannedFault[]
  privately: readonly PlannedPrivateFault[]
}>

/** What of the options the verdict depends on. */
export type VerdictPlan = Readonly<{ rate: number; redundant?: boolean }>

export type FaultReport = Readonly<{
  account: FaultAccount
  unexplained: number
  /** The first of what keeps the verdict from being ok. */
  open: readonly OpenFault[]
  /** Book updates that were sent and never applied, though a connection could have brought them. */
  lostUpdates: number
  /** The same while the mock had broken both connections of their topics. */
  lostOnBothLines: number
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
  readonly #plan: LoadPlan
  readonly #random: Random
  readonly #entries: FaultEntry[] = []
  readonly #lostUs: number[] = []
  readonly #openedUs: number[] = []
  readonly #lost: LostUpdates
  #watched: readonly Watched[] = []
  #restartsBefore = 0
  #lineCounts = { lost: 0, opened: 0 }
  #cancelLooks: CancelTimer = () => {}
  #killedUs: number[] = []

  constructor(engine: Engine, mock: MockProcess, plan: LoadPlan, seed: number) {
    this.#engine = engine
    this.#mock = mock
    this.#plan = plan
    this.#random = new Random(seed)
    this.#lost = new LostUpdates(engine)
  }

  async begin(): Promise<void> {
    const { config, instruments, memory, watch } = this.#engine
    const { faults, privately } = this.#plan
    if (faults.length === 0) {
      if (privately.length > 0) await this.#mock.setPlan([], privately)
      return
    }
    this.#restartsBefore = this.#restarts()
    this.#watched = instruments.map(({ index, symbol }) => {
      // The history first: a change between the two is then seen twice rather than never.
      const history = new BookHistory(openBookView(memory.books, index, memory.depth))
      // A book that is being written at every attempt is LIVE and busy.
      const wasLive = (watch.head(index)?.state ?? 'LIVE') === 'LIVE'
      const topic = `orderbook.${config.feed.depth}.${symbol}`
      return { topic, wasLive, history, changes: [] }
    })
    this.#lineCounts = this.#readLines()
    this.#cancelLooks = systemTimers.every(LINE_LOOK_MS, () => this.#lookAtLines())
    await this.#collect()
    await this.#mock.setPlan(faults, privately)
  }

  async second(second: number, seconds: number): Promise<void> {
    this.#lost.collect()
    if (second >= seconds - CALM_SECONDS && this.#plan.privately.length > 0) {
      await this.#mock.setPlan([])
    }
    if (this.#plan.faults.length === 0) return
    if (second === Math.floor(seconds / 2)) {
      this.#engine.shards.kill(this.#random.below(this.#engine.memory.shards.length))
      this.#killedUs.push(systemClock.nowUs())
    }
    if (second >= seconds - CALM_SECONDS) await this.#mock.setPlan([])
    await this.#collect()
  }

  /** Waits until every fault was noticed and repaired, or for as long as the slowest may take. */
  async settle(stop: AbortSignal): Promise<void> {
    if (this.#plan.faults.length === 0) return
    await this.#mock.setPlan([])
    await this.#waitUntilSettled(stop)
    this.#cancelLooks()
  }

  async #waitUntilSettled(stop: AbortSignal): Promise<void> {
    const endUs = systemClock.nowUs() + SETTLE_SECONDS_MAX * 1e6
    while (systemClock.nowUs() < endUs && !stop.aborted) {
      await this.#collect()
      const isLive = this.#engine.watch.states().LIVE === this.#engine.instruments.length
      if (isLive && this.report().isSettled) return
      await pause(systemTimers, SETTLE_LOOK_MS)
    }
  }

  report(): FaultReport {
    const times = { lostUs: this.#lostUs, openedUs: this.#openedUs }
    const ledger = new FaultLedger(this.#watched, times)
    const account: Record<string, FaultAccount[string]> = { ...ledger.account(this.#entries) }
    // A shard that nobody killed and that died all the same is in `detected` beyond `injected`.
    const restarted = this.#restarts() - this.#restartsBefore
    if (this.#killedUs.length > 0 || restarted > 0) {
      account.kill_shard = {
        injected: this.#killedUs.length,
        detected: restarted,
        repaired: restarted,
        ...ledger.repairTimes(this.#killedUs, 'shard_lost'),
      }
    }
    const unexplained = ledger.unexplained(this.#entries)
    const lost = this.#lost.count(this.#entries, ledger.lines(this.#entries))
    const open = [...ledger.open(this.#entries), ...unexplained]
    return {
      account,
      unexplained: unexplained.length,
      open: [...open, ...(this.#engine.config.feed.redundancy > 1 ? lost.open : [])].slice(
        0,
        OPEN_SHOWN_MAX,
      ),
      lostUpdates: lost.lost,
      lostOnBothLines: lost.lostOnBothLines,
      isSettled: unexplained.length === 0 && isSettled(account),
    }
  }

  #readLines(): { lost: number; opened: number } {
    const { watch } = this.#engine
    return { lost: watch.count('connections_lost'), opened: watch.count('connections_opened') }
  }

  #lookAtLines(): void {
    const nowUs = systemClock.nowUs()
    const now = this.#readLines()
    for (let n = this.#lineCounts.lost; n < now.lost; n++) this.#lostUs.push(nowUs)
    for (let n = this.#lineCounts.opened; n < now.opened; n++) this.#openedUs.push(nowUs)
    this.#lineCounts = now
  }

  #restarts(): number {
    return this.#engine.shardOverviews().reduce((sum, shard) => sum + shard.restarts, 0)
  }

  async #collect(): Promise<void> {
    for (const { changes, history } of this.#watched) changes.push(...history.read())
    const since = this.#entries.length === 0 ? 0 : (this.#entries.at(-1)?.id ?? -1) + 1
    this.#entries.push(...(await this.#mock.faultsSince(since)))
  }
}
