import { EventEmitter } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type AccountFigures, isProven } from '../src/cli/account-proof.ts'
import { DemoKeys, proveAccount } from '../src/cli/demo-account.ts'
import { MockProcess } from '../src/cli/mock-process.ts'
import { ScratchFolder } from '../src/cli/scratch-folder.ts'
import { Random } from '../src/core/random.ts'
import { type StormConfig, StormEngine, writeStormConfig } from './storm-engine.ts'
import { STORM_STAGES, StormJournal, type StormStage } from './storm-journal.ts'

export type StormPlan = Readonly<{
  kills: number
  seed: number
  symbols: number
  rate: number
  /** The longest that an engine lives once it trades. */
  lifeMsMax: number
  /** The compiled program. */
  program: URL
}>

export type StormVerdict = AccountFigures &
  Readonly<{
    ok: boolean
    /** Why it is not, or why it is short; empty when all went as planned. */
    reason: string
    kills: number
    kills_by_stage: Readonly<Record<StormStage, number>>
    /** Engines that ended by themselves, by how: a starved machine makes the watchdog act. */
    own_ends: Readonly<Record<string, number>>
    /** Halts that the engine does not leave by itself, by reason; each was released on record. */
    halts: Readonly<Record<string, number>>
    releases: number
    /** No longer known to the mock, so not compared. */
    executions_forgotten: number
    seconds: number
    seed: number
  }>

/** What a life is aimed at, and how many of ten lives are. */
const AIMS = [
  ['starting', 2],
  ['recovering', 2],
  ['trading', 6],
] as const
type Aim = (typeof AIMS)[number][0]

const EARLY = 'stopped early'
const LOOK_MS = 20
/** Between two tries to release a halt. */
const RELEASE_PERIOD_MS = 1000
/** For one state of an engine; a machine that is starved for seconds is not yet an error. */
const PATIENCE_MS = 180_000
const PROOF_MS_MAX = 180_000
const PROGRESS_PERIOD_MS = 30_000
const PROGRESS_KILLS = 10
const OWN_ENDS_IN_A_ROW_MAX = 10
const COMPARISONS_MAX = 5
/** Of the first start, until one was seen. */
const START_MS_GUESS = 1500
const RECOVERY_MS_MAX = 250
/** Of a life that trades, before its end comes near. */
const ORDERS_MAX = 6

/**
 * An engine that trades on the account of a mock exchange and is killed again and again, then once
 * more a start, and the comparison of its journal with the account. Stopped early it still compares.
 */
export class Storm {
  /** Tells `ended` after each life. */
  readonly lives = new EventEmitter<{ ended: [] }>()
  readonly #plan: StormPlan
  readonly #say: (line: string) => void
  readonly #random: Random
  readonly #stages = new Map<StormStage, number>(STORM_STAGES.map((stage) => [stage, 0]))
  readonly #ownEnds = new Map<string, number>()
  readonly #beganMs = performance.now()
  #isStopped = false
  #kills = 0
  #releases = 0
  #endsInARow = 0
  #complaint = ''
  #startMs = START_MS_GUESS
  #saidMs = this.#beganMs

  constructor(plan: StormPlan, say: (line: string) => void) {
    this.#plan = plan
    this.#say = say
    this.#random = new Random(plan.seed)
  }

  /** No further kill: the comparison is next. */
  stop(): void {
    this.#isStopped = true
  }

  /** A text says why there is nothing to compare. */
  async run(): Promise<StormVerdict | string> {
    const { program, rate, seed, symbols } = this.#plan
    const started = await MockProcess.start({ port: 0, symbols, rate, seed, program })
    if (!started.ok) return started.message
    const mock = started.value
    const folder = new ScratchFolder('kill-storm')
    const keys = new DemoKeys()
    const journal = new StormJournal(folder.path)
    try {
      const model = fileURLToPath(new URL('../models/scalper-v1', program))
      const config = writeStormConfig(folder.path, { mock, keys, model, symbols })
      while (!this.#isStopped && this.#kills < this.#plan.kills) {
        if (this.#endsInARow >= OWN_ENDS_IN_A_ROW_MAX) break
        await this.#liveAndDie(config, journal)
      }
      const figures = await this.#compare(mock, config, journal, folder.path)
      if (figures === undefined) return `nothing could be compared: ${this.#complaint}`
      return await this.#verdict(figures, mock, journal)
    } finally {
      journal.close()
      await mock.stop()
      keys.remove()
      folder.remove()
    }
  }

  async #liveAndDie(config: StormConfig, journal: StormJournal): Promise<void> {
    const aim = this.#drawAim()
    const share = this.#random.float()
    const orders = 1 + this.#random.below(ORDERS_MAX)
    const runs = journal.runs
    const beganMs = performance.now()
    const engine = this.#start(config)
    if (aim !== 'starting') {
      const hasBegun = await this.#until(engine, journal, () => journal.runs > runs)
      if (hasBegun) this.#startMs += (performance.now() - beganMs - this.#startMs) / 4
    }
    if (aim === 'trading') {
      const hasTraded = () => journal.runs > runs && journal.ordersOfRun >= orders
      await this.#until(engine, journal, hasTraded)
    }
    await this.#live(engine, share * this.#lifeMsMax(aim))
    const hasEnded = engine.hasEnded
    await engine.kill()
    journal.catchUp()
    if (hasEnded) this.#countEnd(engine)
    else {
      this.#endsInARow = 0
      this.#kills++
      const stage = journal.stage(runs)
      this.#stages.set(stage, (this.#stages.get(stage) ?? 0) + 1)
    }
    this.#progress(journal)
    this.lives.emit('ended')
  }

  #drawAim(): Aim {
    let left = this.#random.below(AIMS.reduce((sum, [, lives]) => sum + lives, 0))
    for (const [aim, lives] of AIMS) {
      if (left < lives) return aim
      left -= lives
    }
    return 'trading'
  }

  #lifeMsMax(aim: Aim): number {
    if (aim === 'starting') return this.#startMs
    return aim === 'recovering' ? RECOVERY_MS_MAX : this.#plan.lifeMsMax
  }

  #start(config: StormConfig): StormEngine {
    return new StormEngine(fileURLToPath(this.#plan.program), config)
  }

  /** It is killed even if it never came so far; then the stage says how far it was. */
  async #until(
    engine: StormEngine,
    journal: StormJournal,
    isReached: () => boolean,
  ): Promise<boolean> {
    const endMs = performance.now() + PATIENCE_MS
    let triedMs = Number.NEGATIVE_INFINITY
    while (!this.#isStopped && !engine.hasEnded && performance.now() < endMs) {
      journal.catchUp()
      if (isReached()) return true
      if (journal.isHeld && performance.now() - triedMs > RELEASE_PERIOD_MS) {
        triedMs = performance.now()
        await this.#release(engine, journal)
      }
      await pause(LOOK_MS)
    }
    return false
  }

  /** As a person would who has looked into it. */
  async #release(engine: StormEngine, journal: StormJournal): Promise<void> {
    const { tradingReason } = journal
    const reason = `halted by ${tradingReason} during the storm`
    if (tradingReason === 'kill_latch') await engine.command('release', reason)
    if (await engine.command('resume', reason)) this.#releases++
  }

  async #live(engine: StormEngine, durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs
    while (!this.#isStopped && !engine.hasEnded) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) return
      await pause(Math.min(leftMs, LOOK_MS))
    }
  }

  #countEnd(engine: StormEngine): void {
    this.#endsInARow++
    this.#ownEnds.set(engine.end, (this.#ownEnds.get(engine.end) ?? 0) + 1)
    this.#complaint = `${engine.end}: ${engine.complaint}`
    this.#say(`an engine ended by itself, ${this.#complaint}`)
  }

  /** The last start: it must agree with the account, and so must what it wrote. */
  async #compare(
    mock: MockProcess,
    config: StormConfig,
    journal: StormJournal,
    folder: string,
  ): Promise<AccountFigures | undefined> {
    this.#isStopped = false
    let figures: AccountFigures | undefined
    for (let attempt = 1; attempt <= COMPARISONS_MAX; attempt++) {
      const runs = journal.runs
      const engine = this.#start(config)
      await this.#until(engine, journal, () => journal.runs > runs && journal.isReconciled)
      if (!engine.hasEnded) figures = await proveAccount(mock, folder, PROOF_MS_MAX)
      const isDead = engine.hasEnded
      await engine.stop()
      journal.catchUp()
      if (!isDead && figures !== undefined) return figures
      if (isDead) this.#countEnd(engine)
    }
    return figures
  }

  async #verdict(
    figures: AccountFigures,
    mock: MockProcess,
    journal: StormJournal,
  ): Promise<StormVerdict> {
    const truth = await mock.account()
    const reason = this.#reason(figures)
    const isWhole = reason === '' || reason === EARLY
    return {
      ok: isWhole,
      reason,
      kills: this.#kills,
      kills_by_stage: stagesOf(this.#stages),
      own_ends: Object.fromEntries(this.#ownEnds),
      halts: Object.fromEntries(journal.halts),
      releases: this.#releases,
      ...figures,
      orders: (truth?.orders.length ?? 0) + (truth?.orders_forgotten ?? 0),
      executions_forgotten: truth?.executions_forgotten ?? 0,
      seconds: Math.round((performance.now() - this.#beganMs) / 1000),
      seed: this.#plan.seed,
    }
  }

  #reason(figures: AccountFigures): string {
    if (!isProven(figures)) return 'journal and account differ'
    if (this.#endsInARow >= OWN_ENDS_IN_A_ROW_MAX) {
      return `the engine ends by itself again and again: ${this.#complaint}`
    }
    if (figures.fills === 0) return 'nothing was traded'
    return this.#kills < this.#plan.kills ? EARLY : ''
  }

  #progress(journal: StormJournal): void {
    const nowMs = performance.now()
    if (this.#kills % PROGRESS_KILLS !== 0 && nowMs - this.#saidMs < PROGRESS_PERIOD_MS) return
    this.#saidMs = nowMs
    const each = ((nowMs - this.#beganMs) / 1000 / Math.max(1, this.#kills)).toFixed(1)
    const stages = [...this.#stages].map(([stage, kills]) => `${stage} ${kills}`).join(', ')
    const halts = [...journal.halts].map(([reason, times]) => `${reason} ${times}`).join(', ')
    this.#say(
      `${this.#kills} of ${this.#plan.kills} kills, ${each} s each (${stages}), ` +
        `${journal.orders} orders, halts: ${halts === '' ? 'none' : halts}`,
    )
  }
}

function stagesOf(stages: ReadonlyMap<StormStage, number>): Record<StormStage, number> {
  const of = (stage: StormStage) => stages.get(stage) ?? 0
  return {
    starting: of('starting'),
    recovering: of('recovering'),
    ordering: of('ordering'),
    holding: of('holding'),
    idle: of('idle'),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
