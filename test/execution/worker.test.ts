import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, it } from 'vitest'
import { MAIN_SILENT_MS_MAX } from '../../src/constants.ts'
import { systemClock } from '../../src/core/clock.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import * as audit from '../../src/memory/audit-record.ts'
import * as layout from '../../src/memory/book-layout.ts'
import {
  beginBookWrite,
  endBookWrite,
  openBookView,
  writeState,
} from '../../src/memory/book-view.ts'
import { BroadcastReader, createBroadcast } from '../../src/memory/broadcast.ts'
import * as command from '../../src/memory/command-record.ts'
import {
  ControlBlock,
  createControlBlock,
  EXECUTION_BEAT,
  MAIN_BEAT,
} from '../../src/memory/control-block.ts'
import { Counters, createCounters } from '../../src/memory/counters.ts'
import { createHistograms, openHistogram } from '../../src/memory/histograms.ts'
import * as intent from '../../src/memory/intent-record.ts'
import { createRecords } from '../../src/memory/record-view.ts'
import { createRing, RingWriter } from '../../src/memory/ring.ts'
import { TICKER_FIELDS } from '../../src/memory/ticker-record.ts'
import { TRADE_FIELDS } from '../../src/memory/trade-record.ts'
import type {
  ExecutionWorkerData,
  ExecutionWorkerMessage,
} from '../../src/threads/execution-worker-data.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { createInstrument } from './rig.ts'

const FILE = new URL('../../dist/threads/execution.worker.js', import.meta.url)
const DEPTH = 50

let folder = ''
beforeAll(() => {
  folder = temporaryFolder('execution')
})

function createData(dataFolder: string): ExecutionWorkerData {
  return {
    books: layout.createBooks(1, DEPTH),
    depth: DEPTH,
    intents: [0, 1].map(() => createRing(64, intent.INTENT_FIELDS)),
    trades: [createBroadcast(64, TRADE_FIELDS)],
    tickers: createRecords('tickers', 1, TICKER_FIELDS),
    commands: createRing(16, command.COMMAND_FIELDS),
    audit: createBroadcast(1024, audit.AUDIT_FIELDS),
    counters: createCounters(),
    histograms: createHistograms(),
    control: createControlBlock(),
    instruments: [createInstrument(0)],
    options: DEFAULT_EXECUTION_OPTIONS,
    dataFolder,
    version: 'test',
    logLevel: 'silent',
  }
}

class Thread {
  readonly data: ExecutionWorkerData
  readonly control: ControlBlock
  readonly worker: Worker
  readonly exited: Promise<number>
  readonly #messages: ExecutionWorkerMessage[] = []
  readonly #audit: BroadcastReader

  constructor(dataFolder: string) {
    this.data = createData(dataFolder)
    this.control = new ControlBlock(this.data.control)
    this.#audit = new BroadcastReader(this.data.audit, 'oldest')
    this.worker = new Worker(FILE, { workerData: this.data })
    this.worker.on('message', (message: ExecutionWorkerMessage) => this.#messages.push(message))
    this.exited = new Promise((resolve) => this.worker.once('exit', resolve))
  }

  async message(): Promise<ExecutionWorkerMessage> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return message
      await setTimeout(2)
    }
  }

  async stop(): Promise<void> {
    this.worker.postMessage({ type: 'stop' })
    expect(await this.message()).toEqual({ type: 'stopped' })
    expect(await this.exited).toBe(0)
  }

  /** The next audit record of a kind. */
  async audited(kind: audit.AuditKind): Promise<Float64Array> {
    const record = new Float64Array(audit.AUDIT_FIELDS)
    for (;;) {
      while (this.#audit.next(record)) {
        if (audit.AUDIT_KINDS[record[audit.AUDIT_KIND]] === kind) return record
      }
      await setTimeout(2)
    }
  }

  quote(bid: number, ask: number): void {
    const view = openBookView(this.data.books, 0, DEPTH)
    beginBookWrite(view)
    const head = 10
    view.words[layout.BID_HEAD] = head
    view.words[layout.ASK_HEAD] = head
    view.words[layout.BID_COUNT] = 1
    view.words[layout.ASK_COUNT] = 1
    view.bidTicks[head] = bid
    view.bidLots[head] = 1000
    view.askTicks[head] = ask
    view.askLots[head] = 1000
    view.doubles[layout.U] = 5
    view.doubles[layout.DATA_US] = systemClock.nowUs()
    writeState(view, 'LIVE', 'snapshot', systemClock.nowUs())
    endBookWrite(view)
  }

  enter(shard: number, fields: Readonly<Record<number, number>>): void {
    const record = new Float64Array(intent.INTENT_FIELDS).fill(Number.NaN)
    record[intent.INTENT_NUMBER] = 1
    record[intent.INTENT_SHARD] = shard
    record[intent.INTENT_INSTRUMENT] = 0
    record[intent.INTENT_STRATEGY] = 0
    record[intent.INTENT_ACTION] = 0
    record[intent.INTENT_REASON] = 1
    record[intent.INTENT_CREATED_US] = systemClock.nowUs()
    record[intent.INTENT_HOLD_MS_MAX] = 0
    record[intent.INTENT_NOTIONAL_QUOTE] = 100
    for (const [at, value] of Object.entries(fields)) record[Number(at)] = value
    new RingWriter(this.data.intents[shard]).push(record)
    this.control.ring()
  }

  command(kind: command.Command): void {
    const record = new Float64Array(command.COMMAND_FIELDS)
    record[command.COMMAND_KIND] = command.COMMANDS.indexOf(kind)
    record[command.COMMAND_NUMBER] = 1
    record[command.COMMAND_INSTRUMENT] = -1
    new RingWriter(this.data.commands).push(record)
    this.control.ring()
  }
}

/** Holds this thread, as a hanging one does, until something came true elsewhere or 20 s are over. */
function hangUntil(isTrue: () => boolean): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  for (let turns = 0; turns < 200 && !isTrue(); turns += 1) Atomics.wait(nobody, 0, 0, 100)
}

describe.skipIf(!existsSync(FILE))('the execution thread', () => {
  it('closes at its stop while main hangs, and opens nothing until a person resumes', async () => {
    const thread = new Thread(join(folder, 'main-hangs'))
    await thread.message()
    thread.quote(9_999, 10_001) // only now: a thread that is long in starting would find it stale
    thread.enter(1, {
      [intent.INTENT_LIMIT_TICKS]: 10_001,
      [intent.INTENT_STOP_TICKS]: 9_980,
      [intent.INTENT_ROW_NUMBER]: 1,
      [intent.INTENT_U]: 5,
    })
    await thread.audited('fill')
    const counters = new Counters(thread.data.counters)
    thread.control.beat(MAIN_BEAT, systemClock.nowUs() - (MAIN_SILENT_MS_MAX + 100) * 1000)
    thread.quote(9_970, 9_990)
    hangUntil(() => counters.get('fills') === 2 && counters.get('watchdog_main_silent') === 1)
    expect(counters.get('fills')).toBe(2)
    expect(thread.control.tradingState()).toBe('halted')
    expect(counters.get('watchdog_main_silent')).toBe(1)
    await thread.stop()
  })

  it('recovers, trades from the rings, obeys, ends in order, and comes back the same', async () => {
    const dataFolder = join(folder, 'trades')
    const thread = new Thread(dataFolder)
    thread.quote(9_999, 10_001)
    expect(await thread.message()).toMatchObject({
      type: 'ready',
      recovered: { run: 1, orders: 0, positions: 0, fills: 0 },
    })
    expect(thread.control.tradingState()).toBe('active')
    await setTimeout(150) // asleep by now, so the doorbell is tried too
    thread.quote(9_999, 10_001)
    thread.enter(1, { [intent.INTENT_LIMIT_TICKS]: 10_001 })
    const fill = await thread.audited('fill')
    expect(fill[audit.AUDIT_PRICE_TICKS]).toBe(10_001)
    expect(fill[audit.AUDIT_LOTS]).toBe(99)
    const second = new Thread(dataFolder)
    expect(await second.message()).toMatchObject({ type: 'failed', code: 'data_folder_locked' })
    expect(await second.exited).toBe(0)
    thread.command('halt')
    let state = await thread.audited('trading_state')
    while (state[audit.AUDIT_COMMAND] !== 1) state = await thread.audited('trading_state')
    expect(thread.control.tradingState()).toBe('halted')
    expect(thread.control.lastBeatUs(EXECUTION_BEAT)).toBeGreaterThan(0)
    const counters = new Counters(thread.data.counters)
    expect(counters.get('fills')).toBe(1)
    expect(counters.get('journal_syncs')).toBeGreaterThan(2)
    expect(openHistogram(thread.data.histograms, 'intent_to_submit').count()).toBe(1)
    expect(openHistogram(thread.data.histograms, 'intent_to_durable').count()).toBe(1)
    expect(openHistogram(thread.data.histograms, 'intent_to_wire').count()).toBe(0)
    expect(openHistogram(thread.data.histograms, 'fill_to_position').count()).toBe(1)
    await thread.stop()
    const third = new Thread(dataFolder)
    expect(await third.message()).toMatchObject({
      type: 'ready',
      recovered: { run: 2, orders: 0, positions: 1, fills: 1 },
    })
    expect(third.control.tradingState()).toBe('halted')
    const position = await third.audited('position')
    expect(position[audit.AUDIT_POSITION_LOTS]).toBe(99)
    await third.stop()
  })

  it('says in one message why it cannot start', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const thread = new Thread(file)
    expect(await thread.message()).toMatchObject({ type: 'failed', code: 'data_folder_unwritable' })
    expect(await thread.exited).toBe(0)
  })
})
