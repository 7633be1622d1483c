import { join } from 'node:path'
import { RecordTailer } from '../src/core/record-file.ts'
import { JOURNAL_NAME, type JournalRecord } from '../src/domain/journal.ts'
import { decodeJournalRecord } from '../src/domain/journal-codec.ts'
import type { TradingState } from '../src/domain/trading.ts'

/** How far an engine had come when it died, by what its journal says. */
export const STORM_STAGES = [
  'starting', // nothing of this run is in the journal
  'recovering', // the account was not agreed upon yet
  'ordering', // an order was between two states
  'holding', // a position was open, no order under way
  'idle',
] as const
export type StormStage = (typeof STORM_STAGES)[number]

const RECORDS_MAX = 10_000
const FINISHED: readonly string[] = ['denied', 'rejected', 'filled', 'canceled', 'expired']
/** States of these reasons are left by the engine itself. */
const OWN_REASONS: readonly string[] = ['start', 'recovered']

/** Follows the journal beside the engine that writes it, over all its lives. */
export class StormJournal {
  runs = 0
  /** Orders of all runs. */
  orders = 0
  /** Of the newest run. */
  ordersOfRun = 0
  isReconciled = false
  tradingState: TradingState = 'halted'
  tradingReason = 'start'
  /** Of halts and the like that the engine does not leave by itself: how often, by reason. */
  readonly halts = new Map<string, number>()
  readonly #folder: string
  #tailer: RecordTailer
  readonly #unfinished = new Set<string>()
  readonly #positions = new Map<string, number>()

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'journal')
    this.#tailer = new RecordTailer({ folder: this.#folder, name: JOURNAL_NAME })
  }

  /** Takes in what is new. */
  catchUp(): void {
    for (;;) {
      const read = this.#tailer.read(RECORDS_MAX)
      if (!read.ok) {
        // A tail that was read before it was cut off; the comparison at the end reads all anew.
        this.close()
        const { sequence } = this.#tailer
        this.#tailer = new RecordTailer({ folder: this.#folder, name: JOURNAL_NAME }, sequence)
        return
      }
      if (read.value.length === 0) return
      for (const { payload } of read.value) {
        const record = decodeJournalRecord(payload)
        if (record.ok) this.#take(record.value)
      }
    }
  }

  /** Whether only a person makes it trade again. */
  get isHeld(): boolean {
    return this.tradingState !== 'active' && !OWN_REASONS.includes(this.tradingReason)
  }

  /** `runsBefore` had begun when the life began that has ended now. */
  stage(runsBefore: number): StormStage {
    if (this.runs === runsBefore) return 'starting'
    if (!this.isReconciled) return 'recovering'
    if (this.#unfinished.size > 0) return 'ordering'
    return [...this.#positions.values()].some((lots) => lots !== 0) ? 'holding' : 'idle'
  }

  close(): void {
    this.#tailer.close()
  }

  #take(record: JournalRecord): void {
    switch (record.type) {
      case 'run_started':
        this.runs++
        this.ordersOfRun = 0
        this.isReconciled = false
        break
      case 'account_reconciled':
        this.isReconciled = true
        break
      case 'trading_state':
        this.tradingState = record.state
        this.tradingReason = record.reason
        if (this.isHeld) this.halts.set(record.reason, (this.halts.get(record.reason) ?? 0) + 1)
        break
      case 'order_created':
        this.orders++
        this.ordersOfRun++
        this.#unfinished.add(record.order_link_id)
        break
      case 'order_state':
        if (FINISHED.includes(record.to)) this.#unfinished.delete(record.order_link_id)
        break
      case 'fill':
      case 'external_fill':
        this.#positions.set(record.symbol, record.position_lots_after)
        break
      case 'position_adjusted':
        this.#positions.set(record.symbol, record.lots_after)
        break
      default:
    }
  }
}
