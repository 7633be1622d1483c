import { afterEach, expect } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { parseStep } from '../../src/core/decimal.ts'
import { Histogram } from '../../src/core/histogram.ts'
import { createLogger } from '../../src/core/log.ts'
import { Random } from '../../src/core/random.ts'
import { systemTimers } from '../../src/core/timer.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { ExecutionActor } from '../../src/execution/actor.ts'
import type { Books } from '../../src/execution/books.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { BybitGateway, type BybitOptions } from '../../src/execution/gateway/bybit/bybit-gateway.ts'
import { CALL_LIMITS_DEFAULT } from '../../src/execution/gateway/bybit/call-pace.ts'
import { Credentials } from '../../src/execution/gateway/bybit/credentials.ts'
import { systemWire } from '../../src/execution/gateway/bybit/system-wire.ts'
import { MemoryJournal } from '../../src/execution/journal/memory-journal.ts'
import { journaledSteps } from '../../src/execution/journaled-steps.ts'
import { Ledger } from '../../src/execution/ledger.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../../src/execution/options.ts'
import { foldInto, recover, startRun } from '../../src/execution/recovery.ts'
import { type BookCopy, createBookCopy } from '../../src/memory/book-view.ts'
import {
  COMMAND_FIELDS,
  COMMAND_INSTRUMENT,
  COMMAND_KIND,
  COMMAND_NUMBER,
  COMMAND_STOP_TICKS,
  COMMAND_TARGET_TICKS,
  COMMAND_TRAILING,
  COMMANDS,
} from '../../src/memory/command-record.ts'
import { Counters } from '../../src/memory/counters.ts'
import * as intent from '../../src/memory/intent-record.ts'
import type { PrivateFaultKind } from '../../src/sim/private-faults.ts'
import { TEST_KEY } from '../../src/sim/signature.ts'
import { PrivateExchange, until } from '../sim/private-exchange.ts'
import { HandControl } from './rig.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
/** Every call fits, so that a test of something else never waits. */
const WIDE = Object.fromEntries(Object.keys(CALL_LIMITS_DEFAULT).map((name) => [name, 10_000]))

export type BybitRigOptions = Readonly<{
  bybit?: Partial<BybitOptions>
  execution?: Partial<ExecutionOptions>
  exchange?: PrivateExchange
  journal?: MemoryJournal
  credentials?: Credentials
}>

type EntryFields = Readonly<{ offset?: number; stop?: number; target?: number }>

/** The actor, its gateway and the mock, over real sockets and in real time. */
export class BybitRig implements Books {
  readonly exchange: PrivateExchange
  readonly gateway: BybitGateway
  readonly actor: ExecutionActor
  readonly counters = new Counters()
  readonly state = new ExecutionState()
  readonly journal: MemoryJournal
  readonly control = new HandControl()
  readonly durable = new Histogram()
  readonly submitted = new Histogram()
  readonly onWire = new Histogram()
  readonly instruments: readonly Instrument[]
  readonly ledger: Ledger
  readonly options: ExecutionOptions
  readonly #books: BookCopy[]
  #isRunning = false
  #ended: Promise<void> = Promise.resolve()
  #number = 0

  constructor(exchange: PrivateExchange, instruments: Instrument[], rig: BybitRigOptions) {
    this.exchange = exchange
    this.instruments = instruments
    this.#books = instruments.map(() => createBookCopy(50))
    this.journal = rig.journal ?? new MemoryJournal(1, [])
    const clock = systemClock
    const log = createLogger('test', 'silent')
    const { counters, state } = this
    this.options = {
      ...DEFAULT_EXECUTION_OPTIONS,
      queryAfterMs: 200,
      restMsMax: 60_000,
      reconcile: {
        ...DEFAULT_EXECUTION_OPTIONS.reconcile,
        ...{ quietMs: 300, openOrdersMs: 400, positionsMs: 400 },
      },
      ...rig.execution,
    }
    const fold = foldInto(state)
    for (const record of this.journal.records) expect(fold(record)).toBe(undefined)
    const started = startRun(this.journal, state, {
      ...{ instruments, options: this.options, version: '0.0.0', clock },
    })
    if (!started.ok) expect.unreachable(started.message)
    this.gateway = new BybitGateway({
      options: {
        ...{ restUrl: exchange.url, wsUrl: exchange.wsUrl, usesTradeSocket: true },
        ...{
          lockOutMs: 300,
          answerMsMax: 400,
          limits: { ...CALL_LIMITS_DEFAULT, ...WIDE },
          disconnectCancelS: 0,
        },
        ...rig.bybit,
      },
      credentials: rig.credentials ?? new Credentials(TEST_KEY.key, TEST_KEY.secret),
      ...{ instruments, firstStartUs: () => state.firstStartUs, clock, timers: systemTimers },
      journaled: journaledSteps(state),
      ...{ wire: systemWire, random: new Random(1), log, counters, wake: () => {} },
      intentToWire: this.onWire,
    })
    const audit = { publish: () => {} }
    this.ledger = new Ledger({ journal: this.journal, audit, log, counters, instruments, state })
    this.actor = new ExecutionActor({
      ...{ clock, ledger: this.ledger, gateway: this.gateway, books: this, instruments },
      ...{ options: this.options, control: this.control },
      ...{ intentToDurable: this.durable, intentToSubmit: this.submitted },
      guards: {
        clockOffsetMs: () => this.gateway.exchangeClock.offsetMs,
        hasInstanceLock: () => this.gateway.isAlone,
      },
    })
  }

  /** The actor runs, and its account agrees with the exchange's. */
  async start(): Promise<void> {
    const { actor, gateway, ledger, options } = this
    const started = await recover(actor, ledger, gateway, { options, clock: systemClock })
    if (!started.ok) expect.unreachable(started.message)
    gateway.start()
    this.#isRunning = true
    this.#ended = this.#run()
    await this.healthy()
    if (options.start === 'active') this.command('resume')
  }

  healthy(): Promise<void> {
    return until(
      () => this.actor.truth.isHealthy && !Number.isNaN(this.gateway.exchangeClock.offsetMs),
    )
  }

  /** As a killed process: nothing is canceled or closed in order. */
  async kill(): Promise<void> {
    this.#isRunning = false
    await this.#ended
    this.gateway.close()
  }

  read(index: number): BookCopy | undefined {
    const book = this.#books[index]
    book.dataUs = systemClock.nowUs()
    return book
  }

  /** The book is the exchange's best prices of this moment. */
  async look(index: number): Promise<{ bid: number; ask: number }> {
    const { symbol, tick } = this.instruments[index]
    const { ask, bid } = await this.exchange.touch(symbol)
    const book = this.#books[index]
    book.state = 'LIVE'
    book.u++
    book.dataUs = systemClock.nowUs()
    const [bidTicks, askTicks] = [Math.round(bid / tick.value), Math.round(ask / tick.value)]
    Object.assign(book, { bidCount: 1, askCount: 1 })
    ;[book.bidTicks[0], book.bidLots[0]] = [bidTicks, 1e9]
    ;[book.askTicks[0], book.askLots[0]] = [askTicks, 1e9]
    return { bid: bidTicks, ask: askTicks }
  }

  hasBook(index: number): boolean {
    return this.#books[index].u > 0
  }

  /** Asks for a position; `offset` in ticks through the touch. */
  async enter(index = 0, isLong = true, fields: EntryFields = {}) {
    await this.look(index)
    this.ask(index, isLong, fields)
  }

  /** The same by the book as it was last looked at. */
  ask(index: number, isLong: boolean, fields: EntryFields): void {
    const [bid, ask] = [this.#books[index].bidTicks[0], this.#books[index].askTicks[0]]
    const offset = fields.offset ?? 200
    const record = new Float64Array(intent.INTENT_FIELDS).fill(Number.NaN)
    const action = isLong ? 'enter_long' : 'enter_short'
    const limit = isLong ? ask + offset : bid - offset
    record[intent.INTENT_NUMBER] = ++this.#number
    record[intent.INTENT_SHARD] = 0
    record[intent.INTENT_INSTRUMENT] = index
    record[intent.INTENT_STRATEGY] = 0
    record[intent.INTENT_ACTION] = intent.INTENT_ACTIONS.indexOf(action)
    record[intent.INTENT_REASON] = 1
    record[intent.INTENT_U] = systemClock.nowUs()
    record[intent.INTENT_ROW_NUMBER] = this.#number
    record[intent.INTENT_CREATED_US] = systemClock.nowUs()
    record[intent.INTENT_RECEIVE_US] = systemClock.nowUs()
    record[intent.INTENT_LIMIT_TICKS] = limit
    record[intent.INTENT_STOP_TICKS] = fields.stop ?? Number.NaN
    record[intent.INTENT_TARGET_TICKS] = fields.target ?? Number.NaN
    record[intent.INTENT_HOLD_MS_MAX] = 0
    record[intent.INTENT_NOTIONAL_QUOTE] = 1000
    this.actor.receiveIntent(record, 0)
  }

  command(kind: (typeof COMMANDS)[number]): void {
    const record = new Float64Array(COMMAND_FIELDS)
    record[COMMAND_KIND] = COMMANDS.indexOf(kind)
    record[COMMAND_NUMBER] = ++this.#number
    record[2] = -1
    this.actor.obey(record, 0)
  }

  /** As a person asks for; 0: none. */
  setLevels(index: number, levels: Readonly<{ stop?: number; target?: number }>): void {
    const record = new Float64Array(COMMAND_FIELDS)
    record[COMMAND_KIND] = COMMANDS.indexOf('levels')
    record[COMMAND_NUMBER] = ++this.#number
    record[COMMAND_INSTRUMENT] = index
    record[COMMAND_STOP_TICKS] = levels.stop ?? Number.NaN
    record[COMMAND_TARGET_TICKS] = levels.target ?? Number.NaN
    record[COMMAND_TRAILING] = Number.NaN
    this.actor.obey(record, 0)
  }

  fault(kind: PrivateFaultKind, ms = 500, count = 1): void {
    this.exchange.side.faults.inject({ kind, ms, count })
  }

  get orders() {
    return [...this.state.orders.values()]
  }

  /** Every order is over and the account agrees. */
  settled(): Promise<void> {
    return until(() => this.state.unfinished.size === 0 && this.actor.truth.isHealthy)
  }

  /** The three figures that must be zero, from the exchange's truth and our journal. */
  async zeros() {
    await this.settled()
    const truth = this.exchange.truth()
    const wireIds = truth.orders.map((order) => order.order_link_id).filter((id) => id !== '')
    const counted = this.state.account.execIds
    const trades = truth.executions.filter(({ type }) => type === 'Trade')
    const mismatches = this.instruments.filter(({ symbol, lot }) => {
      const row = truth.positions.find((position) => position.symbol === symbol)
      const lots = Math.round(Number(row?.signed_size ?? 0) / lot.value)
      return lots !== this.state.position(`linear:${symbol}`).lots
    })
    return {
      duplicate_orders: wireIds.length - new Set(wireIds).size,
      lost_fills: trades.filter(({ exec_id }) => !counted.has(exec_id)).length,
      position_mismatches: mismatches.length,
    }
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      await this.actor.turn()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
}

export const ZEROS = { duplicate_orders: 0, lost_fills: 0, position_mismatches: 0 }

export async function startExchange(): Promise<PrivateExchange> {
  return PrivateExchange.start({ account: { historyLagMs: 0 } })
}

export async function createBybitRig(
  exchange: PrivateExchange,
  options: BybitRigOptions = {},
): Promise<BybitRig> {
  const answer = await fetch(`${exchange.url}/v5/market/instruments-info?category=linear`)
  const { list } = JSON.parse(await answer.text()).result
  const instruments = SYMBOLS.map((symbol, index) => {
    const row = list.find((listed: { symbol: string }) => listed.symbol === symbol)
    const tick = parseStep(row.priceFilter.tickSize)
    const lot = parseStep(row.lotSizeFilter.qtyStep)
    if (tick === undefined || lot === undefined) return expect.unreachable('steps')
    const features = { bandTicks: 10, refNotionalQuote: '1000', vpinBucketBase: '1' }
    const bounds = { minOrderLots: 1, maxOrderLots: 1e9, minNotionalQuote: 5 }
    return { index, symbol, category: 'linear' as const, tick, lot, ...bounds, features }
  })
  return new BybitRig(exchange, instruments, options)
}

/** For one file of tests: starts rigs, each on an exchange of its own if none is given, and stops all. */
export function bybitRigs() {
  const rigs: BybitRig[] = []
  const exchanges: PrivateExchange[] = []
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.kill()
    for (const exchange of exchanges.splice(0)) await exchange.stop()
  })
  const start = async (options: BybitRigOptions = {}) => {
    const exchange = options.exchange ?? (await startExchange())
    if (options.exchange === undefined) exchanges.push(exchange)
    const rig = await createBybitRig(exchange, options)
    rigs.push(rig)
    await rig.start()
    return rig
  }
  /** The next run on the same journal, with the first instrument alone. */
  const restartWithout = async (rig: BybitRig) => {
    await rig.kill()
    const journal = new MemoryJournal(2, rig.journal.records)
    const again = new BybitRig(rig.exchange, [rig.instruments[0]], { journal })
    rigs.push(again)
    await again.start()
    return again
  }
  return { exchanges, restartWithout, rigs, start }
}
