import { join } from 'node:path'
import { PROJECTION_BATCH_RECORDS_MAX } from '../constants.ts'
import { RecordTailer } from '../core/record-file.ts'
import { JOURNAL_NAME, type JournalRecord } from '../domain/journal.ts'
import { decodeJournalRecord } from '../domain/journal-codec.ts'
import type { AccountTruth } from '../sim/account-truth.ts'

/** What must be zero between our journal and the exchange. */
export type AccountZeros = Readonly<{
  /** Orders that the exchange accepted beyond the first of each link id or each decision. */
  duplicate_orders: number
  /** Executions of the account that the journal has not. */
  lost_fills: number
  /** Instruments whose position differs. */
  position_mismatches: number
}>

export type AccountFigures = AccountZeros &
  Readonly<{ orders: number; fills: number; unfinished: number }>

const FINISHED: readonly string[] = ['denied', 'rejected', 'filled', 'canceled', 'expired']

/** Follows the journal of a running engine, to lay it beside the mock's own account. */
export class AccountProof {
  readonly #tailer: RecordTailer
  readonly #execIds = new Set<string>()
  readonly #positions = new Map<string, number>()
  readonly #steps = new Map<string, number>()
  readonly #unfinished = new Set<string>()
  /** Of each order: what no other order may have. */
  readonly #decisions = new Map<string, string>()
  #orders = 0

  constructor(dataFolder: string) {
    this.#tailer = new RecordTailer({ folder: join(dataFolder, 'journal'), name: JOURNAL_NAME })
  }

  /** Undefined when the journal cannot be read. */
  compare(truth: AccountTruth): AccountFigures | undefined {
    if (!this.#catchUp()) return undefined
    const trades = truth.executions.filter(({ type }) => type === 'Trade')
    const symbols = new Set([
      ...truth.positions.map(({ symbol }) => symbol),
      ...this.#positions.keys(),
    ])
    const sizes = new Map(truth.positions.map((row) => [row.symbol, Number(row.signed_size)]))
    const differs = (symbol: string) => {
      const step = this.#steps.get(symbol) ?? 1
      const theirs = Math.round((sizes.get(symbol) ?? 0) / step)
      return theirs !== (this.#positions.get(symbol) ?? 0)
    }
    return {
      duplicate_orders: truth.duplicate_link_ids + this.#repeatedDecisions(truth),
      lost_fills: trades.filter(({ exec_id }) => !this.#execIds.has(exec_id)).length,
      position_mismatches: [...symbols].filter(differs).length,
      orders: this.#orders,
      fills: trades.length,
      unfinished: this.#unfinished.size,
    }
  }

  /** Accepted orders beyond the first of each decision, each under an id of its own. */
  #repeatedDecisions({ orders }: AccountTruth): number {
    const ids = new Set(orders.map(({ order_link_id }) => order_link_id))
    // The exchange has the id of the journal with a tag behind it (link-ids.ts).
    const decided = [...ids].flatMap(
      (id) => this.#decisions.get(id.slice(0, id.lastIndexOf('-'))) ?? [],
    )
    return decided.length - new Set(decided).size
  }

  close(): void {
    this.#tailer.close()
  }

  #catchUp(): boolean {
    for (;;) {
      const read = this.#tailer.read(PROJECTION_BATCH_RECORDS_MAX)
      if (!read.ok) return false
      if (read.value.length === 0) return true
      for (const { payload } of read.value) {
        const record = decodeJournalRecord(payload)
        if (record.ok) this.#take(record.value)
      }
    }
  }

  #take(record: JournalRecord): void {
    if (record.type === 'run_started') {
      this.#orders = 0
      for (const { lot, symbol } of record.instruments) this.#steps.set(symbol, Number(lot))
    } else if (record.type === 'order_created') {
      this.#orders++
      this.#unfinished.add(record.order_link_id)
      this.#decisions.set(record.order_link_id, record.decision)
    } else if (record.type === 'order_state') {
      if (FINISHED.includes(record.to)) this.#unfinished.delete(record.order_link_id)
    } else if (record.type === 'fill' || record.type === 'external_fill') {
      this.#execIds.add(record.exec_id)
      this.#positions.set(record.symbol, record.position_lots_after)
    } else if (record.type === 'position_adjusted') {
      this.#positions.set(record.symbol, record.lots_after)
    }
  }
}

export function isProven(figures: AccountFigures): boolean {
  const { duplicate_orders, lost_fills, position_mismatches, unfinished } = figures
  return duplicate_orders + lost_fills + position_mismatches + unfinished === 0
}
