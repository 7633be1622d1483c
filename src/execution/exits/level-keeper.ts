import type { Instrument, InstrumentTable } from '../../domain/instrument.ts'
import type { HeldPhase } from '../../domain/journal-exits.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { Account, PositionLevels, RemotePosition, SubmitReply } from '../gateway/gateway.ts'
import { type ExitPlan, type Holding, instrumentKey } from '../holding.ts'
import type { Kill } from '../kill.ts'
import type { Ledger } from '../ledger.ts'
import type { ExecutionOptions } from '../options.ts'
import { checkLevels } from '../reconcile/account-check.ts'
import type { Truth, TruthParts } from '../truth.ts'
import { directionOf } from './exit-look.ts'
import type { ExitOptions } from './exit-options.ts'
import { besideTheirs, isDue, isUnguarded, isWithoutStop, wantedLevels } from './held-levels.ts'

export type LevelKeeperParts = Readonly<{
  /** An account without levels has nothing to keep: the exits alone watch. */
  truth: TruthParts
  looks: Pick<Truth, 'lookSoon'>
  kill: Pick<Kill, 'flatten'>
  instruments: InstrumentTable
  options: Pick<ExecutionOptions, 'exits' | 'requiresStop'>
}>

/** What is known of the levels that the exchange keeps with one open position. */
type Guard = {
  readonly instrument: Instrument
  /** Names the last fill that opened or enlarged it: the exchange took levels of its order then. */
  entry: string
  /** Undefined: nobody knows. */
  levels: PositionLevels | undefined
  /** On their way, and for which entry; one call at a time. */
  asked: PositionLevels | undefined
  askedEntry: string
  sentUs: number
  /** Of the last answer; a look at the account that was asked for before is older. */
  answeredUs: number
  failures: number
  /** The last answer was that they are taken; a look has yet to show it. */
  isTaken: boolean
  nextUs: number
  /** Others are due, now or when they may be asked for. */
  isWanting: boolean
  /** NaN: it is guarded. */
  unguardedUs: number
  isTold: boolean
}

type Reply = Readonly<{ guard: Guard; levels: PositionLevels; reply: SubmitReply }>

const RETRY_US_MIN = 1_000_000
const RETRY_US_MAX = 30_000_000
/** How long a look is waited for at what somebody else may have given to a position. */
const THEIRS_US = 10_000_000

/**
 * Keeps stop and target of every open position at the exchange, where a dead process leaves them:
 *
 *   order brings them -> exit levels move -> journal (`asked`) -> exchange -> held
 *                            ^-- refused, lost, or a look found others: later --+
 *
 * The exchange keeps them with the position and forgets them with it, so what fires after we closed
 * closes nothing. Setting them twice does no harm, so what is lost is asked for again, ever more
 * slowly. A start knows nothing until the first look at the account, or a second has passed.
 */
export class LevelKeeper {
  readonly #parts: LevelKeeperParts
  readonly #ledger: Ledger
  readonly #account: Account | undefined
  readonly #options: ExitOptions
  /** By `instrumentKey`, of open positions; one an instrument at most. */
  readonly #guards = new Map<string, Guard>()
  readonly #instruments: ReadonlyMap<string, Instrument>
  #leaving: Guard[] = []
  #replies: Reply[] = []
  #isStarting = true

  constructor(parts: LevelKeeperParts) {
    this.#parts = parts
    this.#ledger = parts.truth.ledger
    this.#account = parts.truth.gateway.account
    this.#options = parts.options.exits
    this.#instruments = new Map(parts.instruments.map((each) => [instrumentKey(each), each]))
  }

  /** Nothing waits to leave or to be taken. */
  get isIdle(): boolean {
    return this.#leaving.length === 0 && this.#replies.length === 0
  }

  /** Symbols of positions that have been without their stop at the exchange for too long. */
  get unguarded(): readonly string[] {
    const told = [...this.#guards.values()].filter(({ isTold }) => isTold)
    return told.map(({ instrument }) => instrument.symbol)
  }

  /** The exchange keeps what it should, as far as we know. */
  get isSettled(): boolean {
    for (const { asked, isWanting } of this.#guards.values()) {
      if (isWanting || asked !== undefined) return false
    }
    return this.isIdle
  }

  /** Journals what is to be asked for; `send` asks once that is durable. */
  poll(nowUs: number): void {
    if (this.#account?.setLevels === undefined) return
    const options = this.#options
    for (const [key, holding] of this.#ledger.state.holdings) {
      const { plan } = holding
      const instrument = this.#instruments.get(key)
      if (instrument === undefined || plan === undefined || holding.position.lots === 0) {
        this.#forget(key)
        continue
      }
      const guard = this.#guard(key, instrument, plan, nowUs)
      const direction = directionOf(holding.position)
      const ours = wantedLevels(lookOf(holding, plan, options))
      const { levels } = guard
      const isTheirs = plan.isTakenOver && levels !== undefined
      const wanted = isTheirs ? besideTheirs(ours, levels, direction) : ours
      const isFree = guard.asked === undefined && nowUs >= guard.nextUs
      const isDueNow = isDue(levels, wanted, nowUs - guard.sentUs, options.held)
      // What somebody may have given to it is not taken away unseen.
      guard.isWanting = isDueNow && !(plan.isTakenOver && !isTheirs && hasNone(ours))
      if (isFree && guard.isWanting) {
        const { stopTicks, targetTicks } = wanted
        this.#ask(guard, { stopTicks, targetTicks }, nowUs)
      }
      const isBare = isUnguarded(guard.levels, wanted, direction)
      const isNaked = this.#parts.options.requiresStop && isWithoutStop(guard.levels, wanted)
      this.#watch(guard, isBare || isNaked, isNaked ? 'alert' : options.held.onUnguarded, nowUs)
    }
    this.#isStarting = false
  }

  /** Hands over what is durable now. `isClosed`: nothing may leave any more. */
  send(nowUs: number, isClosed: boolean): void {
    const account = this.#account
    for (const guard of this.#leaving.splice(0)) {
      const levels = guard.asked
      if (levels === undefined) continue
      if (isClosed || account?.setLevels === undefined) {
        const reply = { kind: 'rejected', code: 'actor_silent', message: 'nothing leaves' } as const
        this.#replies.push({ guard, levels, reply })
        continue
      }
      this.#ledger.counters.add('levels_asked')
      void account.setLevels(instrumentKey(guard.instrument), levels, nowUs).then((reply) => {
        this.#replies.push({ guard, levels, reply })
        this.#parts.truth.wake()
      })
    }
  }

  /** Takes the answers. Answers how many there were. */
  receive(nowUs: number): number {
    const replies = this.#replies.splice(0)
    for (const { guard, levels, reply } of replies) this.#take(guard, levels, reply, nowUs)
    return replies.length
  }

  /** A look at the account, which was asked for at that time, tells what the exchange keeps. */
  look(positions: readonly RemotePosition[], askedUs: number): void {
    const { counters, state } = this.#ledger
    const local = [...this.#guards]
      .filter(([, guard]) => guard.asked === undefined)
      .map(([key, { answeredUs, levels }]) => {
        const movedUs = Math.max(state.holdings.get(key)?.movedUs || 0, answeredUs)
        return { key, lots: state.position(key).lots, levels, movedUs }
      })
    for (const { isDifferent, key, levels } of checkLevels(local, positions, askedUs)) {
      const guard = this.#guards.get(key)
      if (guard === undefined) continue
      if (isDifferent) {
        counters.add('levels_differed')
        this.#record(guard, 'differed', levels, 'position_mismatch', askedUs)
        this.#putOff(guard, askedUs)
      } else if (guard.failures === 0) guard.nextUs = askedUs
      else if (guard.isTaken) guard.failures = 0
      guard.levels = levels
    }
  }

  #guard(key: string, instrument: Instrument, plan: ExitPlan, nowUs: number): Guard {
    const entry = `${plan.openedUs}/${plan.entryLots}`
    const known = this.#guards.get(key)
    if (known?.entry === entry) return known
    // Its order took its own levels along. Those of a person are not the order's.
    const isByOrder = !this.#isStarting && !plan.isTakenOver && !(plan.setUs >= plan.openedUs)
    const { stopTicks, targetTicks } = plan
    const levels = isByOrder ? { stopTicks, targetTicks } : undefined
    const waitUs = plan.isTakenOver ? THEIRS_US : RETRY_US_MIN
    if (plan.isTakenOver) this.#parts.looks.lookSoon(nowUs)
    if (known !== undefined) {
      Object.assign(known, { entry, levels })
      if (plan.isTakenOver) known.nextUs = nowUs + waitUs
      return known
    }
    const guard: Guard = {
      ...{ instrument, entry, levels, asked: undefined, askedEntry: '' },
      ...{ sentUs: Number.NEGATIVE_INFINITY, answeredUs: 0, failures: 0 },
      ...{ isTaken: false, isWanting: false },
      nextUs: isByOrder ? nowUs : nowUs + waitUs,
      ...{ unguardedUs: Number.NaN, isTold: false },
    }
    this.#guards.set(key, guard)
    return guard
  }

  /** A call that is under way may still reach the next position: its answer is waited for. */
  #forget(key: string): void {
    const guard = this.#guards.get(key)
    if (guard === undefined) return
    if (guard.asked === undefined) this.#guards.delete(key)
    else Object.assign(guard, { entry: '', unguardedUs: Number.NaN, isTold: false })
  }

  #ask(guard: Guard, levels: PositionLevels, nowUs: number): void {
    if (!this.#record(guard, 'asked', levels, 'ok', nowUs)) return
    Object.assign(guard, { asked: levels, askedEntry: guard.entry, sentUs: nowUs })
    this.#leaving.push(guard)
  }

  #take(guard: Guard, levels: PositionLevels, reply: SubmitReply, nowUs: number): void {
    const { counters, log } = this.#ledger
    guard.asked = undefined
    guard.answeredUs = nowUs
    guard.isTaken = reply.kind === 'accepted'
    if (guard.entry === '') return // the position is gone, and its levels with it
    const isSameEntry = guard.entry === guard.askedEntry
    if (reply.kind === 'accepted') {
      this.#record(guard, 'held', levels, 'ok', nowUs)
      guard.levels = isSameEntry ? levels : undefined
      return
    }
    const isLost = reply.kind === 'unknown'
    const code = isLost ? 'outcome_unknown' : reply.code
    counters.add(isLost ? 'levels_lost' : 'levels_refused')
    const instrument = instrumentKey(guard.instrument)
    log.error({ instrument, code, reason: reply.message }, 'the exchange did not take a stop')
    this.#record(guard, isLost ? 'lost' : 'refused', levels, code, nowUs)
    if (isLost || !isSameEntry) guard.levels = undefined
    if (isLost) this.#parts.looks.lookSoon(nowUs)
    this.#putOff(guard, nowUs)
  }

  #putOff(guard: Guard, nowUs: number): void {
    guard.nextUs = nowUs + Math.min(RETRY_US_MAX, RETRY_US_MIN * 2 ** guard.failures)
    guard.failures++
  }

  #watch(guard: Guard, isBare: boolean, action: 'alert' | 'flatten', nowUs: number): void {
    const ledger = this.#ledger
    const { unguardedMsMax } = this.#options.held
    if (!isBare) {
      guard.unguardedUs = Number.NaN
      guard.isTold = false
      return
    }
    if (Number.isNaN(guard.unguardedUs)) guard.unguardedUs = nowUs
    if (guard.isTold || nowUs - guard.unguardedUs < unguardedMsMax * 1000) return
    guard.isTold = true
    ledger.counters.add('positions_unguarded')
    const instrument = instrumentKey(guard.instrument)
    ledger.log.error({ instrument, action }, 'no stop at the exchange')
    const levels = guard.levels ?? { stopTicks: Number.NaN, targetTicks: Number.NaN }
    this.#record(guard, 'unguarded', levels, 'protective_stop_missing', nowUs)
    if (action !== 'flatten') return
    const ask = { reason: 'protective_stop_missing', who: '', command: null }
    this.#parts.kill.flatten(guard.instrument, ask, nowUs)
  }

  #record(
    { instrument }: Guard,
    phase: HeldPhase,
    { stopTicks, targetTicks }: PositionLevels,
    reason: ResultCode,
    nowUs: number,
  ): boolean {
    const ledger = this.#ledger
    return ledger.commit({
      type: 'held_levels',
      ...{ time_us: nowUs, run: ledger.run },
      ...{ symbol: instrument.symbol, category: instrument.category },
      phase,
      target_ticks: Number.isNaN(targetTicks) ? null : targetTicks,
      stop_ticks: Number.isNaN(stopTicks) ? null : stopTicks,
      reason,
    })
  }
}

function hasNone({ stopTicks, targetTicks }: PositionLevels): boolean {
  return Number.isNaN(stopTicks) && Number.isNaN(targetTicks)
}

export function lookOf({ position }: Holding, plan: ExitPlan, options: ExitOptions) {
  const { costTickLots, lots } = position
  return { lots, averageTicks: costTickLots / Math.abs(lots), plan, options }
}
