import { ManualClock } from '../../src/core/clock.ts'
import { parseStep } from '../../src/core/decimal.ts'
import { createLogger } from '../../src/core/log.ts'
import type { IncidentCode } from '../../src/domain/incidents.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import type { Regime, TradingState } from '../../src/domain/trading.ts'
import { ExecutionActor } from '../../src/execution/actor.ts'
import type { Books } from '../../src/execution/books.ts'
import type { DeadLetters } from '../../src/execution/dead-letters.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import type { Gateway } from '../../src/execution/gateway/gateway.ts'
import { PaperGateway } from '../../src/execution/gateway/paper-gateway.ts'
import type { Journal } from '../../src/execution/journal/journal.ts'
import { MemoryJournal } from '../../src/execution/journal/memory-journal.ts'
import { Ledger } from '../../src/execution/ledger.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../../src/execution/options.ts'
import { parseOrderLinkId } from '../../src/execution/order/order-link-id.ts'
import { foldInto, recover, startRun } from '../../src/execution/recovery.ts'
import type { RiskGuards } from '../../src/execution/risk-guards.ts'
import type { PublicTrade, Tape } from '../../src/execution/tape.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { type BookCopy, createBookCopy } from '../../src/memory/book-view.ts'
import * as command from '../../src/memory/command-record.ts'
import { Counters } from '../../src/memory/counters.ts'
import * as intent from '../../src/memory/intent-record.ts'
import { writeText } from '../../src/memory/text-slots.ts'

/** 2025-11-21 10:00 UTC. */
export const START_US = 1_763_719_200_000_000

export function createInstrument(index: number, symbol = `S${index}USDT`): Instrument {
  const tick = parseStep('0.1')
  const lot = parseStep('0.001')
  if (tick === undefined || lot === undefined) throw new Error('steps')
  return {
    index,
    symbol,
    category: 'linear',
    tick,
    lot,
    minOrderLots: 1,
    maxOrderLots: 1_000_000,
    minNotionalQuote: 5,
    features: { bandTicks: 10, refNotionalQuote: '1000', vpinBucketBase: '1' },
  }
}

export type Levels = readonly (readonly [ticks: number, lots: number])[]

/** Books made by hand. */
export class HandBooks implements Books {
  readonly #copies = new Map<number, BookCopy>()
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  set(instrument: number, bids: Levels, asks: Levels): BookCopy {
    const book = this.copy(instrument)
    book.state = 'LIVE'
    book.u++
    book.dataUs = this.#clock.nowUs()
    book.bidCount = bids.length
    book.askCount = asks.length
    for (const [i, [ticks, lots]] of bids.entries()) {
      book.bidTicks[i] = ticks
      book.bidLots[i] = lots
    }
    for (const [i, [ticks, lots]] of asks.entries()) {
      book.askTicks[i] = ticks
      book.askLots[i] = lots
    }
    return book
  }

  lose(instrument: number): void {
    const book = this.copy(instrument)
    book.state = 'SYNCING'
    book.bidCount = 0
    book.askCount = 0
  }

  read(instrument: number): BookCopy | undefined {
    return this.#copies.get(instrument)
  }

  copy(instrument: number): BookCopy {
    const known = this.#copies.get(instrument)
    if (known !== undefined) return known
    const copy = createBookCopy(50)
    this.#copies.set(instrument, copy)
    return copy
  }
}

/** Public trades made by hand. */
export class HandTape implements Tape {
  missed = 0
  readonly trades: PublicTrade[] = []

  next(out: PublicTrade): boolean {
    const trade = this.trades.shift()
    if (trade === undefined) return false
    Object.assign(out, trade)
    return true
  }

  /** `sign` +1: the taker bought. */
  print(instrument: number, sign: number, ticks: number, lots: number, seq = Number.NaN): void {
    this.trades.push({ instrument, sign, ticks, lots, seq })
  }
}

export class HandControl {
  state: TradingState = 'halted'
  regime: Regime = 'risk_on'
  killed = false
  readonly incidents = new Map<IncidentCode, number>()
  setIncidents(code: IncidentCode, count: number): void {
    this.incidents.set(code, count)
  }
  stoppedStrategies = 0
  setStoppedStrategies(bits: number): void {
    this.stoppedStrategies = bits
  }
  setRegime(regime: Regime): void {
    this.regime = regime
  }
  setTradingState(state: TradingState): void {
    this.state = state
  }
  isKilled(): boolean {
    return this.killed
  }
  kill(): void {
    this.killed = true
  }
  release(): void {
    this.killed = false
  }
}

export type RigOptions = Readonly<{
  options?: Partial<ExecutionOptions>
  instruments?: readonly Instrument[]
  /** Records of earlier runs. */
  records?: readonly JournalRecord[]
  run?: number
  /** Of its start, as the journal keeps it; names the strategies. */
  config?: Readonly<Record<string, unknown>>
  guards?: Partial<RiskGuards>
  clock?: ManualClock
  books?: HandBooks
  gateway?: (paper: PaperGateway) => Gateway
  deadLetters?: DeadLetters
  journal?: (memory: MemoryJournal) => Journal
}>

/** The actor with everything around it made by hand, on a clock that the test moves. */
export class Rig {
  readonly clock: ManualClock
  readonly books: HandBooks
  /** What the paper gateway reads. */
  readonly tape = new HandTape()
  /** What the exits read. */
  readonly exitTape = new HandTape()
  readonly control = new HandControl()
  readonly counters = new Counters()
  readonly state = new ExecutionState()
  readonly memory: MemoryJournal
  readonly instruments: readonly Instrument[]
  readonly audits: Float64Array[] = []
  readonly actor: ExecutionActor
  readonly ledger: Ledger
  readonly gateway: Gateway
  readonly options: ExecutionOptions
  readonly #journal: Journal
  readonly #config: RigOptions['config']
  #intentNumber = 0
  #commandNumber = 0

  constructor(rig: RigOptions = {}) {
    this.#config = rig.config
    this.clock = rig.clock ?? new ManualClock(START_US)
    this.books = rig.books ?? new HandBooks(this.clock)
    this.options = { ...DEFAULT_EXECUTION_OPTIONS, ...rig.options }
    this.instruments = rig.instruments ?? [createInstrument(0), createInstrument(1)]
    this.memory = new MemoryJournal(rig.run ?? 1, rig.records ?? [])
    this.#journal = rig.journal?.(this.memory) ?? this.memory
    const paper = new PaperGateway({
      books: this.books,
      options: this.options.paper,
      run: this.memory.run,
      recoveredLots: (key) => this.state.position(key).lots,
      tape: this.tape,
    })
    this.gateway = rig.gateway?.(paper) ?? paper
    this.ledger = new Ledger({
      journal: this.#journal,
      audit: { publish: (record) => this.audits.push(record) },
      log: createLogger('test', 'silent'),
      counters: this.counters,
      instruments: this.instruments,
      state: this.state,
      pnlMethod: this.options.pnlMethod,
      ...(rig.deadLetters === undefined ? {} : { deadLetters: rig.deadLetters }),
    })
    this.actor = new ExecutionActor({
      clock: this.clock,
      ledger: this.ledger,
      gateway: this.gateway,
      books: this.books,
      instruments: this.instruments,
      options: this.options,
      control: this.control,
      tape: this.exitTape,
      ...(rig.guards === undefined ? {} : { guards: rig.guards }),
    })
  }

  async start(): Promise<Awaited<ReturnType<typeof recover>>> {
    const fold = foldInto(this.state)
    for (const record of this.memory.records) {
      const refusal = fold(record)
      if (refusal !== undefined) return refusal
    }
    const { instruments, options, clock } = this
    const started = startRun(this.#journal, this.state, {
      instruments,
      options,
      version: '0.0.0',
      clock,
      ...(this.#config === undefined ? {} : { config: this.#config }),
    })
    if (!started.ok) return started
    return recover(this.actor, this.ledger, this.gateway, { options, clock })
  }

  /** A book around `mid` ticks with 5 levels of `lots` a side. */
  quote(instrument: number, mid: number, lots = 1000): void {
    const steps = [1, 2, 3, 4, 5]
    this.books.set(
      instrument,
      steps.map((i) => [mid - i, lots] as const),
      steps.map((i) => [mid + i, lots] as const),
    )
  }

  enter(
    instrument: number,
    action: intent.IntentAction,
    limitTicks: number,
    fields: Readonly<{
      notional?: number
      target?: number
      stop?: number
      holdMs?: number
      ageUs?: number
      strategy?: number
    }> = {},
  ): void {
    const record = new Float64Array(intent.INTENT_FIELDS).fill(Number.NaN)
    record[intent.INTENT_NUMBER] = ++this.#intentNumber
    record[intent.INTENT_SHARD] = 0
    record[intent.INTENT_INSTRUMENT] = instrument
    record[intent.INTENT_STRATEGY] = fields.strategy ?? 0
    record[intent.INTENT_ACTION] = intent.INTENT_ACTIONS.indexOf(action)
    record[intent.INTENT_REASON] = 1
    record[intent.INTENT_U] = 77
    record[intent.INTENT_ROW_NUMBER] = 5
    record[intent.INTENT_CREATED_US] = this.clock.nowUs() - (fields.ageUs ?? 0)
    record[intent.INTENT_RECEIVE_US] = this.clock.nowUs()
    record[intent.INTENT_LIMIT_TICKS] = limitTicks
    record[intent.INTENT_TARGET_TICKS] = fields.target ?? Number.NaN
    record[intent.INTENT_STOP_TICKS] = fields.stop ?? Number.NaN
    record[intent.INTENT_HOLD_MS_MAX] = fields.holdMs ?? 0
    record[intent.INTENT_NOTIONAL_QUOTE] = fields.notional ?? 100
    this.actor.receiveIntent(record, 0)
  }

  command(
    kind: command.Command,
    instrument = -1,
    ask: Readonly<{ who: string; reason: string }> = { who: '', reason: '' },
    /** Of levels: absent: as it is; 0: none. */
    levels: Readonly<{ stop?: number; target?: number; trailing?: boolean }> = {},
    key: Readonly<{ keyHash: string; requestHash: string }> = { keyHash: '', requestHash: '' },
  ): number {
    const record = new Float64Array(command.COMMAND_FIELDS)
    const { stop = Number.NaN, target = Number.NaN, trailing = Number.NaN } = levels
    record[command.COMMAND_STOP_TICKS] = stop
    record[command.COMMAND_TARGET_TICKS] = target
    record[command.COMMAND_TRAILING] = Number(trailing)
    record[command.COMMAND_KIND] = command.COMMANDS.indexOf(kind)
    record[command.COMMAND_NUMBER] = ++this.#commandNumber
    record[command.COMMAND_INSTRUMENT] = instrument
    record[command.COMMAND_KILLS] = 1
    writeText(record, command.COMMAND_WHO, command.COMMAND_WHO_SLOTS, ask.who)
    writeText(record, command.COMMAND_REASON, command.COMMAND_REASON_SLOTS, ask.reason)
    writeText(record, command.COMMAND_KEY_HASH, command.COMMAND_HASH_SLOTS, key.keyHash)
    writeText(record, command.COMMAND_REQUEST_HASH, command.COMMAND_HASH_SLOTS, key.requestHash)
    this.actor.obey(record, 0)
    return this.#commandNumber
  }

  /** A command about one strategy, by its place in the list. */
  commandStrategy(
    kind: 'stop_strategy' | 'start_strategy',
    strategy: number,
    key: Readonly<{ keyHash: string; requestHash: string }> = { keyHash: '', requestHash: '' },
  ): number {
    const record = new Float64Array(command.COMMAND_FIELDS)
    record[command.COMMAND_KIND] = command.COMMANDS.indexOf(kind)
    record[command.COMMAND_NUMBER] = ++this.#commandNumber
    record[command.COMMAND_INSTRUMENT] = -1
    record[command.COMMAND_STRATEGY] = strategy
    writeText(record, command.COMMAND_WHO, command.COMMAND_WHO_SLOTS, 'ann')
    writeText(record, command.COMMAND_REASON, command.COMMAND_REASON_SLOTS, 'it loses')
    writeText(record, command.COMMAND_KEY_HASH, command.COMMAND_HASH_SLOTS, key.keyHash)
    writeText(record, command.COMMAND_REQUEST_HASH, command.COMMAND_HASH_SLOTS, key.requestHash)
    this.actor.obey(record, 0)
    return this.#commandNumber
  }

  /** A command about one order; what is left out stays as it is. */
  commandOrder(
    kind: 'amend_order' | 'cancel_order',
    orderLinkId: string,
    wanted: Readonly<{ limitTicks?: number; lots?: number }> = {},
  ): number {
    const { run = 0, number = 0 } = parseOrderLinkId(orderLinkId) ?? {}
    const record = new Float64Array(command.COMMAND_FIELDS)
    record[command.COMMAND_KIND] = command.COMMANDS.indexOf(kind)
    record[command.COMMAND_NUMBER] = ++this.#commandNumber
    record[command.COMMAND_INSTRUMENT] = -1
    record[command.COMMAND_ORDER_RUN] = run
    record[command.COMMAND_ORDER_NUMBER] = number
    record[command.COMMAND_LIMIT_TICKS] = wanted.limitTicks ?? Number.NaN
    record[command.COMMAND_LOTS] = wanted.lots ?? Number.NaN
    this.actor.obey(record, 0)
    return this.#commandNumber
  }

  /** Turns until nothing more happens at this moment. */
  async settle(): Promise<void> {
    for (let i = 0; i < 50; i++) if (!(await this.actor.turn())) return
    throw new Error('the actor does not come to rest')
  }

  /** Time passes in steps of `stepMs`, the books staying fresh. */
  async pass(durationMs: number, stepMs = 10): Promise<void> {
    await this.settle()
    for (let ms = 0; ms < durationMs; ms += stepMs) {
      this.clock.advance(stepMs * 1000)
      for (const { index } of this.instruments) {
        const book = this.books.read(index)
        if (book?.state === 'LIVE') book.dataUs = this.clock.nowUs()
      }
      await this.settle()
    }
  }

  lots(instrument: number): number {
    return this.state.position(`linear:${this.instruments[instrument].symbol}`).lots
  }

  /** Audits of a kind, newest last. */
  seen(kind: audit.AuditKind): Float64Array[] {
    const code = audit.AUDIT_KINDS.indexOf(kind)
    return this.audits.filter((record) => record[audit.AUDIT_KIND] === code)
  }

  records<Type extends JournalRecord['type']>(
    type: Type,
  ): Extract<JournalRecord, { type: Type }>[] {
    const is = (record: JournalRecord): record is Extract<JournalRecord, { type: Type }> =>
      record.type === type
    return this.memory.records.filter(is)
  }
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const rig = new Rig(options)
  const started = await rig.start()
  if (!started.ok) throw new Error(started.message)
  for (const { index } of rig.instruments) rig.quote(index, 10_000)
  await rig.pass(20)
  return rig
}
